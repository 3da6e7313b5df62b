"""Band power by a sliding Hann window, equal to the periodogram of that window."""

import numpy as np
from numpy.typing import NDArray

from detectors.bands.bins import bins_in_band, whole_bins_in_band
from detectors.block import Block, StreamLayout
from detectors.checks import require_memory, require_within_half_rate
from detectors.estimates import Estimates
from detectors.kernels.hop_kernel import HopKernel
from detectors.power import periodogram_kernel as kernel
from detectors.power.config import PowerBand
from detectors.power.periodogram_state import LANES, PASS, Counters, State


class SlidingPeriodogram:
    """Hann periodogram of a sliding window, summed over bands by the part of each bin in them.

    Parameters
    ----------
    detector : str
        Its id.
    bands : tuple of PowerBand
        They share the window; a bin of several bands is kept once.
    window_s : float
        Length of the window; rounded to samples, more than one hop.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    layout : StreamLayout
        The stream.
    hop_samples : int
        Samples from one estimate to the next.
    gain : float
        What each power is multiplied by.

    Attributes
    ----------
    delay_s : float
        Half the window.
    span_samples : int
        Length of the window.
    """

    def __init__(
        self,
        detector: str,
        bands: tuple[PowerBand, ...],
        *,
        window_s: float,
        columns: NDArray[np.int64],
        layout: StreamLayout,
        hop_samples: int,
        gain: float = 1.0,
    ) -> None:
        rate_hz = layout.rate_hz
        self.span_samples = max(round(window_s * rate_hz), hop_samples + 1)
        self.delay_s = self.span_samples / (2.0 * rate_hz)
        self._detector = detector
        self._hop_samples = hop_samples
        self._columns = columns
        require_memory("window_s", window_s, self.span_samples * (columns.size + 4))
        parts = [_parts(band, self.span_samples, layout) for band in bands]
        inner = [bins for bins, _ in parts]
        # A Hann window is applied on three neighbours, so each band needs one bin on either side.
        self._bins = np.unique(
            np.concatenate([each + step for each in inner for step in (-1, 0, 1)])
        )
        first = np.searchsorted(self._bins, [each[0] for each in inner])
        last = first + [each.size for each in inner]
        weighed = np.cumsum([0, *(each.size for each in inner)])[:-1]
        self._bands = np.stack((first, last, weighed), axis=1).astype(np.int64)
        self._weights = gain * np.concatenate(
            [_weights(*each, self.span_samples) for each in parts]
        )
        self._twiddle_table = _twiddle_table(self.span_samples)
        self._pass_table = _pass_table(self._bins, self.span_samples)
        self._n_outputs = columns.size * len(bands)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = self._columns.size
        n_groups = -(-n_channels // LANES)
        state = State(
            columns=self._columns,
            twiddle_table=self._twiddle_table,
            pass_table=self._pass_table,
            bins=self._bins,
            bands=self._bands,
            weights=self._weights,
            n_clean=np.zeros(n_channels, dtype=np.int64),
            ring=np.zeros((self.span_samples + 1, n_channels)),
            sums=np.zeros(n_groups * self._bins.size * 4 * LANES),
            work=np.zeros(n_groups * 2 * PASS * LANES),
            twiddles=np.zeros((self._bins.size, 2)),
            power=np.zeros(n_groups * LANES),
            counters=Counters(hop_samples=self._hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self._detector, self._n_outputs, state)

    def update(self, block: Block) -> Estimates:
        """Take a block, and return the powers of every hop that it completes."""
        return self._kernel.update(block, self._hop_samples)


def _parts(
    band: PowerBand, window_samples: int, layout: StreamLayout
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bins of a band, and the part of each that lies in it."""
    require_within_half_rate(band.key, band.band_hz, layout.name, layout.rate_hz)
    found = whole_bins_in_band if band.are_bins_whole else bins_in_band
    return found(band.band_hz, window_samples, layout.rate_hz)


def _weights(
    bins: NDArray[np.int64], parts: NDArray[np.float64], window_samples: int
) -> NDArray[np.float64]:
    """Return what the squared spectrum of a bin counts for, in units of power.

    Bins at 0 Hz and at half the rate have no mirror image, and so count half.
    """
    is_alone = (bins == 0) | (2 * bins == window_samples)
    return parts * np.where(is_alone, 0.5, 1.0) * (4.0 / (3.0 * window_samples * window_samples))


def _twiddle_table(window_samples: int) -> NDArray[np.float64]:
    angle = np.pi * np.arange(2 * window_samples) / window_samples
    return np.stack((np.cos(angle), -np.sin(angle)))


def _pass_table(bins: NDArray[np.int64], window_samples: int) -> NDArray[np.float64]:
    """Return cosines and sines from the middle of a pass, the outermost samples first."""
    distance = (PASS - 1) / 2.0 - np.arange(PASS // 2)
    angle = 2.0 * np.pi * np.outer(bins, distance) / window_samples
    return np.hstack((np.cos(angle), np.sin(angle)))
