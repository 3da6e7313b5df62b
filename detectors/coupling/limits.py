"""What bands, window and rate have to be for a coupling between two bands to be seen."""

from typing import Final

from detectors.checks import require_band, window_error
from detectors.coupling.sums_kernel import WINDOW_SAMPLES_MAX

#: Hops that a window may have: from one and a half on they are rounded to two.
_N_HOPS_MIN: Final = 1.5
_N_HOPS_MAX: Final = 1000
#: Cycles of the slowest phase that a window must have.
_N_CYCLES_MIN: Final = 10
#: A smaller part of a limit is rounding of numbers.
_ROUNDING: Final = 1e-9


def require_bands(
    phase_band_hz: tuple[float, float], amplitude_band_hz: tuple[float, float]
) -> None:
    """Raise ValueError where the fast band cannot carry a coupling to the slow one."""
    low_hz, high_hz = phase_band_hz
    require_band("phase_band_hz", phase_band_hz)
    fast_low_hz, fast_high_hz = amplitude_band_hz
    found = f"found [{fast_low_hz:g}, {fast_high_hz:g}]"
    # There the gain of the slow filter is zero, and that of the fast one may rise.
    apart_hz = high_hz + (high_hz - low_hz) / 2.0
    if not apart_hz <= fast_low_hz < fast_high_hz:
        raise ValueError(f"amplitude_band_hz: expected {apart_hz:g} <= low < high, {found}")
    if not fast_high_hz - fast_low_hz >= 2.0 * high_hz:
        raise ValueError(
            f"amplitude_band_hz: expected a width of at least {2.0 * high_hz:g} Hz, twice the "
            f"highest frequency of the phase, {found}"
        )


def require_window(
    phase_band_hz: tuple[float, float],
    window_s: float,
    hop_s: float,
    window_samples: int,
    rate_hz: float,
) -> None:
    """Raise ValueError where the window has too few or too many hops, or too few cycles.

    That is asked of seconds, before any is rounded to samples, so that a table fits at every rate
    or at none; a hop is never shorter than a sample.
    """
    low_hz, high_hz = phase_band_hz
    hop_s = max(hop_s, 1.0 / rate_hz)
    n_hops = window_s / hop_s
    if n_hops < _N_HOPS_MIN * (1.0 - _ROUNDING):
        raise window_error(window_s, hop_s)
    if n_hops > _N_HOPS_MAX * (1.0 + _ROUNDING):
        raise ValueError(
            f"window_s: expected at most {_N_HOPS_MAX} hops of {hop_s:g} s, found {window_s:g}"
        )
    if window_samples > WINDOW_SAMPLES_MAX:
        raise ValueError(
            f"window_s: expected at most {WINDOW_SAMPLES_MAX / rate_hz:g}, found {window_s:g}"
        )
    if window_s * low_hz < _N_CYCLES_MIN * (1.0 - _ROUNDING):
        raise ValueError(
            f"window_s: expected at least {_N_CYCLES_MIN} cycles of {low_hz:g} Hz "
            f"({_N_CYCLES_MIN / low_hz:g} s), found {window_s:g}"
        )
    if (high_hz - low_hz) * window_s < 2.0 * (1.0 - _ROUNDING):
        raise ValueError(
            f"phase_band_hz: expected a width of at least {2.0 / window_s:g} Hz "
            f"(window_s = {window_s:g}), found [{low_hz:g}, {high_hz:g}]"
        )
