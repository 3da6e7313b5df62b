"""How coherence is configured, and the grid of segments that follows from it."""

from itertools import combinations
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.bands.bins import bins_in_band, require_cycle, require_width
from detectors.bands.presets import Preset, band_of
from detectors.block import StreamLayout
from detectors.checks import require_band, require_within_half_rate, window_error
from detectors.detector import DetectorConfig, Reads

#: What can be asked for beside the coherence and its imaginary part, which cost next to nothing.
ExtraMeasure: TypeAlias = Literal["phase_locking", "phase_lag", "phase_lag_debiased"]

#: Part of a step that a window may be too short by for the fewest segments, as all of them are
#: rounded to samples.
_SLACK: Final = 0.1


class CoherenceConfig(DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="coherence"):
    """A `[[detectors]]` table of kind ``coherence``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    other_stream : str, optional
        Name of another stream: each pair is then of a channel of `stream` and one of this.
    band_hz : tuple of float
        Low and high edge of what is averaged, bins at the edges by the part of them that lies
        inside; 0 Hz has no phase.
    preset : {"pd_stn_beta", "dystonia_gpi_low"}
        The same by name, instead: see `detectors.bands.presets`.
    pairs : tuple of (str, str)
        Labels of the two channels; empty takes all pairs of `channels`, or of the two streams.
    channels : tuple of str
        Labels, the stream's own or of its montage, where no pairs are given; empty takes all.
    segment_s : float
        Length of a segment; the spectrum has a bin every ``1 / segment_s`` hertz.
    window_s : float
        Length of the window: as many segments as fit in, each half a segment after the one before.
    hop_s : float, optional
        From one estimate to the next, rounded to samples; by default half a segment. Segments
        follow each other by the multiple of it that is nearest to half a segment. A longer hop is
        rounded to as many whole steps as are nearest to half a segment each.
    measures : tuple of {"phase_locking", "phase_lag", "phase_lag_debiased"}
        Outputs beside the coherence and its imaginary part.
    alpha : float
        How often chance exceeds ``coherence_null``, and ``lower_bound`` is above the truth.
    threshold : float or "level", optional
        An onset is given where ``lower_bound`` rises over it; without one there are no detections.
    hysteresis : float
        An offset is given where ``lower_bound`` falls below the threshold by this fraction of it.

    Examples
    --------
    >>> config = CoherenceConfig(id="coherence", stream="LFP", band_hz=(13.0, 30.0))
    >>> config.window_s
    10.0
    """

    stream: str
    other_stream: str | None = None
    band_hz: tuple[float, float] | None = None
    preset: Preset | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    channels: tuple[str, ...] = ()
    segment_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 1.0
    window_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=600.0)] | None = None
    measures: tuple[ExtraMeasure, ...] = ("phase_locking", "phase_lag", "phase_lag_debiased")
    alpha: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.05
    threshold: Annotated[float, Meta(gt=0.0, lt=1.0)] | Literal["level"] | None = None
    hysteresis: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.1

    def __post_init__(self) -> None:
        require_band("band_hz", self.band)
        require_cycle("band_hz", self.band, "segment_s", self.segment_s)
        require_width("band_hz", self.band, "segment_s", self.segment_s)
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
    def band(self) -> tuple[float, float]:
        """Low and high edge, in hertz."""
        return band_of(self.band_hz, self.preset)

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The stream, or both."""
        stream = Reads("stream", "stream", self.stream)
        if self.other_stream is None:
            return (stream,)
        return stream, Reads("other_stream", "stream", self.other_stream)


class Segments(NamedTuple):
    """The grid of segments: all in samples since the restart."""

    #: Of one segment.
    length: int
    #: From one segment of a window to the next.
    step: int
    #: Of one window.
    number: int
    #: From one estimate to the next: a divisor of the step, or a multiple of it.
    hop: int

    @property
    def interval(self) -> int:
        """From one segment that is computed to the next."""
        return min(self.hop, self.step)

    @property
    def span(self) -> int:
        """Samples of the whole window."""
        return (self.number - 1) * self.step + self.length


def segments_of(config: CoherenceConfig, rate_hz: float) -> Segments:
    """Return the grid for a rate.

    Raises
    ------
    ValueError
        Where segment, window and hop do not fit each other.
    """
    length = max(2, round(config.segment_s * rate_hz))
    half = length - length // 2
    hop = half if config.hop_s is None else max(1, round(config.hop_s * rate_hz))
    if hop <= half:
        step = hop * round(half / hop)
    else:
        n_steps = round(hop / half)
        step = round(hop / n_steps)
        hop = n_steps * step
    number = (round(config.window_s * rate_hz) - length) // step + 1
    least = max(2, hop // step)
    if number < least <= (config.window_s * rate_hz - length) / step + 1.0 + _SLACK:
        number = least
    made = Segments(length, step, number, hop)
    if number < 2:  # one alone is always coherent
        raise ValueError(
            f"window_s: expected at least two segments ({(length + step) / rate_hz:g} s), "
            f"found {config.window_s:g}"
        )
    if made.span <= hop:
        raise window_error(config.window_s, hop / rate_hz)
    return made


def bins_of(
    config: CoherenceConfig, segment_samples: int, rate_hz: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bins that are averaged and their weights, which add up to 1.

    A bin counts by the part of it that lies in the band; none is at 0 Hz or at half the rate, where
    phase is none.

    Raises
    ------
    ValueError
        Where there is none.
    """
    low_hz, high_hz = config.band
    require_within_half_rate("band_hz", config.band, config.stream, rate_hz)
    bins, parts = bins_in_band(config.band, segment_samples, rate_hz)
    has_phase = (bins > 0) & (2 * bins < segment_samples)
    if not has_phase.any():
        raise ValueError(
            f"band_hz: expected a band that holds a bin of {1.0 / config.segment_s:g} Hz "
            f"(segment_s = {config.segment_s:g}) below half the rate of {config.stream!r}, "
            f"found [{low_hz:g}, {high_hz:g}]"
        )
    return bins[has_phase], parts[has_phase] / parts[has_phase].sum()


def pairs_of(config: CoherenceConfig, layout: StreamLayout) -> tuple[tuple[str, str], ...]:
    """Return the pairs of labels that are looked at.

    Raises
    ------
    ValueError
        Where a label is unknown, or a pair is none or stands twice.
    """
    layout.require(config.channels)
    for index, (a, b) in enumerate(config.pairs):
        for label in (a, b):
            if label not in layout.channels:
                raise ValueError(
                    f"pairs[{index}]: expected one of {', '.join(layout.channels)}, "
                    f"{layout.found_text(label)}"
                )
        if a == b:
            raise ValueError(f"pairs[{index}]: expected two channels, found {a!r} with itself")
        if {a, b} in [set(other) for other in config.pairs[:index]]:
            raise ValueError(f"pairs[{index}]: expected unique pairs, found {a!r}, {b!r} twice")
    used = config.channels or layout.channels
    if not config.pairs and len(used) < 2:
        raise ValueError(f"channels: expected at least two, found {', '.join(used) or 'none'}")
    return config.pairs or tuple(combinations(used, 2))
