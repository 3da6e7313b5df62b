"""What the kernels of the aperiodic part read and keep, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Array3, Record
from detectors.kernels.hops import NO_HOPS, Hops

#: Columns of a channel in the output.
EXPONENT: Final = 0
OFFSET: Final = 1
OVER_DB: Final = 2
OVER_DB_NULL: Final = 3
MISFIT: Final = 4
N_COLUMNS: Final = 5


class Settings(Record):
    """Numbers that never change."""

    #: Samples from one segment to the next.
    step_samples: int
    #: The first bins, which make the line; the others are those of the band.
    n_line: int
    #: From a sum of squares over the window to a density.
    scale: float
    #: What the mean of the decadic logarithm of an estimate is too low by.
    log_bias: float
    #: Huber's constant: a bin this far from the line, or farther, pulls no harder.
    huber_constant: float
    #: Root mean square distance of the bins from the line that chance gives.
    expected_rms: float
    #: Of the band over the line, in dB.
    over_db_null: float


class Counters(Record):
    """Where the kernel stands since the restart."""

    #: Samples.
    n_samples: int
    #: Whole segments.
    n_segments: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next, whole steps; never changes.
    hop_samples: int


class State(NamedTuple):
    """What the aperiodic part reads and keeps; the first five never change."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Window times cosine and minus sine of each bin, from a segment's second sample to its middle,
    #: shape (n_segment // 2, 2, n_bins).
    table: Array3[np.float64]
    #: Decadic logarithm of each bin's frequency: of the line first, then of the band.
    log_frequency: Array1[np.float64]
    #: ``1 / (frequency * length of a segment) ** 2`` of each bin.
    smearing: Array1[np.float64]
    #: How much of each bin of the band lies in it, shape (n_bins - n_line,).
    parts: Array1[np.float64]
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: The newest segment, written in turn, shape (n_channels, n_segment).
    ring: Array2[np.float64]
    #: Powers of the segments of the window, shape (n_segments, n_channels, n_bins): see
    #: `detectors.kernels.window_sums`.
    powers: Array3[np.float64]
    #: Sum over the newest group of segments, shape (n_channels, n_bins).
    newest: Array2[np.float64]
    #: Sum over the window, shape (n_channels, n_bins).
    window: Array2[np.float64]
    #: One channel's newest segment, shape (n_segment,); overwritten, as all below.
    segment: Array1[np.float64]
    #: Its spectrum, shape (2, n_bins).
    spectrum: Array2[np.float64]
    #: Power of each bin over the window, shape (n_bins,).
    power: Array1[np.float64]
    #: Its decadic logarithm, of the line, shape (n_line,).
    log_power: Array1[np.float64]
    #: By which a segment shows the line too high, shape (n_line,).
    leakage_bias: Array1[np.float64]
    #: Distance from the line, shape (n_line,).
    distance: Array1[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its columns.
    hops: Hops = NO_HOPS
