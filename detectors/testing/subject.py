"""What a law is tried with: an example of a detector, samples of a stream, the result on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, BoundEvent, StreamLayout, Taint
from detectors.chain import DetectorChain
from detectors.detector import DetectorConfig
from detectors.estimates import Detection, Estimates
from detectors.offline import DetectorResult, detect

#: A stream for examples.
LAYOUT = StreamLayout("LFP", 250.0, ("left", "middle", "right"))
FIELDS = ("sample", "time_s", "values", "valid", "taint")


@dataclass(frozen=True)
class StreamSamples:
    """Samples of one stream that follow each other, with their stamps and taint.

    Parameters
    ----------
    samples_uv : ndarray of float64, shape (n_samples, n_channels)
        After units and montage.
    time_s : ndarray of float64, shape (n_samples,)
        Smoothed stamps.
    taint : ndarray of uint16, shape (n_samples, n_channels)
        Bits of `detectors.block.Taint`.

    Examples
    --------
    >>> taint = np.zeros((500, 3), dtype=np.uint16)
    >>> taint[0] = Taint.RESTART
    >>> quiet = StreamSamples(np.zeros((500, 3)), np.arange(500) / 250.0, taint)
    >>> quiet.n_samples, quiet.restarts
    (500, [0])
    >>> quiet.tainted(100, 1, Taint.SATURATED).until(200).n_samples
    200
    """

    samples_uv: NDArray[np.float64]
    time_s: NDArray[np.float64]
    taint: NDArray[np.uint16]

    @property
    def n_samples(self) -> int:
        """Samples of each channel."""
        return len(self.time_s)

    @property
    def restarts(self) -> list[int]:
        """Samples at which everything starts anew, the first one included."""
        return [int(row) for row in np.flatnonzero(self.taint[:, 0] & Taint.RESTART)]

    def tainted(self, sample: int, channel: int | slice, taint: Taint) -> "StreamSamples":
        """Return the same with a sample tainted."""
        changed = self.taint.copy()
        changed[sample, channel] |= np.uint16(taint)
        return replace(self, taint=changed)

    def since(self, sample: int) -> "StreamSamples":
        """Return what comes from a sample on."""
        return StreamSamples(self.samples_uv[sample:], self.time_s[sample:], self.taint[sample:])

    def until(self, sample: int) -> "StreamSamples":
        """Return what comes before a sample."""
        return StreamSamples(self.samples_uv[:sample], self.time_s[:sample], self.taint[:sample])


#: What a reference computation returns: values and validity, shape (n_hops, n_outputs).
Plain: TypeAlias = tuple[NDArray[np.float64], NDArray[np.bool_]]
#: A reference computation: its second argument is the estimates that the detector reads, if any.
Naive: TypeAlias = Callable[[StreamSamples, Estimates | None], Plain]


@dataclass(frozen=True)
class Example:
    """One way to configure a detector.

    Parameters
    ----------
    name : str
        For the report of the tests.
    configs : sequence of DetectorConfig
        A chain; the last is the detector that the laws are tested on.
    layout : StreamLayout
        The stream it reads.
    window_samples : int
        Samples that an estimate depends on, and no more.
    naive : callable or None
        An independent, plain computation of the same outputs; None without one.
    newest_samples : int
        Samples, from its own one on, whose estimates a doubtful stamp spoils.
    channel_outputs : int
        Outputs each channel has, channel by channel.
    measures : tuple of int
        Those of a channel's outputs that bad data and restarts make invalid, at least one.
    omits : bool
        Whether bad data are left out of a window instead: then restarts alone make it invalid.
    pairs : sequence of (int, int)
        Where outputs belong to pairs of channels instead: the channels of each.
    kinds : set of str
        The kinds of detection it gives.
    forgets : bool
        Whether a restart leaves nothing behind: false where it calibrates.
    every : int
        Hops of the detector it reads from one estimate to the next, also over restarts.
    tolerance : float
        Relative, between `naive` and the detector.
    tolerance_absolute : tuple of float
        The same in the unit of each of a channel's outputs, or of all where there is one: what
        rounding leaves of terms that are larger than their difference.
    angles : mapping of int to int
        Those of a channel's outputs that are angles, and how long the vector is whose angle each
        is: what rounding leaves of a short vector may point anywhere.
    events : tuple of BoundEvent
        What is bound to samples, in order, where the detector reads it.

    Raises
    ------
    ValueError
        Where the laws would have nothing to test.

    Examples
    --------
    >>> from detectors.power.band_power import BandPowerConfig
    >>> config = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.4)
    >>> example = Example("beta", [config], LAYOUT, window_samples=100, naive=None)
    >>> example.chain().detectors["beta"].span_samples
    100
    """

    name: str
    configs: Sequence[DetectorConfig]
    layout: StreamLayout
    window_samples: int
    naive: Naive | None
    newest_samples: int = 1
    channel_outputs: int = 1
    measures: tuple[int, ...] = (0,)
    omits: bool = False
    pairs: Sequence[tuple[int, int]] = ()
    kinds: frozenset[str] = frozenset()
    forgets: bool = True
    every: int = 1
    tolerance: float = 1e-9
    tolerance_absolute: tuple[float, ...] = (0.0,)
    angles: Mapping[int, int] = field(default_factory=dict)
    events: tuple[BoundEvent, ...] = ()

    def __post_init__(self) -> None:
        if not self.measures:
            raise ValueError(f"{self.name}: measures: expected at least one, found none")

    def chain(self) -> DetectorChain:
        """Return new detectors."""
        return DetectorChain(self.configs, {self.layout.name: self.layout})

    def columns(self, channel: int) -> list[int]:
        """Return the outputs of a channel that bad data on it, or a restart, make invalid."""
        positions = [channel]
        if self.pairs:
            positions = [index for index, pair in enumerate(self.pairs) if channel in pair]
        return [
            position * self.channel_outputs + measure
            for position in positions
            for measure in self.measures
        ]

    @property
    def all_columns(self) -> list[int]:
        """Those of all channels."""
        return sorted(
            {column for each in range(len(self.layout.channels)) for column in self.columns(each)}
        )


@dataclass(frozen=True)
class ComparableResult:
    """All estimates and detections of a detector, to be compared bit for bit."""

    estimates: Estimates
    detections: tuple[Detection, ...]

    @classmethod
    def of(cls, result: DetectorResult) -> Self:
        """Return the result of a detector run, ready for comparison."""
        return cls(result.estimates, result.detections)

    def same_as(self, other: "ComparableResult") -> bool:
        """Whether both are the same, bit for bit."""
        return self.detections == other.detections and all(
            getattr(self.estimates, field).tobytes() == getattr(other.estimates, field).tobytes()
            for field in FIELDS
        )


def stream_samples(
    layout: StreamLayout, seed: int, n_samples: int, restarts: Sequence[int]
) -> StreamSamples:
    """Return coloured noise with a rhythm that comes and goes, and restarts after lost time."""
    random = np.random.default_rng(seed)
    n_channels = len(layout.channels)
    noise = random.normal(0.0, 3.0, (n_samples, n_channels))
    drift = random.normal(0.0, 1.0, (n_samples, n_channels)).cumsum(axis=0)
    time_s = 100.0 + np.arange(n_samples) / layout.rate_hz
    swell = np.sin(2.0 * np.pi * 1.5 * time_s)[:, None] > random.uniform(-0.5, 0.5, n_channels)
    rhythm = swell * 12.0 * np.sin(2.0 * np.pi * 20.0 * time_s)[:, None]
    taint = np.zeros((n_samples, n_channels), dtype=np.uint16)
    for restart in (0, *restarts):
        taint[restart : restart + 1] |= np.uint16(Taint.RESTART)
        time_s[restart:] += 0.75 if restart else 0.0
    return StreamSamples(noise + drift + rhythm + 200.0, time_s, taint)


def blocks(
    layout: StreamLayout,
    given: StreamSamples,
    cuts: Sequence[int],
    first: int = 0,
    events: Sequence[BoundEvent] = (),
) -> Iterator[Block]:
    """Yield the samples as blocks that begin at `cuts`, each block in memory of its own."""
    edges = sorted({0, given.n_samples, *(cut for cut in cuts if 0 < cut < given.n_samples)})
    for start, stop in pairwise(edges):
        yield Block(
            layout.name,
            first + start,
            given.samples_uv[start:stop].copy(),
            given.time_s[start:stop].copy(),
            given.taint[start:stop].copy(),
            tuple(each for each in events if first + start <= each.sample < first + stop),
        )


def result_of(
    example: Example, given: StreamSamples, cuts: Sequence[int] = (), first: int = 0
) -> ComparableResult:
    """Return the result of the last detector of an example."""
    return result_of_chain(example.chain(), example, given, cuts, first)


def result_of_chain(
    chain: DetectorChain,
    example: Example,
    given: StreamSamples,
    cuts: Sequence[int] = (),
    first: int = 0,
    *,
    detector: int = -1,
) -> ComparableResult:
    """Return the result of one detector of a chain, whose state is kept from earlier calls."""
    found = detect(chain, blocks(example.layout, given, cuts, first, example.events))
    return ComparableResult.of(found[example.configs[detector].id])
