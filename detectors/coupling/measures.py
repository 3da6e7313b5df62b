"""Measures of phase-amplitude coupling of plain arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.coupling import sums_kernel as kernel


class Coupling(NamedTuple):
    """Measures of coupling of a stretch of phase and amplitude.

    Parameters
    ----------
    modulation_index : float
        From 0, where the mean amplitude is the same in all 18 bins, to 1.
    mean_vector_length : float
        In the unit of the amplitude.
    normalised_mean_vector_length : float
        From 0 to 1.
    preferred_phase_rad : float
        Where the amplitude is high; 0 is the peak of the oscillation.
    """

    modulation_index: float
    mean_vector_length: float
    normalised_mean_vector_length: float
    preferred_phase_rad: float


def coupling_of(phase_rad: NDArray[np.float64], amplitude_uv: NDArray[np.float64]) -> Coupling:
    """Return the measures of plain arrays, computed as the detector does.

    Parameters
    ----------
    phase_rad : ndarray of float64, shape (n_samples,)
        Phase, any number of cycles.
    amplitude_uv : ndarray of float64, shape (n_samples,)
        Amplitude, not negative, at most 1e6.

    Raises
    ------
    ValueError
        Where a phase bin is empty, or an amplitude cannot be added.
    """
    n_samples = phase_rad.size
    sums = np.zeros((kernel.N_SUMS, 1), dtype=np.int64)
    values = np.zeros(kernel.N_MEASURES)
    bins = np.zeros(n_samples, dtype=np.uint64)
    steps = kernel.steps_for(n_samples)
    amplitude = np.ascontiguousarray(amplitude_uv, dtype=np.float64)
    kernel.add_by_phase(
        np.cos(phase_rad), np.sin(phase_rad), amplitude, bins, n_samples, steps, sums
    )
    if not kernel.measure(sums, 0, steps, values):
        raise ValueError("phase_rad: expected samples in all 18 bins, with amplitudes up to 1e6")
    return Coupling(*values.tolist())
