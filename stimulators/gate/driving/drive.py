"""The gate's side of one device: its state, its answers, and its next command."""

import math
from collections.abc import Iterator

import msgspec

from stimulators.decisions import NothingSent, Refusal, Send, State
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommand, OpenCommands
from stimulators.gate.driving.descent import Descent
from stimulators.gate.driving.fire_times import KnownTime
from stimulators.gate.driving.maker import Maker
from stimulators.gate.driving.rises import Rises
from stimulators.gate.driving.sending import Sending
from stimulators.gate.driving.shortfall import Shortfall
from stimulators.gate.driving.steering import Steering
from stimulators.gate.driving.wishes import Wishes
from stimulators.gate.freshness import Flaw, HopWatch
from stimulators.gate.limits.limit import Limited
from stimulators.gate.limits.registry import Limits
from stimulators.gate.presence import Presence
from stimulators.gate.usage.account import Account
from stimulators.gate.word import Word
from stimulators.gate_config import GateConfig
from stimulators.reasons import NothingReason
from stimulators.targets import Target
from stimulators.wire.messages import DeviceInfo

#: In these states a device is sent commands, or told why not.
_DRIVEN = frozenset({"active", "hold", "paused"})


class Drive:
    """One device: what a policy wants of it, what it may be giving, and what it is sent.

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
    rises : Rises, optional
        Which rises need an operator's yes; none does without.

    Attributes
    ----------
    presence : Presence
        Which boot of it speaks, and what it said it is.
    hops : HopWatch
        The estimates that its policy decides on.
    commands : OpenCommands
        Its commands without an answer yet.
    belief : Belief
        What it may give.
    account : Account
        What it has given.
    limits : Limits
        What it may still give.
    wishes : Wishes
        What is wanted of it.
    rises : Rises
        Which rises an operator is asked about, and said yes to.
    is_engaged : bool
        Whether it has had a valid estimate since the rig was armed: only then is it given leases.
    is_live : bool
        Whether it said since then that it holds our session: only then is it given commands.
    descent : Descent or None
        There while the device is brought to its safe amount.
    known_time : KnownTime
        How well it knows our time.
    newest_decision : Send or NothingSent or Refusal or None
        The newest decision about it.
    lease_until_s : float
        When the newest lease it was sent ends.
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
        rises: Rises | None = None,
    ) -> None:
        self.config = config
        self.presence = Presence(config, timing.device_silence_s_max)
        self.hops = HopWatch(timing)
        self.commands = OpenCommands()
        self.belief = Belief(config, timing.command_valid_s)
        self.account = Account(config, lease_s=timing.lease_s, tick_s=tick_s)
        self.limits = Limits(Limited(config, self.belief, self.account, tick_s))
        self.wishes = Wishes()
        self.rises = rises or Rises(None, command_valid_s=timing.command_valid_s, numbers=seqs)
        self.is_engaged = self.is_live = self._was_live = False
        self.descent: Descent | None = None
        self.newest_decision: Send | NothingSent | Refusal | None = None
        self._nothing: NothingReason | None = None
        self.lease_until_s = -math.inf
        self.known_time = KnownTime()
        self._timing = timing
        self._lease_due_s = -math.inf
        self._maker = Maker(config, timing, session=session, seqs=seqs, lease_seqs=lease_seqs)
        self._shortfall = Shortfall(config, self.belief)
        self._sending = Sending(
            config,
            timing,
            self._maker,
            belief=self.belief,
            account=self.account,
            limits=self.limits,
            commands=self.commands,
        )
        self._steering = Steering(
            config,
            timing,
            belief=self.belief,
            limits=self.limits,
            commands=self.commands,
            wishes=self.wishes,
            shortfall=self._shortfall,
            sending=self._sending,
            rises=self.rises,
        )

    # State.

    @property
    def may_move(self) -> bool:
        """Whether a driven device's newest estimate is valid."""
        return self.is_engaged and self.is_live and self.hops.is_valid

    @property
    def said(self) -> float | None:
        """The amount of the newest command since it was last leased anew; None before any."""
        said = self._sending.said
        return None if said is None else said[0]

    @property
    def way_down_s(self) -> float:
        """The longest time the device may need to its safe amount: a lease, and its slew."""
        way = max(0.0, self.belief.highest - self.config.safe_amount)
        if self.belief.programs != {self.config.safe_program}:
            way = self.belief.highest + self.config.safe_amount
        return self._timing.lease_s + way / self.config.slew_per_s_max

    def flaw(self, now_s: float) -> Flaw | None:
        """Return why the device may not be driven any longer at `now_s`, or None."""
        name, missing_seq = self.config.id, self.commands.missing_seq
        if self._was_live and not self.is_live:
            return Flaw("device", f"{name} let its lease end", "a device that is live")
        if (flaw := self._shortfall.flaw(self._timing.refusals_in_row_max)) is not None:
            return flaw
        if missing_seq is not None:
            found = f"no answer of {name} to command {missing_seq}"
            return Flaw("ack", found, f"one within {self._timing.ack_s_max:g} s")
        return self.hops.flaw(now_s)

    # Beginning and end.

    def engage(self) -> None:
        """Begin to send leases; commands follow once the device reports our session."""
        self.is_engaged = True
        self.is_live = self._was_live = False
        self.descent = None
        self.belief.note_leased()
        self._lease_due_s = -math.inf
        self._forget()

    def go_live(self) -> None:
        """Note that the device reported that it holds our session."""
        self.is_live = self._was_live = True

    def lapse(self) -> None:
        """Note that the device's lease ended: it goes to its safe amount by itself."""
        self.is_live = False
        self.wishes.drop()
        self.rises.end()
        self._sending.forget_said()
        self._shortfall.forget_refused_way_down()

    def disengage(self, now_s: float) -> None:
        """End driving, and bring the device to its safe amount."""
        if not self.is_engaged:
            return
        self.is_engaged = self.is_live = self._was_live = False
        self._forget()
        self.descent = Descent(now_s, ack_s_max=self._timing.ack_s_max, way_s=self.way_down_s)

    def _forget(self) -> None:
        self.wishes.forget()
        self.rises.end()
        self._sending.forget()
        self._shortfall.forget()
        self.commands.forget()

    # Words of the device.

    def learn(self, info: DeviceInfo) -> None:
        """Take the device's description of itself."""
        self.belief.learn(info)
        self._steering.learn_tolerance()

    def take_answer(
        self, opened: OpenCommand, word: Word | None, now_s: float, *, is_refused: bool
    ) -> bool:
        """Take the answer to a command; return whether it shows a new clipping."""
        if is_refused:
            # After its lease ended it refuses commands that were under way: these do not count.
            if self.is_live:
                self._shortfall.take_refusal(opened)
            self._sending.note_refused(opened.command.seq, now_s)
            return False
        self._shortfall.end_refusals()
        if word is None or opened.command.kind == "trigger":
            return False
        return self._shortfall.compare(opened, word.amount, now_s)

    # Commands.

    def objection_to_rise(self, target: Target, now_s: float) -> Refusal | None:
        """Return why the device may not leave its safe amount upwards, or None."""
        return self._steering.objection_to_rise(target, now_s)

    def wanted_rise(self, now_s: float) -> Target | None:
        """Return what is wanted now, within limits, where an operator has to be asked first."""
        wish = self.wishes.newest
        if wish is None or not (self.rises.are_asked and self.may_move):
            return None
        within = self._steering.within_limits(wish, now_s)
        if within < wish.amount:
            wish = msgspec.structs.replace(wish, amount=within)
        return wish if self._steering.is_rise(wish) else None

    def aim(self, target: Target) -> None:
        """Set the amount that is wanted."""
        if not self.wishes.is_wished(target):
            self._shortfall.forget_clipping()
        self.wishes.wish(target)

    def next_decision(self, state: State, now_s: float) -> Send | NothingSent | None:
        """Return the command that is due, or why none is; None where that was told already.

        Nothing is told of a device that is not driven.
        """
        sent = self.send_next(state, now_s)
        if sent is not None:
            if self._nothing is NothingReason.THERE:
                # It moves on, and is there again later.
                self._nothing = None
            self.newest_decision = sent
            return sent
        is_driven = state in _DRIVEN and self.is_engaged and self.is_live
        if self.descent is not None or not is_driven:
            self._nothing = None
            return None
        if self._steering.nothing is self._nothing:
            return None
        self._nothing = self._steering.nothing
        self.newest_decision = NothingSent(self.config.id, self._nothing, self._steering.bounds)
        return self.newest_decision

    def send_next(self, state: State, now_s: float) -> Send | None:
        """Return the command that is due in this state of the rig, or None."""
        steering, wish = self._steering, self.wishes.newest
        if self.is_engaged or self.presence.is_there:
            # Of a device that says nothing nobody knows that it still gives what it said last.
            self.limits.advance(now_s)
        if self.descent is not None:
            return self._descend(self.descent, now_s)
        if not (self.is_engaged and self.is_live):
            return None
        if state == "paused":
            return steering.rest(now_s)
        if state == "active" and self.hops.is_valid and wish is not None:
            return steering.follow(wish, now_s)
        if state == "active" and self.wishes.is_withheld:
            return steering.rest(now_s)
        return steering.keep(now_s) if state in {"active", "hold"} else None

    def trigger(self, target: Target, now_s: float) -> Send | Refusal:
        """Return the trigger's command, or why it may not be sent; it is not kept for later."""
        self.newest_decision = self._sending.send_trigger(target, now_s)
        return self.newest_decision

    def cancel_triggers(self, now_s: float) -> bool:
        """Cancel triggers that wait in the device or last; say whether there may be any."""
        self._sending.cancel_triggers(now_s)
        return self._sending.is_cancel_due

    def renew_lease(self, armed_s: float, now_s: float) -> Send | None:
        """Return a lease where the next is due."""
        if now_s < self._lease_due_s:
            return None
        self._lease_due_s = now_s + self._timing.lease_s / 3.0
        self.lease_until_s = now_s + self._timing.lease_s
        return self._maker.make_lease(armed_s, now_s)

    def _descend(self, descent: Descent, now_s: float) -> Send | None:
        if self.belief.is_down:
            self.descent = None
            return None
        if not (self.presence.is_there and descent.is_due(now_s)):
            return None
        descent.note_said(now_s)
        return self._steering.descend(now_s)
