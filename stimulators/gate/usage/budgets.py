"""Limits on how often something may happen in any stretch of time of a given length."""

from collections import deque


class RateBudget:
    """A limit on how often something happens in any window of time, counted exactly.

    Parameters
    ----------
    n_max : int
        How many.
    window_s : float
        In any stretch of this length.
    """

    def __init__(self, n_max: int, window_s: float) -> None:
        self._n_max = n_max
        self._window_s = window_s
        self._times_s: deque[float] = deque()

    def has_room(self, now_s: float, *, leaving: int = 0) -> bool:
        """Return whether one more is allowed at `now_s`, with `leaving` more kept in reserve."""
        n_max = self._n_max - leaving
        if len(self._times_s) < n_max:
            return True
        return n_max > 0 and now_s - self._times_s[-n_max] >= self._window_s

    def take(self, now_s: float) -> None:
        """Count one at `now_s`, even beyond the limit, since the way to safety is never refused."""
        while self._times_s and now_s - self._times_s[0] >= self._window_s:
            self._times_s.popleft()
        self._times_s.append(now_s)
        if len(self._times_s) > self._n_max:
            self._times_s.popleft()
