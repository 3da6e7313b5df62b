"""A rig whose time advances in binary fractions of a second, so that limits are met exactly."""

from collections.abc import Callable, Sequence
from typing import Any, Self

from stimulators.decisions import Decision, StateChanged
from stimulators.device_config import DeviceConfig
from stimulators.gate.gate import SafetyGate
from tests.stimulators.gate.gate_rig import (
    SESSION,
    TICK_S,
    GateRig,
    device_of,
    limits_of,
)

#: Armed, and active or what follows, begin here.
ARMED_S = 1002.125
T = 1004.0


class StepRig(GateRig):
    """A rig that advances in steps of an eighth of a second, with good data by default."""

    def step(
        self, until_s: float, *, data: Callable[[], None] | None = None, step_s: float = 0.125
    ) -> Self:
        """Let time pass up to a moment."""
        while self.now_s < until_s:
            self.now_s = min(until_s, self.now_s + step_s)
            self.live()
            if data is None:
                self.report()
                self.observe()
            else:
                data()
            self.tick()
        return self

    def be_active_at(self, now_s: float = T, *, amount: float | None = None) -> Self:
        """Be active, with a tick on good data just then."""
        self.be_active(amount)
        while now_s - self.now_s > 0.125:
            self.run(0.1)
        return self.step(now_s)

    def be_armed_then(self) -> Self:
        """Be armed at a binary fraction."""
        self.be_ready()
        self.now_s = ARMED_S
        self.report()
        self.control("arm")
        assert self.state == "armed", self.refusals
        return self

    def stand_still(self, lasted_s: float, now_s: float | None = None) -> tuple[Decision, ...]:
        """Let the machine sleep, while the service's clock stands still."""
        tell = self.gate.sleep
        return self.take(tell(lasted_s, self.now_s if now_s is None else now_s))

    def watch(self, *streams: str) -> Self:
        """Watch other streams than the one."""
        self.gate = SafetyGate(
            timing=self.timing,
            arm="operator",
            devices=self.devices,
            streams=streams,
            tick_s=TICK_S,
            session=SESSION,
            calibration_s=0.0,
        )
        return self


def bad_data(rig: GateRig) -> Callable[[], None]:
    """Return hops of good data whose estimate is not valid."""

    def hop() -> None:
        rig.report()
        rig.observe(valid=False)

    return hop


def changes(decisions: Sequence[Decision]) -> list[str]:
    return [each.after for each in decisions if isinstance(each, StateChanged)]


def device_of_slew_8(name: str, **keys: Any) -> DeviceConfig:
    return device_of(name, limits=limits_of(slew_ma_per_s_max=8.0), **keys)
