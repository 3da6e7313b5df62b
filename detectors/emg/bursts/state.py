"""What the kernels of muscle bursts read and keep, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Record
from detectors.emg.extremes_kernel import Extremes
from detectors.emg.muscles_kernel import Muscles
from detectors.kernels.edges import Edges
from detectors.kernels.hops import NO_HOPS, Hops

#: Columns of a channel in the output.
ENVELOPE: Final = 0
ACTIVATION: Final = 1
IS_ON: Final = 2
RATE: Final = 3
SHARE_ON: Final = 4
N_BURSTS: Final = 5
DURATION: Final = 6
RISE: Final = 7
INTERVAL_CV: Final = 8
FREQUENCY: Final = 9
STABILITY: Final = 10
IS_CLIPPED: Final = 11
HAS_BAD_SIGNAL: Final = 12
N_CHANNEL_COLUMNS: Final = 13

#: Columns of a pair, behind those of all channels.
OVERLAP: Final = 0
OVERLAP_NULL: Final = 1
CROSSTALK: Final = 2
IS_CROSSTALK: Final = 3
N_PAIR_COLUMNS: Final = 4


class Settings(Record):
    """Numbers that never change."""

    #: Samples a second.
    rate_hz: float
    #: Hops of the window, and samples of it.
    n_hops: int
    n_window: int
    #: Good samples in a row after which the filters have settled, and after which a window is full.
    settle_samples: int
    span_samples: int
    #: The shortest burst, and the longest gap within one.
    min_samples: int
    merge_samples: int
    #: Bursts that medians and variations ask for.
    n_bursts_min: int
    #: Correlation of the EMG from which on it is crosstalk.
    crosstalk_max: float


class Counters(Record):
    """Where the kernel stands since the restart."""

    #: The hop that is summed now, in the ring.
    hop: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next; never changes.
    hop_samples: int


class Episodes(NamedTuple):
    """What each channel is in now, shapes (n_channels,)."""

    #: Whether it is in nothing, above, or in a gap.
    stage: Array1[np.int64]
    #: Whether it has been long enough to count.
    counts: Array1[np.bool_]
    #: The envelope of the last sample that was followed.
    last_uv: Array1[np.float64]
    #: Where it began, its time and the envelope there.
    start: Array1[np.int64]
    start_time_s: Array1[np.float64]
    start_uv: Array1[np.float64]
    #: Where its envelope was highest, and how high.
    peak: Array1[np.int64]
    peak_uv: Array1[np.float64]
    #: Where the gap began, its time and the envelope there.
    gap: Array1[np.int64]
    gap_time_s: Array1[np.float64]
    gap_uv: Array1[np.float64]


class Bursts(NamedTuple):
    """The last bursts of each channel, shapes (n_channels, n_kept), rings."""

    #: The first sample of each, its highest, and the first behind it.
    start: Array2[np.int64]
    peak: Array2[np.int64]
    stop: Array2[np.int64]
    #: Bursts that are over, since the restart, shape (n_channels,).
    n_over: Array1[np.int64]


class State(NamedTuple):
    """What muscle bursts read and keep."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: The muscles.
    muscles: Muscles
    #: Numbers of the two channels of each pair, shape (n_pairs, 2).
    pairs: Array2[np.int64]
    #: Levels of each channel: of rest, where a burst begins, where it ends, of the reference or
    #: NaN, shapes (n_channels,).
    rest_uv: Array1[np.float64]
    onset_uv: Array1[np.float64]
    offset_uv: Array1[np.float64]
    reference_uv: Array1[np.float64]
    #: Present and past bursts.
    episodes: Episodes
    bursts: Bursts
    #: Sums of each hop: squares of the EMG, envelopes, and products of pairs: see
    #: `detectors.kernels.window_sums`.
    ring: Array2[np.float64]
    newest: Array1[np.float64]
    window: Array1[np.float64]
    #: Whether a channel has a bad signal, how many samples of the window are in bursts, and in how
    #: many of these, shapes (n_channels,); overwritten.
    is_bad: Array1[np.bool_]
    on_samples: Array1[np.int64]
    n_on: Array1[np.int64]
    #: Durations, rises or intervals of one channel, and changes of frequency, shapes (n_kept,);
    #: overwritten.
    scratch: Array1[np.float64]
    changes: Array1[np.float64]
    #: Extremes of the raw samples.
    extremes: Extremes
    #: Onsets, offsets and cuts.
    edges: Edges
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel, then pair by pair.
    hops: Hops = NO_HOPS
