"""One device as the gate drives it: what it is to give, and the next command on the way there."""

import math
from collections.abc import Iterator

from stimulators.decisions import Send, State
from stimulators.gate.belief import Belief, Word
from stimulators.gate.driving.answers import OpenCommand, OpenCommands
from stimulators.gate.driving.descent import Descent
from stimulators.gate.driving.maker import Maker
from stimulators.gate.freshness import Flaw, HopWatch
from stimulators.gate.limits.account import Account
from stimulators.gate.limits.budgets import RateBudget, TriggerBudget
from stimulators.gate.limits.slew import Slew
from stimulators.gate.presence import Presence
from stimulators.limits import DeviceConfig, GateConfig
from stimulators.targets import Target
from stimulators.wire.messages import CommandKind, DeviceInfo

_TINY = 1e-9
#: Of the commands a second, one in so many is kept for the way down.
_SHARE_FOR_DOWN = 5


class Drive:
    """What one device is wished to give, what it may give, and what it is sent.

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
    belief : Belief
        What it may give.
    account : Account
        What it has given and may still give.
    is_engaged : bool
        Whether it has had a valid estimate since the rig was armed: only then is it given leases.
    is_live : bool
        Whether it said since then that it holds our session: only then is it given commands.
    descent : Descent or None
        There while the device is brought to its safe amount.
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
        self.commands = OpenCommands()
        self.belief = Belief(config, timing.command_valid_s)
        self.account = Account(config, lease_s=timing.lease_s, tick_s=tick_s)
        self.is_engaged = self.is_live = self._was_live = False
        self.descent: Descent | None = None
        self._timing = timing
        self._maker = Maker(config, timing, session=session, seqs=seqs, lease_seqs=lease_seqs)
        self._slew = Slew(
            slew_per_s_max=config.slew_per_s_max, amount_max=config.amount_max, tick_s=tick_s
        )
        self._rate = RateBudget(int(limits.commands_per_s_max), 1.0)
        self._n_for_down = int(limits.commands_per_s_max) // _SHARE_FOR_DOWN
        self._rises = RateBudget(limits.rises_per_min_max, 60.0)
        self._triggers = TriggerBudget(limits.refractory_s, limits.triggers_per_min_max)
        self._wish: Target | None = None
        self._channel = ""
        self._refused: tuple[float, str] | None = None
        self._lease_due_s = -math.inf
        self._said: tuple[float, str] | None = None
        self._said_s = -math.inf
        self._scheduled_s = -math.inf
        self._is_cancel_due = False
        self._n_refused = 0
        self._refused_down: float | None = None
        self._short: tuple[float, float] | None = None
        self._stuck: tuple[float, float] | None = None
        self._is_clipped = False
        self._told_ceiling: float | None = None

    # What it is in.

    @property
    def may_move(self) -> bool:
        """Whether its newest estimate is valid, now that it is driven."""
        return self.is_engaged and self.is_live and self.hops.is_valid

    @property
    def safe_level(self) -> float:
        """The highest amount that counts as safe, by what the device can tell apart."""
        return self.config.safe_amount + self.belief.tolerance + _TINY

    @property
    def is_resting(self) -> bool:
        """Whether all that it may give is at or below its safe amount."""
        return self.belief.highest <= self.safe_level

    @property
    def is_down(self) -> bool:
        """Whether it said, after the newest command, that it is safe or stopped where it should."""
        belief = self.belief
        if not (belief.is_known and belief.is_answered):
            return False
        return self.is_stopped or (belief.state == "safe" and self.is_at_safe)

    @property
    def is_stopped(self) -> bool:
        """Whether it said that it is stopped, no higher than a stop or safety takes it."""
        highest = max(self.config.safe_amount, self.config.stop_amount)
        is_low = self.belief.highest <= highest + self.belief.tolerance + _TINY
        return self.belief.state == "stopped" and is_low

    @property
    def is_at_safe(self) -> bool:
        """Whether it said that it gives its safe amount, no more and no less."""
        lowest = self.config.safe_amount - self.belief.tolerance - _TINY
        return self.belief.is_known and self.is_resting and self.belief.lowest >= lowest

    @property
    def way_down_s(self) -> float:
        """How long the device may take to its safe amount: a lease, and the way at the slew."""
        way = max(0.0, self.belief.highest - self.config.safe_amount)
        if self.belief.programs != {self.config.safe_program}:
            way = self.belief.highest + self.config.safe_amount
        return self._timing.lease_s + way / self.config.slew_per_s_max

    def flaw(self, now_s: float) -> Flaw | None:
        """Return why it may not be driven on at `now_s`, or None."""
        name = self.config.id
        if self._was_live and not self.is_live:
            return Flaw("device", f"{name} let its lease end", "a device that is live")
        if self._is_down_refused:
            did = "refused" if self._n_refused else "did not go"
            return Flaw("refused", f"{name} {did} the way down", "a way down that is taken")
        if self._n_refused >= self._timing.refusals_in_row_max:
            return Flaw(
                "refused",
                f"{name} refused {self._n_refused} commands in a row",
                f"fewer than {self._timing.refusals_in_row_max}",
            )
        if self.commands.missing_seq is not None:
            return Flaw(
                "ack",
                f"no answer of {name} to command {self.commands.missing_seq}",
                f"one within {self._timing.ack_s_max:g} s",
            )
        return self.hops.flaw(now_s)

    # Beginning and end.

    def engage(self) -> None:
        """Begin to give it leases; commands follow once it says that it holds our session."""
        self.is_engaged = True
        self.is_live = self._was_live = False
        self.descent = None
        self.belief.note_leased()
        self._lease_due_s = -math.inf
        self._forget_wishes()

    def disengage(self, now_s: float) -> None:
        """Drive it no longer, and bring it to its safe amount."""
        if not self.is_engaged:
            return
        self.is_engaged = self.is_live = self._was_live = False
        self._forget_wishes()
        self.descent = Descent(now_s, ack_s_max=self._timing.ack_s_max, way_s=self.way_down_s)

    def lapse(self) -> None:
        """Take in that its lease ended: it goes to its safe amount, and is live no more."""
        self.is_live = False
        self._wish = self._said = None
        self._refused_down = None

    def drop_wish(self) -> None:
        """Want nothing of it any more; what is scheduled for later is taken back."""
        self._wish = None

    def cancel_triggers(self, now_s: float) -> None:
        """Take back triggers that wait at the device for their time."""
        self._is_cancel_due = self._scheduled_s >= now_s

    # What it said.

    def learn(self, info: DeviceInfo) -> None:
        """Take in what the device says of itself."""
        self.belief.learn(info)
        self._slew.tolerate(self.belief.tolerance)

    def take_state(self, *, is_ours: bool) -> bool:
        """Take in the state of its newest word; say whether it let its lease end."""
        if self.belief.state == "live" and is_ours:
            self.is_live = self.is_engaged
            self._was_live = self._was_live or self.is_live
            return False
        return self.is_live

    def take_answer(
        self, opened: OpenCommand, word: Word | None, now_s: float, *, is_refused: bool
    ) -> bool:
        """Take in the answer to a command; say whether it shows a clipping not told of yet."""
        if is_refused and not self.is_live:
            # It let its lease end, and refuses what was on the way to it.
            return False
        if is_refused:
            self._n_refused += 1
            if opened.is_way_down:
                self._refused_down = opened.amount
            return False
        self._n_refused = 0
        self._refused_down = None
        if word is None or opened.command.kind == "trigger":
            return False
        self._note_stuck(opened, word.amount, now_s)
        return self._note_short(opened, word.amount, now_s)

    @property
    def _is_down_refused(self) -> bool:
        """Whether it refused a way down, and no word shows since that it is there all the same."""
        refused_down = self._refused_down
        if refused_down is None:
            return False
        return self.belief.highest > refused_down + self.belief.tolerance + _TINY

    # What it is sent.

    def is_wished(self, target: Target) -> bool:
        """Say whether the target asks for what is under way already."""
        wish = self._wish
        return (
            wish is not None
            and target.kind == "amplitude"
            and (wish.amount, wish.program, wish.channel)
            == (target.amount, target.program, target.channel)
        )

    def note_refused(self, amount: float, reason: str) -> bool:
        """Forget what was wished; say whether the same was the last to be refused."""
        self._wish = None
        was_told = self._refused == (amount, reason)
        self._refused = (amount, reason)
        return was_told

    def objection_to_rise(self, target: Target, now_s: float) -> str | None:
        """Return the limit against leaving the safe amount upwards, or None."""
        if not (target.amount > self.safe_level and self.is_resting):
            return None
        if not self._rises.has_room(now_s):
            return "rises_per_min_max"
        step = min(target.amount, self.belief.highest + self._slew.spare)
        return self.account.objection_to(step, target.program, self.belief, now_s)

    def aim(self, target: Target) -> None:
        """Set what is wished."""
        if self._wish is None or not self.is_wished(target):
            self._is_clipped = False
            self._short = None
        self._wish = target
        self._refused = None
        self._channel = target.channel

    def next_command(self, state: State, now_s: float) -> Send | None:
        """Return the command that is due in this state of the rig, or None."""
        self._slew.advance(now_s)
        if self.descent is not None:
            return self._descend(self.descent, now_s)
        if not (self.is_engaged and self.is_live):
            return None
        if state == "paused":
            if self._refused_down is not None:
                # However far down it would not go: it need not go below its safe amount now.
                self._refused_down = max(self._refused_down, self.config.safe_amount)
            return self._toward(self.config.safe_amount, self.belief.program, None, now_s)
        if state == "active" and self.hops.is_valid and self._wish is not None:
            return self._follow(self._wish, now_s)
        if state in {"active", "hold"}:
            return self._keep(now_s)
        return None

    def trigger(self, target: Target, now_s: float) -> Send | str:
        """Return the trigger, or in one word why it may not go; it is never kept for later."""
        reason = self._triggers.refusal(target.time_s, now_s)
        if reason is not None:
            return reason
        if not self._rate.has_room(now_s):
            return "commands"
        charge_uc = target.amount * self.config.charge_uc(target.program)
        if not self.account.has_room(charge_uc, self.belief, now_s):
            return "charge"
        self.account.add_trigger(charge_uc, now_s)
        self._triggers.take(target.time_s, now_s)
        self._scheduled_s = max(self._scheduled_s, target.fire_at_s or -math.inf)
        return self._send("trigger", target.amount, target.program, target, now_s)

    def lease(self, armed_s: float, now_s: float) -> Send | None:
        """Return a lease where the next is due."""
        if now_s < self._lease_due_s:
            return None
        self._lease_due_s = now_s + self._timing.lease_s / 3.0
        return self._maker.lease(armed_s, now_s)

    def _follow(self, wish: Target, now_s: float) -> Send | None:
        if self._is_clipped and self.belief.is_certain:
            return None
        if self._may_switch(wish.program):
            return self._toward(wish.amount, wish.program, wish, now_s)
        return self._toward(0.0, self.belief.program, wish, now_s)

    def _keep(self, now_s: float) -> Send | None:
        """Stay, or say the lowest again where it is not certain what the device took in."""
        refused_down = self._refused_down if self._is_down_refused else None
        goal = self.belief.lowest if refused_down is None else refused_down
        goal = min(goal, self.config.amount_max)
        return self._toward(goal, self.belief.program, None, now_s, may_rise=False)

    def _descend(self, descent: Descent, now_s: float) -> Send | None:
        if self.is_down:
            self.descent = None
            return None
        if not (self.presence.is_there and descent.is_due(now_s)):
            return None
        descent.note_said(now_s)
        config = self.config
        if not self._may_switch(config.safe_program):
            return self._send("amplitude", 0.0, self.belief.program, None, now_s)
        return self._send("amplitude", config.safe_amount, config.safe_program, None, now_s)

    def _may_switch(self, program: str) -> bool:
        """Say whether it may go to this program from where it is: else first down to 0."""
        if self._said is not None and self._said[1] == program and self._n_refused == 0:
            # It is on its way there, from 0.
            return True
        present = self.belief.programs - {program}
        if not present or self.belief.highest == 0.0:
            return True
        contacts = {
            self.config.programs[each].contacts
            for each in (*present, program)
            if each in self.config.programs
        }
        return len(contacts) == 1 and "" not in contacts

    def _toward(
        self,
        goal: float,
        program: str,
        wish: Target | None,
        now_s: float,
        *,
        may_rise: bool = True,
    ) -> Send | None:
        """Return the next amount on the way to `goal`, or the last one again where it is due."""
        lowest, highest = self.belief.lowest, self.belief.highest
        is_up = may_rise and goal > lowest + _TINY
        if is_up:
            amount = self._slew.up(lowest, goal)
        elif goal < highest - _TINY:
            amount = self._slew.down(lowest, highest, goal)
        else:
            is_asked = self._is_cancel_due or not self._is_shown(program)
            amount = min(lowest, goal) if is_asked else None
        if amount is None or not self._is_worth_saying(amount, program, now_s, is_up=is_up):
            return None
        leaving = self._n_for_down if is_up else 0
        is_rise = amount > self.safe_level and self.is_resting
        if not self._rate.has_room(now_s, leaving=leaving):
            return None
        if is_rise and not self._rises.has_room(now_s):
            return None
        if is_up and self.account.objection_to(amount, program, self.belief, now_s) is not None:
            return None
        if is_rise:
            self._rises.take(now_s)
        self._slew.take(amount - (lowest if is_up else highest))
        return self._send("amplitude", amount, program, wish, now_s)

    def _is_shown(self, program: str) -> bool:
        """Say whether no answer is missing, and its words show that it is in this program."""
        return self.commands.missing_seq is None and self.belief.programs == {program}

    def _is_worth_saying(self, amount: float, program: str, now_s: float, *, is_up: bool) -> bool:
        """Say whether it brings the device on, or is due to be said again."""
        if self._is_cancel_due or self._said is None or self._said[1] != program:
            return True
        is_due = now_s - self._said_s >= self._timing.ack_s_max
        said = self._said[0]
        if amount == said:
            distance = abs(self.belief.lowest - amount)
            is_there = self.belief.is_certain and distance <= self.belief.tolerance + _TINY
            return is_due and not (is_there and self._is_shown(program))
        is_onward = amount > said if is_up else amount < said
        is_done = self._n_refused == 0 and not self.belief.has_open
        return is_onward or is_due or is_done

    def _note_short(self, opened: OpenCommand, given: float, now_s: float) -> bool:
        """Take in how an answer falls short of what was asked; twice the same is a clipping.

        The second counts where its command went when the way to what was asked should have been
        over: before, the device may be on its way.
        """
        missing = opened.amount - given
        before = self._short
        if missing <= self.belief.tolerance + _TINY:
            self._short = None
            return False
        if before is None or abs(given - before[0]) > self.belief.tolerance + _TINY:
            self._short = (given, now_s + missing / self.config.slew_per_s_max)
            return False
        if opened.command.issued_us / 1e6 < before[1]:
            return False
        self._is_clipped = True
        self.belief.clip()
        before_told, self._told_ceiling = self._told_ceiling, given
        return before_told is None or abs(given - before_told) > self.belief.tolerance + _TINY

    def _note_stuck(self, opened: OpenCommand, given: float, now_s: float) -> None:
        """Take in how an answer exceeds what was asked; twice the same is a way down not taken."""
        beyond = given - opened.amount
        before = self._stuck
        if beyond <= self.belief.tolerance + _TINY:
            self._stuck = None
            return
        is_same = before is not None and abs(given - before[0]) <= self.belief.tolerance + _TINY
        if before is None or not is_same:
            self._stuck = (given, now_s + beyond / self.config.slew_per_s_max)
        elif opened.command.issued_us / 1e6 >= before[1]:
            self._refused_down = opened.amount

    def _forget_wishes(self) -> None:
        self._wish = self._refused = self._said = None
        self._n_refused = 0
        self._refused_down = self._short = self._stuck = None
        self._is_clipped = self._is_cancel_due = False
        self._told_ceiling = None
        self.commands.forget()

    def _send(
        self,
        kind: CommandKind,
        amount: float,
        program: str,
        wish: Target | None,
        now_s: float,
    ) -> Send:
        command = self._maker.command(
            kind, amount, program, wish=wish, channel=self._channel, now_s=now_s
        )
        self._rate.take(now_s)
        is_way_down = kind == "amplitude" and amount < self.belief.highest - _TINY
        self.commands.expect(
            OpenCommand(
                command=command,
                amount=amount,
                is_way_down=is_way_down,
                sample=-1 if wish is None else wish.sample,
                due_s=now_s + self._timing.ack_s_max,
            )
        )
        if kind == "amplitude":
            self.account.note_sent(self.belief, now_s)
            self.belief.send(command.seq, amount, program, now_s)
            self._said, self._said_s = (amount, program), now_s
            self._is_cancel_due = False
            self._scheduled_s = -math.inf
        return Send(self.config.id, command)
