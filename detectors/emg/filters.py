"""The filters of EMG: band-pass and envelope, how late they are and when they have settled."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

#: Order of the low-pass, and pole pairs of the band-pass.
_ORDER: Final = 2
#: Share of a filter's response that may be left where it counts as settled, and time constants of
#: the slowest pole after which nothing is left.
_SHARE_LEFT: Final = 0.05
_RESPONSE_CONSTANTS: Final = 12.0
#: Variance of the modulus of Gaussian noise, in squares of its mean.
RECTIFIED_CV2: Final = np.pi / 2.0 - 1.0


class EmgFilters(NamedTuple):
    """Butterworth filters as scipy makes them, second-order sections without their ``a0``.

    Parameters
    ----------
    band : ndarray of float64, shape (2, 5)
        The band-pass.
    envelope : ndarray of float64, shape (5,)
        The low-pass of what is rectified.
    delay_s : float
        Group delay of the band-pass at the geometric middle of its band, and of the low-pass at
        0 Hz (``sqrt(2) / (2 π envelope_hz)``).
    settle_samples : int
        After which each has no more than 5 % of its response to come.
    band_delay_s, band_settle_samples : float, int
        The same of the band-pass alone.
    noise_hz : float
        Width of the low-pass for noise: 1.11 times its edge.
    """

    band: NDArray[np.float64]
    envelope: NDArray[np.float64]
    delay_s: float
    settle_samples: int
    band_delay_s: float
    band_settle_samples: int
    noise_hz: float

    def noise_cv2(self, bandwidth_hz: float) -> float:
        """Return the square of the variation of an envelope of steady EMG.

        ``(π / 2 - 1) noise_hz / bandwidth_hz``, of Gaussian EMG that is flat over its bandwidth.

        Examples
        --------
        >>> filters = filters_of((20.0, 450.0), 6.0, 1000.0)
        >>> round(filters.noise_cv2(430.0) ** 0.5, 3)
        0.094
        """
        return RECTIFIED_CV2 * self.noise_hz / bandwidth_hz


def filters_of(band_hz: tuple[float, float], envelope_hz: float, rate_hz: float) -> EmgFilters:
    """Return the filters of a stream.

    Parameters
    ----------
    band_hz, envelope_hz : tuple of float, float
        Edges of the band-pass, and of the low-pass.
    rate_hz : float
        Nominal rate of the stream.
    """
    band = butter(_ORDER, band_hz, "bandpass", output="sos", fs=rate_hz)
    envelope = butter(_ORDER, envelope_hz, output="sos", fs=rate_hz)
    middle_hz = float(np.sqrt(band_hz[0] * band_hz[1]))
    band_delay_s = _group_delay(band, middle_hz, rate_hz) / rate_hz
    rise, low_pass = _response(band), _response(envelope)
    return EmgFilters(
        band=np.ascontiguousarray(band[:, (0, 1, 2, 4, 5)]),
        envelope=np.ascontiguousarray(envelope[0, (0, 1, 2, 4, 5)]),
        delay_s=band_delay_s + _group_delay(envelope, 0.0, rate_hz) / rate_hz,
        settle_samples=_settle_samples(rise) + _settle_samples(low_pass),
        band_delay_s=band_delay_s,
        band_settle_samples=_settle_samples(rise),
        noise_hz=rate_hz / 2.0 * float(low_pass @ low_pass),
    )


def settle_samples_of(sections: NDArray[np.float64]) -> int:
    """Return after how many samples scipy's sections have no more than 5 % of a response to come.

    Examples
    --------
    >>> settle_samples_of(butter(2, 20.0, output="sos", fs=1000.0))
    22
    """
    return _settle_samples(_response(sections))


def _response(sections: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what comes of a single 1."""
    poles = np.concatenate([np.roots(section[3:]) for section in sections])
    constant = -1.0 / np.log(min(float(np.abs(poles).max()), 1.0 - 1e-9))
    impulse = np.zeros(int(_RESPONSE_CONSTANTS * constant) + 2)
    impulse[0] = 1.0
    return np.asarray(sosfilt(sections, impulse))


def _settle_samples(response: NDArray[np.float64]) -> int:
    share = np.cumsum(np.square(response))
    return int(np.searchsorted(share, (1.0 - _SHARE_LEFT) * share[-1])) + 1


def _group_delay(sections: NDArray[np.float64], frequency_hz: float, rate_hz: float) -> float:
    """Return the group delay in samples, by the derivative of each section's two polynomials."""
    powers = np.exp(-2j * np.pi * frequency_hz / rate_hz * np.arange(3))

    def delay(coefficients: NDArray[np.float64]) -> float:
        weighted = (np.arange(3) * coefficients) @ powers
        return float((weighted / (coefficients @ powers)).real)

    return sum(delay(section[:3]) - delay(section[3:]) for section in sections)
