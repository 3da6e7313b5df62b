"""The spectrum of a stream of any length, in bounded memory, with what a bootstrap of it needs."""

from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from detectors.block import WINDOW_TAINT, Block, Taint

#: Blocks of segments that are kept apart, at most.
N_BLOCKS_MAX: Final = 256
_SPOILS: Final = np.uint16(WINDOW_TAINT | Taint.SUSPECT_STAMP)


class Spectrum(NamedTuple):
    """Welch spectra of the channels of a stream.

    Parameters
    ----------
    frequency_hz : ndarray of float64, shape (n_bins,)
        From 0.
    density : ndarray of float64, shape (n_bins, n_channels)
        One-sided power spectral density in µV²/Hz; NaN of a channel without a good segment.
    n_segments : ndarray of int64, shape (n_channels,)
        Good segments of each channel.
    block_sums : ndarray of float64, shape (n_blocks, n_bins, n_channels)
        Densities of consecutive segments, summed over each block, for a bootstrap.
    block_counts : ndarray of int64, shape (n_blocks, n_channels)
        Segments in each sum.
    segment_s : float
        Length of a segment.
    """

    frequency_hz: NDArray[np.float64]
    density: NDArray[np.float64]
    n_segments: NDArray[np.int64]
    block_sums: NDArray[np.float64]
    block_counts: NDArray[np.int64]
    segment_s: float


class WelchSums:
    """Sums the periodograms of all good Hann segments, each half a segment after the one before.

    Parameters
    ----------
    rate_hz : float
        Of the stream.
    n_channels : int
        Of its blocks.
    segment_s : float
        Length of a segment, rounded to an even number of samples.
    highest_hz : float
        Bins above are not kept.
    n_blocks_max : int
        Blocks of segments that are kept apart, an even number: where there would be more,
        neighbours are added.

    Notes
    -----
    A segment counts for a channel where no sample of it is tainted there. None reaches over a gap;
    the first after a gap begins at the sample that confirms it. Where all samples are good the
    result is that of ``scipy.signal.welch(x, rate_hz, nperseg=..., detrend="constant")`` [1]_.

    References
    ----------
    .. [1] P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra",
       IEEE Transactions on Audio and Electroacoustics 15(2), 1967, doi:10.1109/TAU.1967.1161901.
    """

    def __init__(
        self,
        rate_hz: float,
        n_channels: int,
        *,
        segment_s: float,
        highest_hz: float,
        n_blocks_max: int = N_BLOCKS_MAX,
    ) -> None:
        self._step = max(1, round(segment_s * rate_hz / 2.0))
        self._n_segment = 2 * self._step
        self.segment_s = self._n_segment / rate_hz
        self._window = get_window("hann", self._n_segment)
        frequency_hz = np.asarray(np.fft.rfftfreq(self._n_segment, 1.0 / rate_hz), np.float64)
        self._frequency_hz = frequency_hz[frequency_hz <= highest_hz]
        self._scale = np.full(self._frequency_hz.size, 2.0)
        self._scale[0] = 1.0
        if self._frequency_hz[-1] >= rate_hz / 2.0:
            self._scale[-1] = 1.0
        self._scale /= rate_hz * float(self._window @ self._window)
        self._samples_uv = np.empty((0, n_channels))
        self._is_bad = np.empty((0, n_channels), np.bool_)
        self._n_blocks_max = n_blocks_max
        self._per_block = 1
        self._in_block = 0
        self._sums: list[NDArray[np.float64]] = []
        self._counts: list[NDArray[np.int64]] = []

    def add(self, block: Block) -> None:
        """Add the next samples."""
        is_restart = (block.taint[:, 0] & np.uint16(Taint.RESTART)) != 0
        edges = [0, *np.flatnonzero(is_restart).tolist(), len(block.time_s)]
        for start, stop in pairwise(edges):
            if start < stop and is_restart[start]:
                self._samples_uv = self._samples_uv[:0]
                self._is_bad = self._is_bad[:0]
            self._extend(block.samples_uv[start:stop], (block.taint[start:stop] & _SPOILS) != 0)

    def spectrum(self) -> Spectrum:
        """Return the spectrum of everything so far."""
        n_bins, n_channels = self._frequency_hz.size, self._samples_uv.shape[1]
        sums = np.array(self._sums, np.float64).reshape(-1, n_bins, n_channels)
        counts = np.array(self._counts, np.int64).reshape(-1, n_channels)
        n_segments = counts.sum(axis=0)
        total = sums.sum(axis=0)
        density: NDArray[np.float64] = np.where(
            n_segments > 0, total / np.maximum(n_segments, 1), np.nan
        )
        return Spectrum(self._frequency_hz, density, n_segments, sums, counts, self.segment_s)

    def _extend(self, samples_uv: NDArray[np.float64], is_bad: NDArray[np.bool_]) -> None:
        self._samples_uv = np.concatenate((self._samples_uv, samples_uv))
        self._is_bad = np.concatenate((self._is_bad, is_bad))
        start = 0
        while start + self._n_segment <= len(self._samples_uv):
            stop = start + self._n_segment
            is_good = np.logical_not(self._is_bad[start:stop].any(axis=0))
            self._add_segment(self._samples_uv[start:stop], np.atleast_1d(is_good))
            start += self._step
        self._samples_uv = self._samples_uv[start:]
        self._is_bad = self._is_bad[start:]

    def _add_segment(self, segment_uv: NDArray[np.float64], is_good: NDArray[np.bool_]) -> None:
        if not is_good.any():
            return
        centred = (segment_uv - segment_uv.mean(axis=0)) * self._window[:, None]
        parts = np.fft.rfft(centred, axis=0)[: self._frequency_hz.size]
        density = (parts.real**2 + parts.imag**2) * self._scale[:, None] * is_good
        if self._in_block == 0:
            self._sums.append(density)
            self._counts.append(is_good.astype(np.int64))
        else:
            self._sums[-1] += density
            self._counts[-1] += is_good
        self._in_block = (self._in_block + 1) % self._per_block
        if self._in_block == 0 and len(self._sums) == self._n_blocks_max:
            self._merge()

    def _merge(self) -> None:
        """Add each block to its neighbour."""
        pairs = range(0, len(self._sums), 2)
        self._sums = [self._sums[k] + self._sums[k + 1] for k in pairs]
        self._counts = [self._counts[k] + self._counts[k + 1] for k in pairs]
        self._per_block *= 2
