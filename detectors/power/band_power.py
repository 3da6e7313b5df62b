"""Power in one band or several, by a sliding periodogram or by a recursive filter."""

from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.bands.percept import AMPLITUDES_PER_POWER, LSB_PER_UV2
from detectors.block import Block, StreamLayout
from detectors.detector import DetectorConfig, Input
from detectors.estimates import Estimates, Seen
from detectors.outputs import Measure
from detectors.power.config import WINDOW_S, BandPowerConfig
from detectors.power.outside import PowerOutside
from detectors.power.periodogram import SlidingPeriodogram
from detectors.power.recursive import RecursivePower
from detectors.power.scale import PowerScale, Scale
from detectors.power.update_mean import UpdateMean
from detectors.stream_detector import StreamDetector

__all__ = ["BandPower", "BandPowerConfig"]

_TIME_CONSTANT_S: Final = 0.2
_ORDER: Final = 2
_OUTSIDE_S: Final = 0.5
#: The unit of each scale, and whether a power may be negative on it.
_UNITS: Final[dict[Scale, tuple[str, bool]]] = {
    "power": ("µV²", False),
    "log10": ("log10 µV²", True),
    "decibel": ("dB", True),
    "percent": ("%", False),
    "z": ("SD", True),
}


class BandPower(StreamDetector):
    """Power of bands, in µV² (the stream's unit, squared) or on another scale.

    A sine of amplitude A inside the band has the power ``A² / 2``, with either method.

    Parameters
    ----------
    config : BandPowerConfig
        Channels, bands, method and scale.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    span_samples : int
        Newest samples that an estimate depends on; with the recursive method, those after which
        5 % of what came before is left.
    calibration_s : float
        How long a baseline is measured, in seconds of valid hops.

    Raises
    ------
    ValueError
        Where bands, window, hop, channels or baseline do not fit the stream.

    Notes
    -----
    Outputs: ``power`` of each channel; with several bands, one output for each band, by its name.
    With `output` ``"power_and_outside"`` each power is followed by ``outside`` (with several bands
    ``<band>.outside``): the share, from 0 to 1, of the measured power that comes from frequencies
    outside the band, see `detectors.power.outside`.

    ``periodogram``: each estimate equals ``scipy.signal.periodogram(window, window="hann",
    detrend="constant", scaling="density")`` of the last window, summed over the bins of the band,
    each by the part of it that lies there (`detectors.bands.bins`), and multiplied by their
    distance. Work per hop depends on the number of bins in the bands and not on the length of the
    window (which, for a band of given width, decides that number). The Fourier sums of the window
    slide: a sample is multiplied by the twiddle factor of its index, which is looked up, and the
    sums are never rotated ("modulated" sliding transform [1]_, [2]_). A second set of sums starts
    empty every window and replaces the first one when it is full, at sample indices counted from
    the restart. So rounding errors of two windows at most add up, and an artifact is forgotten at
    the latest one window after it has left. The Hann window is applied to the sums, on three
    neighbouring bins.

    With `update_s` the estimate is the mean of such powers, of windows that end every ``update_s``
    since the estimate before: Welch's method [3]_, and what implants do. It is valid where all are.

    ``preset = "percept"``: the squared amplitudes, ``(2 |X| / sum(w))²``, of 256 samples at 250 Hz
    (of as long a window at another rate), summed over the bins that are no further than 2.5 Hz from
    `centre_hz`, each whole, times 77.6: the unit ``lsb`` of the implant's own log
    (`detectors.bands.percept`). With ``update_s = 0.5`` and ``hop_s = 3.0`` it is what is logged
    while the implant senses; with ``hop_s = 0.2`` what its dual thresholds average.

    ``recursive``: ``scipy.signal.sosfilt`` with a Butterworth band-pass
    (``butter(order, band_hz, "bandpass")``) from rest, fed with samples less the first one, so that
    an offset has no effect; squared; and either ``m[n] = l m[n-1] + (1 - l) y[n]²`` with
    ``l = exp(-1 / (rate time_constant_s))`` or the mean of the last ``window_s``. That mean is
    made of sums of blocks from which nothing is subtracted, so it cannot drift. At the edges of
    the band the filter passes half the power.

    Both methods also measure a part of what lies beside the band:
    ``python -m benchmarks.figures.leakage`` measures how much lines there add. A Hann window
    spreads a line over two bins to either side: of a line within two bins of an edge a part counts
    as inside or outside, of any other line less than 0.1 %. A Butterworth filter of order n passes
    ``1 / (1 + x ** (2 n))`` of the power, with ``x = (f² - low high) / (f (high - low))``; a strong
    line beside the band can make up all of a recursive power, which ``outside`` shows.

    Scales: ``power``; ``log10`` of it, in decades; ``decibel``, ``10 log10(power / baseline)``
    with the mean power of the baseline; ``z``, ``(log10(power) - mean) / SD`` with mean and SD of
    the logarithm over the baseline; ``percent`` of the power in `total_hz`. The baseline is either
    written down, or measured over the first ``calibrate_s`` of valid hops and then frozen: one
    that followed the signal would be a moving threshold. Gaps interrupt its measurement and do not
    restart it.

    Delay: ``periodogram`` half the window, and half the way from the first to the last of several
    updates; ``recursive`` the group delay of the filter at the
    geometric middle of the band, close to ``g / (pi (high - low))`` with g = 1, 1.41, 2.61 at
    orders 1, 2, 4, and 1.5 to 2.3 times that at its edges, plus the time constant or half the
    window of the mean. Of several bands the slowest counts.

    Start and gap: everything but the baseline restarts. Valid: ``periodogram`` once the window is
    full; ``recursive`` once 5 % of the energy of the filter's response is left, and then once the
    mean has had its window or three time constants. Never valid: the first hop after a restart,
    hops while a baseline is measured, a power of 0 on a logarithmic scale, a percentage of a total
    of 0. NaN policy: ``invalid``. Periodogram: a window that contains a tainted sample is not valid
    on that channel. Recursive: a tainted sample is left out and its channel restarts after it; an
    artifact without taint decays with the filter and the mean. An estimate whose newest sample has
    a doubtful stamp is not valid. Values beyond 1e12 µV count as tainted and are left out.

    Chance: a power is never 0. In steady noise it scatters as chi-squared does, with a coefficient
    of variation of ``1 / sqrt(B T)``, times 4.3 in decibel [3]_. Periodogram: ``B = high - low``,
    ``T = 0.51 window_s``; 34 % for 17 Hz and 1 s. Recursive: B is 3.14, 1.48 or 1.17 times
    ``high - low`` at orders 1, 2, 4, and T two time constants or the window; 32 % for 17 Hz,
    order 2 and 0.2 s, 53 % for 6 Hz and a window of 0.4 s. A threshold within that scatter
    chatters.

    References
    ----------
    .. [1] E. Jacobsen and R. Lyons, "The sliding DFT", IEEE Signal Processing Magazine 20(2),
       2003, doi:10.1109/MSP.2003.1184347.
    .. [2] K. Duda, "Accurate, guaranteed stable, sliding discrete Fourier transform", IEEE Signal
       Processing Magazine 27(6), 2010, doi:10.1109/MSP.2010.938088.
    .. [3] P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra",
       IEEE Transactions on Audio and Electroacoustics 15(2), 1967,
       doi:10.1109/TAU.1967.1161901.

    Examples
    --------
    The power of a sine is half its amplitude squared:

    >>> import numpy as np
    >>> from detectors.block import Taint
    >>> config = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.4)
    >>> beta = BandPower(config, StreamLayout("LFP", 1000.0, ("STN_L",)))
    >>> time_s = np.arange(1000) / 1000.0
    >>> samples_uv = 10.0 * np.sin(2.0 * np.pi * 20.0 * time_s)[:, None]
    >>> taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    >>> taint[0] = Taint.RESTART
    >>> estimates = beta.update(Block("LFP", 0, samples_uv, time_s, taint)).estimates
    >>> print(f"{estimates.values[-1, 0]:.3f} µV², {beta.delay_s} s old")
    50.000 µV², 0.2 s old
    """

    config_type: ClassVar[type[DetectorConfig]] = BandPowerConfig

    def __init__(self, config: BandPowerConfig, layout: StreamLayout) -> None:
        update_samples = max(1, round(config.spectra_every_s * layout.rate_hz))
        hop_s = config.n_updates * update_samples / layout.rate_hz
        super().__init__(config, config.channels, layout, _measures(config), hop_s)
        self._method = _method(config, layout, self._columns, update_samples)
        self._mean: UpdateMean | None = None
        if config.n_updates > 1:
            n_powers = self._columns.size * len(config.all_bands)
            self._mean = UpdateMean(self.id, config.n_updates, n_powers)
        since_first = self.hop_samples - update_samples
        self.span_samples = self._method.span_samples + since_first
        self.delay_s = self._method.delay_s + since_first / (2.0 * layout.rate_hz)
        self._has_outside = config.has_outside
        self._outside_max = config.outside_max
        self._outside: PowerOutside | None = None
        if config.has_outside or config.outside_max is not None:
            self._outside = _outside(config, layout, self._columns, self.hop_samples)
        if self._outside is not None and config.outside_max is not None:
            self.span_samples = max(self.span_samples, self._outside.span_samples)
        self._scale: PowerScale | None = None
        self.calibration_s = 0.0
        if config.scale != "power":
            self._scale = PowerScale(
                config.scale,
                config.baseline,
                _baseline_names(config, self.channels),
                len(self.channels),
                self.hop_samples / self.rate_hz,
            )
            self.calibration_s = self._scale.calibration_s
        self._none = Seen(Estimates.empty(self.id, 0, len(self.outputs)))

    def reset(self) -> None:
        """Forget everything, the baseline too: what follows is as after construction."""
        self._method.reset()
        if self._mean is not None:
            self._mean.reset()
        if self._outside is not None:
            self._outside.reset()
        if self._scale is not None:
            self._scale.reset()

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        powers = self._method.update(given)
        if self._mean is not None:
            powers = self._mean.update(given, powers)
        outside = None if self._outside is None else self._outside.update(given)
        if not powers.sample.size:
            return self._none
        if outside is not None and self._outside_max is not None:
            self._bind(powers, outside, self._outside_max)
        if self._scale is not None:
            powers = self._scale.put(powers)
        if outside is not None and self._has_outside:
            powers = _beside(powers, outside)
        return Seen(powers)

    def _bind(self, powers: Estimates, outside: Estimates, outside_max: float) -> None:
        """Make powers invalid where too much, or an unknown share, comes from outside."""
        is_in = outside.valid & (outside.values <= outside_max)
        by_band = (len(is_in), len(self.channels), -1)
        # Of a percentage the total comes last, and has no share of its own.
        n_own = is_in.reshape(by_band).shape[2]
        valid = powers.valid.reshape(by_band)[:, :, :n_own]
        valid &= is_in.reshape(by_band)
        powers.values[~powers.valid] = 0.0


def _measures(config: BandPowerConfig) -> tuple[Measure, ...]:
    """Return what a channel gives: each band, and with it the share outside where that is asked."""
    unit, signed = _UNITS[config.scale] if config.percept is None else ("lsb", False)
    found: list[Measure] = []
    for band in config.bands:
        is_alone = len(config.bands) == 1
        found.append(Measure("power" if is_alone else band.name, unit, signed=signed))
        if config.has_outside:
            found.append(Measure("outside" if is_alone else f"{band.name}.outside", ""))
    return tuple(found)


def _baseline_names(config: BandPowerConfig, channels: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a written baseline calls each power: its channel, and its band of several."""
    if len(config.bands) == 1:
        return channels
    return tuple(f"{label}.{band.name}" for label in channels for band in config.bands)


def _beside(powers: Estimates, outside: Estimates) -> Estimates:
    """Return each power, followed by the share outside its band."""
    shape = (powers.sample.size, -1)
    values = np.stack((powers.values, outside.values), axis=2).reshape(shape)
    valid = np.stack((powers.valid, outside.valid), axis=2).reshape(shape)
    return msgspec.structs.replace(powers, values=values, valid=valid)


def _outside(
    config: BandPowerConfig, layout: StreamLayout, columns: NDArray[np.int64], hop_samples: int
) -> PowerOutside:
    return PowerOutside(
        config.id,
        config.bands,
        order=config.order or _ORDER,
        time_constant_s=config.outside_time_constant_s or _OUTSIDE_S,
        columns=columns,
        layout=layout,
        hop_samples=hop_samples,
    )


def _method(
    config: BandPowerConfig, layout: StreamLayout, columns: NDArray[np.int64], hop_samples: int
) -> SlidingPeriodogram | RecursivePower:
    if config.method == "periodogram":
        return SlidingPeriodogram(
            config.id,
            config.all_bands,
            window_s=config.spectrum_s,
            columns=columns,
            layout=layout,
            hop_samples=hop_samples,
            gain=1.0 if config.percept is None else AMPLITUDES_PER_POWER * LSB_PER_UV2,
        )
    time_constant_s = config.time_constant_s
    if config.window_s is None and time_constant_s is None:
        time_constant_s = _TIME_CONSTANT_S
    return RecursivePower(
        config.id,
        config.all_bands,
        order=config.order or _ORDER,
        time_constant_s=time_constant_s,
        window_s=WINDOW_S if config.window_s is None else config.window_s,
        columns=columns,
        layout=layout,
        hop_samples=hop_samples,
    )
