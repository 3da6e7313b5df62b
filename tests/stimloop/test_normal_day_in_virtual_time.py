"""A normal day in virtual time: the real loop, gate and device over minutes and hours."""

from collections.abc import Callable
from typing import Any

import pytest

from replay.virtual.operator import Action, VirtualOperator
from replay.virtual.rig import virtual_rig
from replay.virtual.service import VirtualService
from replay.virtual.world import World
from replay.what_if.states import delivers
from stimulators.decisions import Decision, Notice, Refusal, Send, SendStop, StateChanged
from stimulators.gate_config import GateConfig
from stimulators.wire.messages import Command
from streamer.closed_loop import Outcome
from streamer.events import Event, Slept
from tests.stimulators.gate.gate_rig import device_of, limits_of
from tests.stimulators.gate.wired_rig import WiredRig
from tests.world.scenario import stimulator_of

#: A service listens 2.5 s for another one, and data are good for 2 s before a rig is armed.
_READY_S = 5.5


class NormalDay:
    """A rig with one device in virtual time, with the decisions of all its services."""

    def __init__(
        self,
        *,
        step: float = 0.0,
        ceiling: float = float("inf"),
        policy: dict[str, Any] | None = None,
        **device: Any,
    ) -> None:
        config = stimulator_of(**device)
        rig = virtual_rig(
            [config],
            timing=GateConfig(lease_s=1.0, data_age_s_max=0.3),
            arm="auto" if config.simulated else "operator",
            policies={"left": {"program": "adbs", "on_ma": 3.0} | (policy or {})},
        )
        self.world = World(rig, seed=1, step=step, ceiling=ceiling)
        self.world.observers.append(self._see)
        self.device = self.world.devices["left"]
        self.decided: list[Decision] = []

    def start(self) -> VirtualService:
        service = self.world.start_service()
        self.run(_READY_S)
        return service

    def run(self, seconds: float) -> None:
        self.world.run(round(seconds * 1e6))

    def until(self, holds: Callable[[], bool], within_s: float) -> None:
        for _ in range(round(within_s / 0.02)):
            if holds():
                return
            self.run(0.02)
        raise AssertionError(f"{self.world.service.state}, {self.device.amount:g} mA")

    def ask(self, action: Action) -> VirtualOperator:
        asked = self.world.operate(action)
        self.until(lambda: asked.exit_code is not None, 10.0)
        return asked

    def arm(self) -> None:
        armed = self.ask("arm")
        assert armed.exit_code == 0, armed.reason

    def deliver(self) -> None:
        self.until(lambda: delivers(self.world), 10.0)

    @property
    def states(self) -> list[str]:
        return [each.after for each in self.decided if isinstance(each, StateChanged)]

    @property
    def notices(self) -> list[str]:
        return [each.kind for each in self.decided if isinstance(each, Notice)]

    @property
    def n_commands(self) -> int:
        sent = [each for each in self.decided if isinstance(each, Send)]
        return sum(isinstance(each.message, Command) for each in sent)

    def _see(self, service: VirtualService, event: Event, outcome: Outcome) -> None:  # noqa: ARG002
        self.decided += outcome.decisions


def test_a_service_that_starts_first_waits_for_the_device_and_says_so() -> None:
    day = NormalDay(simulated=True)
    day.device.cycle_power(10_000_000)
    service = day.start()
    waits = service.loop.gate.status_text
    expected = "not armed; waits: left: offline, expected a device that answers: switch it on"
    assert waits.startswith(expected)
    day.until(lambda: service.state == "active", 6.0)


def test_a_service_started_anew_arms_a_device_at_its_safe_therapy() -> None:
    day = NormalDay(safe_ma=1.2)
    day.world.amplifier.is_strong = True
    day.start()
    day.arm()
    day.deliver()
    day.world.service.kill()
    day.run(2.0)
    assert day.device.amount == pytest.approx(1.2)
    day.start()
    day.arm()
    day.deliver()


def test_after_a_stop_the_rig_is_armed_until_the_device_is_at_2_ma() -> None:
    day = NormalDay(safe_ma=2.0, slew_ma_per_s_max=2.0)
    day.world.amplifier.is_strong = True
    service = day.start()
    day.arm()
    day.deliver()
    assert day.ask("stop").reason == "stopped at 0 mA"
    day.run(3.0)
    told = "stop by operator: pressed; ready to be armed"
    assert service.loop.gate.status_text == told
    assert day.device.amount == 0.0
    day.arm()
    before = day.device.amount
    while service.state == "armed":
        assert "; waits for left to reach the safe amount" in service.loop.gate.status_text
        day.run(0.1)
        assert day.device.amount <= before + 0.1 * 2.0 + 0.02
        before = day.device.amount
    assert service.state == "active"
    assert before >= 1.95
    day.deliver()


def test_a_laptop_that_slept_is_safe_and_can_be_armed_at_once() -> None:
    day = NormalDay(safe_ma=1.2)
    day.world.amplifier.is_strong = True
    service = day.start()
    service.hear(Slept(3600.0))
    assert service.state == "idle"  # there nothing latches
    day.arm()
    day.deliver()
    service.hear(Slept(0.8))
    assert service.state == "hold"
    day.deliver()
    service.hear(Slept(3600.0))
    assert (
        service.loop.gate.reason == "the machine slept for 3600.0 s, longer than hold_s_max (2 s)"
    )
    day.run(2.0)
    assert day.device.amount == pytest.approx(1.2)
    day.arm()
    day.deliver()


def test_a_device_whose_service_sleeps_is_safe_until_a_new_arming() -> None:
    day = NormalDay(safe_ma=1.2)
    day.world.amplifier.is_strong = True
    service = day.start()
    day.arm()
    day.deliver()
    # Where its clock goes on while it sleeps.
    service.freeze(30_000_000)
    day.run(2.0)
    assert day.device.device.state == "safe"
    day.run(32.0)
    assert service.state == "safe"
    assert day.device.amount == pytest.approx(1.2)
    day.arm()
    day.deliver()


def test_a_device_that_slept_goes_safe_and_is_driven_on_after_a_hold() -> None:
    day = NormalDay(safe_ma=1.2)
    day.world.amplifier.is_strong = True
    service = day.start()
    day.arm()
    day.deliver()
    day.device.step_clock(30_000_000)
    day.run(0.5)
    assert service.state == "hold"
    assert day.device.amount == pytest.approx(1.2)
    day.deliver()


def test_a_first_arming_waits_for_nothing_where_the_device_counts() -> None:
    day = NormalDay(safe_ma=1.2)
    day.world.amplifier.is_strong = True
    day.start()
    day.arm()
    day.deliver()


def test_a_first_arming_counts_down_where_nobody_counted() -> None:
    rig = WiredRig(device_of(simulated=False, safe_ma=1.2, limits=limits_of()))
    rig.small["stn"].keys = {"off_when_unpowered": False}
    rig.gate.learn_past((), rig.now_s)
    rig.be_ready()
    began_s, waits = rig.now_s, []
    while True:
        refused = [each for each in rig.control("arm") if isinstance(each, Refusal)]
        if not refused:
            break
        assert [each.reason for each in refused] == ["charge"]
        said, _, _ = refused[0].found.partition(" s to wait")
        waits.append((rig.now_s, float(said.rpartition(" ")[2])))
        assert "; not ready to be armed: stn: perhaps " in rig.gate.status_text
        rig.run(5.0, hop=rig.report)
    assert 100.0 < rig.now_s - began_s < 600.0
    # The countdown was right from the first.
    assert all(abs(at_s + wait_s - rig.now_s) < 12.0 for at_s, wait_s in waits)
    rig.run(2.0, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)


@pytest.mark.parametrize("policy", [{"on_ma": 3.0}, {"on_ma": 1.24, "off_ma": 0.43}])
def test_a_stimulator_with_steps_follows_and_is_told_nothing_twice(
    policy: dict[str, Any],
) -> None:
    day = NormalDay(step=0.1, amount_tolerance=0.05, policy=policy)
    day.start()
    day.arm()
    day.run(1.0)
    for amount in (policy["on_ma"], policy.get("off_ma", 0.0)) * 3:
        day.world.amplifier.is_strong = not day.world.amplifier.is_strong
        day.run(2.0)
        assert abs(day.device.amount - amount) <= 0.05 + 1e-9
        n_commands = day.n_commands
        day.run(3.0)
        assert day.n_commands == n_commands
    assert day.states == ["armed", "active"]
    assert day.notices == []
    assert not any(isinstance(each, SendStop) for each in day.decided)
    # A way of 3 mA at 12 mA/s with a command each tick has 13 commands, each sent once.
    assert day.n_commands <= 6 * 16


def test_a_stimulator_that_clips_is_told_once_and_believed() -> None:
    day = NormalDay(ceiling=1.8)
    service = day.start()
    day.arm()
    day.run(1.0)
    for amount in (1.8, 0.0) * 3:
        day.world.amplifier.is_strong = not day.world.amplifier.is_strong
        day.run(1.0)
        n_commands = day.n_commands
        day.run(4.0)
        assert day.device.amount == amount
        assert day.n_commands == n_commands
        belief = service.loop.gate.beliefs(service.now_s)["left"]
        assert (belief.lowest, belief.highest, belief.certain) == (amount, amount, True)
    assert day.notices == ["clipped"]
    assert day.states == ["armed", "active"]
