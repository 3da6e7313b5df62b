"""One device as the gate drives it: every limit at hand, and the only place commands are made."""

import math
from collections.abc import Iterator

from stimulators.decisions import Send
from stimulators.gate.acks import OpenCommand, OpenCommands
from stimulators.gate.budgets import ChargeBudget, RateBudget, TriggerBudget
from stimulators.gate.freshness import Flaw, HopWatch
from stimulators.gate.presence import Presence
from stimulators.gate.ramp import Ramp
from stimulators.limits import DeviceConfig, GateConfig
from stimulators.policies.policy import Target
from stimulators.wire.messages import Command, CommandKind, Lease, Reason

_GATE = Reason(detector="", value=0.0, threshold=0.0, policy="")
_AMOUNT_TOLERANCE = 1e-3
_TINY = 1e-9


class Drive:
    """What one device may be sent, was sent, and said.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    timing : GateConfig
        How old and how late anything may be.
    session : str
        Name of this session.
    tick_s : float
        Time from one tick to the next.
    seqs, lease_seqs : iterator of int
        Numbers for commands and for leases, shared by all devices of the gate.

    Attributes
    ----------
    is_engaged : bool
        Whether it has had a valid estimate since the rig was armed: only then is it given
        leases and commands.
    was_told_unknown : bool
        Whether an answer to a command that was never sent has been told of.
    """

    def __init__(
        self,
        config: DeviceConfig,
        timing: GateConfig,
        *,
        session: str,
        tick_s: float,
        seqs: Iterator[int],
        lease_seqs: Iterator[int],
    ) -> None:
        limits = config.limits
        self.config = config
        self.presence = Presence(config, timing.device_silence_s_max)
        self.hops = HopWatch(timing)
        self.commands = OpenCommands(config.safe_amount)
        self.is_engaged = False
        self.was_told_unknown = False
        self._timing = timing
        self._session = session
        self._seqs = seqs
        self._lease_seqs = lease_seqs
        self._ramp = Ramp(
            config.safe_amount,
            slew_per_s_max=config.slew_per_s_max,
            amount_max=config.amount_max,
            tick_s=tick_s,
        )
        self._rate = RateBudget(int(limits.commands_per_s_max), 1.0)
        self._triggers = TriggerBudget(limits.refractory_s, limits.triggers_per_min_max)
        charge_uc_max = limits.charge_uc_per_10_min_max
        self._charge = ChargeBudget(math.inf if charge_uc_max is None else charge_uc_max)
        self._on_s = 0.0
        self._counted_s: float | None = None
        self._wish: Target | None = None
        self._is_certain = True
        self._program = next(iter(config.programs), "")
        self._channel = ""
        self._refused: tuple[float, str] | None = None
        self._safe_seq = 0
        self._lease_due_s = -math.inf

    @property
    def awaits_safe(self) -> bool:
        """Whether the command that brings it to safe is still to be answered."""
        return self._safe_seq in self.commands

    @property
    def may_move(self) -> bool:
        """Whether its newest estimate is valid, now that it is driven."""
        return self.is_engaged and self.hops.is_valid

    def engage(self) -> None:
        """Begin to drive it, from its safe amount: a device adopts a session nowhere else."""
        self.is_engaged = True
        self.stand_at_safe()
        self._lease_due_s = -math.inf

    def stand_at_safe(self) -> None:
        """Take it that the device is at its safe amount, whatever it was told before."""
        self._wish = None
        self._is_certain = True
        self._ramp.stand(self.config.safe_amount)
        self.commands.stand(self.config.safe_amount)

    def disengage(self, now_s: float, *, tell: bool) -> Send | None:
        """Drive it no longer; return the command to its safe amount where it is to be told."""
        if not self.is_engaged:
            return None
        # A lease that is still running may keep the amount up to its end.
        self._count_charge(self._timing.lease_s, now_s)
        self.is_engaged = False
        self._on_s = 0.0
        self.stand_at_safe()
        if not tell:
            return None
        command = self._command("amplitude", self.config.safe_amount, None, now_s)
        self._safe_seq = command.seq
        return Send(self.config.id, command)

    def flaw(self, now_s: float) -> Flaw | None:
        """Return why it may not be driven on at `now_s`, or None."""
        if self.commands.missing_seq is not None:
            return Flaw(
                "ack",
                f"no answer of {self.config.id} to command {self.commands.missing_seq}",
                f"one within {self._timing.ack_s_max:g} s",
            )
        return self.hops.flaw(now_s)

    def count(self, now_s: float) -> str | None:
        """Let the budgets run up to `now_s`; return the limit that is reached, or None."""
        passed_s = 0.0 if self._counted_s is None else now_s - self._counted_s
        self._counted_s = now_s
        # Whoever drives it: a device that rests gives its safe amount.
        self._count_charge(passed_s, now_s)
        if not self.is_engaged:
            return None
        is_on = self._amount_in_force > self.config.safe_amount + _TINY
        self._on_s = self._on_s + passed_s if is_on else 0.0
        if self._on_s > self.config.limits.on_time_s_max:
            return "on_time_s_max"
        if not self._charge.has_room(0.0, now_s):
            return "charge_uc_per_10_min_max"
        return None

    def is_off_limits(self, amount: float) -> bool:
        """Say whether a device that reports this amount has left its limits."""
        slack = _AMOUNT_TOLERANCE * self.config.amount_max
        return not -slack <= amount <= self.config.amount_max + slack

    def is_wished(self, target: Target) -> bool:
        """Say whether the target asks for what is under way already."""
        wish = self._wish
        return wish is not None and wish.amount == target.amount and target.kind == "amplitude"

    def was_refused(self, amount: float, reason: str) -> bool:
        """Remember a refused amplitude; say whether the same was the last to be refused."""
        self._wish = None
        self._ramp.stand(self._ramp.amount)
        if self._refused == (amount, reason):
            return True
        self._refused = (amount, reason)
        return False

    def aim(self, target: Target) -> None:
        """Set the goal of the ramp."""
        self._wish = target
        self._refused = None
        self._program, self._channel = target.program, target.channel
        self._ramp.goal = target.amount

    def step(self, now_s: float) -> Send | None:
        """Return the next step of the ramp, where one is due and commands may go.

        Where it is not certain what the device took in, the amount is said again.
        """
        wish, ramp = self._wish, self._ramp
        if wish is None or (ramp.goal == ramp.amount and self._is_certain):
            return None
        amount = ramp.next_amount(now_s)
        if amount is None and not self._is_certain:
            amount = ramp.amount
        if amount is None or not self._rate.has_room(now_s):
            return None
        self._is_certain = True
        ramp.move(amount)
        return Send(self.config.id, self._command("amplitude", amount, wish, now_s))

    def trigger(self, target: Target, now_s: float) -> Send | str:
        """Return the trigger, or in one word why it may not go; it is never kept for later."""
        reason = self._triggers.refusal(target.time_s, now_s)
        if reason is not None:
            return reason
        if not self._rate.has_room(now_s):
            return "commands"
        charge_uc = target.amount * self.config.charge_uc(target.program)
        if not self._charge.has_room(charge_uc, now_s):
            return "charge"
        self._charge.add(charge_uc, now_s)
        self._triggers.take(target.time_s, now_s)
        return Send(self.config.id, self._command("trigger", target.amount, target, now_s))

    def lease(self, armed_s: float, now_s: float) -> Send | None:
        """Return a lease where the next is due."""
        if now_s < self._lease_due_s:
            return None
        self._lease_due_s = now_s + self._timing.lease_s / 3.0
        return Send(
            self.config.id,
            Lease(
                session=self._session,
                lease_seq=next(self._lease_seqs),
                issued_us=round(now_s * 1e6),
                valid_us=round(self._timing.lease_s * 1e6),
                armed_us=round(armed_s * 1e6),
            ),
        )

    def take_refusal(self) -> None:
        """Drop the wish: the device stays where it last agreed to be, or was told to go since."""
        self._wish = None
        self._ramp.stand(self.commands.believed)

    def take_lapse(self) -> None:
        """Start from the safe amount: the device went there because its lease ended."""
        self._wish = None
        self._is_certain = False
        self.commands.amount = self.config.safe_amount
        self._ramp.stand(self.config.safe_amount)

    def overdue(self, now_s: float) -> OpenCommand | None:
        """Return the first command in a row that should have been answered by now."""
        was_missing = self.commands.missing_seq
        missing = self.commands.overdue(now_s)
        if self.commands.missing_seq != was_missing:
            self._is_certain = False
        return missing

    @property
    def _amount_in_force(self) -> float:
        """What was last acknowledged or, where that is more, commanded since."""
        return max(self.commands.amount, self._ramp.amount)

    def _count_charge(self, passed_s: float, now_s: float) -> None:
        per_ma_uc = self.config.charge_uc_per_s(self._program) * passed_s
        if per_ma_uc > 0.0:
            self._charge.add(self._amount_in_force * per_ma_uc, now_s)

    def _command(
        self, kind: CommandKind, amount: float, wish: Target | None, now_s: float
    ) -> Command:
        """Make a command, of which every limit but the amount's has been seen to."""
        if not 0.0 <= amount <= self.config.amount_max:
            raise AssertionError(f"{self.config.id}: {amount} would leave the limits")
        is_current = self.config.unit == "ma"
        onset_s = now_s if wish is None else wish.onset_s
        reason = _GATE
        if wish is not None:
            reason = Reason(
                detector=wish.detector,
                value=wish.value,
                threshold=wish.threshold,
                policy=wish.policy,
            )
        command = Command(
            session=self._session,
            seq=next(self._seqs),
            kind=kind,
            channel=self._channel if wish is None else wish.channel,
            program=self._program if wish is None else wish.program,
            onset_us=round(onset_s * 1e6),
            issued_us=round(now_s * 1e6),
            expires_us=round((now_s + self._timing.command_valid_s) * 1e6),
            reason=reason,
            simulated=self.config.simulated,
            amplitude_ma=amount if is_current else None,
            level=None if is_current else amount,
        )
        self._rate.take(now_s)
        self.commands.expect(
            OpenCommand(
                command=command,
                amount=amount,
                sample=-1 if wish is None else wish.sample,
                due_s=now_s + self._timing.ack_s_max,
            )
        )
        return command
