"""What the kernel that judges samples reads and keeps, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Record
from detectors.kernels.found_counter import FoundCounter

#: Beside the bits of `Taint`: the amplitude is worth a word, but the samples are used.
UNUSUAL: Final = 1 << 15


class QualityLimits(Record):
    """What is judged by; never changes. Infinite where there is no limit."""

    #: Equal samples that are a frozen channel.
    n_frozen: float
    #: Samples at the rail that are saturation.
    n_rail: float
    #: Of usual amplitudes.
    sd_min_uv: float
    sd_max_uv: float
    half_range_max_uv: float
    #: Samples from one look at the amplitude to the next.
    n_look: int
    #: Samples of one stretch, a multiple.
    n_stretch: int


class AmplitudeStretch(Record):
    """The samples over which an amplitude is judged."""

    #: How many there are so far.
    n_samples: int


class Judged(NamedTuple):
    """What is known of each of the stream's own channels, shapes (n_own,)."""

    #: Newest good value; zero before any.
    last_uv: Array1[np.float64]
    #: Consecutive good samples of that value.
    n_equal: Array1[np.float64]
    #: Consecutive samples at or beyond a rail.
    n_at_rail: Array1[np.float64]
    #: Taint of the newest sample, and `UNUSUAL`.
    bits: Array1[np.int64]
    #: 0 usual, 1 unusually large, 2 implausibly large; negative where it is small.
    verdict: Array1[np.float64]
    #: Good samples of this stretch.
    n_good: Array1[np.float64]
    #: First of them; the sums are of distances from it.
    origin_uv: Array1[np.float64]
    sum_uv: Array1[np.float64]
    squares_uv2: Array1[np.float64]
    #: Least and greatest of them.
    lowest_uv: Array1[np.float64]
    highest_uv: Array1[np.float64]
    #: The stretch.
    stretch: AmplitudeStretch


class QualityChanges(NamedTuple):
    """Judgements that began or ended in the last call, shapes (n_rows,)."""

    #: Row of the samples.
    row: Array1[np.int64]
    #: Number of the stream's own channel.
    channel: Array1[np.int64]
    #: Of `Taint`, or `UNUSUAL`.
    bit: Array1[np.int64]
    #: Whether it begins there, or ends.
    begins: Array1[np.bool_]
    #: Standard deviation and half the range of the stretch.
    sd_uv: Array1[np.float64]
    half_range_uv: Array1[np.float64]
    #: How many of the rows are written.
    counter: FoundCounter


class State(NamedTuple):
    """What samples are judged by; the first four never change."""

    #: From the stream's unit to microvolts, shape (n_own,).
    factors: Array1[np.float64]
    #: The montage, see `detectors.conditioning.montage.Montage`.
    first_term: Array1[np.int64]
    source: Array1[np.int64]
    weight: Array1[np.float64]
    #: Samples not finite, frozen, saturated, unusual and implausible, by channel, shape (5, n_own);
    #: added to.
    n_tainted: Array2[np.int64]
    #: What is judged by.
    limits: QualityLimits
    #: What is known of each channel.
    judged: Judged
    #: What began or ended.
    changes: QualityChanges
