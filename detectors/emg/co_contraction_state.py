"""What the kernel of co-contraction reads and keeps, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Record
from detectors.emg.extremes_kernel import Extremes
from detectors.emg.muscles_kernel import Muscles
from detectors.kernels.hops import NO_HOPS, Hops

#: Columns of a pair in the output.
CORRELATION: Final = 0
CORRELATION_NULL: Final = 1
CORRECTED: Final = 2
LEVEL_INDEX: Final = 3
CROSSTALK: Final = 4
IS_CROSSTALK: Final = 5
IS_IDENTICAL: Final = 6
IS_CLIPPED: Final = 7
INSUFFICIENT: Final = 8
IS_AT_REST: Final = 9
HAS_BAD_SIGNAL: Final = 10
N_COLUMNS: Final = 11

#: Sums of a channel: envelope, its square, that of the EMG, the normalised envelope; from the last
#: on those of lags: products, and behind them the envelope that much earlier.
ENVELOPE: Final = 0
ENVELOPE_SQUARE: Final = 1
EMG_SQUARE: Final = 2
NORMALISED: Final = 3
LAGS: Final = 4
#: Sums of a pair: products of envelopes and of the EMG, the lower of the normalised envelopes.
ENVELOPES: Final = 0
EMGS: Final = 1
LOWER: Final = 2
N_PAIR_SUMS: Final = 3


class Settings(Record):
    """Numbers that never change."""

    #: Hops of the window, and samples of it.
    n_hops: int
    n_window: int
    #: Good samples in a row that make an estimate valid.
    span_samples: int
    #: Every how many samples the envelope is correlated with its own past, and at how many lags.
    step_samples: int
    n_lags: int
    #: Square of the variation of the envelope of steady EMG.
    noise_cv2: float
    #: Standard deviations that chance exceeds as often as the table says.
    null_sd: float
    #: Correlation of the EMG from which on it is crosstalk.
    crosstalk_max: float


class Counters(Record):
    """Where the kernel stands since the restart."""

    #: Samples.
    n_samples: int
    #: The hop that is summed now, in the ring.
    hop: int
    #: Where the newest envelope stands in `past_uv`.
    newest: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next; never changes.
    hop_samples: int


class State(NamedTuple):
    """What co-contraction reads and keeps."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: The muscles.
    muscles: Muscles
    #: Numbers of the two channels of each pair, shape (n_pairs, 2).
    pairs: Array2[np.int64]
    #: Calibrated levels of each channel, NaN where there are none, shapes (n_channels,).
    rest_uv: Array1[np.float64]
    rest_sd_uv: Array1[np.float64]
    reference_uv: Array1[np.float64]
    #: The normalised envelope of each channel now, shape (n_channels,).
    normalised: Array1[np.float64]
    #: Its last envelopes, `step_samples` apart, shape (n_channels, n_lags + 1), a ring.
    past_uv: Array2[np.float64]
    #: Sums of each hop, those of channels and then those of pairs, last the number of envelopes
    #: that were correlated with their past: see `detectors.kernels.window_sums`.
    ring: Array2[np.float64]
    newest: Array1[np.float64]
    window: Array1[np.float64]
    #: Autocorrelation of each channel's envelope, lag by lag, shape (n_channels, n_lags + 1).
    own_correlation: Array2[np.float64]
    #: Extremes of the raw samples.
    extremes: Extremes
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: pair by pair its columns.
    hops: Hops = NO_HOPS
