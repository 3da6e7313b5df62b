"""What a device gives: an amount that moves to its goal no faster than it may."""

#: A goal within reach of so long a time of movement is reached at once: steps this small are
#: what a slew limit means by "gradual".
_GRAIN_US = 50_000


class Output:
    """An amount in a device's unit, as a function of the device's own time.

    Between two of its times the amount moves by at most the slew times what lies between them,
    50 ms added; only `jump` is exempt.

    Parameters
    ----------
    amount : float
        Where it begins.
    slew_per_s_max : float
        The fastest change.

    Attributes
    ----------
    amount, goal : float
        Where it is, and where it goes.
    """

    def __init__(self, amount: float, slew_per_s_max: float) -> None:
        self.amount = amount
        self.goal = amount
        self._slew_per_us = slew_per_s_max / 1e6
        self._spare_max = self._slew_per_us * _GRAIN_US
        self._spare = self._spare_max
        self._now_us: int | None = None

    @property
    def is_moving(self) -> bool:
        """Whether the goal is still to be reached."""
        return self.amount != self.goal

    def advance(self, now_us: int) -> None:
        """Move on to `now_us`; what rests longer may make a step of up to the grain at once."""
        gained = 0.0
        if self._now_us is not None:
            gained = self._slew_per_us * max(0, now_us - self._now_us)
        self._now_us = now_us
        self._spare = min(self._spare_max, self._move(self._spare + gained))

    def go(self, goal: float) -> None:
        """Set the goal, and make what part of the way may be made at once."""
        self.goal = goal
        self._spare = self._move(self._spare)

    def jump(self, amount: float) -> None:
        """Be there at once: what a stop does."""
        self.amount = amount
        self.goal = amount

    def _move(self, right: float) -> float:
        """Move by at most `right`; return what is left of it."""
        distance = self.goal - self.amount
        if abs(distance) <= right:
            self.amount = self.goal
            return right - abs(distance)
        self.amount += right if distance > 0.0 else -right
        return 0.0
