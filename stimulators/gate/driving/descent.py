"""Brings one device to its safe amount: the command is repeated until a word shows success."""

#: The longest pause before the safe amount is commanded again.
_INTERVAL_S_MAX = 1.0
#: This long after the way down should have ended, a word above the safe amount is a fault.
_GRACE_S = 1.0


class Descent:
    """Decides when to repeat the safe amount, and from when a higher amount is a fault.

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
        """Whether the command is due; the first time at once."""
        return now_s >= self._due_s

    def note_said(self, now_s: float) -> None:
        """Wait for a while before the command is repeated."""
        self._due_s = now_s + self._interval_s
        self._interval_s = min(2.0 * self._interval_s, _INTERVAL_S_MAX)
