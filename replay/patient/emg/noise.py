"""Filtered Gaussian noise of unit variance, advanced a piece at a time."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import signal

#: The band of surface EMG; at low rates it ends at this share of the rate.
_BAND_HZ, _SHARE_OF_RATE = (20.0, 450.0), 0.45
#: How often the slowest part of a filter goes round until its start no longer shows.
_N_SETTLE = 10.0


class FilteredNoise:
    """Independent noise on each channel, stationary from its first sample on.

    Parameters
    ----------
    random : numpy.random.Generator
        Where the noise comes from; nothing else may draw from it.
    sections : ndarray of float64, shape (n_sections, 6)
        The filter, as second-order sections.
    slowest_hz : float
        Its lowest frequency, which says how long it takes to settle.
    rate_hz : float
        Sampling rate.
    n_channels : int
        How many.
    """

    def __init__(
        self,
        random: np.random.Generator,
        sections: NDArray[np.float64],
        *,
        slowest_hz: float,
        rate_hz: float,
        n_channels: int,
    ) -> None:
        n_settle = math.ceil(_N_SETTLE / slowest_hz * rate_hz)
        impulse = np.zeros(n_settle)
        impulse[0] = 1.0
        self._scale = 1.0 / math.sqrt(float(np.sum(signal.sosfilt(sections, impulse) ** 2)))
        self._random, self._sections = random, sections
        self._state = np.zeros((len(sections), 2, n_channels))
        self._shape = (n_channels,)
        self.next(n_settle)

    def next(self, n_samples: int) -> NDArray[np.float64]:
        """Return the next samples, shape (n_samples, n_channels)."""
        white = self._random.standard_normal((n_samples, *self._shape))
        filtered, self._state = signal.sosfilt(self._sections, white, axis=0, zi=self._state)
        scaled: NDArray[np.float64] = self._scale * filtered
        return scaled


def surface_noise(random: np.random.Generator, rate_hz: float, n_channels: int) -> FilteredNoise:
    """Return noise from 20 to 450 Hz (or 0.45 of the rate): EMG of a steady contraction.

    A Butterworth band-pass of four pole pairs: nearly flat within the band, so that its
    bandwidth is that of the closed forms for envelopes.
    """
    low_hz, high_hz = _BAND_HZ[0], min(_BAND_HZ[1], _SHARE_OF_RATE * rate_hz)
    sections = signal.butter(4, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
    return FilteredNoise(
        random, sections, slowest_hz=low_hz, rate_hz=rate_hz, n_channels=n_channels
    )


def slow_noise(
    random: np.random.Generator, rate_hz: float, n_channels: int, *, high_hz: float = 0.5
) -> FilteredNoise:
    """Return noise from 0 to `high_hz`: how a drive wanders; Butterworth of two poles."""
    sections = signal.butter(2, high_hz, fs=rate_hz, output="sos")
    return FilteredNoise(
        random, sections, slowest_hz=high_hz, rate_hz=rate_hz, n_channels=n_channels
    )
