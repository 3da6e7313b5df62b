"""Builds the detectors for the expected streams: finds what their rate or channels do not allow."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from detectors.bands.aliasing import bands_of
from detectors.block import StreamLayout
from detectors.chain import DetectorChain
from detectors.conditioning.conditioner import Conditioner
from detectors.detector import Detector
from stimloop.checking.mistakes import Mistake, from_text
from stimloop.checking.names import known_channels
from stimloop.checking.parts import Parts, Table
from streamer.source import StreamInfo
from streamer.streams import StreamConfig
from streamer.wiring.policy_reads import channel_key, declared, resolve

_REFUSED = re.compile(r"detectors\[(\d+)\]\.(.*)", re.DOTALL)
_OF_CHANNELS = ("channel", "pairs", "baseline")
#: Keys whose mistakes are the same at every rate: checked for streams of unknown rate.
_AT_ANY_RATE = frozenset({"window_s", "hop_s", "segment_s", "of", "hysteresis_level"})
#: Rates that are tried for such a stream, as multiples of the lowest that holds every band.
_RATIOS = (1.0, 1.024, 1.25)


def of_detectors(parts: Parts, infos: Mapping[str, StreamInfo]) -> Iterator[Mistake]:
    """Yield the errors of streams, detectors and policies, each independent of the others.

    Parameters
    ----------
    parts : Parts
        The tables; of those that are wrong in themselves nothing more is said.
    infos : mapping of str to StreamInfo
        By name the streams of which rate and channels are known. Of the others as much is
        assumed as the file says, and only what then holds for any such stream is told.
    """
    refused: list[Mistake] = []
    layouts = _layouts(parts, infos, refused)
    yield from refused
    known = set(layouts)
    assumed = [_assumed(parts, known, ratio) for ratio in _RATIOS]
    found, chain = _built(parts.detectors, {**layouts, **assumed[0]})
    for other in assumed[1:]:
        if found and other:
            paths = {each.path for each in _built(parts.detectors, {**layouts, **other})[0]}
            found = [each for each in found if each.path in paths]
    yield from _certain(found, parts, known)
    for policy in parts.policies:
        if policy.config is not None:
            yield from _of_measures(policy, chain)


def expected_detectors(parts: Parts, infos: Mapping[str, StreamInfo]) -> Mapping[str, Detector]:
    """Return each detector that can be built, by its id, on streams as far as they are known.

    Parameters
    ----------
    parts : Parts
        The tables.
    infos : mapping of str to StreamInfo
        By name the streams of which rate and channels are known.
    """
    layouts = _layouts(parts, infos)
    _, chain = _built(parts.detectors, {**layouts, **_assumed(parts, set(layouts), _RATIOS[0])})
    return chain.detectors


def _layouts(
    parts: Parts, infos: Mapping[str, StreamInfo], refused: list[Mistake] | None = None
) -> dict[str, StreamLayout]:
    """Return the layout of each signal that is known; what streams refuse is added to a list."""
    layouts: dict[str, StreamLayout] = {}
    for stream in parts.streams:
        info = infos.get(stream.name)
        if stream.config is None or info is None or info.rate_hz <= 0.0:
            continue
        try:
            layouts[stream.name] = Conditioner(
                stream.config, rate_hz=info.rate_hz, channels=info.channels, units=info.units
            ).layout
        except ValueError as error:
            if refused is not None:
                refused.extend(from_text(str(error), stream.path))
    return layouts


def _of_measures(policy: Table, chain: DetectorChain) -> Iterator[Mistake]:
    """Yield the measures a policy reads that its detectors do not compute, or in another unit.

    Of a detector that is not there, or of a channel, `of_names` speaks.
    """
    try:
        reads = declared(policy.config).reads
    except ValueError:  # `of_names` speaks of that
        return
    if not all(each.detector in chain.detectors for each in reads):
        return
    try:
        resolve(reads, chain.detectors)
    except ValueError as error:
        channels = {channel_key(each.key) for each in reads}
        for mistake in from_text(str(error), policy.path):
            if mistake.path.removeprefix(f"{policy.path}.") not in channels:
                yield mistake


def _built(
    tables: Sequence[Table], layouts: Mapping[str, StreamLayout]
) -> tuple[list[Mistake], DetectorChain]:
    """Return the errors of detectors, and a chain of the detectors that have none."""
    refused: list[Mistake] = []
    left = list(tables)
    while True:
        left = _readable(left, layouts)
        try:
            chain = DetectorChain([each.config for each in left], layouts)
        except ValueError as error:
            found = _REFUSED.fullmatch(str(error))
            if found is None:
                raise
            table = left.pop(int(found[1]))
            refused.extend(from_text(found[2], table.path))
        else:
            return refused, chain


def _readable(tables: Sequence[Table], layouts: Mapping[str, StreamLayout]) -> list[Table]:
    there: dict[str, Table] = {}
    for table in tables:
        if table.config is None or table.name in there:
            continue
        inputs = table.config.reads
        if all(each.name in (layouts if each.kind == "stream" else there) for each in inputs):
            there[table.name] = table
    return list(there.values())


def _certain(found: list[Mistake], parts: Parts, known: set[str]) -> Iterator[Mistake]:
    """Yield the errors that do not depend on what was assumed about a stream."""
    rates_known = known | {
        each.name for each in parts.streams if each.config and each.config.rate_hz
    }
    streams = _streams_of(parts)
    by_path = {each.path: each for each in parts.detectors}
    for mistake in found:
        path = mistake.path
        table = by_path[path[: path.index("]") + 1]]
        key = path[len(table.path) + 1 :]
        read = streams[table.name]
        if not read <= known and key.startswith(_OF_CHANNELS):
            continue
        if not read <= rates_known and key not in _AT_ANY_RATE:
            continue
        yield mistake


def _streams_of(parts: Parts) -> dict[str, set[str]]:
    """Return for each detector the streams that it reads, directly or through other detectors."""
    streams: dict[str, set[str]] = {}
    for table in parts.detectors:
        if table.config is not None:
            streams[table.name] = set().union(
                *(
                    {each.name} if each.kind == "stream" else streams.get(each.name, set())
                    for each in table.config.reads
                )
            )
    return streams


def _assumed(parts: Parts, known: set[str], ratio: float) -> dict[str, StreamLayout]:
    """Return an assumed layout for each signal of unknown rate: fast, with the named channels."""
    highest_hz = max(
        (band.high_hz for each in parts.detectors if each.config for band in bands_of(each.config)),
        default=0.0,
    )
    rate_hz = ratio * 1000.0 * max(1, math.ceil(8.0 * min(highest_hz, 1e5) / 1000.0))
    channels = known_channels(parts)
    made = {}
    for stream in parts.streams:
        config: StreamConfig | None = stream.config
        if config is None or stream.name in known or config.kind == "markers":
            continue
        labels = channels.get(stream.name) or _named_channels(stream.name, config, parts)
        made[stream.name] = StreamLayout(stream.name, config.rate_hz or rate_hz, labels)
    return made


def _named_channels(name: str, config: StreamConfig, parts: Parts) -> tuple[str, ...]:
    derived = [each.channel for each in config.montage]
    labels = [label for each in config.montage for label in each.terms]
    for table in parts.detectors:
        if table.config is None:
            continue
        if name in {each.name for each in table.config.reads if each.kind == "stream"}:
            labels.extend(getattr(table.config, "channels", ()))
            labels.extend(label for pair in getattr(table.config, "pairs", ()) for label in pair)
    own = [label for label in labels if label not in derived]
    return tuple(dict.fromkeys((*(own or ("1", "2")), *derived)))
