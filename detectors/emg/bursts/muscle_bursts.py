"""Bursts of muscles: when each begins and ends, how long and how regular they are, and overlap."""

from typing import ClassVar, Final

import numpy as np

from detectors.block import Block, StreamLayout
from detectors.checks import require_memory
from detectors.detector import DetectorConfig, Input
from detectors.emg.bursts import muscle_bursts_kernel as kernel
from detectors.emg.bursts.config import MuscleBurstsConfig
from detectors.emg.bursts.state import Bursts, Counters, Episodes, Settings, State
from detectors.emg.config import band_of, levels_of, pairs_of, require_envelope
from detectors.emg.extremes_kernel import no_extremes
from detectors.emg.filters import filters_of
from detectors.emg.muscles_kernel import muscles_of
from detectors.estimates import Seen
from detectors.kernels.edges import empty_edges, take_detections
from detectors.kernels.hop_kernel import HopKernel
from detectors.outputs import Measure, outputs_of, with_null
from detectors.stream_detector import StreamDetector

__all__ = ["MuscleBursts", "MuscleBurstsConfig"]

#: Outputs of each channel and of each pair, in the order of the kernel's columns.
_OF_CHANNEL: Final = (
    Measure("envelope", "µV"),
    Measure("activation", ""),
    Measure("is_on", ""),
    Measure("rate_hz", "Hz"),
    Measure("share_on", ""),
    Measure("n_bursts", ""),
    Measure("duration_s", "s"),
    Measure("rise_s", "s"),
    Measure("interval_cv", ""),
    Measure("frequency_hz", "Hz"),
    Measure("tremor_stability_hz", "Hz"),
    Measure("is_clipped", ""),
    Measure("has_bad_signal", ""),
)
_OF_PAIR: Final = (
    *with_null("overlap", ""),
    Measure("crosstalk", "", signed=True),
    Measure("is_crosstalk", ""),
)


class MuscleBursts(StreamDetector):
    """Onsets and offsets of bursts of EMG, with their durations, regularity and overlap.

    Parameters
    ----------
    config : MuscleBurstsConfig
        Channels, pairs, filters, levels, window, hop.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Labels of the two channels of each pair.
    onset_delay_s : float
        Delay of an onset: that of the filters, and `duration_s_min`. An offset is later than its
        filters by `merge_s`.

    Raises
    ------
    ValueError
        Where channels, pairs, band, window, hop or levels do not fit the stream, or a channel has
        no level of rest.

    Notes
    -----
    A research feature, not a diagnosis: numbers, and no names of disorders.

    A burst begins at the first sample whose envelope is above ``rest + onset_sd SD``, strictly, and
    ends at the first below ``rest + offset_sd SD``. It goes on over gaps shorter than `merge_s`,
    and counts if it lasts `duration_s_min` from the one to the other [1]_. With `method`
    ``teager_kaiser`` the envelope is the root of the smoothed modulus of ``x[n]² - x[n - 1] x[n +
    1]`` [2]_, in µV too, so levels of rest have to be those of the same method.

    Outputs of each channel: ``envelope``, ``activation`` (less rest, over reference less rest) and
    ``is_on`` (1 in a burst), valid once the filters have settled. Of the bursts that lie in the
    window whole: ``rate_hz`` and ``n_bursts``; with `n_bursts_min` of them ``duration_s`` and
    ``rise_s``, the medians from beginning to end and to the highest envelope; ``interval_cv``,
    standard deviation over mean of the intervals from onset to onset; ``frequency_hz``, 1 over
    their median; ``tremor_stability_hz``, interquartile range of the change of ``1 / interval``
    from one to the next [3]_. ``share_on`` is the share of the window in bursts, parts of bursts
    included. ``is_clipped``: the channel stays at its highest or lowest sample.
    ``has_bad_signal``, always valid: a tainted sample within `span_samples`, a flat channel, or
    one with less than a quarter of what it has at rest; then only what needs no window is valid.

    Of each pair: ``overlap``, ``|A ∩ B| / min(|A|, |B|)`` in time; ``overlap_null``; ``crosstalk``,
    correlation of the EMG behind the band-pass, and ``is_crosstalk`` above `crosstalk_max`, where
    there is no ``overlap``.

    Chance: independent muscles overlap by ``p``, the share of time of the one that is more often in
    bursts. ``overlap_null`` is ``p + 1.645 sqrt(p (1 - p) / n)``, n the bursts of the other: as if
    each were in it or not. Bursts are in it in part, so no more than 5 % of windows exceed it (1 to
    5 % were found). Where one muscle is always on it is 1, and no overlap means anything. Bursts at
    random times have an ``interval_cv`` of 1, less by the share of their shortest distance in their
    mean one. Rest itself makes 8 bursts a minute at three standard deviations where its noise is
    white, 12 to 24 where it has the spectrum of a walking muscle, and at most two at five: the
    envelope of noise is skew.

    Delay: half the window, the group delay of the band-pass at the middle of its band and that of
    the low-pass, ``sqrt(2) / (2 π envelope_hz)``. Bursts of 60 ms measure 60 to 65 ms.
    Start and gap: everything restarts; estimates are not valid before the filters have settled and
    the window is full, nor for at least one hop after a restart. A burst that is on when the
    filters have settled begins there, in no window. NaN policy: ``invalid``; a bad sample ends a
    burst with an offset that is not ``complete``, and the past of its channel. Values beyond 1e12
    µV count as tainted.

    References
    ----------
    .. [1] P. W. Hodges, B. H. Bui, "A comparison of computer-based methods for the determination of
       onset of muscle contraction using electromyography", Electroencephalography and Clinical
       Neurophysiology 101(6), 1996, doi:10.1016/S0921-884X(96)95190-5.
    .. [2] S. Solnik et al., "Teager-Kaiser energy operator signal conditioning improves EMG onset
       detection", European Journal of Applied Physiology 110(3), 2010,
       doi:10.1007/s00421-010-1521-8.
    .. [3] L. di Biase et al., "Tremor stability index: a new tool for differential diagnosis in
       tremor syndromes", Brain 140(7), 2017, doi:10.1093/brain/awx104.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> config = MuscleBurstsConfig(
    ...     id="bursts", stream="EMG", rest_uv={"FLEX": 4.0}, rest_sd_uv={"FLEX": 0.7}
    ... )
    >>> detector = MuscleBursts(config, StreamLayout("EMG", 1000.0, ("FLEX",)))
    >>> detector.outputs[6].label, round(detector.onset_delay_s, 3)
    ('FLEX.duration_s', 0.027)
    """

    config_type: ClassVar[type[DetectorConfig]] = MuscleBurstsConfig
    detects: ClassVar[tuple[str, ...]] = ("onset", "offset")

    def __init__(self, config: MuscleBurstsConfig, layout: StreamLayout) -> None:
        super().__init__(config, config.channels, layout, _OF_CHANNEL, config.hop_s)
        self.pairs = pairs_of(config.pairs, self.channels, layout) if config.pairs else ()
        self.outputs = (*self.outputs, *outputs_of(map("-".join, self.pairs), _OF_PAIR))
        require_envelope(config.envelope_hz, config.stream, self.rate_hz)
        band_hz = band_of(config, self.rate_hz)
        self._filters = filters_of(band_hz, config.envelope_hz, self.rate_hz)
        self._levels = levels_of(config, layout, self.channels)
        for label in self.channels:
            if label not in config.rest_uv:
                raise ValueError(
                    f"rest_uv.{label}: expected its level at rest, over which bursts are, found "
                    "none: stimloop calibrate --emg writes it"
                )
        self._spread = np.array([[config.onset_sd], [config.offset_sd]]) * self._levels.rest_sd_uv
        self._is_energy = config.method == "teager_kaiser"
        self._n_hops = max(2, round(config.window_s * self.rate_hz / self.hop_samples))
        self.window_samples = self._n_hops * self.hop_samples
        settle_samples = self._filters.settle_samples
        self.span_samples = settle_samples + self.window_samples
        self.delay_s = self._filters.delay_s + self.window_samples / (2.0 * self.rate_hz)
        min_samples = max(1, round(config.duration_s_min * self.rate_hz))
        merge_samples = max(1, round(config.merge_s * self.rate_hz))
        self.onset_delay_s = self._filters.delay_s + min_samples / self.rate_hz
        # Behind each burst there is a gap; one more has begun before, and one has not ended.
        self._n_kept = self.window_samples // (min_samples + merge_samples) + 3
        self._samples_per_edge = min(min_samples + merge_samples, settle_samples)
        n_sums = 2 * len(self.channels) + len(self.pairs)
        n_values = len(self.channels) * (4 * self._n_hops + 3 * self._n_kept)
        require_memory("window_s", config.window_s, self._n_hops * n_sums + n_values)
        self._settings = Settings(
            rate_hz=self.rate_hz,
            n_hops=self._n_hops,
            n_window=self.window_samples,
            settle_samples=settle_samples,
            span_samples=self.span_samples,
            min_samples=min_samples,
            merge_samples=merge_samples,
            n_bursts_min=config.n_bursts_min,
            crosstalk_max=config.crosstalk_max,
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels, n_pairs = len(self.channels), len(self.pairs)
        n_sums = 2 * n_channels + n_pairs
        positions = [[self.channels.index(label) for label in pair] for pair in self.pairs]
        kept = (n_channels, self._n_kept)
        rest_uv = self._levels.rest_uv
        state = State(
            columns=self._columns,
            muscles=muscles_of(self._columns, self._filters, is_energy=self._is_energy),
            pairs=np.array(positions, dtype=np.int64).reshape(n_pairs, 2),
            rest_uv=rest_uv,
            onset_uv=rest_uv + self._spread[0],
            offset_uv=rest_uv + self._spread[1],
            reference_uv=self._levels.reference_uv,
            episodes=_no_episodes(n_channels),
            bursts=Bursts(
                start=np.zeros(kept, dtype=np.int64),
                peak=np.zeros(kept, dtype=np.int64),
                stop=np.zeros(kept, dtype=np.int64),
                n_over=np.zeros(n_channels, dtype=np.int64),
            ),
            ring=np.zeros((self._n_hops, n_sums)),
            newest=np.zeros(n_sums),
            window=np.zeros(n_sums),
            is_bad=np.zeros(n_channels, dtype=np.bool_),
            on_samples=np.zeros(n_channels, dtype=np.int64),
            n_on=np.zeros(n_channels, dtype=np.int64),
            scratch=np.zeros(self._n_kept),
            changes=np.zeros(self._n_kept),
            extremes=no_extremes(self._n_hops, n_channels),
            edges=empty_edges(2 * n_channels),
            settings=self._settings,
            counters=Counters(hop_samples=self.hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        n_most = given.time_s.size // self._samples_per_edge + 2
        self._kernel.require_edges(2 * n_most * len(self.channels))
        estimates = self._kernel.update(given, self.hop_samples)
        edges = self._kernel.state.edges
        return Seen(estimates, take_detections(edges, self.id, self.channels))


def _no_episodes(n_channels: int) -> Episodes:
    """Return channels that are in no burst."""
    return Episodes(
        stage=np.zeros(n_channels, dtype=np.int64),
        counts=np.zeros(n_channels, dtype=np.bool_),
        last_uv=np.zeros(n_channels),
        start=np.zeros(n_channels, dtype=np.int64),
        start_time_s=np.zeros(n_channels),
        start_uv=np.zeros(n_channels),
        peak=np.zeros(n_channels, dtype=np.int64),
        peak_uv=np.zeros(n_channels),
        gap=np.zeros(n_channels, dtype=np.int64),
        gap_time_s=np.zeros(n_channels),
        gap_uv=np.zeros(n_channels),
    )
