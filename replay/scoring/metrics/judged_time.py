"""The time in which detections and reference can both be judged, laid end to end."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from replay.scoring.episodes import Episodes

#: Length of a stretch of the bootstrap: ten times a long burst.
_STRETCH_S: Final = 10.0
#: A short recording is cut into as many.
_N_STRETCHES: Final = 10


class JudgedTime:
    """Stretches of time laid end to end, as if what lies between them were not there.

    Parameters
    ----------
    episodes : Episodes
        The time that is judged.

    Attributes
    ----------
    total_s : float
        How long it is.
    stretch_s : float
        Length of the stretches that a bootstrap draws: ten seconds, or a tenth of a short time.

    Examples
    --------
    >>> judged = JudgedTime(Episodes.of([(10.0, 20.0), (30.0, 90.0)]))
    >>> judged.position_s(np.array([30.0])).tolist(), judged.stretch_s, judged.n_stretches
    ([10.0], 7.0, 10)
    """

    def __init__(self, episodes: Episodes) -> None:
        self.episodes = episodes
        self.total_s = episodes.total_s
        self._before_s = np.concatenate([[0.0], np.cumsum(episodes.durations_s)])
        self.stretch_s = min(_STRETCH_S, self.total_s / _N_STRETCHES) if self.total_s else 0.0

    @property
    def minutes(self) -> float:
        """How long it is, in minutes."""
        return self.total_s / 60.0

    @property
    def n_stretches(self) -> int:
        """Whole stretches of a bootstrap."""
        return round(self.total_s / self.stretch_s) if self.stretch_s else 0

    def holds(self, time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return of each moment whether it is judged."""
        if not self.episodes.n_episodes:
            return np.zeros(time_s.shape, np.bool_)
        index = np.searchsorted(self.episodes.start_s, time_s, side="right") - 1
        held: NDArray[np.bool_] = (index >= 0) & (
            time_s <= self.episodes.end_s[np.maximum(index, 0)]
        )
        return held

    def position_s(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where moments lie once all is laid end to end, from 0 to `total_s`."""
        index = np.maximum(np.searchsorted(self.episodes.start_s, time_s, side="right") - 1, 0)
        since_s = time_s - self.episodes.start_s[index]
        inside_s = np.clip(since_s, 0.0, self.episodes.durations_s[index])
        position: NDArray[np.float64] = self._before_s[index] + inside_s
        return position

    def time_s(self, position_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the moments that lie at positions: what `position_s` undoes."""
        last = max(self.episodes.n_episodes - 1, 0)
        index = np.clip(np.searchsorted(self._before_s, position_s, side="right") - 1, 0, last)
        moments: NDArray[np.float64] = (
            self.episodes.start_s[index] + position_s - self._before_s[index]
        )
        return moments

    def stretch(self, time_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the stretch of a bootstrap that each moment belongs to."""
        index = (self.position_s(time_s) / self.stretch_s).astype(np.int64)
        return np.minimum(index, self.n_stretches - 1)

    def seconds_each(self, episodes: Episodes) -> NDArray[np.float64]:
        """Return how much of some episodes lies in each stretch, in seconds."""
        inside = episodes.within(self.episodes)
        start_s, end_s = self.position_s(inside.start_s), self.position_s(inside.end_s)
        # The end of a part is laid beside the start of the next; lengths say which it is.
        end_s = np.maximum(end_s, start_s + inside.durations_s)
        edges_s = np.arange(self.n_stretches + 1) * self.stretch_s
        edges_s[-1] = self.total_s + self.stretch_s
        low = np.clip(edges_s[:-1, None], start_s, end_s)
        high = np.clip(edges_s[1:, None], start_s, end_s)
        return np.asarray((high - low).sum(axis=1), np.float64)

    def laid(self, episodes: Episodes) -> Episodes:
        """Return what of some episodes is judged, laid end to end."""
        inside = episodes.within(self.episodes)
        start_s = self.position_s(inside.start_s)
        return Episodes.of(
            zip(start_s.tolist(), (start_s + inside.durations_s).tolist(), strict=True)
        )


def turned(laid: Episodes, by_s: float, total_s: float) -> Episodes:
    """Return episodes moved later by some seconds, what leaves at the end coming in at the start.

    Examples
    --------
    >>> turned(Episodes.of([(8.0, 9.5)]), by_s=1.0, total_s=10.0).start_s.tolist()
    [0.0, 9.0]
    """
    pairs: list[tuple[float, float]] = []
    for start_s, end_s in zip((laid.start_s + by_s).tolist(), laid.end_s + by_s, strict=True):
        pairs += [
            (start_s, min(end_s, total_s)),
            (max(start_s - total_s, 0.0), end_s - total_s),
        ]
    return Episodes.of((start, end) for start, end in pairs if start < total_s and end > 0.0)
