"""Amounts that change no faster than they may: the staircase from one goal to the next."""

#: Steps smaller than this share of the limit wait, unless they reach the goal.
_STEP_MIN = 0.002


class Ramp:
    """Where a device's amount stands, and how far it may move.

    The right to move grows with time at the slew and is never more than `spare`: what one tick
    allows, and another or the smallest step worth a command. So over any stretch the amount moves
    at most ``slew * stretch + spare``, whatever came before it and however late a tick is.

    Parameters
    ----------
    amount : float
        Where it stands, in the device's unit.
    slew_per_s_max, amount_max : float
        The device's limits.
    tick_s : float
        Time from one look to the next.

    Attributes
    ----------
    amount, goal : float
        Where the device stands, and where it is to go.
    spare : float
        The largest step.
    """

    def __init__(
        self, amount: float, *, slew_per_s_max: float, amount_max: float, tick_s: float
    ) -> None:
        self.amount = amount
        self.goal = amount
        self._slew_per_s_max = slew_per_s_max
        self._step_min = _STEP_MIN * amount_max
        per_tick = slew_per_s_max * tick_s
        self.spare = per_tick + max(per_tick, self._step_min)
        self._right = self.spare
        self._now_s: float | None = None

    def stand(self, amount: float) -> None:
        """Take it that the device stands here, and wants to."""
        self.amount = amount
        self.goal = amount

    def next_amount(self, now_s: float) -> float | None:
        """Return the amount to go to at `now_s`; None where there is nothing to do yet."""
        if self._now_s is not None:
            gained = self._slew_per_s_max * max(0.0, now_s - self._now_s)
            self._right = min(self.spare, self._right + gained)
        self._now_s = now_s
        distance = self.goal - self.amount
        if distance == 0.0:
            return None
        if abs(distance) <= self._right:
            return self.goal
        if self._right < self._step_min:
            return None
        return self.amount + (self._right if distance > 0.0 else -self._right)

    def move(self, amount: float) -> None:
        """Go to what `next_amount` returned."""
        self._right = max(0.0, self._right - abs(amount - self.amount))
        self.amount = amount
