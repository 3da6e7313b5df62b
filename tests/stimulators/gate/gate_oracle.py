"""What must hold of a gate's decisions whatever it is fed, written from the rules alone."""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stimulators.decisions import Decision, Send, SendStop, StateChanged
from stimulators.device_config import DeviceConfig
from stimulators.gate_config import GateConfig
from stimulators.targets import Observation, Target
from stimulators.wire.messages import Ack, Command, DeviceInfo, DeviceStatus, Lease

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
    ("active", "paused"),
    ("hold", "paused"),
    ("paused", "active"),
    ("paused", "idle"),
    ("paused", "safe"),
    ("idle", "safe"),
    ("armed", "safe"),
    ("active", "safe"),
    ("hold", "safe"),
    ("safe", "armed"),
}
_TINY = 1e-6


class DeviceOracle:
    """One device: what it was sent, what it reported, and so what it may give."""

    def __init__(self, device: DeviceConfig, tick_s: float, valid_s: float) -> None:
        self.device = device
        self.observed: Observation | None = None
        self.times_s: list[float] = []
        self.triggers: list[tuple[float, float]] = []
        self.sent: dict[int, tuple[float, float]] = {}
        self.refused: set[int] = set()
        self.newest = ("", -1)
        self.amount: float | None = None
        self.last_seq = 0
        self.state = "offline"
        self.is_leased = False
        self.on_since_s: float | None = None
        self.tolerance = 0.001 * device.amount_max
        self._valid_s = valid_s
        per_tick = device.slew_per_s_max * tick_s
        self.spare = per_tick + max(per_tick, 0.002 * device.amount_max)

    @property
    def amounts(self) -> list[float]:
        """Every amount that it may give."""
        if self.amount is None:
            return [0.0, self.device.amount_max]
        open_ = [
            amount
            for seq, (amount, _) in self.sent.items()
            if seq >= self.last_seq and seq not in self.refused
        ]
        may_be_safe = self.state == "safe" or (self.is_leased and self.state == "stopped")
        return [self.amount, *open_, *([self.device.safe_amount] if may_be_safe else [])]

    def take(self, said: Ack | DeviceInfo | DeviceStatus, session: str) -> bool:
        """Take in a word; return whether it newly reports an amount that must not be given."""
        amount = said.applied_ma if self.device.unit == "ma" else said.applied_level
        if amount is None or (said.instance == self.newest[0] and said.word <= self.newest[1]):
            return False
        is_first = self.amount is None
        most = max([*self.amounts, self.device.safe_amount]) + self.tolerance + _TINY
        is_wrong = not -self.tolerance <= amount <= self.device.amount_max + self.tolerance
        is_wrong = is_wrong or (not is_first and amount > most)
        self.newest = (said.instance, said.word)
        self.amount = self.device.amount_max if is_wrong and not amount <= most else max(0, amount)
        is_ours = said.session == session
        if is_ours:
            self.last_seq = max(self.last_seq, said.last_seq)
        if isinstance(said, Ack):
            self._take_answer(said, is_ours=is_ours)
        else:
            self.state = said.state
        if not isinstance(said, Ack) and said.state in {"safe", "stopped"}:
            self.sent.pop(self.last_seq, None)  # its lease ended, or it was stopped, on the way
        return is_wrong

    def _take_answer(self, ack: Ack, *, is_ours: bool) -> None:
        if ack.request_id is not None:
            self.state = "stopped"
        if not is_ours or ack.seq is None or ack.seq not in self.sent:
            return
        if ack.refused is not None:
            self.refused.add(ack.seq)
        issued_s = self.sent[ack.seq][1]
        for seq, (_, then_s) in list(self.sent.items()):
            if seq > self.last_seq and then_s + self._valid_s <= issued_s:
                del self.sent[seq]


class GateOracle:
    """Follows the events and decisions of a gate, and checks them against the rules."""

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
        self.stop_ids: set[str] = set()
        self.reported: StreamReport | None = None
        self.devices = {
            device.id: DeviceOracle(device, tick_s, timing.command_valid_s) for device in devices
        }

    # Before a call: what it may lead to.

    def move_to(self, now_s: float) -> bool:
        """Take the time of a call; return whether it steps back too far, which is a fault."""
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
        """Check the decisions of one call against the rules."""
        sent: dict[str, int] = defaultdict(int)
        for decision in decisions:
            if isinstance(decision, StateChanged):
                self._check_move(decision, may_arm=may_arm, is_tick=is_tick)
            elif isinstance(decision, SendStop):
                assert decision.request_id not in self.stop_ids, "a stop of its own name"
                self.stop_ids.add(decision.request_id)
                must_be_safe = True
            elif isinstance(decision, Send):
                device = self.devices[decision.device]
                if isinstance(decision.message, Lease):
                    self._check_lease(device, decision.message)
                else:
                    sent[decision.device] += 1
                    assert sent[decision.device] == 1, "one command a device and call"
                    self._check_command(device, decision.message, targets)
        if must_be_safe:
            assert self.state == "safe"
        if self.state in {"active", "hold"} and is_tick:
            for device in self.devices.values():
                self._check_on_time(device)

    def _check_on_time(self, device: DeviceOracle) -> None:
        if min(device.amounts) <= device.device.safe_amount + device.tolerance:
            device.on_since_s = None
        elif device.on_since_s is None:
            device.on_since_s = self.now_s
        else:
            on_s = self.now_s - device.on_since_s
            assert on_s <= device.device.limits.on_time_s_max + _TINY

    def _check_move(self, change: StateChanged, *, may_arm: bool, is_tick: bool) -> None:
        assert change.before == self.state
        assert (change.before, change.after) in _MOVES
        assert change.reason
        if change.after == "armed":
            assert may_arm or (is_tick and self.is_automatic and change.before == "idle")
            self.is_automatic = False
            self.armed_s = self.now_s
        if change.after == "safe":
            self.is_automatic = False
        if change.after == "active" and change.before != "armed":
            assert self._data_are_good()
        if change.after == "active" and change.before == "armed":
            assert any(
                each.state == "live" and max(each.amounts) <= each.device.safe_amount + 1e-3
                for each in self.devices.values()
            )
        if change.after in {"paused", "active"} and change.before in {"hold", "paused"}:
            self.is_automatic = False
        self.held_s = self.now_s
        self.state = change.after

    def _check_lease(self, device: DeviceOracle, lease: Lease) -> None:
        assert self.state in {"armed", "active", "hold", "paused"}
        assert lease.lease_seq == self.n_lease_seq + 1
        self.n_lease_seq = lease.lease_seq
        assert lease.issued_us == round(self.now_s * 1e6)
        assert lease.armed_us == round(self.armed_s * 1e6)
        assert lease.valid_us == round(self.timing.lease_s * 1e6)
        assert lease.session == self.session
        assert device.observed is not None
        device.is_leased = True
        if self.state in {"armed", "active"}:
            assert self._data_are_good()
            assert device.observed.valid
        elif self.state == "hold":
            # Each of two lapses in a minute may begin the hold anew.
            assert self.now_s - self.held_s <= 3.0 * self.timing.hold_s_max + _TINY

    def _check_command(
        self, device: DeviceOracle, command: Command, targets: Sequence[Target]
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
        if self.state in {"idle", "safe"}:
            assert (command.kind, amount) == ("amplitude", config.safe_amount)
            assert command.reason.policy == ""
            assert self.is_linked
            device.sent[command.seq] = (amount, self.now_s)
            return
        assert self.state in {"active", "hold", "paused"}
        assert device.state == "live"
        self._check_rate(device)
        if command.kind == "trigger":
            assert self.state == "active"
            self._check_trigger(device, command, targets)
        else:
            self._check_step(device, command.seq, amount)
        if command.reason.policy:
            assert self.state == "active"
            assert self._data_are_good()
            assert device.observed is not None
            assert device.observed.valid

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
        for index, newest_s in ((0, target.time_s), (1, self.now_s)):
            n_recent = sum(newest_s - each[index] < 60.0 for each in device.triggers)
            assert n_recent <= limits.triggers_per_min_max

    def _check_step(self, device: DeviceOracle, seq: int, amount: float) -> None:
        """Check that nothing rises by more than a step above the least that may be given."""
        lowest, highest = min(device.amounts), max(device.amounts)
        assert amount <= max(highest, lowest + device.spare) + _TINY
        if self.state == "hold":
            assert amount <= highest + _TINY
        if self.state == "paused":
            assert amount <= max(highest, device.device.safe_amount) + _TINY
        if amount > lowest + _TINY:
            assert amount <= lowest + device.spare + _TINY, "up from the lowest"
        device.sent[seq] = (amount, self.now_s)

    def _data_are_good(self) -> bool:
        newest, timing = self.reported, self.timing
        if newest is None or newest.uncertainty_s is None or newest.problem is not None:
            return False
        age_s = self.now_s - newest.newest_time_s
        return (
            0.0 <= newest.uncertainty_s <= timing.clock_uncertainty_s_max
            and -timing.clock_uncertainty_s_max <= age_s <= timing.data_age_s_max
        )
