"""Spectra and coherences of a session as it is read: memory does not grow with its length."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

#: Length of a window.
_WINDOW_S: Final = 2.0
#: Squared correlation of a Hann window with itself half a window later: n windows that overlap by
#: half count as n / (1 + 2 * 1/36).
_HANN_OVERLAP: Final = 1.0 / 36.0


class Coherence(NamedTuple):
    """Magnitude-squared coherence of a pair at each frequency."""

    channels: tuple[str, str]
    values: NDArray[np.float64]


class Spectra:
    """Welch's spectra of some channels, and the cross spectra of their pairs.

    Parameters
    ----------
    rate_hz : float
        Of the samples.
    channels : tuple of str
        Their labels.

    Notes
    -----
    Hann windows of 2 s, half overlapped, each without its mean. A window with a bad sample or
    across a break is left out as a whole, for all channels.

    Coherence of noise: of n independent windows it exceeds ``1 - 0.05 ** (1 / (n - 1))`` in 5 % of
    frequencies; half overlapped Hann windows count as ``n / (1 + 2 / 36)``.

    References
    ----------
    P. Welch, IEEE Trans. Audio Electroacoust. 15, 1967; G. C. Carter et al., "Estimation of the
    magnitude-squared coherence function via overlapped FFT processing", 1973; D. M. Halliday et
    al., Prog. Biophys. Mol. Biol. 64, 1995.
    """

    def __init__(self, rate_hz: float, channels: tuple[str, ...]) -> None:
        self.rate_hz = rate_hz
        self.channels = channels
        self._n_window = max(8, round(_WINDOW_S * rate_hz))
        self._hann = get_window("hann", self._n_window)
        n_channels = len(channels)
        self.hz = np.fft.rfftfreq(self._n_window, 1.0 / rate_hz)
        self._cross = np.zeros((self.hz.size, n_channels, n_channels), np.complex128)
        self._rest = np.empty((0, n_channels))
        self.n_windows = 0

    def take(self, samples_uv: NDArray[np.float64], *, is_start: bool) -> None:
        """Take in good samples of shape (n_samples, n_channels) that follow those before.

        Parameters
        ----------
        samples_uv : ndarray of float64
            All of them good.
        is_start : bool
            Whether something is missing before them.
        """
        if is_start:
            self._rest = self._rest[:0]
        self._rest = np.concatenate([self._rest, samples_uv])
        step = self._n_window // 2
        start = 0
        while start + self._n_window <= len(self._rest):
            part = self._rest[start : start + self._n_window]
            spectrum = np.fft.rfft((part - part.mean(axis=0)) * self._hann[:, None], axis=0)
            self._cross += spectrum[:, :, None] * spectrum[:, None, :].conj()
            self.n_windows += 1
            start += step
        self._rest = self._rest[start:]

    @property
    def density_uv2_per_hz(self) -> NDArray[np.float64]:
        """One-sided density, of shape (n_frequencies, n_channels)."""
        scale = 2.0 / (self.rate_hz * (self._hann**2).sum() * max(self.n_windows, 1))
        power = np.einsum("fcc->fc", self._cross).real * scale
        return np.asarray(power, np.float64)

    @property
    def coherence_null(self) -> float:
        """What noise exceeds at 5 % of frequencies."""
        n_independent = self.n_windows / (1.0 + 2.0 * _HANN_OVERLAP)
        return 1.0 - 0.05 ** (1.0 / (n_independent - 1.0)) if n_independent > 1.0 else 1.0

    def coherences(self, n_channels: int) -> list[Coherence]:
        """Return the coherence of each pair among the first channels."""
        n_used = min(n_channels, len(self.channels))
        power = np.einsum("fcc->fc", self._cross).real
        found: list[Coherence] = []
        for one in range(n_used):
            for other in range(one + 1, n_used):
                product = power[:, one] * power[:, other]
                values = np.abs(self._cross[:, one, other]) ** 2 / np.where(
                    product > 0.0, product, 1.0
                )
                found.append(Coherence((self.channels[one], self.channels[other]), values))
        return found
