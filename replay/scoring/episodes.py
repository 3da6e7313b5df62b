"""Stretches of time that do not touch each other, and arithmetic on them."""

from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray


class Episodes(NamedTuple):
    """Stretches of time in order, each after the end of the one before.

    Parameters
    ----------
    start_s, end_s : ndarray of float64, shape (n_episodes,)
        When each begins and ends.

    Examples
    --------
    >>> bursts = Episodes.of([(1.0, 1.5), (3.0, 3.2)])
    >>> round(bursts.total_s, 3), bursts.within(Episodes.of([(0.0, 1.2)])).end_s.tolist()
    (0.7, [1.2])
    """

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]

    @classmethod
    def of(cls, pairs: Iterable[tuple[float, float]]) -> Self:
        """Return the episodes of (start, end) in order; what touches or overlaps is joined."""
        rows = sorted((start, end) for start, end in pairs if end > start)
        joined: list[list[float]] = []
        for start, end in rows:
            if joined and start <= joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], end)
            else:
                joined.append([start, end])
        both = np.array(joined, np.float64).reshape(-1, 2)
        return cls(both[:, 0].copy(), both[:, 1].copy())

    @property
    def n_episodes(self) -> int:
        """How many there are."""
        return int(self.start_s.size)

    @property
    def durations_s(self) -> NDArray[np.float64]:
        """How long each lasts."""
        return self.end_s - self.start_s

    @property
    def total_s(self) -> float:
        """How long all of them last together."""
        return float(self.durations_s.sum())

    def pick(self, chosen: NDArray[np.bool_]) -> Self:
        """Return those for which `chosen`, of shape (n_episodes,), is true."""
        return type(self)(self.start_s[chosen], self.end_s[chosen])

    def within(self, others: "Episodes") -> Self:
        """Return the time that lies in both."""
        starts: list[NDArray[np.float64]] = [np.empty(0)]
        ends: list[NDArray[np.float64]] = [np.empty(0)]
        first = np.searchsorted(self.end_s, others.start_s, side="right")
        last = np.searchsorted(self.start_s, others.end_s, side="left")
        bounds = zip(first, last, others.start_s, others.end_s, strict=True)
        for low, high, start_s, end_s in bounds:
            starts.append(np.maximum(self.start_s[low:high], start_s))
            ends.append(np.minimum(self.end_s[low:high], end_s))
        return type(self)(np.concatenate(starts), np.concatenate(ends))

    def inside(self, others: "Episodes") -> NDArray[np.bool_]:
        """Return of each whether it lies as a whole in one of the others."""
        if not others.n_episodes:
            return np.zeros(self.n_episodes, np.bool_)
        index = np.searchsorted(others.start_s, self.start_s, side="right") - 1
        found: NDArray[np.bool_] = (index >= 0) & (self.end_s <= others.end_s[np.maximum(index, 0)])
        return found

    def first_met(self, others: "Episodes", late_s: float = 0.0) -> NDArray[np.int64]:
        """Return of each which of the others it meets first; -1 where it meets none.

        Parameters
        ----------
        others : Episodes
            What may be met: begun before the end, and not over at the start.
        late_s : float
            Seconds after its end up to which another may begin and still be met.
        """
        index = np.searchsorted(others.end_s, self.start_s, side="right")
        starts_s = np.append(others.start_s, np.inf)
        return np.where(starts_s[index] < self.end_s + late_s, index, -1).astype(np.int64)


def of_flags(time_s: NDArray[np.float64], flags: NDArray[np.bool_], step_s: float) -> Episodes:
    """Return the stretches in which flags are true, each sample lasting a step.

    Parameters
    ----------
    time_s : ndarray of float64, shape (n_samples,)
        The time of each sample, which is that of its beginning.
    flags : ndarray of bool, shape (n_samples,)
        Which samples belong to a stretch.
    step_s : float
        How long a sample lasts; where the next one comes later, there is a hole.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    return Episodes(time_s[starts].astype(np.float64), time_s[ends - 1] + step_s)
