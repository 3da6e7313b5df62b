"""What keys of several detectors' tables have to be: each check once, with its one line of text."""

from typing import Final

#: Bytes that the arrays of a detector may take, in all that grows with a key of its table.
_BYTES_MAX: Final = 1 << 30


def require_band(key: str, band_hz: tuple[float, float], *, from_zero: bool = False) -> None:
    """Expect the low edge of a band to lie below the high one, and above 0 Hz.

    Parameters
    ----------
    key : str
        Where the table gives the band.
    band_hz : tuple of float
        Low and high edge.
    from_zero : bool
        Whether it may begin at 0 Hz.

    Raises
    ------
    ValueError
        Where they are not in this order.
    """
    low_hz, high_hz = band_hz
    if not (low_hz >= 0.0 if from_zero else low_hz > 0.0) or not low_hz < high_hz:
        sign = "<=" if from_zero else "<"
        raise ValueError(f"{key}: expected 0 {sign} low < high, found [{low_hz:g}, {high_hz:g}]")


def require_within_half_rate(
    key: str, band_hz: tuple[float, float], stream: str, rate_hz: float
) -> None:
    """Expect a band to end at half the rate of its stream or below.

    Parameters
    ----------
    key : str
        Where the table gives the band.
    band_hz : tuple of float
        Low and high edge.
    stream, rate_hz : str, float
        Name and nominal rate of the stream.

    Raises
    ------
    ValueError
        Where it does not.
    """
    low_hz, high_hz = band_hz
    if high_hz > rate_hz / 2.0:
        raise ValueError(
            f"{key}: expected at most {rate_hz / 2.0:g} Hz, half the rate of {stream!r}, "
            f"found [{low_hz:g}, {high_hz:g}]"
        )


def window_error(window_s: float, hop_s: float) -> ValueError:
    """Return the error of a window that is no longer than one hop.

    Detectors round window and hop to samples in ways of their own, so each asks for itself.
    """
    return ValueError(f"window_s: expected more than one hop ({hop_s:g} s), found {window_s:g}")


def require_memory(key: str, found: float, n_values: int) -> None:
    """Expect the memory that a detector needs to be within the limit.

    Parameters
    ----------
    key : str
        The key of the detector's table that it grows with most.
    found : float
        The value of that key.
    n_values : int
        Values of eight bytes that are kept because of it, over all channels.

    Raises
    ------
    ValueError
        Where it is more.
    """
    if 8 * n_values > _BYTES_MAX:
        raise ValueError(
            f"{key}: expected one for which at most {_BYTES_MAX / 1e9:.1f} GB is kept, "
            f"found {found:g} ({8 * n_values / 1e9:.1f} GB; less of fewer channels)"
        )
