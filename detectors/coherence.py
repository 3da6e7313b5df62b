"""Coherence and phase synchrony of pairs of channels, over Welch segments in a sliding window."""

from itertools import combinations
from typing import Annotated, ClassVar, NamedTuple

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from scipy.signal import get_window

from detectors.block import Block, StreamLayout
from detectors.cross_pairs import CrossPairs
from detectors.detector import DetectorConfig, Input, Reads
from detectors.estimates import Estimates, Seen
from detectors.kernels import coherence as kernel

#: Independent segments that each Hann segment is worth at an overlap of one half.
_WORTH = 0.947
#: Standard deviations that a one-sided bound of 95 % lies below.
_ONE_SIDED = 1.64


class CoherenceConfig(
    DetectorConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="coherence",
):
    """A `[[detectors]]` table of kind ``coherence``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    other_stream : str, optional
        Name of another stream: each pair is then of a channel of `stream` and one of this.
    band_hz : tuple of float
        The frequencies ``low <= f < high`` that are averaged; 0 Hz has no phase.
    pairs : tuple of (str, str)
        Labels of the two channels; empty takes all pairs of `channels`, or of the two streams.
    channels : tuple of str
        Labels, the stream's own or of its montage, where no pairs are given; empty takes all.
    segment_s : float
        Length of a segment; the spectrum has a bin every ``1 / segment_s`` hertz.
    window_s : float
        The window is of as many segments, each half a segment after the one before, as fit in.
    hop_s : float, optional
        From one estimate to the next, a multiple of half a segment; by default that.
    alpha : float
        How often chance exceeds ``level``.
    """

    stream: str
    other_stream: str | None = None
    band_hz: tuple[float, float]
    pairs: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = ()
    segment_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 1.0
    window_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=600.0)] | None = None
    alpha: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.05

    def __post_init__(self) -> None:
        low_hz, high_hz = self.band_hz
        if not 0.0 < low_hz < high_hz:
            raise ValueError(f"band_hz: expected 0 < low < high, found [{low_hz:g}, {high_hz:g}]")
        if self.other_stream == self.stream:
            raise ValueError(
                f"other_stream: expected another stream than {self.stream!r}, found it again"
            )
        if self.other_stream is not None and self.channels:
            raise ValueError(
                "channels: expected none where other_stream is given, "
                f"found {', '.join(map(repr, self.channels))}"
            )
        if self.pairs and self.channels:
            raise ValueError(
                "channels: expected none where pairs are given, "
                f"found {', '.join(map(repr, self.channels))}"
            )

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The stream, or both."""
        stream = Reads("stream", "stream", self.stream)
        if self.other_stream is None:
            return (stream,)
        return stream, Reads("other_stream", "stream", self.other_stream)


class CoherenceColumns(NamedTuple):
    """Where one pair's outputs are in `Estimates.values`."""

    coherence: int
    imaginary: int
    phase_locking: int
    phase_lag: int
    level: int
    lower: int


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
    Outputs of each pair ``a-b``, sums over the K segments ``A``, ``B`` of the window at one bin
    and then averaged over the bins of the band, none with a unit:

    - ``coherence``, magnitude squared: ``|Σ A B*|² / (Σ|A|² Σ|B|²)``, at each bin that of
      ``scipy.signal.coherence(a, b, rate_hz, window="hann", nperseg=..., detrend="constant")``
      of the last window;
    - ``imaginary``, part of coherency: ``Im Σ A B* / sqrt(Σ|A|² Σ|B|²)`` [1]_, above 0 where `a`
      leads, 0 in expectation for what both share without a lag;
    - ``phase_locking``: ``|Σ A B* / |A B*|| / K`` [2]_;
    - ``phase_lag``, weighted index: ``|Σ Im A B*| / Σ|Im A B*|`` [3]_;
    - ``level``, which the coherence of independent channels exceeds with probability `alpha` at
      one bin: ``1 - alpha ** (1 / (L - 1))`` [4]_, with ``L = 0.947 K`` independent segments
      (Hann, overlap of one half). The average over several bins exceeds it more rarely, one bin
      at ``1 / segment_s`` hertz more often (8 % instead of 5 %: it overlaps its mirror image at
      the negative frequency), so let a segment hold two cycles of the band's lowest frequency;
    - ``lower``, the one-sided 95 % bound ``tanh(atanh(r) - 1.64 / sqrt(2 L))²``, not below 0, with
      r the root of ``coherence``. Judge by this and not by the value.

    Of the other measures chance gives: ``imaginary`` 0 on average, ``phase_locking`` about
    ``sqrt(π / (4 L))``, ``phase_lag`` about ``sqrt(4 / (π L))``. The form of ``lower`` is that of
    many segments: at one bin it lies above the truth in 6 % of windows of 60 segments, in 8 % of
    19 and in 10 % of 8, for the value itself is too high where segments are few.

    Segments have the overlap of scipy, ``nperseg // 2`` samples, and end on the hop grid, so the
    last one ends with the newest sample. The window is ``(K - 1) * step + nperseg`` samples. Work
    per hop does not depend on its length (memory does, by one set of sums a segment): sums over
    blocks of half a window are put together and nothing is ever subtracted, so there is no drift
    and an artifact leaves every sum when it leaves the window.

    Pairs across two streams are of the grid of `detectors.alignment.Aligner`: the samples of the
    slower stream, the other low-passed and brought to their times. `rate_hz` and the samples of
    estimates are then the slower stream's, labels that both have become ``stream/label``, and the
    band ends at 0.4 of that rate.

    Delay: half the window; across streams, ten samples of the slower one more. Start and gap:
    everything restarts; estimates are not valid before a window is full, and at least one hop
    after a restart is not. NaN policy: ``invalid``; a window that contains a tainted sample on
    either channel is not valid, an estimate whose newest sample carries a doubtful stamp neither,
    nor one of a channel that is dead in a bin of the band. Values beyond 1e12 µV count as tainted
    and are not folded in.

    References
    ----------
    .. [1] G. Nolte et al., "Identifying true brain interaction from EEG data using the imaginary
       part of coherency", Clinical Neurophysiology 115(10), 2004, doi:10.1016/j.clinph.2004.04.029.
    .. [2] J.-P. Lachaux et al., "Measuring phase synchrony in brain signals", Human Brain Mapping
       8(4), 1999, doi:10.1002/(SICI)1097-0193(1999)8:4<194::AID-HBM4>3.0.CO;2-C.
    .. [3] M. Vinck et al., "An improved index of phase-synchronization for electrophysiological
       data in the presence of volume-conduction, noise and sample-size bias", NeuroImage 55(4),
       2011, doi:10.1016/j.neuroimage.2011.01.055.
    .. [4] D. M. Halliday et al., "A framework for the analysis of mixed time series/point process
       data", Progress in Biophysics and Molecular Biology 64(2-3), 1995,
       doi:10.1016/S0079-6107(96)00009-0.
    """

    config_type: ClassVar[type[DetectorConfig]] = CoherenceConfig

    def __init__(
        self, config: CoherenceConfig, layout: StreamLayout, other: StreamLayout | None = None
    ) -> None:
        across = None
        if other is not None:
            across = CrossPairs(config.pairs, config.band_hz, layout, other)
            layout = across.layout
            config = msgspec.structs.replace(config, pairs=across.pairs)
        self._across = across
        _check_labels(config, layout)
        self.id = config.id
        self.rate_hz = layout.rate_hz
        self.pairs = config.pairs or tuple(combinations(config.channels or layout.channels, 2))
        self.channels = tuple(dict.fromkeys(label for pair in self.pairs for label in pair))
        self.outputs = tuple(
            f"{a}-{b}.{name}" for a, b in self.pairs for name in CoherenceColumns._fields
        )
        self.segment_samples = round(config.segment_s * self.rate_hz)
        bins = _bins(config, self.segment_samples, self.rate_hz)
        self._step = self.segment_samples - self.segment_samples // 2
        spare = round(config.window_s * self.rate_hz) - self.segment_samples
        self.n_segments = spare // self._step + 1
        self.hop_samples = _hop(config, self._step, self.rate_hz)
        _check_window(config, self.n_segments, self.segment_samples, self.hop_samples, self.rate_hz)
        self.window_samples = (self.n_segments - 1) * self._step + self.segment_samples
        self.span_samples = self.window_samples
        self.delay_s = self.window_samples / (2.0 * self.rate_hz)
        if across is not None:
            self.delay_s += across.delay_s
        n_independent = _WORTH * self.n_segments
        self._level = 1.0 - config.alpha ** (1.0 / (n_independent - 1.0))
        self._margin = _ONE_SIDED / float(np.sqrt(2.0 * n_independent))
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.int64
        )
        self._pairs = np.array(
            [[self.channels.index(label) for label in pair] for pair in self.pairs], dtype=np.int64
        )
        self._table = _table(bins, self.segment_samples)
        self.reset()

    def columns(self, a: str, b: str) -> CoherenceColumns:
        """Return where the outputs of a pair are."""
        first = self.pairs.index((a, b)) * kernel.N_COLUMNS
        return CoherenceColumns(
            coherence=first + kernel.COHERENCE,
            imaginary=first + kernel.IMAGINARY,
            phase_locking=first + kernel.PHASE_LOCKING,
            phase_lag=first + kernel.PHASE_LAG,
            level=first + kernel.LEVEL,
            lower=first + kernel.LOWER,
        )

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        if self._across is not None:
            self._across.reset()
        n_channels = len(self.channels)
        n_rows = n_channels + len(self.pairs) * kernel.N_SUMS
        n_padded, _, n_bins = self._table.shape
        n_half = -(-self.n_segments // 2)
        self._state = np.zeros(kernel.N_STATE, dtype=np.int64)
        self._clean = np.zeros(n_channels, dtype=np.int64)
        self._ring = np.zeros((n_channels, self.segment_samples))
        self._piece = np.zeros(self.segment_samples)
        self._folded = np.zeros((n_padded, 2))
        self._spectra = np.zeros((2 * n_half, n_channels, kernel.N_SPECTRUM, n_bins))
        self._newest = np.zeros((n_rows, n_bins))
        self._middle = np.zeros((n_rows, n_bins))
        # The last 0, 1, .. segments of each of two blocks.
        self._oldest = np.zeros((2 * (n_half + 1), n_rows, n_bins))
        self._measures = np.zeros((kernel.N_AVERAGED, n_bins))
        self._none = Seen(Estimates.room(self.id, 0, len(self.outputs)))

    def update(self, given: Input) -> Seen:
        """Fold a block in and return every hop it completed."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        if self._across is None:
            return self.fold(given)
        made = self._across.update(given, self.fold, self.span_samples)
        return Seen(self._none.estimates.followed_by(made))

    def fold(self, given: Block) -> Seen:
        """Fold a block in: of the stream, or of several on one grid."""
        since_hop = int(self._state[kernel.SAMPLES]) % self.hop_samples
        n_hops = (since_hop + given.time_s.size) // self.hop_samples
        made = (
            Estimates.room(self.id, n_hops, len(self.outputs)) if n_hops else self._none.estimates
        )
        n_made = kernel.fold(
            given.samples_uv,
            given.time_s,
            given.taint,
            given.first_sample,
            self._columns,
            self._pairs,
            self._table,
            self._step,
            self.hop_samples,
            self.n_segments,
            self._level,
            self._margin,
            self._state,
            self._clean,
            self._ring,
            self._piece,
            self._folded,
            self._spectra,
            self._newest,
            self._middle,
            self._oldest,
            self._measures,
            made.sample,
            made.time_s,
            made.values,
            made.valid,
        )
        return Seen(made.first(n_made)) if n_made else self._none


def _check_labels(config: CoherenceConfig, layout: StreamLayout) -> None:
    known = ", ".join(layout.channels)
    layout.require(config.channels)
    for place, (a, b) in enumerate(config.pairs):
        for label in (a, b):
            if label not in layout.channels:
                raise ValueError(f"pairs[{place}]: expected one of {known}, found {label!r}")
        if a == b:
            raise ValueError(f"pairs[{place}]: expected two channels, found {a!r} with itself")
        if {a, b} in [set(other) for other in config.pairs[:place]]:
            raise ValueError(f"pairs[{place}]: expected unique pairs, found {a!r}, {b!r} twice")
    used = config.channels or layout.channels
    if not config.pairs and len(used) < 2:
        raise ValueError(f"channels: expected at least two, found {', '.join(used) or 'none'}")


def _hop(config: CoherenceConfig, step: int, rate_hz: float) -> int:
    """Return the samples of a hop, a whole number of steps."""
    if config.hop_s is None:
        return step
    hop_samples = round(config.hop_s * rate_hz)
    if hop_samples == 0 or hop_samples % step:
        raise ValueError(
            f"hop_s: expected a multiple of half a segment ({step / rate_hz:g} s), "
            f"found {config.hop_s:g}"
        )
    return hop_samples


def _check_window(
    config: CoherenceConfig, n_segments: int, segment_samples: int, hop_samples: int, rate_hz: float
) -> None:
    step = segment_samples - segment_samples // 2
    if n_segments < 2:  # one alone is always coherent
        raise ValueError(
            f"window_s: expected at least two segments ({(segment_samples + step) / rate_hz:g} s), "
            f"found {config.window_s:g}"
        )
    if (n_segments - 1) * step + segment_samples <= hop_samples:
        raise ValueError(
            f"window_s: expected more than one hop ({hop_samples / rate_hz:g} s), "
            f"found {config.window_s:g}"
        )


def _bins(config: CoherenceConfig, segment_samples: int, rate_hz: float) -> NDArray[np.int64]:
    """Return the bins that are averaged; never 0 Hz or half the rate, where phase is none."""
    low_hz, high_hz = config.band_hz
    if high_hz > rate_hz / 2.0:
        raise ValueError(
            f"band_hz: expected at most {rate_hz / 2.0:g} Hz, half the rate of "
            f"{config.stream!r}, found [{low_hz:g}, {high_hz:g}]"
        )
    frequency_hz = np.fft.rfftfreq(max(segment_samples, 1), 1.0 / rate_hz)
    bins = np.flatnonzero((low_hz <= frequency_hz) & (frequency_hz < high_hz))
    if bins.size == 0:
        raise ValueError(
            f"band_hz: expected a band that holds a bin of {1.0 / config.segment_s:g} Hz "
            f"(segment_s = {config.segment_s:g}), found [{low_hz:g}, {high_hz:g}]"
        )
    return bins.astype(np.int64)


def _table(bins: NDArray[np.int64], segment_samples: int) -> NDArray[np.float64]:
    """Return the transform of a segment's half: window times cosine and minus sine."""
    n_rows = segment_samples // 2
    table = np.zeros((-(-n_rows // kernel.PASS) * kernel.PASS, 2, bins.size))
    place = np.arange(1, n_rows + 1)
    # Whole turns are taken off as integers, so the angle is as exact as it can be.
    angle = 2.0 * np.pi * (np.outer(place, bins) % segment_samples) / segment_samples
    window = get_window("hann", segment_samples)[place, None]
    table[:n_rows, 0] = window * np.cos(angle)
    table[:n_rows, 1] = -window * np.sin(angle)
    return table
