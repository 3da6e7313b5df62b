"""The aperiodic (1/f) part of the spectrum, fitted by a line, and a band's power over it."""

from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from detectors.aperiodic import aperiodic_kernel as kernel
from detectors.aperiodic.chance import HannSegments, chance_of
from detectors.aperiodic.config import ROUNDING, AperiodicConfig
from detectors.aperiodic.state import Counters, Settings, State
from detectors.bands.bins import bins_in_band
from detectors.block import Block, StreamLayout
from detectors.checks import require_memory, require_within_half_rate
from detectors.detector import DetectorConfig, Input
from detectors.estimates import Seen
from detectors.kernels.hop_kernel import HopKernel
from detectors.outputs import Measure, with_null
from detectors.stream_detector import StreamDetector

__all__ = ["Aperiodic", "AperiodicConfig"]

#: Outputs of each channel, in the order of the kernel's columns.
_MEASURES: Final = (
    Measure("exponent", "", signed=True),
    Measure("offset", "log10 µV²/Hz", signed=True),
    *with_null("over_aperiodic_db", "dB", signed=True),
    Measure("misfit", ""),
)
#: Bins that a line must have.
_N_BINS_MIN: Final = 3
#: Standard deviations from the line beyond which a bin pulls no harder.
_HUBER: Final = 1.345


class Aperiodic(StreamDetector):
    """Exponent and height of the 1/f part of a spectrum, and the power of a band over it.

    Parameters
    ----------
    config : AperiodicConfig
        Channels, bands, segment, window, hop.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    window_samples, span_samples : int
        Newest samples that an estimate depends on.
    chance : detectors.aperiodic.chance.AperiodicChance
        The standard deviation of each output where there is nothing but 1/f, in closed form.

    Raises
    ------
    ValueError
        Where channels, bands, segment, window or hop do not fit the stream.

    Notes
    -----
    Outputs of each channel, from the mean power ``P`` of the segments of the window, which at
    each bin is that of ``scipy.signal.welch(window, rate_hz, window="hann", nperseg=...,
    detrend="constant")``, and the line ``log10 P(f) = offset - exponent log10 f`` through the bins
    of `fit_hz` that `exclude_hz` leaves:

    - ``exponent``: 0 for white noise, 1 for 1/f, 2 for a random walk;
    - ``offset``: the line at 1 Hz, in log10 µV²/Hz;
    - ``over_aperiodic_db``: 10 log10 of the power of `band_hz` over that of the line, 0 on average
      where there is no rhythm;
    - ``over_aperiodic_db_null``, which ``over_aperiodic_db`` exceeds in one window of twenty
      where there is no rhythm: a constant of the configuration;
    - ``misfit``: root mean square distance of the bins from the line, divided by its expectation
      in noise; about 1 where the spectrum is a line, more where it has a knee or a peak.

    The fit follows the idea of [1]_, with three corrections. First, a peak or a mains line that was
    not excluded: bins further than 1.345 standard deviations from the line have a limited influence
    (Huber's loss [2]_, in a fixed number of rounds; the deviation follows from the number of
    segments and is not estimated). Second, few segments: the mean logarithm of a power of L
    independent segments is too low by ``ln L - digamma(L)``, which is added. Third, the width of
    a Hann window: at k cycles a segment it measures ``f ** -x`` too high by a factor of
    ``1 + x (x + 1) / (6 k²) + x (x + 1) (x + 2) (x + 3) / (72 k⁴)`` (4 % at 3 Hz with segments of
    a second for 1/f), for which the line is corrected; otherwise the exponent of a random walk
    would be 0.03 too high. The series has an error of 1 % up to an exponent of 2 at three cycles;
    steeper spectra need longer segments.

    Chance: see `detectors.aperiodic.chance`. With the default settings, in 1/f noise without a
    rhythm, the exponent has a standard deviation of 0.05, the offset of 0.07, and the band over the
    line of 0.30 dB (0.035, 0.05 and 0.21 dB with a window of 60 s); they fall with the root of the
    window. With five segments 4 % of windows exceed the null instead of 5 %, with two 3 %.

    Work per hop is that of its new segments. Sums over the window are put together from those of
    two blocks, and nothing is ever subtracted, so there is no drift, and an artifact leaves every
    sum when it leaves the window. The estimates change slowly: use them as a baseline or for a
    display.

    Delay: half the window. Start and gap: everything restarts; estimates are not valid before a
    window is full, nor for at least one hop after a restart. NaN policy: ``invalid``. Not valid
    either: a window with a tainted sample of that channel, an estimate whose newest sample has a
    doubtful stamp, a channel without any power in a bin. Values beyond 1e12 µV count as tainted
    and are left out.

    References
    ----------
    .. [1] T. Donoghue et al., "Parameterizing neural power spectra into periodic and aperiodic
       components", Nature Neuroscience 23, 2020, doi:10.1038/s41593-020-00744-x.
    .. [2] P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical
       Statistics 35(1), 1964, doi:10.1214/aoms/1177703732.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> config = AperiodicConfig(id="slope", stream="LFP", band_hz=(13.0, 30.0))
    >>> detector = Aperiodic(config, StreamLayout("LFP", 1000.0, ("STN_L", "M1")))
    >>> detector.outputs[0].label, detector.delay_s
    ('STN_L.exponent', 15.0)
    """

    config_type: ClassVar[type[DetectorConfig]] = AperiodicConfig

    def __init__(self, config: AperiodicConfig, layout: StreamLayout) -> None:
        super().__init__(config, config.channels, layout, _MEASURES, config.window_s)
        segment_samples = max(2, round(config.segment_s * self.rate_hz))
        self._step = segment_samples - segment_samples // 2
        for key, band_hz in (("band_hz", config.band_hz), ("fit_hz", config.fit_hz)):
            require_within_half_rate(key, band_hz, config.stream, self.rate_hz)
        line_bins = _line_bins(config, segment_samples)
        band_bins, parts = bins_in_band(config.band_hz, segment_samples, self.rate_hz)
        spare = round(config.window_s * self.rate_hz) - segment_samples
        self.n_segments = max(spare // self._step + 1, 2, config.n_steps)
        self.hop_samples = config.n_steps * self._step
        self.window_samples = (self.n_segments - 1) * self._step + segment_samples
        n_bins = line_bins.size + band_bins.size
        n_channels = len(self.channels)
        require_memory("window_s", config.window_s, self.n_segments * n_channels * n_bins)
        require_memory("segment_s", config.segment_s, segment_samples * (3 * n_bins + n_channels))
        self.span_samples = self.window_samples
        self.delay_s = self.window_samples / (2.0 * self.rate_hz)
        bin_hz = self.rate_hz / segment_samples
        segments = HannSegments(segment_samples, self._step, self.n_segments)
        self.chance = chance_of(line_bins, band_bins, parts, bin_hz, segments)
        bins = np.concatenate((line_bins, band_bins))
        self._log_frequency = np.log10(bins * bin_hz)
        self._smearing = 1.0 / bins.astype(np.float64) ** 2
        self._parts = parts
        self._table, density = _table(bins, segment_samples)
        self._settings = Settings(
            step_samples=self._step,
            n_line=line_bins.size,
            scale=density / (self.rate_hz * self.n_segments),
            log_bias=self.chance.bias,
            huber_constant=_HUBER * self.chance.bin_sd,
            expected_rms=self.chance.bins_rms,
            over_db_null=self.chance.over_db_null,
        )
        self._segment_samples = segment_samples
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = len(self.channels)
        n_bins = self._log_frequency.size
        n_line = n_bins - self._parts.size
        state = State(
            columns=self._columns,
            table=self._table,
            log_frequency=self._log_frequency,
            smearing=self._smearing,
            parts=self._parts,
            n_clean=np.zeros(n_channels, dtype=np.int64),
            ring=np.zeros((n_channels, self._segment_samples)),
            powers=np.zeros((self.n_segments, n_channels, n_bins)),
            newest=np.zeros((n_channels, n_bins)),
            window=np.zeros((n_channels, n_bins)),
            segment=np.zeros(self._segment_samples),
            spectrum=np.zeros((2, n_bins)),
            power=np.zeros(n_bins),
            log_power=np.zeros(n_line),
            leakage_bias=np.zeros(n_line),
            distance=np.zeros(n_line),
            settings=self._settings,
            counters=Counters(hop_samples=self.hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        return Seen(self._kernel.update(given, self.hop_samples))


def _line_bins(config: AperiodicConfig, segment_samples: int) -> NDArray[np.int64]:
    """Return the bins of the line, the same ones at every rate that has them.

    They are named by multiples of ``1 / segment_s``, from which the true distance of the bins
    differs by what a segment was rounded to samples.
    """
    bins = np.arange(segment_samples // 2 + 1)
    is_line = _is_within(bins, config.fit_hz, config.segment_s)
    for band_hz in config.exclude_hz:
        is_line &= ~_is_within(bins, band_hz, config.segment_s)
    if is_line.sum() < _N_BINS_MIN:
        raise ValueError(
            f"fit_hz: expected at least {_N_BINS_MIN} bins of {1.0 / config.segment_s:g} Hz "
            f"(segment_s = {config.segment_s:g}) beside exclude_hz, "
            f"found [{config.fit_hz[0]:g}, {config.fit_hz[1]:g}]"
        )
    return bins[is_line]


def _is_within(
    bins: NDArray[np.int64], band_hz: tuple[float, float], segment_s: float
) -> NDArray[np.bool_]:
    low, high = (edge_hz * segment_s - ROUNDING for edge_hz in band_hz)
    within: NDArray[np.bool_] = (low <= bins) & (bins < high)
    return within


def _table(bins: NDArray[np.int64], segment_samples: int) -> tuple[NDArray[np.float64], float]:
    """Return the transform of a segment's half, and what makes its squares a density at 1 Hz."""
    sample = np.arange(1, segment_samples // 2 + 1)
    # Whole cycles are taken off as integers, so the angle is as exact as it can be.
    angle = 2.0 * np.pi * (np.outer(sample, bins) % segment_samples) / segment_samples
    window = get_window("hann", segment_samples)
    table = np.stack((np.cos(angle), -np.sin(angle)), axis=1) * window[sample, None, None]
    return table, 2.0 / float(window @ window)
