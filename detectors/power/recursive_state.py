"""What the kernels of recursive power read and keep, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Record
from detectors.kernels.hops import NO_HOPS, Hops

#: Stands in `began` where a channel waits for a good sample.
WAITS: Final = -1


class Counters(Record):
    """Where the kernel stands, and lengths that never change."""

    #: Samples since the restart.
    position: int
    #: Samples since the last estimate.
    since_hop: int
    #: Channels that wait for a good sample.
    n_waiting: int
    #: Rows of `ring` that the newest group of hops has.
    n_in_ring: int
    #: Samples from one estimate to the next.
    hop_samples: int
    #: Good samples in a row that make an estimate valid.
    span_samples: int
    #: Hops of the running mean, 0 where it is exponential.
    mean_hops: int
    #: The first column, where the columns stand side by side, or -1.
    first_column: int


class State(NamedTuple):
    """What recursive power reads and keeps; the first six never change.

    Sums of all bands lie side by side: band after band, in each as many lanes as the groups of
    channels have, ``n_lanes = n_groups * LANES``.
    """

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: What a mean or sum is multiplied by to give the power, shape (n_bands,).
    scale: Array1[np.float64]
    #: What is kept of a mean or sum at a sample, shape (n_bands,).
    keep: Array1[np.float64]
    #: What a square weighs in it, shape (n_bands,).
    weight: Array1[np.float64]
    #: See `detectors.power.band_pass_kernel`, shape (n_bands, 2 * n_sections).
    sections: Array2[np.float64]
    #: Position of the first good sample in a row of each channel, or `WAITS`, shape (n_channels,).
    began: Array1[np.int64]
    #: The first good sample of each channel, from which all are counted, shape (n_lanes,).
    reference_uv: Array1[np.float64]
    #: The exponential mean, or the sum of this hop's squares, shape (n_bands * n_lanes,).
    newest: Array1[np.float64]
    #: The squares of the whole window, shape (n_bands * n_lanes,).
    window: Array1[np.float64]
    #: The squares of the newest group of hops, shape (n_bands * n_lanes,).
    group: Array1[np.float64]
    #: The squares of the hops of the window, shape (mean_hops, n_bands * n_lanes): see
    #: `detectors.kernels.window_sums`.
    ring: Array2[np.float64]
    #: What the sections keep, shape (n_bands, n_groups * n_sections * MEMORY).
    memory: Array2[np.float64]
    #: A tile as it came, and another to filter where a band is still to come, shape
    #: (2, n_groups * TILE).
    tiles: Array2[np.float64]
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: the power of every band, channel by channel.
    hops: Hops = NO_HOPS
