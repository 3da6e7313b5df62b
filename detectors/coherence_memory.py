"""What coherence keeps between blocks: tables, and room for its spectra and sums."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.coherence_config import Segments
from detectors.kernels import coherence_places as places
from detectors.kernels.coherence_measures import N_DIRECT, N_MEASURES
from detectors.kernels.coherence_products import WIDTH
from detectors.kernels.coherence_spectra import GROUP
from detectors.kernels.coherence_spectra import PASS as ROWS

#: Bytes that may be kept.
_KEPT_BYTES: Final = 1 << 30


class Tables(NamedTuple):
    """Cosines and sines.

    `turns`, shape (2, 2 * n_segment): cosine and minus sine of a turn in twice as many steps as a
    segment has samples. `parts`, shape (2, 2, n_sums, n_rows): for the samples of an interval
    before and from the cut on, cosines and sines of the distances from their middle, of the bins
    of the band and one to each side; zero at 0 Hz and where there is no sample.
    """

    turns: NDArray[np.float64]
    parts: NDArray[np.float64]


class Memory(NamedTuple):
    """Arrays that the kernel writes, in its order."""

    #: Samples, segments, and up to where each channel is spoilt.
    state: NDArray[np.int64]
    #: Samples of this interval; behind them each channel's first since the restart.
    block: NDArray[np.float64]
    folded: NDArray[np.float64]
    whole: NDArray[np.float64]
    late: NDArray[np.float64]
    #: Room, and the sum of this period's intervals.
    part: NDArray[np.float64]
    #: Of every segment in the window, and a slot of zeros.
    spectra: NDArray[np.float64]
    units: NDArray[np.float64]
    power: NDArray[np.float64]
    sets: NDArray[np.float64]
    inverse: NDArray[np.float64]
    total: NDArray[np.float64]
    totals: NDArray[np.float64]


class Shape(NamedTuple):
    """How much there is of everything.

    Parameters
    ----------
    segments : Segments
        The window.
    first_bin, n_bins : int
        The band.
    n_channels, n_runs : int
        Channels that are looked at, and runs of pairs.
    locking_row, lag_row : int
        Rows of sums beside the products of spectra, or -1 for none.
    """

    segments: Segments
    first_bin: int
    n_bins: int
    n_channels: int
    n_runs: int
    locking_row: int
    lag_row: int

    @property
    def cut(self) -> int:
        """Samples of an interval before the one at which a segment begins."""
        return -self.segments.length % self.segments.interval

    @property
    def n_phases(self) -> int:
        """Hops in a step."""
        return self.segments.step // self.segments.interval

    @property
    def n_lanes(self) -> int:
        """Channels, in whole groups."""
        return -(-self.n_channels // GROUP) * GROUP

    @property
    def n_power(self) -> int:
        """Sums of power: of each bin, and the energy."""
        return (self.n_bins + 1) * self.n_lanes

    @property
    def n_around(self) -> int:
        """Channels, and behind them the first ones again: room for a run behind each."""
        return -(-(self.n_channels + WIDTH - 1) // GROUP) * GROUP

    @property
    def sums(self) -> tuple[int, ...]:
        """Shape of the sums of one run."""
        return 1 + max(0, self.locking_row, self.lag_row), 2, self.n_bins, WIDTH

    @property
    def n_rows(self) -> int:
        """Rows of a table, in whole passes: pairs of mirrored samples and the middle one."""
        return -(-((self.segments.interval + 1) // 2) // ROWS) * ROWS

    @property
    def has_sums(self) -> bool:
        """Whether sums over the window are kept: not where few segments are quicker to sum."""
        return self.segments.number > N_DIRECT or self.sums[0] > 1

    @property
    def n_kept(self) -> int:
        """Segments of each phase that are kept: also the one that is taken off the sums."""
        return self.segments.number + self.has_sums

    def sizes(self) -> NDArray[np.int64]:
        """Return the kernel's numbers."""
        made = np.zeros(places.N_SIZES, dtype=np.int64)
        made[places.SEGMENT] = self.segments.length
        made[places.INTERVAL] = self.segments.interval
        made[places.CUT] = self.cut
        made[places.FIRST_BIN] = self.first_bin - 1
        made[places.HOP] = self.segments.hop
        made[places.N_SEGMENTS] = self.segments.number
        made[places.N_PHASES] = self.n_phases
        made[places.SPAN] = self.segments.span
        made[places.LOCKING_ROW] = self.locking_row
        made[places.LAG_ROW] = self.lag_row
        made[places.N_KEPT] = self.n_kept
        made[places.HAS_SUMS] = self.has_sums
        return made

    def tables(self) -> Tables:
        """Return the tables of the band's bins."""
        n_segment = self.segments.length
        around = np.arange(self.first_bin - 1, self.first_bin + self.n_bins + 1)
        angle = np.pi * np.arange(2 * n_segment) / n_segment
        parts = np.zeros((2, 2, self._n_summed, self.n_rows))
        n_samples = (self.cut, self.segments.interval - self.cut)
        for made, n_part in zip(parts, n_samples, strict=True):
            is_odd = n_part % 2
            # In half samples; the one in the middle stands behind the mirrored ones.
            distance = np.append(2 * np.arange(n_part // 2) + 1 + is_odd, [0] * is_odd)
            # Whole turns are taken off as integers, so the angle is as exact as it can be.
            at = np.outer(around, distance.astype(np.int64)) % (2 * n_segment)
            made[0, : around.size, : distance.size] = np.cos(angle)[at]
            made[1, : around.size, : distance.size] = np.sin(angle)[at]
            made[:, np.flatnonzero(around == 0)] = 0.0
        return Tables(np.stack((np.cos(angle), -np.sin(angle))), parts)

    def require_room(self, window_s: float) -> None:
        """Expect what is kept of a window to be of a decent size.

        Raises
        ------
        ValueError
            Where it is not.
        """
        n_bytes = 8 * sum(map(int, (np.prod(each) for each in self._large())))
        if n_bytes > _KEPT_BYTES:
            raise ValueError(
                f"window_s: expected one of which at most {_KEPT_BYTES / 1e9:.1f} GB is kept, "
                f"found {window_s:g} ({n_bytes / 1e9:.1f} GB; less where hop_s is longer)"
            )

    def memory(self) -> Memory:
        """Return everything as it is after a restart."""
        spectra, units, power, whole, late, sets = (np.zeros(each) for each in self._large())
        return Memory(
            state=np.zeros(places.SPOILT + self.n_channels, dtype=np.int64),
            block=np.zeros((self.segments.interval + 1, self.n_lanes)),
            folded=np.zeros((2, self.n_rows, self.n_lanes)),
            whole=whole,
            late=late,
            part=np.zeros((2, *whole.shape[1:])),
            spectra=spectra,
            units=units,
            power=power,
            sets=sets,
            inverse=np.zeros((self.n_bins, self.n_around)),
            total=np.zeros(power.shape[1:]),
            totals=np.zeros((N_MEASURES, WIDTH)),
        )

    @property
    def _n_summed(self) -> int:
        """Bins of the band and one to each side, made even."""
        return self.n_bins + 2 + self.n_bins % 2

    @property
    def _n_set(self) -> int:
        return 2 * self.n_power + self.n_runs * math.prod(self.sums)

    def _large(self) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of spectra, units, power, both sums of intervals, and of windows."""
        n_slots = self.n_kept * self.n_phases + 1
        n_period = -(-self.segments.length // self.segments.interval)
        spectra = (2, self.n_bins, self.n_around)
        period = (n_period, 2, self._n_summed + 1, self.n_lanes)
        n_units = n_slots if self.locking_row >= 0 else 1
        power = (n_slots, self.n_bins + 1, self.n_lanes)
        sets = (self.n_phases if self.has_sums else 1, self._n_set)
        return ((n_slots, *spectra), (n_units, *spectra), power, period, period, sets)
