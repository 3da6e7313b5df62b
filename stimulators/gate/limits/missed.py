"""Charge that only a device's own count knows of."""

from collections import deque


class MissedCharge:
    """The most that a device counted beyond what was counted of it, within a window.

    Each word shows all that was missed until then: so the highest counts, and not their sum.

    Parameters
    ----------
    window_s : float
        What a word showed counts for so long.
    """

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._shown: deque[tuple[float, float]] = deque()

    def note(self, missed_uc: float, now_s: float) -> None:
        """Take in what a word shows at `now_s`."""
        while self._shown and self._shown[-1][1] <= missed_uc:
            self._shown.pop()
        if missed_uc > 0.0:
            self._shown.append((now_s, missed_uc))

    def charge_uc(self, now_s: float) -> float:
        """Return what counts."""
        while self._shown and now_s - self._shown[0][0] > self._window_s:
            self._shown.popleft()
        return self._shown[0][1] if self._shown else 0.0
