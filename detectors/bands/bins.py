"""Which bins of a spectrum lie in a band, and with what part of each."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: A smaller part of a bin is rounding of the edges, and none.
_PART_MIN: Final = 1e-9
#: A band has to be at least so many bins wide.
_WIDTH_MIN: Final = 0.1


def bins_in_band(
    band_hz: tuple[float, float], n_samples: int, rate_hz: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bins of a transform that lie in a band, and the part of each that does.

    A bin is as wide as two are apart, half of that to either side of its frequency, and ends at
    0 Hz and at half the rate. So the parts of a band add up to its width, whatever the rate and
    however the window was rounded to samples.

    Parameters
    ----------
    band_hz : tuple of float
        Low and high edge.
    n_samples : int
        Length of the transform.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    bins : ndarray of int64, shape (n_bins,)
        One after the other.
    parts : ndarray of float64, shape (n_bins,)
        Above 0, up to 1.

    Examples
    --------
    >>> bins, parts = bins_in_band((15.0, 22.0), 100, 250.0)
    >>> [(2.5 * float(k), round(float(part), 3)) for k, part in zip(bins, parts)]
    [(15.0, 0.5), (17.5, 1.0), (20.0, 1.0), (22.5, 0.3)]
    """
    low, high = (edge_hz * n_samples / rate_hz for edge_hz in band_hz)
    bins = np.arange(n_samples // 2 + 1)
    begins = np.maximum(bins - 0.5, 0.0)
    ends = np.minimum(bins + 0.5, n_samples / 2.0)
    parts = (np.minimum(ends, high) - np.maximum(begins, low)) / (ends - begins)
    is_in = parts > _PART_MIN
    return bins[is_in], parts[is_in]


def whole_bins_in_band(
    band_hz: tuple[float, float], n_samples: int, rate_hz: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bins whose frequency lies in a band, each of them whole.

    The edges belong to the band, bin 0 does not. Parameters and what is returned are those of
    `bins_in_band`.

    Examples
    --------
    >>> bins, parts = whole_bins_in_band((9.22, 14.22), 256, 250.0)
    >>> [round(250.0 / 256 * float(k), 2) for k in bins], set(parts.tolist())
    ([9.77, 10.74, 11.72, 12.7, 13.67], {1.0})
    """
    low, high = (edge_hz * n_samples / rate_hz for edge_hz in band_hz)
    bins = np.arange(1, n_samples // 2 + 1)
    bins = bins[(bins >= low - _PART_MIN) & (bins <= high + _PART_MIN)]
    return bins, np.ones(bins.size)


def require_width(key: str, band_hz: tuple[float, float], length_key: str, length_s: float) -> None:
    """Expect a band to be at least a tenth of a bin wide: the same answer at every rate.

    Parameters
    ----------
    key : str
        Where the table gives the band.
    band_hz : tuple of float
        Low and high edge.
    length_key, length_s : str, float
        Key and length of the window that is transformed, which has a bin every ``1 / length_s``.

    Raises
    ------
    ValueError
        Where it is narrower.
    """
    low_hz, high_hz = band_hz
    if (high_hz - low_hz) * length_s < _WIDTH_MIN * (1.0 - _PART_MIN):
        raise ValueError(
            f"{key}: expected a band of at least {_WIDTH_MIN / length_s:g} Hz, a tenth of a bin "
            f"({length_key} = {length_s:g}), found [{low_hz:g}, {high_hz:g}]"
        )


def require_cycle(
    key: str, band_hz: tuple[float, float], length_key: str, length_s: float, n_cycles: int = 1
) -> None:
    """Expect a window to hold so many cycles of where a band begins: the same at every rate.

    Parameters
    ----------
    key, band_hz, length_key, length_s
        See `require_width`.
    n_cycles : int
        Cycles of the lower edge.

    Raises
    ------
    ValueError
        Where it is shorter.
    """
    low_hz = band_hz[0]
    if low_hz > 0.0 and low_hz * length_s < n_cycles * (1.0 - _PART_MIN):
        cycles = "one cycle" if n_cycles == 1 else f"{n_cycles} cycles"
        raise ValueError(
            f"{length_key}: expected at least {cycles} of {low_hz:g} Hz, where {key} begins "
            f"({n_cycles / low_hz:g} s), found {length_s:g}"
        )
