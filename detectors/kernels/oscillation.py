"""Amplitude and phase of a rhythm, as every way to find it writes them."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Columns each channel has in the output.
AMPLITUDE: Final = 0
PHASE: Final = 1
OUTSIDE: Final = 2


@kernel
def write_rhythm(
    cosine: float,
    sine: float,
    is_valid: bool,
    at: int,
    n_measures: int,
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write amplitude, and phase where there is room for it, from place `at` of a hop on."""
    amplitude = math.sqrt(cosine * cosine + sine * sine)
    out_valid[at] = is_valid
    out_values[at] = amplitude if is_valid else 0.0
    if n_measures > 1:
        has_phase = is_valid and amplitude > 0.0
        out_valid[at + 1] = has_phase
        out_values[at + 1] = math.atan2(sine, cosine) if has_phase else 0.0
