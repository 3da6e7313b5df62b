"""What the kernel of spectra of EMG reads and keeps, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.layout import Array1, Array2, Record
from detectors.emg.extremes_kernel import Extremes
from detectors.emg.muscles_kernel import Muscles
from detectors.kernels.hops import NO_HOPS, Hops

#: Columns of a channel in the output.
DRIVE: Final = 0
DRIVE_NULL: Final = 1
PEAK: Final = 2
PEAK_NULL: Final = 3
HAS_PEAK: Final = 4
PEAK_HZ: Final = 5
MEDIAN: Final = 6
MEDIAN_NULL: Final = 7
IS_CLIPPED: Final = 8
IS_AT_REST: Final = 9
HAS_BAD_SIGNAL: Final = 10
N_COLUMNS: Final = 11

#: Rows of `weights`: how much of each bin counts.
LOW: Final = 0
WHOLE: Final = 1
PEAK_BAND: Final = 2
BACKGROUND: Final = 3
N_WEIGHTS: Final = 4


class Settings(Record):
    """Numbers that never change."""

    #: Samples of a segment, from one to the next, and of all steps of the window.
    segment_samples: int
    step_samples: int
    n_window: int
    #: Good samples in a row that make an estimate valid.
    span_samples: int
    #: From one bin to the next.
    bin_hz: float
    #: Bins of the rectified EMG that are kept, and those of the band of the EMG itself.
    n_low: int
    first_bin: int
    last_bin: int
    #: Lags of the autocorrelation that count.
    n_lags: int
    #: Standard deviation of the logarithm of low over high power.
    drive_sd: float
    #: What chance gives, see the outputs.
    peak_null_db: float
    median_null_hz: float


class Counters(Record):
    """Where the kernel stands since the restart."""

    #: Samples.
    n_samples: int
    #: Whole segments.
    n_segments: int
    #: The step that is summed now, in the ring of extremes and of levels.
    step: int
    #: Samples of it.
    in_step: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next, whole steps; never changes.
    hop_samples: int


class State(NamedTuple):
    """What spectra of EMG read and keep."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: The muscles.
    muscles: Muscles
    #: Levels of each channel, NaN where there are none, shapes (n_channels,).
    rest_uv: Array1[np.float64]
    rest_sd_uv: Array1[np.float64]
    #: Hann window, shape (segment_samples,).
    hann: Array1[np.float64]
    #: See `detectors.emg.spectrum.fourier_kernel`, shape (2, n_padded // 2).
    factors: Array2[np.float64]
    #: How much of each bin of the rectified EMG counts for what, shape (N_WEIGHTS, n_low).
    weights: Array2[np.float64]
    #: Cosines of each bin of the rectified EMG at each lag, shape (n_low, n_lags).
    cosines: Array2[np.float64]
    #: The newest segment of each channel, written in turn, shape (n_channels, segment_samples).
    past_uv: Array2[np.float64]
    #: Sums of the modulus in each step of the window, shape (n_steps, n_channels), a ring.
    levels: Array2[np.float64]
    #: Powers of segments, those of the rectified EMG and then those of the EMG, channel by channel:
    #: see `detectors.kernels.window_sums`.
    ring: Array2[np.float64]
    newest: Array1[np.float64]
    window: Array1[np.float64]
    #: A segment and its transform, shapes (n_padded,); overwritten, as all below.
    real: Array1[np.float64]
    imaginary: Array1[np.float64]
    #: What a steady contraction with the spectrum of the window would give, shape (n_low,).
    expected: Array1[np.float64]
    #: Extremes of the raw samples.
    extremes: Extremes
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its columns.
    hops: Hops = NO_HOPS
