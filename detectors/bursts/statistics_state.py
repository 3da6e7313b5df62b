"""What the kernel of burst statistics reads and keeps, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Array3, Record
from detectors.kernels.hops import NO_HOPS, Hops

#: Columns each channel has in the output; those of noise in the order of those they stand beside.
RATE: Final = 0
DURATION: Final = 1
MEAN_AMPLITUDE: Final = 2
PEAK_AMPLITUDE: Final = 3
LONG_FRACTION: Final = 4
NULL: Final = 5
N_BURSTS: Final = 10
SEEN: Final = 11
IS_NULL_WHITE: Final = 12
N_COLUMNS: Final = 13

#: Columns of `null`, one row a share of the time above the threshold.
SHARE: Final = 0
N_MEASURES: Final = 5
N_NULL: Final = 1 + N_MEASURES


class BurstTally(Record):
    """What is counted of bursts, each in the block of hops in which it ends."""

    #: Hops at which it could be said whether there is a burst.
    decided_hops: int
    #: Those of them above the threshold.
    above_hops: int
    #: Bursts that ended.
    whole_bursts: int
    #: Bursts that bad data ended.
    cut_bursts: int
    #: Hops of the bursts that ended.
    whole_hops: int
    #: Those of them that were long.
    long_bursts: int
    #: Of the bursts that ended, the sum of the means of the measure ...
    mean_sum: float
    #: ... and of its peaks.
    peak_sum: float


class Blocks(NamedTuple):
    """The same of each block of the window, a ring, shapes (n_blocks, n_channels)."""

    decided_hops: Array2[np.int64]
    above_hops: Array2[np.int64]
    whole_bursts: Array2[np.int64]
    cut_bursts: Array2[np.int64]
    whole_hops: Array2[np.int64]
    long_bursts: Array2[np.int64]
    mean_sum: Array2[np.float64]
    peak_sum: Array2[np.float64]


class Settings(Record):
    """Numbers that never change."""

    #: Hops from the crossing of the threshold to the hop that makes it a burst.
    lag: int
    #: A burst of more hops is long.
    long_hops: float
    #: Hops from one estimate to the next, which are a block.
    block_hops: int
    #: Seconds of a hop of the burst detector.
    hop_s: float
    #: Means of fewer bursts are not valid.
    n_bursts_min: int
    #: Whether amplitudes in noise lie above the threshold by a difference, and not by a factor.
    is_signed: bool


class Counters(Record):
    """Where the kernel stands."""

    #: Hops so far.
    n_hops: int
    #: Those since the last estimate.
    since_estimate: int
    #: The block that is counted in.
    block: int
    #: Whether what went on before it was cut off since the last estimate.
    is_cut: bool


class State(NamedTuple):
    """What burst statistics read and keep."""

    #: Hops of the present burst of each channel, 0 where there is none, shape (n_channels,).
    burst_hops: Array1[np.int64]
    #: Sum and greatest of the measure in it, shapes (n_channels,).
    burst_sum: Array1[np.float64]
    burst_peak: Array1[np.float64]
    #: The measure of the last `lag` hops, written in turn, shape (n_channels, lag).
    recent: Array2[np.float64]
    #: What is counted in the window.
    blocks: Blocks
    #: The sum of all blocks of one channel; overwritten.
    tally: BurstTally
    #: What noise gives: see the columns above; shares ascending, shape
    #: (n_channels, n_shares, N_NULL).
    null: Array3[np.float64]
    #: 1 where the noise is white, shape (n_channels,).
    is_null_white: Array1[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its columns.
    hops: Hops = NO_HOPS


class BurstSummary(NamedTuple):
    """What a stretch counted by itself comes to."""

    #: What was counted.
    tally: BurstTally
    #: The columns that follow from it, shape (N_COLUMNS,).
    values: Array1[np.float64]
