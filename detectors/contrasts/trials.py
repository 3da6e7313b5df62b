"""The epochs of both conditions on every channel, kept, paired and counted."""

import enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.contrasts.config import EventContrastConfig
from detectors.contrasts.epoch_values import EpochValues
from detectors.contrasts.marker_epochs import Epoch

#: Epochs that may wait for the other of their pair.
_N_OPEN_MAX: Final = 1000


class Reason(enum.IntFlag):
    """Why there is no contrast, or what was wrong on the way to it; bits of ``reasons``.

    Examples
    --------
    >>> Reason(17)
    <Reason.FEW|REJECTED: 17>
    """

    NONE = 0
    #: Fewer epochs of a condition than `n_min`: no contrast.
    FEW = 1
    #: Markers are missing: there is none of one condition, or an epoch without its pair's other.
    MISSING = 2
    #: Markers were doubled: the second of each is left out.
    DOUBLED = 4
    #: Markers came too late, out of order by more than `wait_s`, or on another clock.
    UNBOUND = 8
    #: Epochs were rejected: not valid, saturated, not at rest, broken by a gap.
    REJECTED = 16
    #: More than `lost_share_max` of all epochs were lost: no contrast.
    LOST = 32


class _Open(NamedTuple):
    """An epoch that waits for the other of its pair."""

    condition: int
    given: EpochValues


class Kept(NamedTuple):
    """The epochs of one channel, in the order in which they were settled.

    Parameters
    ----------
    first, second : ndarray, shape (n_first,), (n_second,)
        Values of each condition; those of pairs have one index.
    is_first : ndarray of bool, shape (n_first + n_second,)
        Which of all epochs, in order, were of the first condition.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    is_first: NDArray[np.bool_]


class Trials:
    """The newest epochs of both conditions on every channel, and how many were lost, by reason.

    Pairs: where both conditions have the same markers, the two epochs of one marker; else an epoch
    of the condition that `pairs_begin_with` and the next one of the other. An epoch whose other one
    is missing or rejected is lost.

    Parameters
    ----------
    config : EventContrastConfig
        How many are kept, and whether they are pairs.
    n_channels : int
        Channels.
    """

    def __init__(self, config: EventContrastConfig, n_channels: int) -> None:
        self._config = config
        self._is_by_marker = not config.is_of_two_markers
        #: The conditions whose epoch may begin a pair.
        self._begins = {"first": (0,), "second": (1,)}.get(str(config.pairs_begin_with), (0, 1))
        self._needs_more_than_zero = config.mean == "geometric"
        #: Epochs that were rejected, and that lack the other of their pair, on each channel.
        self.n_rejected = np.zeros(n_channels, dtype=np.int64)
        self.n_unpaired = np.zeros(n_channels, dtype=np.int64)
        self.n_doubled = 0
        self.n_unbound = 0
        self._n_epochs = 0
        self._kept: list[tuple[list[tuple[int, float]], list[tuple[int, float]]]] = [
            ([], []) for _ in range(n_channels)
        ]
        self._open: dict[int, _Open] = {}

    def add(self, epoch: Epoch, given: EpochValues) -> None:
        """Take a settled epoch and what it gave."""
        if epoch.fate == "unbound":
            self.n_unbound += 1
        elif epoch.fate == "doubled":
            self.n_doubled += 1
        else:
            self._take(epoch, given)

    def of(self, channel: int) -> Kept:
        """Return the epochs of a channel."""
        first, second = self._kept[channel]
        numbers = np.array([number for number, _ in (*first, *second)], dtype=np.int64)
        is_first = np.arange(numbers.size) < len(first)
        order = np.argsort(numbers)
        return Kept(_values(first), _values(second), is_first[order])

    def reasons(self, channel: int) -> Reason:
        """Return what is wrong on a channel."""
        n_first, n_second = (len(each) for each in self._kept[channel])
        n_lost = int(self.n_rejected[channel] + self.n_unpaired[channel]) + self.n_unbound
        n_min = self._config.n_min
        is_missing = self.n_unpaired[channel] > 0 or (
            min(n_first, n_second) == 0 and max(n_first, n_second) >= n_min
        )
        n_all = n_first + n_second + n_lost
        given = {
            Reason.FEW: min(n_first, n_second) < n_min,
            Reason.MISSING: is_missing,
            Reason.DOUBLED: self.n_doubled > 0,
            Reason.UNBOUND: self.n_unbound > 0,
            Reason.REJECTED: self.n_rejected[channel] > 0,
            Reason.LOST: n_lost > self._config.lost_share_max * n_all,
        }
        found = Reason.NONE
        for reason, is_given in given.items():
            found |= reason if is_given else Reason.NONE
        return found

    def _take(self, epoch: Epoch, given: EpochValues) -> None:
        if self._needs_more_than_zero:
            given = given._replace(is_good=given.is_good & (given.values > 0.0))
        self.n_rejected += ~given.is_good
        if not self._config.paired:
            self._keep(epoch.condition, given.values, given.is_good)
            return
        key = epoch.sample if self._is_by_marker else 0
        one = self._open.pop(key, None)
        if one is not None and one.condition != epoch.condition:
            self._keep_pair(one, _Open(epoch.condition, given))
            return
        if one is not None:
            self.n_unpaired += one.given.is_good
        if epoch.condition not in self._begins:
            self.n_unpaired += given.is_good
            return
        self._open[key] = _Open(epoch.condition, given)
        if len(self._open) > _N_OPEN_MAX:
            self.n_unpaired += self._open.pop(min(self._open)).given.is_good

    def _keep_pair(self, one: _Open, other: _Open) -> None:
        is_pair = one.given.is_good & other.given.is_good
        self.n_unpaired += (one.given.is_good | other.given.is_good) & ~is_pair
        for each in (one, other):
            self._keep(each.condition, each.given.values, is_pair)

    def _keep(
        self, condition: int, values: NDArray[np.float64], is_good: NDArray[np.bool_]
    ) -> None:
        for channel in np.flatnonzero(is_good).tolist():
            kept = self._kept[channel][condition]
            kept.append((self._n_epochs, float(values[channel])))
            del kept[: -self._config.n_max]
        self._n_epochs += 1


def _values(kept: list[tuple[int, float]]) -> NDArray[np.float64]:
    return np.array([value for _, value in kept], dtype=np.float64)
