"""The size of all arrays that coherence keeps between blocks, and its tables."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.config import Segments
from detectors.coherence.measures_kernel import N_DIRECT, N_MEASURES
from detectors.coherence.products_kernel import WIDTH
from detectors.coherence.spectra_kernel import GROUP
from detectors.coherence.spectra_kernel import PASS as ROWS
from detectors.coherence.state import Counters, Lengths, State
from detectors.coherence.tiles import PairTiles

#: Bytes that may be kept.
_KEPT_BYTES: Final = 1 << 30


class Tables(NamedTuple):
    """Cosines and sines, as `detectors.coherence.state.State` has them."""

    twiddle_table: NDArray[np.float64]
    interval_table: NDArray[np.float64]


class Shape(NamedTuple):
    """The size of all arrays.

    Parameters
    ----------
    segments : Segments
        The window.
    first_bin, n_bins : int
        The band.
    n_channels, n_tiles : int
        Channels that are looked at, and tiles of pairs.
    locking_row, lag_row : int
        Rows of sums beside the products of spectra, or -1 for none.
    """

    segments: Segments
    first_bin: int
    n_bins: int
    n_channels: int
    n_tiles: int
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
        """Channels, and behind them the first ones again: so that a tile may begin at each."""
        return -(-(self.n_channels + WIDTH - 1) // GROUP) * GROUP

    @property
    def sums(self) -> tuple[int, ...]:
        """Shape of the sums of one tile."""
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

    def lengths(self, coherence_null: float) -> Lengths:
        """Return the kernel's numbers."""
        return Lengths(
            segment=self.segments.length,
            interval=self.segments.interval,
            cut=self.cut,
            first_bin=self.first_bin - 1,
            span=self.segments.span,
            n_segments=self.segments.number,
            n_phases=self.n_phases,
            n_kept=self.n_kept,
            locking_row=self.locking_row,
            lag_row=self.lag_row,
            has_sums=self.has_sums,
            coherence_null=coherence_null,
        )

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
            # Whole cycles are taken off as integers, so the angle is as exact as it can be.
            at = np.outer(around, distance.astype(np.int64)) % (2 * n_segment)
            made[0, : around.size, : distance.size] = np.cos(angle)[at]
            made[1, : around.size, : distance.size] = np.sin(angle)[at]
            made[:, np.flatnonzero(around == 0)] = 0.0
        return Tables(np.stack((np.cos(angle), -np.sin(angle))), parts)

    def require_memory(self, window_s: float) -> None:
        """Expect the memory that a window needs to be within the limit, 1.1 GB.

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

    def state(
        self,
        *,
        columns: NDArray[np.uint64],
        tiles: PairTiles,
        extras: NDArray[np.int64],
        weights: NDArray[np.float64],
        bounds: NDArray[np.float64],
        coherence_null: float,
    ) -> State:
        """Return everything as it is after a restart; see `State` for the parameters."""
        spectra, phasors, power, whole, late, window_sums = (
            np.zeros(each) for each in self._large()
        )
        n_direct = N_DIRECT if self.segments.number <= N_DIRECT else 0
        return State(
            columns,
            *self.tables(),
            tiles.origins,
            tiles.pairs,
            tiles.signs,
            extras,
            weights,
            bounds,
            spoilt_until=np.zeros(self.n_channels, dtype=np.int64),
            block=np.zeros((self.segments.interval + 1, self.n_lanes)),
            mirrored=np.zeros((2, self.n_rows, self.n_lanes)),
            whole=whole,
            late=late,
            head=np.zeros(whole.shape[1:]),
            segment=np.zeros(whole.shape[1:]),
            spectra=spectra,
            phasors=phasors,
            power=power,
            window_sums=window_sums,
            fallen=np.zeros(self.n_lanes, dtype=np.bool_),
            direct_slots=np.zeros(n_direct, dtype=np.uint64),
            total=np.zeros(power.shape[1:]),
            inverse=np.zeros((self.n_bins, self.n_around)),
            alive=np.zeros(self.n_around, dtype=np.bool_),
            measures=np.zeros((N_MEASURES, WIDTH)),
            lengths=self.lengths(coherence_null),
            counters=Counters(hop_samples=self.segments.hop),
        )

    @property
    def _n_summed(self) -> int:
        """Bins of the band and one to each side, made even."""
        return self.n_bins + 2 + self.n_bins % 2

    @property
    def _n_window_sums(self) -> int:
        return 2 * self.n_power + self.n_tiles * math.prod(self.sums)

    def _large(self) -> tuple[tuple[int, ...], ...]:
        """Return the shapes of spectra, phasors, power, both sums of intervals, and of windows."""
        n_slots = self.n_kept * self.n_phases + 1
        n_period = -(-self.segments.length // self.segments.interval)
        spectra = (2, self.n_bins, self.n_around)
        period = (n_period, 2, self._n_summed + 1, self.n_lanes)
        n_phasors = n_slots if self.locking_row >= 0 else 1
        power = (n_slots, self.n_bins + 1, self.n_lanes)
        window_sums = (self.n_phases if self.has_sums else 1, self._n_window_sums)
        return ((n_slots, *spectra), (n_phasors, *spectra), power, period, period, window_sums)
