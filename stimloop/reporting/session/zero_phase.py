"""A band of a long signal without delay, piece by piece."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.signal import butter, hilbert, sosfiltfilt

from replay.scoring.subjects import Band

#: Length of a piece.
_PIECE_S: Final = 20.0
#: Margin, over the width of the band, by which a piece is longer on both sides.
_MARGIN: Final = 6.0
#: A shorter rest is not filtered.
_SAMPLES_MIN: Final = 64


class ZeroPhase:
    """Filters forwards and backwards what is handed over in any pieces.

    Parameters
    ----------
    band_hz : (float, float)
        Low and high edge.
    rate_hz : float
        Of the samples.

    Notes
    -----
    A Butterworth band pass of second order, run both ways, and the Hilbert transform; a piece is
    given once the margin after it is there. Up to the beginning and end of a stretch no margin is
    there, and the filter settles within what is shown.
    """

    def __init__(self, band_hz: Band, rate_hz: float) -> None:
        low_hz, high_hz = band_hz
        high_hz = min(high_hz, 0.49 * rate_hz)
        self._sections = butter(2, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
        self._n_piece = round(_PIECE_S * rate_hz)
        self._n_margin = round(_MARGIN / (high_hz - low_hz) * rate_hz)
        self._times: list[NDArray[np.float64]] = []
        self._samples: list[NDArray[np.float64]] = []
        self._n_waiting = 0
        self._n_before = 0

    def take(
        self, time_s: NDArray[np.float64], samples_uv: NDArray[np.float64], *, is_start: bool
    ) -> Iterator[tuple[NDArray[np.float64], NDArray[np.complex128]]]:
        """Yield times and the analytic signal, shape (n_samples, n_channels), as they are ready."""
        if is_start:
            yield from self.finish()
        self._times.append(time_s)
        self._samples.append(samples_uv)
        self._n_waiting += time_s.size
        while self._n_waiting >= self._n_before + self._n_piece + self._n_margin:
            yield self._piece(self._n_piece)

    def finish(self) -> Iterator[tuple[NDArray[np.float64], NDArray[np.complex128]]]:
        """Yield what is left of the stretch."""
        n_left = self._n_waiting - self._n_before
        if n_left > 0 and self._n_waiting >= _SAMPLES_MIN:
            yield self._piece(n_left)
        self._times, self._samples = [], []
        self._n_waiting = self._n_before = 0

    def _piece(self, n_own: int) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        time_s, samples_uv = np.concatenate(self._times), np.concatenate(self._samples)
        first, stop = self._n_before, self._n_before + n_own
        end = min(stop + self._n_margin, time_s.size)
        part = samples_uv[:end] - samples_uv[:end].mean(axis=0)
        filtered = sosfiltfilt(self._sections, part, axis=0)
        analytic = hilbert(filtered, next_fast_len(end), axis=0)[first:stop]
        found = time_s[first:stop], np.asarray(analytic, np.complex128)
        kept = max(0, stop - self._n_margin)
        self._times, self._samples = [time_s[kept:]], [samples_uv[kept:]]
        self._n_before, self._n_waiting = stop - kept, time_s.size - kept
        return found
