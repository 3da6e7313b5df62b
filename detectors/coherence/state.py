"""What the kernels of coherence read and keep, by name."""

from typing import NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Array3, Array4, Record
from detectors.kernels.hops import NO_HOPS, Hops


class Lengths(Record):
    """Numbers that never change; lengths in samples."""

    #: Of a segment.
    segment: int
    #: From one segment that is computed to the next.
    interval: int
    #: Samples of an interval before the one at which a segment begins.
    cut: int
    #: Lowest bin that is transformed: one below the band.
    first_bin: int
    #: Of a whole window.
    span: int
    #: Segments of a window.
    n_segments: int
    #: Hops in the step from one segment of a window to the next: each has segments of its own.
    n_phases: int
    #: Segments that are kept of each phase.
    n_kept: int
    #: Row of the unit phasors in the sums of a pair tile, or -1 for none.
    locking_row: int
    #: Row of the lags there, or -1 for none.
    lag_row: int
    #: Whether sums over the window are kept.
    has_sums: bool
    #: The coherence that independent channels exceed with probability alpha.
    coherence_null: float


class Counters(Record):
    """Where the kernel stands since the restart."""

    #: Samples.
    n_samples: int
    #: Segments that are computed.
    n_segments: int
    #: Samples of this interval: a division for each sample would cost as much as all else.
    n_loaded: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next, whole intervals; never changes.
    hop_samples: int


class State(NamedTuple):
    """What coherence reads and keeps; the first nine never change.

    Channels stand in a ring, in whole groups of lanes (n_lanes), or with the first ones repeated
    behind the last (n_around), so that a tile of pairs may begin at any of them.
    """

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.uint64]
    #: Twiddle factors: cosine and minus sine of one cycle in twice as many steps as a segment has
    #: samples, shape (2, 2 * n_segment).
    twiddle_table: Array2[np.float64]
    #: For the samples of an interval before and from the cut on, cosines and sines of the distances
    #: from their middle, of the bins of the band and one to each side; zero at 0 Hz and where there
    #: is no sample, shape (2, 2, n_sums, n_rows).
    interval_table: Array4[np.float64]
    #: One channel of the pairs of each tile, and the first of the others, shape (n_tiles, 2).
    tiles: Array2[np.uint64]
    #: Number of the pair of each lane of a tile, or -1, shape (n_tiles, WIDTH).
    pairs: Array2[np.int64]
    #: Sign of its imaginary part: -1 where the tile's channel is the pair's second, shape
    #: (n_tiles, WIDTH).
    signs: Array2[np.float64]
    #: Measures behind the columns that are always there, by their rows of `measures`.
    extras: Array1[np.int64]
    #: What each bin counts for in the average; they add up to 1, shape (n_bins,).
    weights: Array1[np.float64]
    #: Lower bounds of a coherence, by its root in equal steps: see `detectors.coherence.chance`.
    bounds: Array1[np.float64]
    #: Samples since the restart up to the last spoilt one of each channel, shape (n_channels,).
    spoilt_until: Array1[np.int64]
    #: Samples of this interval; behind them each channel's first since the restart, shape
    #: (n_interval + 1, n_lanes).
    block: Array2[np.float64]
    #: Sums and differences of mirrored samples, shape (2, n_rows, n_lanes).
    mirrored: Array3[np.float64]
    #: The sum of each interval of this period, shape (n_period, 2, n_sums + 1, n_lanes): of the
    #: bins of the band, one to each side and, where they are odd, one that stays zero, since they
    #: are taken in twos; behind them the energy. All real parts come before all imaginary ones: the
    #: compiler makes vectors of a loop over the bins only where what it writes lies apart from what
    #: it reads.
    whole: Array4[np.float64]
    #: The same of its samples from the cut on; after the period's last interval those of an
    #: interval and of all after it.
    late: Array4[np.float64]
    #: The sum of this period's intervals so far, shape (2, n_sums + 1, n_lanes).
    head: Array3[np.float64]
    #: Overwritten: the sum of one segment, shape (2, n_sums + 1, n_lanes).
    segment: Array3[np.float64]
    #: Spectrum of every segment in the window and a slot of zeros, real then imaginary parts, shape
    #: (n_slots, 2, n_bins, n_around).
    spectra: Array4[np.float64]
    #: The same, each divided by its magnitude, where the measures need them.
    phasors: Array4[np.float64]
    #: Squared spectra, and behind the bins the energy, shape (n_slots, n_bins + 1, n_lanes).
    power: Array3[np.float64]
    #: Of each phase the highest power since the sums were made anew, the power, and the products of
    #: every tile, summed over the window, shape (n_phases, n_sums).
    window_sums: Array2[np.float64]
    #: Which channels' sums are made anew, shape (n_lanes,); overwritten, as all below.
    fallen: Array1[np.bool_]
    #: Slots of the segments of a window that is summed directly, shape (N_DIRECT,) or (0,).
    direct_slots: Array1[np.uint64]
    #: Power summed over the window, shape (n_bins + 1, n_lanes).
    total: Array2[np.float64]
    #: One over its root, shape (n_bins, n_around).
    inverse: Array2[np.float64]
    #: Whether no bin of a channel is dead and no sample spoilt, shape (n_around,).
    alive: Array1[np.bool_]
    #: Measures of a tile, shape (N_MEASURES, WIDTH).
    measures: Array2[np.float64]
    #: Lengths and numbers.
    lengths: Lengths
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: pair by pair its columns.
    hops: Hops = NO_HOPS
