"""The slew limit: how far an amount may move, as an allowance that grows with time."""

from stimulators.decisions import Refusal
from stimulators.gate.limits.limit import Asked, Limit, Limited, Told
from stimulators.refusals import RefusalReason

#: Steps smaller than this share of the limit wait, unless they reach the goal.
_STEP_SHARE = 0.002
#: Rounding error of sums of floats.
_TINY = 1e-9


class Slew:
    """The allowance to move: upwards from the lowest possible amount, downwards from the highest.

    The allowance grows with time at the slew and is never more than `spare`: what one tick allows,
    and another or the smallest step worth a command. So over any stretch the amount moves at
    most ``slew * stretch + spare``, whatever came before it and however late a tick is.

    Parameters
    ----------
    slew_per_s_max, amount_max : float
        The device's limits.
    tick_s : float
        Time from one look to the next.

    Attributes
    ----------
    step_min : float
        The smallest step worth a command.
    spare : float
        The largest step.
    """

    def __init__(self, *, slew_per_s_max: float, amount_max: float, tick_s: float) -> None:
        self._slew_per_s_max = slew_per_s_max
        self._amount_max = amount_max
        self._per_tick = slew_per_s_max * tick_s
        self._now_s: float | None = None
        self.tolerate(0.0)
        self._right = self.spare

    def tolerate(self, tolerance: float) -> None:
        """Set the smallest step, so that each shows beyond the device's tolerance."""
        self.step_min = max(_STEP_SHARE * self._amount_max, 2.0 * tolerance)
        self.spare = self._per_tick + max(self._per_tick, self.step_min)

    def advance(self, now_s: float) -> None:
        """Let the allowance grow up to `now_s`."""
        if self._now_s is not None:
            gained = self._slew_per_s_max * max(0.0, now_s - self._now_s)
            self._right = min(self.spare, self._right + gained)
        self._now_s = now_s

    def up(self, lowest: float, goal: float) -> float | None:
        """Return the next amount on the way up to `goal`; None where the step is too small."""
        if goal - lowest <= self._right + _TINY:
            return goal
        return None if self._right < self.step_min else lowest + self._right

    def down(self, lowest: float, highest: float, goal: float) -> float | None:
        """Return the next amount on the way down to `goal`; None where the step is too small.

        Never above the lowest: a way down must raise nothing, whatever the device gives.
        """
        if highest - goal <= self._right + _TINY:
            return goal
        if self._right < self.step_min:
            return None
        return max(goal, min(lowest, highest - self._right))

    def allows(self, moved: float) -> bool:
        """Return whether a step of this size may be taken now."""
        return abs(moved) <= self._right + _TINY

    def take(self, moved: float) -> None:
        """Use up the allowance for a step that is sent."""
        self._right = max(0.0, self._right - abs(moved))


class SlewLimit(Limit):
    """No step up beyond the allowance; `Steering` asks how large the next step may be.

    Attributes
    ----------
    slew : Slew
        The allowance to move.
    """

    place = 40
    keys = ("slew_ma_per_s_max", "level_slew_per_s_max")
    reason = RefusalReason.SLEW
    text = "fastest change of the amount, both ways; each step is made small enough"
    told = Told("slew", "slew_ma_per_s_max", "level_slew_per_s_max", is_needed=True)
    kinds = frozenset({"amplitude"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        config = device.config
        self.slew = Slew(
            slew_per_s_max=config.slew_per_s_max,
            amount_max=config.amount_max,
            tick_s=device.tick_s,
        )

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        is_step = asked.kind == "amplitude" and asked.is_up
        if not is_step or self.slew.allows(asked.moved):
            return None
        return self.refusal(f"a step of {asked.moved:g}", "no more than the slew allows by now")

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""
        if asked.kind == "amplitude":
            self.slew.take(asked.moved)

    def advance(self, now_s: float) -> None:
        """Let the allowance grow with time."""
        self.slew.advance(now_s)
