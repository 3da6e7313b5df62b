"""What the kernel of a sliding periodogram reads and keeps, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Record
from detectors.kernels.hops import NO_HOPS, Hops

#: Channels of a group. The change of a sample against one window ago and its level take the same
#: twiddle factors, so the two stand side by side: the inner loops are of fixed length, twice this,
#: and become vector instructions without a remainder.
LANES: Final = 8
#: Samples that are added in one pass over the sums. Which ones depends on their index only, so a
#: pass waits until it is whole, whatever chunks its samples come in.
PASS: Final = 10

#: Values of one sample of a group: all changes, then all levels.
BOTH: Final = 2 * LANES
#: Of a group's sums, the first imaginary part of a bin, and the first value of the next bin.
IMAGINARY: Final = BOTH
BIN: Final = 2 * BOTH
#: Values of a group's samples that wait.
GROUP: Final = PASS * BOTH


class Counters(Record):
    """Where the kernel stands."""

    #: Samples since the period began: a restart, or a window after the period before.
    position: int
    #: Samples that wait in `work` until a pass is whole.
    n_waiting: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next; never changes.
    hop_samples: int


class State(NamedTuple):
    """What a sliding periodogram reads and keeps; the first six never change."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Twiddle factors: cosine and minus sine of a cycle in twice n_window steps, shape
    #: (2, 2 * n_window).
    twiddle_table: Array2[np.float64]
    #: Cosines, then sines, of the angles from the middle of a pass to its samples, shape
    #: (n_bins, PASS).
    pass_table: Array2[np.float64]
    #: Bins kept, in order, shape (n_bins,): those of the bands and their neighbours, so also -1
    #: where a band begins at 0 Hz.
    bins: Array1[np.int64]
    #: Index in `bins` of a band's first bin and of the one after its last, and in `weights` of its
    #: first, shape (n_bands, 3).
    bands: Array2[np.int64]
    #: What the squared spectrum of each bin of each band counts for, band after band.
    weights: Array1[np.float64]
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: The window, written in turn, and last the level that each channel is counted from, shape
    #: (n_window + 1, n_channels).
    ring: Array2[np.float64]
    #: Sums of each bin, group after group of channels: real then imaginary parts, in each the
    #: running ones and those that began with this period, shape (n_groups * n_bins * 4 * LANES,).
    sums: Array1[np.float64]
    #: Samples that wait: the change against one window ago and the level, side by side, shape
    #: (n_groups * 2 * PASS * LANES,).
    work: Array1[np.float64]
    #: Twiddle factors of the samples that are added, shape (n_bins, 2).
    twiddles: Array2[np.float64]
    #: Power of one band, shape (n_groups * LANES,).
    power: Array1[np.float64]
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: the power of every band, channel by channel.
    hops: Hops = NO_HOPS
