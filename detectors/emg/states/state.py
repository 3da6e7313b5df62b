"""What the kernel of muscles' states reads and keeps, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Array3, Record
from detectors.emg.extremes_kernel import Extremes
from detectors.emg.muscles_kernel import Muscles
from detectors.emg.states.guard_kernel import Guard
from detectors.kernels.hops import NO_HOPS, Hops

#: Columns of a pair in the output.
STATE: Final = 0
CORRELATION: Final = 1
CORRECTED: Final = 2
PEAK_CORRELATION: Final = 3
LAG: Final = 4
CYCLE_CORRELATION: Final = 5
COHERENCE: Final = 6
COHERENCE_NULL: Final = 7
COHERENCE_HZ: Final = 8
IS_NARROW: Final = 9
SHARE_0_1: Final = 10
SHARE_3_7: Final = 11
LEVEL_INDEX: Final = 12
N_BURSTS: Final = 13
BURST_S: Final = 14
BRIEF_SHARE: Final = 15
INSUFFICIENT: Final = 16
IS_CROSSTALK: Final = 17
IS_IDENTICAL: Final = 18
IS_CLIPPED: Final = 19
IS_LIKE_HEART: Final = 20
HAS_MOVEMENT_ARTIFACT: Final = 21
HAS_BAD_SIGNAL: Final = 22
N_COLUMNS: Final = 23

#: What is known of one muscle's window.
MEAN: Final = 0
SQUARES: Final = 1
SMOOTH_MEAN: Final = 2
SMOOTH_SQUARES: Final = 3
NORMALISED: Final = 4
SHARE_ON: Final = 5
LOW: Final = 6
TREMOR: Final = 7
EMG_SQUARE: Final = 8
N_FOUND: Final = 9


class Settings(Record):
    """Numbers that never change."""

    #: Hops of the window, and samples of the EMG in it.
    n_hops: int
    n_emg: int
    #: Samples of the EMG from one envelope to the next, and envelopes in a second.
    step_samples: int
    envelope_rate_hz: float
    #: Good samples in a row that make an estimate valid.
    span_samples: int
    #: Envelopes of the mean that is taken for posture.
    n_smooth: int
    #: Square of the variation of that mean in steady EMG.
    noise_cv2: float
    #: Envelopes of a segment, from one segment to the next, and segments.
    n_segment: int
    n_shift: int
    n_segments: int
    #: Bins of segments at 3-7 Hz: the first, and the one behind the last.
    first_bin: int
    stop_bin: int
    #: Coherence that chance exceeds as often as the table says.
    coherence_null: float
    #: Most envelopes by which one muscle is moved against the other.
    n_lags: int
    #: Bins of the whole window: behind 1 Hz, at 3 Hz, behind 7 Hz and behind 20 Hz.
    behind_1_hz: int
    from_3_hz: int
    behind_7_hz: int
    behind_20_hz: int
    #: Correlation of the EMG from which on it is crosstalk.
    crosstalk_max: float


class Counters(Record):
    """Where the kernel stands since the restart."""

    #: Samples.
    n_samples: int
    #: The hop that is summed now, in the rings of hops.
    hop: int
    #: Where the next envelope is written, in `past_uv`.
    oldest: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next; never changes.
    hop_samples: int


class State(NamedTuple):
    """What states of muscles read and keep."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: The muscles.
    muscles: Muscles
    #: Numbers of the two channels of each pair, shape (n_pairs, 2).
    pairs: Array2[np.int64]
    #: Calibrated levels of each channel, shapes (n_channels,).
    rest_uv: Array1[np.float64]
    rest_sd_uv: Array1[np.float64]
    reference_uv: Array1[np.float64]
    #: Envelopes of the window, shape (n_channels, n_window), a ring.
    past_uv: Array2[np.float64]
    #: Sums of each hop: squares of the EMG of channels, products of pairs, shape (n_hops, n_sums).
    sums: Array2[np.float64]
    #: Window of a segment, times cosines and sines of each bin, shape (2, n_bins, n_segment).
    waves: Array3[np.float64]
    #: Window of the whole, shape (n_window,), and see `detectors.emg.spectrum.fourier_kernel`.
    taper: Array1[np.float64]
    factors: Array2[np.float64]
    #: Overwritten at each hop, as all below: envelopes, the oldest first, less their mean, shape
    #: (n_channels, n_window); their moving means, less the mean of these.
    centred_uv: Array2[np.float64]
    smooth_uv: Array2[np.float64]
    #: Whether each is above rest, shape (n_channels, n_window).
    is_on: Array2[np.bool_]
    #: Segments transformed, shape (n_channels, n_segments, n_bins), real and imaginary.
    real: Array3[np.float64]
    imaginary: Array3[np.float64]
    #: The whole window transformed, shapes (n_padded,).
    whole_real: Array1[np.float64]
    whole_imaginary: Array1[np.float64]
    #: What is known of each muscle, shape (n_channels, N_FOUND).
    found: Array2[np.float64]
    #: Durations and onsets of the bursts of a pair, in envelopes, shapes (n_window,).
    durations: Array1[np.float64]
    onsets: Array1[np.float64]
    #: Coherence of a pair in each bin, and room to sort it, shapes (n_bins,).
    coherence: Array1[np.float64]
    sorted_coherence: Array1[np.float64]
    #: The band below that of the EMG.
    guard: Guard
    #: Extremes of the raw samples.
    extremes: Extremes
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: pair by pair its columns.
    hops: Hops = NO_HOPS
