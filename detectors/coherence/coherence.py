"""Coherence and phase synchrony of pairs of channels, over Welch segments in a sliding window."""

from typing import ClassVar, Final, NamedTuple

import msgspec
import numpy as np

from detectors.block import Block, StreamLayout
from detectors.coherence import coherence_kernel as kernel
from detectors.coherence import edges_kernel as coherence_edges
from detectors.coherence import measures_kernel as coherence_measures
from detectors.coherence.chance import CoherenceChance
from detectors.coherence.config import CoherenceConfig, bins_of, pairs_of, segments_of
from detectors.coherence.cross_pairs import CrossPairs
from detectors.coherence.memory import Shape
from detectors.coherence.tiles import tiles_of
from detectors.compiling.bundle import Bundle
from detectors.detector import DetectorConfig, Input
from detectors.estimates import Detection, Estimates, Seen
from detectors.kernels.edges import empty_edges, take_detections
from detectors.kernels.hop_kernel import HopKernel
from detectors.kernels.hysteresis import EpisodeRule, no_episodes
from detectors.outputs import Measure, outputs_of, with_null

__all__ = ["Coherence", "CoherenceColumns", "CoherenceConfig"]

#: Outputs that are always there, in the kernel's order, and the kernel's numbers for the others.
_COHERENCE, _COHERENCE_NULL = with_null("coherence", "")
_ALWAYS: Final = (
    _COHERENCE,
    Measure("imaginary", "", signed=True),
    _COHERENCE_NULL,
    Measure("lower_bound", ""),
)
_EXTRA: Final = {
    Measure("phase_locking", ""): coherence_measures.PHASE_LOCKING,
    Measure("phase_lag", ""): coherence_measures.PHASE_LAG,
    Measure("phase_lag_debiased", "", signed=True): coherence_measures.PHASE_LAG_DEBIASED,
}


class CoherenceColumns(NamedTuple):
    """Where one pair's outputs are in `Estimates.values`; None for what is not asked for."""

    coherence: int
    imaginary: int
    coherence_null: int
    lower_bound: int
    phase_locking: int | None = None
    phase_lag: int | None = None
    phase_lag_debiased: int | None = None


class Coherence:
    """Coherence of pairs of channels, with what chance alone would give beside it.

    Parameters
    ----------
    config : CoherenceConfig
        Pairs, band, segment, window, hop.
    layout : StreamLayout
        The stream after units and montage.
    other : StreamLayout, optional
        The other stream, where the table names one.

    Raises
    ------
    ValueError
        Where pairs, channels, band, segment, window or hop do not fit the stream.

    Notes
    -----
    Outputs of each pair ``a-b``, none with a unit. The sums go over the K segments ``A``, ``B`` of
    the window at one bin; the results are averaged over the bins of the band, each with the part of
    it that lies in the band, a bin at half the rate with none:

    - ``coherence``, magnitude squared: ``|Σ A B*|² / (Σ|A|² Σ|B|²)``, at each bin that of
      ``scipy.signal.coherence(a, b, rate_hz, window="hann", nperseg=..., detrend="constant")``
      of the last window;
    - ``imaginary``, part of coherency: ``Im Σ A B* / sqrt(Σ|A|² Σ|B|²)`` [1]_, above 0 where `a`
      leads, 0 in expectation for a common signal without lag;
    - ``phase_locking``: ``|Σ A B* / |A B*|| / K`` [2]_;
    - ``phase_lag``, weighted index: ``|Σ I| / Σ|I|``, I the imaginary parts of ``A B*`` [3]_;
    - ``phase_lag_debiased``, its square: ``((ΣI)² - ΣI²) / ((Σ|I|)² - ΣI²)`` [3]_, which is not
      biased by a small number of segments, and so can be below 0;
    - ``coherence_null``, the level that the coherence of independent channels exceeds with
      probability `alpha`;
    - ``lower_bound``, a one-sided confidence bound: it exceeds the true coherence with probability
      `alpha`, and is above 0 where ``coherence`` is above ``coherence_null``. Base decisions on
      this output rather than on ``coherence``.

    For null and bound see `detectors.coherence.chance`. At an `alpha` of 5 % the bound was
    measured to exceed the truth in 4 to 6 % of windows of white noise from three segments on, and
    in 5 to 7 % with a recording's spectrum; less often, in 1 to 4 %, for high coherences (0.8 and
    more) and less than 20 segments; in up to 9 % for a single bin and two segments. In independent
    noise the other outputs are: ``imaginary`` 0 on average, ``phase_lag_debiased`` ``1 / (9 K)``,
    as segments overlap, ``phase_locking`` about ``sqrt(π / (4 L))``, ``phase_lag`` about
    ``sqrt(4 / (π L))``, with L = `n_independent`.

    With a `threshold` an onset is detected on ``a-b`` where ``lower_bound`` rises above it, and an
    offset where it falls below ``threshold * (1 - hysteresis)``; ``strength`` is the bound. At a
    hop that is not valid the detection ends with an offset that is not ``complete``, and has the
    last valid strength.

    Segments overlap as in scipy, by ``nperseg // 2`` samples, where half a segment is a multiple of
    the hop or a hop a multiple of that; see `CoherenceConfig.hop_s` for other hops. The last
    segment ends with the newest sample. The window is ``(K - 1) * step + nperseg`` samples. Each
    hop computes the transform of its own samples only, from which a new segment is put together.
    Up to three segments are summed at every hop; with more, the newest segment is added to a sum
    and the oldest subtracted, so that work per hop does not depend on the length of the window.
    Before rounding errors of earlier samples could matter, the sum is computed anew from the
    spectra of the window: every 1024 segments, and when the power has fallen to 1/256 since the
    last time, as after an artifact. So there is no drift, and an artifact of any height leaves less
    than 1e-11 of itself. The hop that computes the sum anew takes longer, in proportion to the
    number of segments.

    Pairs across two streams use the grid of `detectors.alignment.aligner.Aligner`: the samples of
    the slower stream, to whose times the other stream is low-passed and interpolated. `rate_hz` and
    sample indices of estimates are then those of the slower stream, labels that both streams have
    become ``stream/label``, and the band must end at or below 0.4 of that rate.

    Delay: half the window; across streams, ten samples of the slower one more. Start and gap:
    everything restarts; estimates are not valid before a window is full, nor for at least one hop
    after a restart. NaN policy: ``invalid``. Not valid either: a window with a tainted sample of
    one of the two channels, an estimate whose newest sample has a doubtful stamp, a channel without
    any power in a bin of the band. Values beyond 1e12 µV count as tainted and are left out.
    Imaginary parts below 1e-5 of the magnitudes count as 0.

    References
    ----------
    .. [1] G. Nolte et al., "Identifying true brain interaction from EEG data using the imaginary
       part of coherency", Clinical Neurophysiology 115(10), 2004, doi:10.1016/j.clinph.2004.04.029.
    .. [2] J.-P. Lachaux et al., "Measuring phase synchrony in brain signals", Human Brain Mapping
       8(4), 1999, doi:10.1002/(SICI)1097-0193(1999)8:4<194::AID-HBM4>3.0.CO;2-C.
    .. [3] M. Vinck et al., "An improved index of phase-synchronization for electrophysiological
       data in the presence of volume-conduction, noise and sample-size bias", NeuroImage 55(4),
       2011, doi:10.1016/j.neuroimage.2011.01.055.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> config = CoherenceConfig(id="coherence", stream="LFP", band_hz=(13.0, 30.0))
    >>> detector = Coherence(config, StreamLayout("LFP", 1000.0, ("STN_L", "M1")))
    >>> detector.outputs[0].label, detector.delay_s
    ('STN_L-M1.coherence', 5.0)
    """

    config_type: ClassVar[type[DetectorConfig]] = CoherenceConfig
    detects: ClassVar[tuple[str, ...]] = ("onset", "offset")

    def __init__(
        self, config: CoherenceConfig, layout: StreamLayout, other: StreamLayout | None = None
    ) -> None:
        self._across = None
        if other is not None:
            self._across = CrossPairs(config.pairs, config.band, layout, other)
            layout = self._across.layout
            config = msgspec.structs.replace(config, pairs=self._across.pairs)
        self.id = config.id
        self.rate_hz = layout.rate_hz
        self.pairs = pairs_of(config, layout)
        self.channels = tuple(dict.fromkeys(label for pair in self.pairs for label in pair))
        self.segments = segments_of(config, self.rate_hz)
        bins, self._weights = bins_of(config, self.segments.length, self.rate_hz)
        self.hop_samples = self.segments.hop
        self.span_samples = self.segments.span
        self.delay_s = self.span_samples / (2.0 * self.rate_hz)
        if self._across is not None:
            self.delay_s += self._across.delay_s
        extras = tuple(each for each in _EXTRA if each.name in config.measures)
        self.measures = tuple(each.name for each in _ALWAYS + extras)
        self.outputs = outputs_of(map("-".join, self.pairs), _ALWAYS + extras)
        chance = CoherenceChance(self.segments, bins, self._weights)
        self.n_independent = chance.n_independent
        self.coherence_null = chance.coherence_null(config.alpha)
        self._bounds = chance.lower_bounds(config.alpha)
        self._threshold = self.coherence_null if config.threshold == "level" else config.threshold
        self._keep = 1.0 - config.hysteresis
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.uint64
        )
        positions = [[self.channels.index(label) for label in pair] for pair in self.pairs]
        self._tiles = tiles_of(np.array(positions), len(self.channels))
        self._extras = np.array([_EXTRA[each] for each in extras], dtype=np.int64)
        locking = 1 if "phase_locking" in self.measures else -1
        has_lag = "phase_lag" in self.measures or "phase_lag_debiased" in self.measures
        has_lag = has_lag and self.segments.number > coherence_measures.N_DIRECT
        lag = max(locking, 0) + 1 if has_lag else -1
        self._shape = Shape(
            self.segments, int(bins[0]), bins.size, len(self.channels), len(self._tiles.origins),
            locking, lag,
        )  # fmt: skip
        self._shape.require_memory(config.window_s)
        self.reset()

    def columns(self, a: str, b: str) -> CoherenceColumns:
        """Return where the outputs of a pair are."""
        first = self.pairs.index((a, b)) * len(self.measures)
        return CoherenceColumns(
            **{name: first + column for column, name in enumerate(self.measures)}
        )

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        if self._across is not None:
            self._across.reset()
        state = self._shape.state(
            columns=self._columns,
            tiles=self._tiles,
            extras=self._extras,
            weights=self._weights,
            bounds=self._bounds,
            coherence_null=self.coherence_null,
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)
        self._edges: Bundle[coherence_edges.State] | None = None
        if self._threshold is not None:
            self._edges = Bundle(self._edge_state(self._threshold))

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        if self._across is None:
            return self._fold(given)
        seen = self._across.update(given, self._fold, self.span_samples)
        estimates = self._kernel.none.followed_by(each.estimates for each in seen)
        return Seen(estimates, tuple(edge for each in seen for edge in each.detections))

    def _fold(self, block: Block) -> Seen:
        found = self._kernel.update(block, self.hop_samples)
        return Seen(found, self._detections(found))

    def _edge_state(self, threshold: float) -> coherence_edges.State:
        return coherence_edges.State(
            episodes=no_episodes(len(self.pairs), EpisodeRule(keep=self._keep)),
            edges=empty_edges(len(self.pairs)),
            settings=coherence_edges.Settings(
                first_column=self.measures.index("lower_bound"),
                n_columns=len(self.measures),
                threshold=threshold,
            ),
        )

    def _detections(self, found: Estimates) -> tuple[Detection, ...]:
        if self._edges is None or not found.sample.size:
            return ()
        n_most = found.sample.size * len(self.pairs)
        if self._edges.fields.edges.kind.size < n_most:
            self._edges.replace(edges=empty_edges(n_most))
        coherence_edges.update(
            found.values, found.valid, found.sample, found.time_s, self._edges.addresses
        )
        labels = ["-".join(pair) for pair in self.pairs]
        return take_detections(self._edges.fields.edges, self.id, labels)
