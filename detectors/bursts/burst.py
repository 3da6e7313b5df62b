"""Bursts: when a measure is above its threshold for long enough, and when it falls below again."""

from typing import ClassVar, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.bursts import burst_kernel as kernel
from detectors.bursts import running_mean_kernel as running_mean
from detectors.bursts.config import BurstConfig, BurstThreshold
from detectors.bursts.rule import BurstRule
from detectors.checks import require_memory
from detectors.compiling.bundle import Bundle
from detectors.detector import Detector, DetectorConfig, Input
from detectors.estimates import Estimates, Seen
from detectors.kernels.calibrated_threshold import uncalibrated
from detectors.kernels.edges import empty_edges, take_detections
from detectors.kernels.hop_kernel import HopKernel
from detectors.kernels.hysteresis import EpisodeRule, no_episodes
from detectors.outputs import Measure, Output, outputs_of, sole_measure

__all__ = ["Burst", "BurstColumns", "BurstConfig", "BurstThreshold"]


class BurstColumns(NamedTuple):
    """Where one channel's outputs are in `Estimates.values`."""

    value: int
    threshold: int
    is_on: int
    is_calibrating: int


class Burst:
    """Onsets and offsets of bursts of a measure, by threshold, hysteresis and duration.

    An episode begins at the first hop above the threshold, strictly, and ends at the first hop
    below ``threshold * (1 - hysteresis)``, or ``threshold - hysteresis_level``. In the first form
    a threshold of 0 is never exceeded: it is that of a dead channel. In the second, for measures
    that may be negative, a dead channel has no valid measure. An episode that lasts
    `duration_s_min` from the one to the other is a burst: the onset is given as soon as that is
    known, a hop before, with the sample and the time of the crossing. Two levels and a shortest
    duration are the usual definition [1]_.

    Parameters
    ----------
    config : BurstConfig
        Threshold, hysteresis, shortest duration.
    source : Detector
        The detector whose measure it reads.

    Attributes
    ----------
    unit : str
        That of the measure.

    Raises
    ------
    ValueError
        Where the source has not one measure a channel, or one that may be negative
        (`Output.signed`) and `hysteresis_level` is not given.

    Notes
    -----
    Outputs, for each channel: ``value``, the measure, or its mean over `smoothing_s`, which is
    valid where every hop of it is; ``threshold``, valid once calibrated;
    ``is_on``, valid where the measure is and the threshold is known; ``is_calibrating``, always
    valid, 1 at every hop up to and including the last that went into the threshold.

    Calibration: the percentile (`numpy.percentile`, method ``linear``) of the first
    ``calibrate_s`` of valid hops, then frozen: a threshold that moved with the signal would give
    the same share of bursts whatever the patient does. It goes on over gaps and never starts
    again by itself.

    Chance: noise is above its own 75th percentile a quarter of the time, in bursts whose number
    and duration follow from its spectrum and the filter; see `detectors.bursts.statistics`.

    Delay: that of the source, half of `smoothing_s`, and `duration_s_min` but for a hop. Gap and
    NaN policy: ``invalid``; a hop that is not valid ends a burst with an offset that is not
    ``complete``, at that hop, and drops an episode that was not yet a burst.

    References
    ----------
    .. [1] G. Tinkhauser et al., "The modulatory effect of adaptive deep brain stimulation on beta
       bursts in Parkinson's disease", Brain 140(4), 2017, doi:10.1093/brain/awx010.

    Examples
    --------
    >>> import msgspec
    >>> from detectors.block import StreamLayout
    >>> from detectors.power.band_power import BandPower, BandPowerConfig
    >>> layout = StreamLayout("LFP", 1000.0, ("STN_L",))
    >>> beta = BandPower(BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0)), layout)
    >>> table = {"kind": "burst", "id": "burst", "of": "beta", "threshold": {"level": 12.0}}
    >>> burst = Burst(msgspec.convert(table, BurstConfig), beta)
    >>> [output.measure for output in burst.outputs], burst.detects
    (['value', 'threshold', 'is_on', 'is_calibrating'], ('onset', 'offset'))
    """

    config_type: ClassVar[type[DetectorConfig]] = BurstConfig
    detects: ClassVar[tuple[str, ...]] = ("onset", "offset")

    def __init__(self, config: BurstConfig, source: Detector) -> None:
        measure = sole_measure(source.outputs, source.channels)
        if measure is None:
            raise ValueError(
                f"of: expected a detector with one measure a channel, found {config.of!r}"
            )
        is_signed = measure.signed
        if config.hysteresis_level is None and is_signed:
            raise ValueError(
                f"hysteresis_level: expected one, as {config.of!r} may be negative, found none"
            )
        if config.hysteresis_level is not None and not is_signed:
            # Its dead channel measures 0, and must never be above a threshold.
            raise ValueError(
                f"hysteresis_level: expected none but hysteresis, as {config.of!r} is never "
                f"negative, found {config.hysteresis_level:g}"
            )
        self.id = config.id
        self.channels = source.channels
        self.unit = measure.unit
        self.outputs = outputs_of(self.channels, _measures(measure))
        self.hop_samples = source.hop_samples
        self.rate_hz = source.rate_hz
        hop_s = self.hop_samples / self.rate_hz
        self._n_mean = max(1, round(config.smoothing_s / hop_s))
        require_memory("smoothing_s", config.smoothing_s, self._n_mean * len(self.channels))
        self.span_samples = source.span_samples + (self._n_mean - 1) * self.hop_samples
        self.rule = BurstRule.of(
            config.hysteresis, config.hysteresis_level, round(config.duration_s_min * self.rate_hz)
        )
        n_lag = self.rule.lag_hops(self.hop_samples)
        self._lag_samples = n_lag * self.hop_samples
        self.delay_s = source.delay_s + ((self._n_mean - 1) / 2.0 + n_lag) * hop_s
        calibrate_s = config.threshold.calibrate_s or 0.0
        # A source that takes a baseline gives nothing valid before it has one.
        self.calibration_s = calibrate_s + getattr(source, "calibration_s", 0.0)
        self._n_calibrate = config.threshold.n_calibrate(hop_s)
        n_collected = self._n_calibrate * len(self.channels)
        require_memory("threshold.calibrate_s", calibrate_s, n_collected)
        self._percentile = float(config.threshold.percentile or 0.0)
        self._level = float(config.threshold.level or 0.0)
        self.reset()

    def columns(self, channel: str) -> BurstColumns:
        """Return where the outputs of a channel are."""
        first = self.channels.index(channel) * kernel.N_COLUMNS
        return BurstColumns(
            value=first + kernel.VALUE,
            threshold=first + kernel.THRESHOLD,
            is_on=first + kernel.IS_ON,
            is_calibrating=first + kernel.IS_CALIBRATING,
        )

    def reset(self) -> None:
        """Forget everything, the calibration too: what follows is as after construction."""
        n_channels = len(self.channels)
        self._mean = Bundle(
            running_mean.State(
                n_good=np.zeros(n_channels, dtype=np.int64),
                recent=np.zeros((n_channels, self._n_mean)),
            )
        )
        state = kernel.State(
            episodes=no_episodes(
                n_channels,
                EpisodeRule(
                    keep=self.rule.keep,
                    drop=self.rule.drop,
                    floor=self.rule.floor,
                    lag_samples=self._lag_samples,
                ),
            ),
            threshold=uncalibrated(n_channels, self._n_calibrate, self._percentile, self._level),
            edges=empty_edges(n_channels),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take estimates of the source in; one hop comes out for each that goes in."""
        assert isinstance(given, Estimates)  # noqa: S101 the chain gives what `reads` names
        n_hops = given.sample.size
        self._kernel.require_edges(n_hops * len(self.channels))
        measure, is_good = self._smoothed(given)
        found = self._kernel.call(n_hops, measure, is_good, given.sample, given.time_s)
        estimates = msgspec.structs.replace(found, taint=given.taint)
        edges = self._kernel.state.edges
        return Seen(estimates, take_detections(edges, self.id, self.channels))

    def _smoothed(self, given: Estimates) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        if self._n_mean == 1:
            return given.values, given.valid
        values = np.empty(given.values.shape)
        valid = np.empty(values.shape, dtype=np.bool_)
        running_mean.update(given.values, given.valid, values, valid, self._mean.addresses)
        return values, valid


def _measures(source: Output) -> tuple[Measure, ...]:
    """Return what a channel gives, in the order of the kernel's columns."""
    return (
        Measure("value", source.unit, signed=source.signed),
        Measure("threshold", source.unit, signed=source.signed),
        Measure("is_on", ""),
        Measure("is_calibrating", ""),
    )
