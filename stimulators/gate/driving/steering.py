"""The next amount on the way to the wanted one: within the slew, repeated until it is reported."""

from stimulators.decisions import Refusal, Send
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommands
from stimulators.gate.driving.sending import Sending
from stimulators.gate.driving.shortfall import Shortfall
from stimulators.gate.driving.wishes import Wishes
from stimulators.gate.limits.limit import Asked
from stimulators.gate.limits.registry import Limits
from stimulators.gate.limits.slew import SlewLimit
from stimulators.gate_config import GateConfig
from stimulators.targets import Target

_TINY = 1e-9


class Steering:
    """Moves one device to the wanted amount, keeps it there, or brings it to its safe amount.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    timing : GateConfig
        How long an answer may take.
    belief, limits, commands, wishes, shortfall, sending
        The parts of the device's `Drive`.
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
    ) -> None:
        self._config = config
        self._timing = timing
        self._belief = belief
        self._limits = limits
        self._commands = commands
        self._wishes = wishes
        self._shortfall = shortfall
        self._sending = sending
        self._slew = limits[SlewLimit].slew

    def learn_tolerance(self) -> None:
        """Set the smallest step, so that each shows beyond the device's tolerance."""
        self._slew.tolerate(self._belief.tolerance)

    def objection_to_rise(self, target: Target, now_s: float) -> Refusal | None:
        """Return why the device may not leave its safe amount upwards, or None."""
        belief = self._belief
        if not (target.amount > belief.safe_level and belief.is_resting):
            return None
        step = min(target.amount, belief.highest + self._slew.spare)
        asked = Asked("wish", step, target.program, now_s, is_up=True, is_rise=True)
        return self._limits.check(asked)

    def follow(self, wish: Target, now_s: float) -> Send | None:
        """Move towards the wanted amount; to another program by way of 0."""
        if self._shortfall.is_clipped and self._belief.is_certain:
            return None
        if self._may_switch(wish.program):
            return self._toward(wish.amount, wish.program, wish, now_s)
        return self._toward(0.0, self._belief.program, wish, now_s)

    def keep(self, now_s: float) -> Send | None:
        """Keep the amount; repeat the lowest possible one where it is uncertain what arrived."""
        refused_down = self._shortfall.refused_down
        goal = self._belief.lowest if refused_down is None else refused_down
        goal = min(goal, self._config.amount_max)
        return self._toward(goal, self._belief.program, None, now_s, may_rise=False)

    def rest(self, now_s: float) -> Send | None:
        """Move to the safe amount while leases go on, and stay there."""
        self._shortfall.accept_safe()
        return self._toward(self._config.safe_amount, self._belief.program, None, now_s)

    def descend(self, now_s: float) -> Send:
        """Command the safe amount, whatever the limits: the device moves at its own slew."""
        config = self._config
        way = (0.0, self._belief.program)
        if self._may_switch(config.safe_program):
            way = (config.safe_amount, config.safe_program)
        return self._say(Asked("amplitude", *way, now_s), None)

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
    ) -> Send | None:
        """Return the next amount on the way to `goal`, or the last one again where that is due."""
        lowest, highest = self._belief.lowest, self._belief.highest
        # Waiting triggers are cancelled first: before a way up, which limits might hold up.
        is_up = may_rise and goal > lowest + _TINY and not self._sending.is_cancel_due
        if is_up:
            amount = self._slew.up(lowest, goal)
        elif goal < highest - _TINY:
            amount = self._slew.down(lowest, highest, goal)
        else:
            is_asked = self._sending.is_cancel_due or not self._is_shown(program)
            amount = min(lowest, goal) if is_asked else None
        if amount is None or not self._is_worth_saying(amount, program, now_s, is_up=is_up):
            return None
        asked = Asked(
            "amplitude",
            amount,
            program,
            now_s,
            is_up=is_up,
            is_rise=amount > self._belief.safe_level and self._belief.is_resting,
            moved=amount - (lowest if is_up else highest),
        )
        return None if self._limits.check(asked) is not None else self._say(asked, wish)

    def _say(self, asked: Asked, wish: Target | None) -> Send:
        return self._sending.send_amplitude(asked, wish=wish, channel=self._wishes.channel)

    def _is_shown(self, program: str) -> bool:
        """Return whether no answer is missing and the device reports this program."""
        return self._commands.missing_seq is None and self._belief.programs == {program}

    def _is_worth_saying(self, amount: float, program: str, now_s: float, *, is_up: bool) -> bool:
        """Return whether a command moves the device, or is due to be repeated."""
        belief, said = self._belief, self._sending.said
        if self._sending.is_cancel_due or said is None or said[1] != program:
            return True
        is_due = now_s - self._sending.said_s >= self._timing.ack_s_max
        if amount == said[0]:
            distance = abs(belief.lowest - amount)
            is_there = belief.is_certain and distance <= belief.tolerance + _TINY
            return is_due and not (is_there and self._is_shown(program))
        is_onward = amount > said[0] if is_up else amount < said[0]
        is_done = self._shortfall.n_refused == 0 and not belief.has_open
        return is_onward or is_due or is_done
