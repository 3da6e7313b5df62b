"""Amplitude and phase of a rhythm, as every way to find it writes them."""

import math
from typing import Final

from detectors.compiling.kernel import kernel
from detectors.kernels.hops import Hops, write_value

#: Columns each channel has in the output.
AMPLITUDE: Final = 0
PHASE: Final = 1
OUTSIDE: Final = 2


@kernel
def write_rhythm(
    cosine: float,
    sine: float,
    is_valid: bool,
    first: int,
    n_measures: int,
    hop: int,
    hops: Hops,
) -> None:
    """Write amplitude, and phase where it is asked for, from column `first` of a hop on."""
    amplitude = math.sqrt(cosine * cosine + sine * sine)
    write_value(hops, hop, first + AMPLITUDE, amplitude, is_valid)
    if n_measures > PHASE:
        has_phase = is_valid and amplitude > 0.0
        phase = math.atan2(sine, cosine) if has_phase else 0.0
        write_value(hops, hop, first + PHASE, phase, has_phase)
