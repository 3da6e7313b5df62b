"""The next amount on the way to the wanted one: within the slew, repeated until it is reported."""

import math

from stimulators.decisions import Bound, Refusal, Send
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommands
from stimulators.gate.driving.rises import Rises
from stimulators.gate.driving.sending import Sending
from stimulators.gate.driving.shortfall import Shortfall
from stimulators.gate.driving.wishes import Wishes
from stimulators.gate.limits.limit import Asked
from stimulators.gate.limits.rates import CommandsLimit
from stimulators.gate.limits.registry import Limits
from stimulators.gate.limits.slew import SlewLimit
from stimulators.gate_config import GateConfig
from stimulators.reasons import NothingReason, SendReason
from stimulators.targets import Target

_TINY = 1e-9
#: Multiples of a step are rounded to this many decimals: three steps of 0.1 are 0.3, and not more.
_N_DECIMALS = 9


class Steering:
    """Moves one device to the wanted amount, keeps it there, or brings it to its safe amount.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    timing : GateConfig
        How long an answer may take.
    belief, limits, commands, wishes, shortfall, sending, rises
        The parts of the device's `Drive`.

    Attributes
    ----------
    nothing : NothingReason
        Why the last call sent nothing, where it did not.
    bounds : tuple of Bound
        The two limits that bind most, where one is the reason.
    """

    def __init__(
        self,
        config: DeviceConfig,
        timing: GateConfig,
        *,
        belief: Belief,
        limits: Limits,
        commands: OpenCommands,
        wishes: Wishes,
        shortfall: Shortfall,
        sending: Sending,
        rises: Rises,
    ) -> None:
        self._config = config
        self._timing = timing
        self._belief = belief
        self._limits = limits
        self._commands = commands
        self._wishes = wishes
        self._shortfall = shortfall
        self._sending = sending
        self._rises = rises
        self.nothing = NothingReason.THERE
        self.bounds: tuple[Bound, ...] = ()
        self._slew = limits[SlewLimit].slew
        self._step = config.amount_step
        self._interval_s = limits[CommandsLimit].interval_s if self._step else 0.0
        self.learn_tolerance()

    def learn_tolerance(self) -> None:
        """Set the smallest step: one of the device's own, that shows beyond its tolerance."""
        self._slew.tolerate(max(self._belief.tolerance, 0.5 * self._step))

    @property
    def _may_rest(self) -> bool:
        """Whether the device may be at its safe amount, and was not yet told to leave it.

        It may have come to rest, though no answer shows it yet.
        """
        belief, said = self._belief, self._sending.said
        is_told = said is not None and said[0] > belief.safe_level
        return belief.is_resting or (belief.lowest <= belief.safe_level and not is_told)

    def objection_to_rise(self, target: Target, now_s: float) -> Refusal | None:
        """Return why the device may not leave its safe amount upwards, or None."""
        belief = self._belief
        if not (target.amount > belief.safe_level and self._may_rest):
            return None
        step = min(target.amount, belief.highest + self._slew.spare, self._limits.highest(now_s))
        asked = Asked("wish", step, target.program, now_s, is_up=True, is_rise=True)
        return self._limits.check(asked)

    def follow(self, wish: Target, now_s: float) -> Send | None:
        """Move towards the wanted amount; to another program by way of 0."""
        if self._shortfall.is_clipped and self._belief.is_certain:
            return self._nothing(NothingReason.CLIPPED)
        goal = within = self.within_limits(wish, now_s)
        if self._rises.are_asked:
            highest = self._rises.highest(wish.program, now_s)
            if highest < 0.0:
                return self._fall(wish, now_s)
            if goal > highest:
                goal = min(highest, self._on_a_step(highest, wish.program))
        if not self._may_switch(wish.program):
            program = self._belief.program
            return self._toward(0.0, program, wish, now_s, reason=SendReason.PROGRAM)
        sent = self._toward(goal, wish.program, wish, now_s)
        if goal < within:
            return self._renamed(sent, NothingReason.UNCONFIRMED)
        is_limited = within + self._step < wish.amount
        if is_limited and sent is None and self.nothing is NothingReason.THERE:
            more = Asked("amplitude", wish.amount, wish.program, now_s, is_up=True)
            return self._nothing(NothingReason.LIMIT, self._limits.bounds(more))
        return sent

    def within_limits(self, wish: Target, now_s: float) -> float:
        """Return where the device is taken: no limit forces it down, and it has its steps."""
        highest = self._limits.highest(now_s)
        if wish.amount <= highest:
            return self._on_a_step(wish.amount, wish.program)
        within = min(wish.amount, max(highest, self._belief.lowest))
        return self._on_a_step(within, wish.program)

    def _on_a_step(self, goal: float, program: str) -> float:
        """Return where a device with steps is taken: where it is, for less than a step."""
        step, said = self._step, self._sending.said
        if not step or goal == self._config.safe_amount:
            return goal
        if said is not None and said[1] == program and abs(goal - said[0]) < step - _TINY:
            return said[0]
        return min(goal, self._steps(math.floor(goal / step + _TINY)))

    def _steps(self, n_steps: int) -> float:
        return min(round(n_steps * self._step, _N_DECIMALS), self._config.amount_max)

    def _whole(self, amount: float, lowest: float, *, is_up: bool) -> float | None:
        """Return the last whole step on the way to an amount; None where it is no step further."""
        n_steps = amount / self._step
        n_whole = math.floor(n_steps + _TINY) if is_up else math.ceil(n_steps - _TINY)
        whole = self._steps(n_whole)
        is_further = whole > lowest + _TINY if is_up else whole <= lowest
        return whole if is_further else None

    def is_rise(self, wish: Target) -> bool:
        """Return whether more is wanted than is given, or as much in another program."""
        belief = self._belief
        if belief.has_open or (self._shortfall.is_clipped and belief.is_certain):
            # What is under way was opened before; what a device clips is asked once.
            return False
        amount = self._on_a_step(wish.amount, wish.program)
        if wish.program != belief.program:
            return amount > 0.0
        return amount > max(self._level, belief.lowest) + belief.tolerance + _TINY

    def keep(self, now_s: float) -> Send | None:
        """Keep the amount; repeat the lowest possible one where it is uncertain what arrived."""
        refused_down = self._shortfall.refused_down
        goal = self._belief.lowest if refused_down is None else refused_down
        goal = min(goal, self._config.amount_max)
        kept = SendReason.KEPT
        sent = self._toward(goal, self._belief.program, None, now_s, may_rise=False, reason=kept)
        return self._renamed(sent, NothingReason.KEPT)

    def rest(self, now_s: float) -> Send | None:
        """Move to the safe amount while leases go on, and stay there."""
        self._shortfall.accept_safe()
        goal, program = self._config.safe_amount, self._belief.program
        sent = self._toward(goal, program, None, now_s, reason=SendReason.REST)
        return self._renamed(sent, NothingReason.REST)

    def descend(self, now_s: float) -> Send:
        """Command the safe amount, whatever the limits: the device moves at its own slew."""
        config = self._config
        way = (0.0, self._belief.program)
        if self._may_switch(config.safe_program):
            way = (config.safe_amount, config.safe_program)
        return self._say(Asked("amplitude", *way, now_s), None, SendReason.SAFE)

    @property
    def _level(self) -> float:
        """The highest amount that it was taken to: no more than what it gives where in doubt."""
        said = self._sending.said
        if said is None or self._belief.has_open or self._shortfall.n_refused:
            return self._belief.lowest
        return said[0]

    def _fall(self, wish: Target, now_s: float) -> Send | None:
        """Go down to what is wished, and never up, without a change of program."""
        said, (lowest, highest) = self._sending.said, self._belief.interval
        goal = min(self._on_a_step(wish.amount, wish.program), self._level)
        if highest > goal + _TINY:
            # An amount between the two might raise what it gives.
            goal = min(goal, lowest)
        program = self._belief.program
        if said is not None and not self._shortfall.n_refused:
            program = said[1]
        sent = self._toward(goal, program, wish, now_s, may_rise=False)
        return self._renamed(sent, NothingReason.UNCONFIRMED) if self.is_rise(wish) else sent

    def _may_switch(self, program: str) -> bool:
        """Return whether this program can be set now; otherwise the amount goes to 0 first."""
        said, programs = self._sending.said, self._config.programs
        if said is not None and said[1] == program and self._shortfall.n_refused == 0:
            # The device is already on its way to this program, from 0.
            return True
        present = self._belief.programs - {program}
        if not present or self._belief.highest == 0.0:
            return True
        # The contacts of a program that is not configured are unknown.
        contacts = {
            programs[each].contacts if each in programs else "" for each in (*present, program)
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
        reason: SendReason = SendReason.WANTED,
    ) -> Send | None:
        """Return the next amount on the way to `goal`, or the last one again where that is due."""
        lowest, highest = self._belief.lowest, self._belief.highest
        # Waiting triggers are cancelled first: before a way up, which limits might hold up.
        is_up = may_rise and goal > lowest + _TINY and not self._sending.is_cancel_due
        if is_up:
            amount = self._slew.up(lowest, goal)
        elif goal < highest - _TINY:
            amount = self._slew.down(lowest, highest, goal)
            if amount is None and self._sending.is_cancel_due:
                # What waits does not wait until the slew allows a step that is worth a command.
                amount = min(lowest, self._config.amount_max)
        elif self._sending.is_cancel_due or not self._is_shown(program):
            amount = min(lowest, goal)
        else:
            return self._nothing(NothingReason.THERE)
        if amount is not None and wish is not None and self._step and amount != goal:
            amount = self._whole(amount, lowest, is_up=is_up)
        if amount is None:
            return self._nothing(NothingReason.STEP)
        if is_up and wish is not None and now_s - self._sending.said_s < self._interval_s - _TINY:
            return self._nothing(NothingReason.STEP)
        if not self._is_worth_saying(amount, program, now_s, is_up=is_up):
            is_there = amount == goal and self._is_given(amount, program)
            return self._nothing(NothingReason.THERE if is_there else NothingReason.ANSWER)
        asked = Asked(
            "amplitude",
            amount,
            program,
            now_s,
            is_up=is_up,
            is_rise=amount > self._belief.safe_level and self._may_rest,
            moved=amount - (lowest if is_up else highest),
        )
        if (refusal := self._limits.check(asked)) is not None:
            return self._nothing(NothingReason.LIMIT, refusal.bounds)
        is_again = self._sending.said == (amount, program)
        return self._say(asked, wish, SendReason.AGAIN if is_again else reason)

    def _say(self, asked: Asked, wish: Target | None, reason: SendReason) -> Send:
        channel = self._wishes.channel
        return self._sending.send_amplitude(asked, reason, wish=wish, channel=channel)

    def _nothing(self, reason: NothingReason, bounds: tuple[Bound, ...] = ()) -> Send | None:
        """Return None, and keep why."""
        self.nothing = reason
        self.bounds = bounds
        return None

    def _renamed(self, sent: Send | None, there: NothingReason) -> Send | None:
        """Name the reason why nothing goes where a device stays where it is."""
        if sent is None and self.nothing is NothingReason.THERE:
            self.nothing = there
        return sent

    def _is_shown(self, program: str) -> bool:
        """Return whether no answer is missing and the device reports this program."""
        return self._commands.missing_seq is None and self._belief.programs == {program}

    def _is_given(self, amount: float, program: str) -> bool:
        """Say whether its words show that it gives this amount of this program."""
        belief = self._belief
        distance = abs(belief.lowest - amount)
        is_there = belief.is_certain and distance <= belief.tolerance + _TINY
        return is_there and self._is_shown(program)

    def _is_worth_saying(self, amount: float, program: str, now_s: float, *, is_up: bool) -> bool:
        """Return whether a command moves the device, or is due to be repeated."""
        belief, said = self._belief, self._sending.said
        if self._sending.is_cancel_due or said is None or said[1] != program:
            return True
        is_due = now_s - self._sending.said_s >= self._timing.ack_s_max
        if amount == said[0]:
            return is_due and not self._is_given(amount, program)
        is_onward = amount > said[0] if is_up else amount < said[0]
        is_done = self._shortfall.n_refused == 0 and not belief.has_open
        return is_onward or is_due or is_done
