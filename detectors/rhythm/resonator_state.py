"""What the kernel of a resonator reads and keeps, by name."""

from typing import NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Record
from detectors.kernels.hops import NO_HOPS, Hops


class Settings(Record):
    """Numbers that never change."""

    #: Good samples that make an estimate valid, ...
    settle_samples: int
    #: ... and the share outside the band.
    settle_outside_samples: int
    #: Amplitude and phase are not valid where more than this is outside the band.
    outside_max: float
    #: Whether the share outside the band is asked for.
    has_outside: bool
    #: What is left of the past after one sample (rho), ...
    keep: float
    #: ... and the same, rotated by one sample of the centre frequency.
    keep_real: float
    keep_imaginary: float
    #: From the resonator to amplitude and phase, a matrix of two rows.
    to_real_of_real: float
    to_real_of_imaginary: float
    to_imaginary_of_real: float
    to_imaginary_of_imaginary: float
    #: What is left of a mean square after one sample.
    mean_keep: float
    #: Gain of the sharp filter.
    sharp_gain: float


class Counters(Record):
    """Where the kernel stands."""

    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next; never changes.
    hop_samples: int
    #: Row of the ring that the next power goes to.
    ring_row: int


class State(NamedTuple):
    """What a resonator reads and keeps; the first two never change.

    Each pole has two rows, of its real and its imaginary part.
    """

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Of each pole of the sharp filter what it keeps of itself, a complex number, shape
    #: (n_sharp, 2).
    sharp_poles: Array2[np.float64]
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: The first sample, from which all are counted, shape (n_channels,).
    reference_uv: Array1[np.float64]
    #: The newest sample, so counted, shape (n_channels,).
    newest_uv: Array1[np.float64]
    #: Its running mean, shape (n_channels,).
    mean_uv: Array1[np.float64]
    #: What the resonator keeps, shape (2 * n_poles, n_channels).
    poles: Array2[np.float64]
    #: What the sharp filter keeps, shape (2 * n_sharp, n_channels).
    sharp: Array2[np.float64]
    #: Mean square of the rhythm that was found, shape (n_channels,), ...
    passed: Array1[np.float64]
    #: ... and of what is left of it behind the sharp filter.
    inside: Array1[np.float64]
    #: The last squares of the rhythm, as many as the sharp filter is late, shape
    #: (n_late, n_channels).
    ring: Array2[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its measures.
    hops: Hops = NO_HOPS
