"""The spectrum of a stretch of samples, and Gaussian noise that has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.signal import periodogram

#: Length of a row of good samples that separates frequencies a quarter of a hertz apart, finer than
#: measures of bursts do.
_ROW_S: Final = 4.0


@dataclass(frozen=True)
class NoiseSpectrum:
    """A one-sided power spectral density.

    Parameters
    ----------
    density : bytes
        Of float64, µV²/Hz, from 0 to half the rate in equal steps.
    rate_hz : float
        Of the samples.
    """

    density: bytes
    rate_hz: float

    @classmethod
    def of(
        cls,
        samples_uv: NDArray[np.float64],
        is_good: NDArray[np.bool_],
        begins: NDArray[np.bool_],
        rate_hz: float,
    ) -> Self | None:
        """Return the spectrum of those samples of a stretch that are good.

        The periodogram of each row of good samples, less a straight line and with its ends
        tapered (a twentieth each, Tukey): the bursts of surrogates whose phases alone are random
        [1]_ follow from the same. Rows count by their length; those under 4 s are left out where
        there are longer ones.

        Parameters
        ----------
        samples_uv : ndarray, shape (n_samples,)
            One channel.
        is_good : ndarray of bool, shape (n_samples,)
            Whether each may be used.
        begins : ndarray of bool, shape (n_samples,)
            Whether time was lost before it.
        rate_hz : float
            Of the samples.

        Returns
        -------
        NoiseSpectrum or None
            None where no two good samples stand in a row.

        References
        ----------
        .. [1] J. Theiler et al., "Testing for nonlinearity in time series: the method of surrogate
           data", Physica D 58, 1992, doi:10.1016/0167-2789(92)90102-S.
        """
        rows = list(_rows(is_good, begins))
        longest = max((stop - start for start, stop in rows), default=0)
        if longest < 2:
            return None
        shortest = min(round(_ROW_S * rate_hz), longest)
        grid_hz = np.linspace(0.0, rate_hz / 2.0, longest // 2 + 1)
        total = np.zeros(grid_hz.size)
        n_samples = 0
        for start, stop in rows:
            if stop - start < shortest:
                continue
            frequency_hz, density = periodogram(
                samples_uv[start:stop], rate_hz, window=("tukey", 0.1), detrend="linear"
            )
            total += (stop - start) * np.interp(grid_hz, frequency_hz, density)
            n_samples += stop - start
        return cls((total / n_samples).tobytes(), rate_hz)

    def noise(
        self, n_samples: int, n_channels: int, random: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return independent channels of Gaussian noise that has this spectrum.

        Parameters
        ----------
        n_samples, n_channels : int
            Its shape. The end of the noise meets its start, as in all that is made of a spectrum.
        random : Generator
            Where it comes from.
        """
        density = np.frombuffer(self.density)
        frequency = 2.0 * np.fft.rfftfreq(n_samples)
        wanted = np.interp(frequency, np.linspace(0.0, 1.0, density.size), density)
        wanted[0] = 0.0
        scale = np.sqrt(wanted * self.rate_hz * n_samples / 4.0)
        parts = random.standard_normal((2, n_channels, scale.size))
        made = np.fft.irfft(scale * (parts[0] + 1j * parts[1]), n_samples, axis=1)
        return np.ascontiguousarray(made.T)


def _rows(is_good: NDArray[np.bool_], begins: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield start and stop of each row of good samples without lost time."""
    is_cut = begins.copy()
    is_cut[1:] |= is_good[1:] != is_good[:-1]
    is_cut[:1] = True
    edges = [*np.flatnonzero(is_cut).tolist(), is_good.size]
    for start, stop in pairwise(edges):
        if is_good[start:stop].all():
            yield start, stop
