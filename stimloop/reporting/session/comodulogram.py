"""How much the phase of slow rhythms goes with the amplitude of fast ones, and chance."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.signal import butter, hilbert, sosfiltfilt

_N_BINS: Final = 18
#: Shifts of the amplitude against the phase that say what chance gives.
_N_SHIFTS: Final = 19
_PHASES_HZ: Final = np.arange(6.0, 36.1, 4.0)
_PHASE_HALF_HZ: Final = 2.0
_AMPLITUDE_STEP_HZ: Final = 15.0
_AMPLITUDES_HZ: Final = (40.0, 200.0)
#: Without so many samples of a second there is no high frequency to look at.
RATE_HZ_MIN: Final = 250.0
LENGTH_S_MIN: Final = 10.0


class Comodulogram(NamedTuple):
    """Modulation index at each pair of frequencies, and what chance exceeds in 5 %.

    Parameters
    ----------
    phase_hz, amplitude_hz : ndarray of float64
        Centres of the bands.
    modulation, null : ndarray of float64, shape (n_amplitudes, n_phases)
        Tort's modulation index; NaN where a band of amplitude would be too narrow.
    """

    phase_hz: NDArray[np.float64]
    amplitude_hz: NDArray[np.float64]
    modulation: NDArray[np.float64]
    null: NDArray[np.float64]


def comodulogram(samples_uv: NDArray[np.float64], rate_hz: float, seed: int = 1) -> Comodulogram:
    """Return the comodulogram of some seconds of a channel.

    Parameters
    ----------
    samples_uv : ndarray of float64, shape (n_samples,)
        At least `LENGTH_S_MIN` that follow each other.
    rate_hz : float
        At least `RATE_HZ_MIN`.
    seed : int
        Of the shifts.

    Notes
    -----
    Zero-phase Butterworth filters. A band of amplitude reaches as far to both sides as the phase's
    frequency, and 2 Hz more: the side bands of a modulation lie just there. Chance: 19 random
    shifts, of at least a second, of the amplitude against the phase; the highest of 19 is exceeded
    by 5 % of unrelated signals.

    References
    ----------
    A. Tort et al., J. Neurophysiol. 104, 2010, doi:10.1152/jn.00106.2010.
    """
    high_hz = min(_AMPLITUDES_HZ[1], 0.45 * rate_hz)
    amplitudes_hz = np.arange(_AMPLITUDES_HZ[0], high_hz, _AMPLITUDE_STEP_HZ)
    shape = (amplitudes_hz.size, _PHASES_HZ.size)
    modulation, null = np.full(shape, np.nan), np.full(shape, np.nan)
    random = np.random.default_rng(seed)
    by = random.integers(round(rate_hz), samples_uv.size - round(rate_hz), _N_SHIFTS).tolist()
    for column, phase_hz in enumerate(_PHASES_HZ.tolist()):
        band = (phase_hz - _PHASE_HALF_HZ, phase_hz + _PHASE_HALF_HZ)
        phase = np.angle(_analytic(samples_uv, band, rate_hz))
        bins = np.minimum(((phase + np.pi) / (2.0 * np.pi) * _N_BINS).astype(np.int64), _N_BINS - 1)
        half_hz = phase_hz + _PHASE_HALF_HZ
        for row, amplitude_hz in enumerate(amplitudes_hz.tolist()):
            if amplitude_hz - half_hz <= 2.0 * phase_hz or amplitude_hz + half_hz >= 0.5 * rate_hz:
                continue
            fast = (amplitude_hz - half_hz, amplitude_hz + half_hz)
            amplitude = np.abs(_analytic(samples_uv, fast, rate_hz))
            modulation[row, column] = _modulation(bins, amplitude)
            null[row, column] = max(_modulation(bins, np.roll(amplitude, each)) for each in by)
    return Comodulogram(_PHASES_HZ, amplitudes_hz, modulation, null)


def _analytic(
    samples_uv: NDArray[np.float64], band_hz: tuple[float, float], rate_hz: float
) -> NDArray[np.complex128]:
    sections = butter(2, band_hz, "bandpass", fs=rate_hz, output="sos")
    filtered = sosfiltfilt(sections, samples_uv - samples_uv.mean())
    found = hilbert(filtered, next_fast_len(samples_uv.size))[: samples_uv.size]
    return np.asarray(found, np.complex128)


def _modulation(bins: NDArray[np.int64], amplitude: NDArray[np.float64]) -> float:
    sums = np.bincount(bins, amplitude, _N_BINS)
    counts = np.bincount(bins, minlength=_N_BINS)
    if not counts.all():
        return float("nan")
    means = sums / counts
    share = means / means.sum()
    entropy = -float((share * np.log(np.where(share > 0.0, share, 1.0))).sum())
    return 1.0 - entropy / float(np.log(_N_BINS))
