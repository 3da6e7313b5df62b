"""All detectors of a rig, in the order of the file, fed by streams and by each other."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, Union

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout
from detectors.deferral import Deferral, EffectiveResult
from detectors.detector import Detector, DetectorConfig, Input, Reads, Upstream
from detectors.estimates import Seen
from detectors.null_simulation.simulation import NullSimulation
from detectors.outputs import require_outputs
from detectors.registry import REGISTRY
from detectors.soft_taint import SoftTaint

#: A `[[detectors]]` table; its `kind` says which.
if TYPE_CHECKING:
    AnyDetectorConfig: TypeAlias = DetectorConfig
else:  # which kinds there are is known once those from elsewhere have been found
    AnyDetectorConfig = Union[tuple(REGISTRY.detectors)]  # noqa: UP007

#: Every detector that a table can ask for, by the struct that configures it.
_DETECTORS: Final[Mapping[type[DetectorConfig], Any]] = REGISTRY.detectors


class _Link(NamedTuple):
    """A detector, what it reads, and where its channels stand in the stream it reads, if one."""

    detector: Detector
    reads: tuple[Reads, ...]
    stream: str
    columns: NDArray[np.int64]


class DetectorChain:
    """Detectors that read streams, and detectors that read those.

    Parameters
    ----------
    configs : sequence of DetectorConfig
        The `[[detectors]]` tables; a detector may read those before it.
    layouts : mapping of str to StreamLayout
        The regular streams, by name.

    Attributes
    ----------
    detectors : dict of str to Detector
        By id, in the order of the file.
    streams : dict of str to str
        For each id the stream it reads, itself or through the detectors below it; the first
        where it reads several.

    Raises
    ------
    ValueError
        Where a table does not fit; the text begins with the key path, ``detectors[0].band_hz``.
    """

    def __init__(
        self, configs: Sequence[DetectorConfig], layouts: Mapping[str, StreamLayout]
    ) -> None:
        self.detectors: dict[str, Detector] = {}
        self.streams: dict[str, str] = {}
        self._configs: dict[str, DetectorConfig] = {}
        self._links: list[_Link] = []
        self._deferring: list[Any] = []
        self._soft_taint = {
            name: SoftTaint(len(layout.channels)) for name, layout in layouts.items()
        }
        for index, config in enumerate(configs):
            try:
                self._add(config, layouts)
            except ValueError as error:
                raise ValueError(f"detectors[{index}].{error}") from error

    def update(self, block: Block) -> tuple[Seen, ...]:
        """Take a block; return what each detector that completed a hop saw, in order."""
        streams: dict[str, Input] = {block.stream: block}
        detectors: dict[str, Input] = {}
        seen: list[Seen] = []
        self._soft_taint[block.stream].take(block)
        for link in self._links:
            for each in link.reads:
                given = (streams if each.kind == "stream" else detectors).get(each.name)
                if given is None:
                    continue
                made = link.detector.update(given)
                if made.estimates.sample.size or made.detections:
                    made = self._marked(link, made)
                    detectors[link.detector.id] = made.estimates
                    seen.append(made)
        return tuple(seen)

    def streams_of(self, id_: str) -> frozenset[str]:
        """Return every stream that a detector reads, itself or through those below it."""
        return frozenset(
            reads.name
            for config in self._below(id_)
            for reads in config.reads
            if reads.kind == "stream"
        )

    @property
    def deferrals(self) -> list[Deferral]:
        """What detectors will need at later samples, in their order."""
        if not self._deferring:
            return []
        return [each for detector in self._deferring for each in detector.deferrals]

    def postpone(self, id_: str, channel: str) -> None:
        """Let what a detector needs take effect no sooner than `bind` says so."""
        for each in self.deferrals:
            if (each.detector, each.channel) == (id_, channel):
                each.due_sample = None

    def bind(self, id_: str, channel: str, sample: int) -> None:
        """Let what was postponed take effect from a sample on that was not given yet."""
        for each in self.deferrals:
            if (each.detector, each.channel) == (id_, channel) and each.due_sample is None:
                each.due_sample = sample

    def take_bound(self) -> list[EffectiveResult]:
        """Return what has taken effect since the last call."""
        bound: list[EffectiveResult] = []
        for detector in self._deferring:
            bound += detector.bound
            detector.bound.clear()
        return bound

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        for detector in self.detectors.values():
            detector.reset()
        for soft_taint in self._soft_taint.values():
            soft_taint.reset()

    def _marked(self, link: _Link, made: Seen) -> Seen:
        """Let estimates of a stream say what soft taint they depend on."""
        if not link.stream or not self._soft_taint[link.stream].is_marked:
            return made
        estimates = self._soft_taint[link.stream].marked(
            made.estimates, link.columns, link.detector.span_samples
        )
        return Seen(estimates, made.detections)

    def _add(self, config: DetectorConfig, layouts: Mapping[str, StreamLayout]) -> None:
        if config.id in self.detectors:
            raise ValueError(f"id: expected unique ids, found {config.id!r} twice")
        sources = [self._source(each, layouts) for each in config.reads]
        detector = _build(config, sources)
        first = config.reads[0]
        self.streams[config.id] = first.name if first.kind == "stream" else self.streams[first.name]
        self.detectors[config.id] = detector
        self._configs[config.id] = config
        if hasattr(detector, "deferrals"):
            self._deferring.append(detector)
        self._links.append(_link(detector, self._inputs(config.reads), layouts))

    def _inputs(self, reads: tuple[Reads, ...]) -> tuple[Reads, ...]:
        """Return the inputs that a detector is fed with: streams and detectors."""
        return tuple(
            Reads(each.key, "stream", name) if each.kind == "samples" else each
            for each in reads
            for name in self._streams_read(each)
            if each.kind != "noise"
        )

    def _streams_read(self, reads: Reads) -> list[str]:
        return sorted(self.streams_of(reads.name)) if reads.kind == "samples" else [reads.name]

    def _source(
        self, reads: Reads, layouts: Mapping[str, StreamLayout]
    ) -> Upstream | NullSimulation:
        known: Mapping[str, Upstream] = layouts if reads.kind == "stream" else self.detectors
        if reads.name not in known:
            wanted = "a regular stream" if reads.kind == "stream" else "a detector before this one"
            raise ValueError(
                f"{reads.key}: expected {wanted} ({', '.join(known) or 'there is none'}), "
                f"found {reads.name!r}"
            )
        if reads.kind == "noise":
            return NullSimulation(tuple(self._below(reads.name)), layouts, type(self))
        if reads.kind == "samples":
            return tuple(layouts[name] for name in self._streams_read(reads))
        return known[reads.name]

    def _below(self, id_: str) -> list[DetectorConfig]:
        """Return the table of a detector after those of all that it reads."""
        needed = {id_}
        for config in reversed(self._configs.values()):
            if config.id in needed:
                needed |= {each.name for each in config.reads if each.kind != "stream"}
        return [config for config in self._configs.values() if config.id in needed]


def _build(config: DetectorConfig, sources: Sequence[Upstream | NullSimulation]) -> Detector:
    """Return the detector of a table, once it says all that a detector has to say."""
    try:
        detector: Detector = _DETECTORS[type(config)](config, *sources)
    except TypeError as error:  # of a class from elsewhere, which is built in another way
        raise ValueError(f"kind: cannot be built: {error}") from error
    for name in Detector.__annotations__:
        if not hasattr(detector, name):
            raise ValueError(f"kind: expected a detector that has {name}, found none")
    try:
        require_outputs(detector.outputs)
    except ValueError as error:
        raise ValueError(f"kind: a detector that does not say what it gives: {error}") from error
    return detector


def _link(
    detector: Detector, reads: tuple[Reads, ...], layouts: Mapping[str, StreamLayout]
) -> _Link:
    """Return the link; a detector of several streams, or of detectors, tells of taint itself."""
    stream = reads[0].name if len(reads) == 1 and reads[0].kind == "stream" else ""
    labels = layouts[stream].channels if stream else ()
    # Channels under names of its own: there is no telling which of the stream's they are made of.
    used = detector.channels if set(detector.channels) <= set(labels) else labels
    columns = [column for column, label in enumerate(labels) if label in used]
    return _Link(detector, reads, stream, np.array(columns, dtype=np.int64))
