"""Bringing one device to where it is safe: said until a word shows that it is there."""

#: The longest pause before the safe amount is said again.
_INTERVAL_S_MAX = 1.0
#: A word that shows more than safe counts as a fault this long after the way down should end.
_GRACE_S = 1.0


class Descent:
    """When to say the safe amount again, and from when a higher one is a fault.

    Parameters
    ----------
    now_s : float
        When it begins.
    ack_s_max : float
        It is said again after so long, and then after twice as long each time, up to 1 s.
    way_s : float
        The lease that may still run, and the way down at the slew.
    """

    def __init__(self, now_s: float, *, ack_s_max: float, way_s: float) -> None:
        self.deadline_s = now_s + way_s + _GRACE_S
        self._due_s = now_s
        self._interval_s = min(ack_s_max, _INTERVAL_S_MAX)

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to say it, the first time at once."""
        return now_s >= self._due_s

    def note_said(self, now_s: float) -> None:
        """Wait before it is said again."""
        self._due_s = now_s + self._interval_s
        self._interval_s = min(2.0 * self._interval_s, _INTERVAL_S_MAX)
