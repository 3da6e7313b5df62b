"""What must hold of a gate's decisions whatever it is fed, written from the rules alone."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stimulators.decisions import Decision, Send, SendStop, StateChanged
from stimulators.limits import DeviceConfig, GateConfig
from stimulators.policies.policy import Observation, Target
from stimulators.wire.messages import Command, Lease

if TYPE_CHECKING:
    from stimulators.gate.freshness import StreamReport

_MOVES = {
    ("idle", "armed"),
    ("armed", "active"),
    ("armed", "idle"),
    ("active", "hold"),
    ("hold", "active"),
    ("active", "idle"),
    ("hold", "idle"),
    ("idle", "safe"),
    ("armed", "safe"),
    ("active", "safe"),
    ("hold", "safe"),
    ("safe", "armed"),
}
_TINY = 1e-6


class DeviceOracle:
    """One device: what it was told and what it said."""

    def __init__(self, device: DeviceConfig, tick_s: float) -> None:
        self.device = device
        self.observed: Observation | None = None
        self.is_engaged = False
        self.times_s: list[float] = []
        self.triggers: list[tuple[float, float]] = []
        self.ramp: list[tuple[float, float]] = []
        self.bases = {device.safe_amount}
        self.unanswered: dict[int, float] = {}
        self.agreed = device.safe_amount
        self.agreed_seq = 0
        self.on_since_s: float | None = None
        per_tick = device.slew_per_s_max * tick_s
        self.spare = per_tick + max(per_tick, 0.002 * device.amount_max)

    def begin_anew(self) -> None:
        """Take it that the ramp begins where the device agreed to be, or may have gone since."""
        self.ramp.clear()
        self.bases = {self.agreed, *self.unanswered.values()}


class GateOracle:
    """Follows what a gate is fed and says, and holds it to the rules."""

    def __init__(
        self,
        devices: Sequence[DeviceConfig],
        timing: GateConfig,
        session: str,
        tick_s: float,
        *,
        is_automatic: bool,
    ) -> None:
        self.timing = timing
        self.session = session
        self.is_automatic = is_automatic
        self.state = "idle"
        self.now_s = -math.inf
        self.armed_s = math.nan
        self.held_s = math.nan
        self.n_seq = 0
        self.n_lease_seq = 0
        self.is_linked = False
        self.is_stopped = False
        self.reported: StreamReport | None = None
        self.devices = {device.id: DeviceOracle(device, tick_s) for device in devices}

    # Before a call: what it may lead to.

    def move_to(self, now_s: float) -> bool:
        """Take the time of a call; say whether it steps backwards too far, which is a fault."""
        if self.now_s <= now_s < math.inf:
            self.now_s = now_s
            return False
        return not 0.0 <= self.now_s - now_s <= self.timing.clock_step_s_max

    # After a call: what was decided.

    def check(
        self,
        decisions: Sequence[Decision],
        *,
        must_be_safe: bool = False,
        may_arm: bool = False,
        targets: Sequence[Target] = (),
        is_tick: bool = False,
    ) -> None:
        """Hold what one call decided against the rules."""
        before = self.state
        sent: dict[str, int] = defaultdict(int)
        for decision in decisions:
            if isinstance(decision, StateChanged):
                self._check_move(decision, may_arm=may_arm, is_tick=is_tick)
            elif isinstance(decision, SendStop):
                assert not self.is_stopped, "one stop an arming"
                self.is_stopped = must_be_safe = True
            elif isinstance(decision, Send):
                device = self.devices[decision.device]
                if isinstance(decision.message, Lease):
                    self._check_lease(device, decision.message)
                else:
                    sent[decision.device] += 1
                    assert sent[decision.device] == 1, "one command a device and call"
                    self._check_command(device, decision.message, before, targets)
        if must_be_safe:
            assert self.state == "safe"
        if self.state in {"active", "hold"} and is_tick:
            for device in self.devices.values():
                if device.on_since_s is not None:
                    on_s = self.now_s - device.on_since_s
                    assert on_s <= device.device.limits.on_time_s_max + _TINY

    def _check_move(self, change: StateChanged, *, may_arm: bool, is_tick: bool) -> None:
        assert change.before == self.state
        assert (change.before, change.after) in _MOVES
        assert change.reason
        if change.after == "armed":
            assert may_arm or (is_tick and self.is_automatic and change.before == "idle")
            self.is_automatic = self.is_stopped = False
            self.armed_s = self.now_s
        if change.after == "safe":
            self.is_automatic = False
        if change.after == "active":
            assert self._data_are_good()
        self.held_s = self.now_s
        self.state = change.after

    def _check_lease(self, device: DeviceOracle, lease: Lease) -> None:
        assert self.state in {"active", "hold"}
        assert lease.lease_seq == self.n_lease_seq + 1
        self.n_lease_seq = lease.lease_seq
        assert lease.issued_us == round(self.now_s * 1e6)
        assert lease.armed_us == round(self.armed_s * 1e6)
        assert lease.valid_us == round(self.timing.lease_s * 1e6)
        assert lease.session == self.session
        assert device.observed is not None
        if self.state == "active":
            assert self._data_are_good()
            assert device.observed.valid
        else:
            assert self.now_s - self.held_s <= self.timing.hold_s_max + _TINY
        if not device.is_engaged:
            device.is_engaged = True
            device.begin_anew()

    def _check_command(
        self, device: DeviceOracle, command: Command, before: str, targets: Sequence[Target]
    ) -> None:
        config = device.device
        amount = command.amplitude_ma if config.unit == "ma" else command.level
        assert (command.amplitude_ma is None) != (command.level is None)
        assert amount is not None
        assert 0.0 <= amount <= config.amount_max
        assert command.seq == self.n_seq + 1
        self.n_seq = command.seq
        assert (command.session, command.simulated) == (self.session, config.simulated)
        assert command.issued_us == round(self.now_s * 1e6) < command.expires_us
        assert command.fire_at_us is None
        if command.reason.policy == "":
            assert (before, self.state) != (self.state, self.state)
            assert self.state in {"idle", "safe"}
            assert (command.kind, amount) == ("amplitude", config.safe_amount)
            assert self.is_linked
            return
        assert self.state == "active"
        assert device.is_engaged
        assert self._data_are_good()
        assert device.observed is not None
        assert device.observed.valid
        self._check_rate(device)
        if command.kind == "trigger":
            self._check_trigger(device, command, targets)
        else:
            self._check_ramp(device, command.seq, amount)

    def _check_rate(self, device: DeviceOracle) -> None:
        device.times_s.append(self.now_s)
        n_recent = sum(self.now_s - each < 1.0 for each in device.times_s)
        assert n_recent <= device.device.limits.commands_per_s_max

    def _check_trigger(
        self, device: DeviceOracle, command: Command, targets: Sequence[Target]
    ) -> None:
        target = [each for each in targets if each.device == device.device.id][-1]
        assert target.amount in {command.amplitude_ma, command.level}
        limits = device.device.limits
        for time_s, now_s in device.triggers[-1:]:
            assert target.time_s - time_s >= limits.refractory_s - _TINY
            assert self.now_s - now_s >= limits.refractory_s - _TINY
        age_s = self.now_s - target.time_s
        assert -self.timing.clock_uncertainty_s_max <= age_s <= self.timing.data_age_s_max
        device.triggers.append((target.time_s, self.now_s))
        for place, newest_s in ((0, target.time_s), (1, self.now_s)):
            n_recent = sum(newest_s - each[place] < 60.0 for each in device.triggers)
            assert n_recent <= limits.triggers_per_min_max

    def _check_ramp(self, device: DeviceOracle, seq: int, amount: float) -> None:
        slew = device.device.slew_per_s_max
        device.unanswered[seq] = amount
        assert device.ramp or min(abs(amount - base) for base in device.bases) <= (
            device.spare + _TINY
        )
        for time_s, earlier in device.ramp:
            assert abs(amount - earlier) <= slew * (self.now_s - time_s) + device.spare + _TINY
        device.ramp.append((self.now_s, amount))
        if amount <= device.device.safe_amount:
            device.on_since_s = None

    def _data_are_good(self) -> bool:
        newest, timing = self.reported, self.timing
        if newest is None or newest.uncertainty_s is None or newest.problem is not None:
            return False
        age_s = self.now_s - newest.newest_time_s
        return (
            0.0 <= newest.uncertainty_s <= timing.clock_uncertainty_s_max
            and -timing.clock_uncertainty_s_max <= age_s <= timing.data_age_s_max
        )

    # What devices said.

    def answered(self, name: str, seq: int, *, was_refused: bool) -> None:
        """Take in that a device applied or refused a command: its ramp goes on from there."""
        device = self.devices[name]
        amount = device.unanswered.pop(seq, None)
        if was_refused:
            device.begin_anew()
        elif amount is not None and seq > device.agreed_seq:
            device.agreed, device.agreed_seq = amount, seq
            if amount <= device.device.safe_amount or device.unanswered:
                device.on_since_s = None
            elif device.on_since_s is None:
                device.on_since_s = self.now_s

    def lapsed(self, name: str) -> None:
        """Take in that a device is at its safe amount, or on its way: its lease ended."""
        device = self.devices[name]
        device.agreed = device.device.safe_amount
        device.begin_anew()
        device.on_since_s = None

    def settle(self) -> None:
        """Forget engagements where the state ended them."""
        if self.state not in {"active", "hold"}:
            for device in self.devices.values():
                device.is_engaged = False
                device.on_since_s = None
                device.agreed = device.device.safe_amount
                device.unanswered.clear()
