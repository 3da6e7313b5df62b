"""EMG made ready by scipy: band-pass, modulus and envelope of each good stretch of a channel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from detectors.block import NEWEST_TAINT, WINDOW_TAINT
from detectors.emg.config import EmgConfig
from detectors.testing.subject import StreamSamples

Signal = NDArray[np.float64]


class Muscle(NamedTuple):
    """One channel from a restart on."""

    filtered_uv: Signal
    envelope_uv: Signal
    n_good: NDArray[np.int64]
    was_bad: NDArray[np.bool_]
    is_doubtful: NDArray[np.bool_]


class Filters(NamedTuple):
    """Filters of a configuration, and after how many samples they have settled."""

    band: Signal
    low_pass: Signal
    settle: int
    noise_hz: float

    @classmethod
    def of(cls, config: EmgConfig, envelope_hz: float, rate_hz: float) -> "Filters":
        band_hz = config.band_hz or (20.0, min(450.0, 0.45 * rate_hz))
        band = butter(2, band_hz, "bandpass", output="sos", fs=rate_hz)
        low_pass = butter(2, envelope_hz, output="sos", fs=rate_hz)
        one = np.zeros(100_000)
        one[0] = 1.0
        settle = 0
        for sections in (band, low_pass):
            share = np.cumsum(sosfilt(sections, one) ** 2)
            settle += int(np.flatnonzero(share >= 0.95 * share[-1])[0]) + 1
        noise_hz = rate_hz / 2.0 * float((sosfilt(low_pass, one) ** 2).sum())
        return cls(band, low_pass, settle, noise_hz)


def muscle_of(
    given: StreamSamples, column: int, filters: Filters, *, is_energy: bool = False
) -> Muscle:
    """Return a channel; the first sample is a restart."""
    samples_uv, bits = given.samples_uv[:, column], given.taint[:, column]
    is_good = (bits & int(WINDOW_TAINT) == 0) & (np.abs(samples_uv) <= 1e12)
    filtered, envelope = np.zeros(samples_uv.shape), np.zeros(samples_uv.shape)
    n_good = np.zeros(samples_uv.shape, dtype=np.int64)
    edges = np.flatnonzero(np.diff(is_good.astype(int), prepend=0, append=0))
    for start, stop in edges.reshape(-1, 2):
        piece = sosfilt(filters.band, samples_uv[start:stop] - samples_uv[start])
        filtered[start:stop] = piece
        if is_energy:
            before = np.concatenate(([0.0, 0.0], piece))
            energy = np.abs(before[1:-1] ** 2 - before[:-2] * before[2:])
            smooth = sosfilt(filters.low_pass, energy)
            envelope[start:stop] = np.sqrt(np.maximum(smooth, 0.0))
        else:
            envelope[start:stop] = sosfilt(filters.low_pass, np.abs(piece))
        n_good[start:stop] = np.arange(1, stop - start + 1)
    is_doubtful = bits & int(NEWEST_TAINT) != 0
    return Muscle(filtered, envelope, n_good, np.logical_or.accumulate(~is_good), is_doubtful)
