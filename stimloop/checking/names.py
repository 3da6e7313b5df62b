"""Checks names that refer to other tables: these must exist, and stand before their reader."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from detectors.conditioning.montage import Montage
from stimloop.checking.mistakes import Mistake, from_text
from stimloop.checking.parts import Parts, Table
from stimloop.checking.wording import listed, nearest
from stimulators.policies.policy import EventRead, MeasureRead, PolicyInputs, ResolvedRead
from streamer.wiring.policy_reads import Declared, channel_key, declared
from streamer.wiring.wiring import policy_of

if TYPE_CHECKING:
    from streamer.streams import StreamConfig

#: The sampling rate at which policies are tried.
_RATE_HZ = 1000.0


def of_names(parts: Parts) -> Iterator[Mistake]:
    """Yield every name that is used twice, or refers to no table."""
    for key, tables in (
        ("name", parts.streams),
        ("id", parts.detectors),
        ("id", parts.policies),
        ("id", parts.devices),
    ):
        yield from _unique(key, tables)
    channels = known_channels(parts)
    for stream in parts.streams:
        yield from _of_montage(stream)
    for detector in parts.detectors:
        if detector.config is not None:
            yield from _of_inputs(detector, parts)
            yield from _of_channels(detector, channels)
    for policy in parts.policies:
        if policy.config is not None:
            yield from _of_policy(policy, parts, channels)
    patient = parts.patient
    names = [each.name for each in parts.devices]
    if patient is not None and patient.device and patient.device not in names:
        yield Mistake("$.patient.device", _one_of("a device", names, patient.device))


def known_channels(parts: Parts) -> dict[str, tuple[str, ...]]:
    """Return the channels of each stream whose channels are all written, montage included."""
    known = {}
    for stream in parts.streams:
        config: StreamConfig | None = stream.config
        if config is None:
            continue
        own = config.channels
        if parts.patient is not None and config.match.source_id == parts.patient.source_id:
            own = parts.patient.channels
        if own:
            known[stream.name] = (*own, *(each.channel for each in config.montage))
    return known


def _unique(key: str, tables: Sequence[Table]) -> Iterator[Mistake]:
    first: dict[str, str] = {}
    for table in tables:
        if table.name and table.name in first:
            yield Mistake(
                f"{table.path}.{key}",
                f"expected unique {key}s, found {table.name!r} twice, here and at "
                f"{first[table.name]}",
            )
        first.setdefault(table.name, table.path)


def _of_montage(stream: Table) -> Iterator[Mistake]:
    config: StreamConfig | None = stream.config
    if config is None:
        return
    if config.kind == "markers" and config.montage:
        yield Mistake(
            f"{stream.path}.montage",
            f"expected none where there are no samples, found {len(config.montage)}",
        )
        return
    own = config.channels
    if not own:  # what they are is known once the stream is; that each is there is taken for so
        terms = (label for each in config.montage for label in each.terms)
        derived = {each.channel for each in config.montage}
        own = tuple(dict.fromkeys(label for label in terms if label not in derived))
    try:
        Montage(config.montage, own)
    except ValueError as error:
        yield from from_text(str(error), stream.path)


def _of_inputs(detector: Table, parts: Parts) -> Iterator[Mistake]:
    streams = [each.name for each in parts.streams]
    kinds: dict[str, str] = {}
    for each in parts.streams:
        kinds.setdefault(each.name, each.kind)
    before = [each.name for each in parts.detectors[: detector.position]]
    later = [each.name for each in parts.detectors[detector.position :]]
    for reads in detector.config.reads:
        path = f"{detector.path}.{reads.key}"
        if reads.kind == "stream" and kinds.get(reads.name) == "markers":
            yield Mistake(
                path, f'expected a stream with samples, found {reads.name!r} of kind "markers"'
            )
        elif reads.kind == "stream" and reads.name not in streams:
            yield Mistake(path, _one_of("a stream", streams, reads.name))
        elif reads.kind != "stream" and reads.name == detector.name:
            yield Mistake(path, f"expected another detector, found {reads.name!r} itself")
        elif reads.kind != "stream" and reads.name not in before:
            if reads.name in later:
                yield Mistake(
                    path,
                    f"expected a detector before this one ({listed(before)}), found "
                    f"{reads.name!r}, which comes later: move its table up",
                )
            else:
                yield Mistake(path, _one_of("a detector before this one", before, reads.name))


def _of_channels(detector: Table, known: dict[str, tuple[str, ...]]) -> Iterator[Mistake]:
    labels = getattr(detector.config, "channels", ())
    stream = known.get(getattr(detector.config, "stream", ""))
    for index, label in enumerate(labels):
        path = f"{detector.path}.channels[{index}]"
        if stream is not None and label not in stream:
            yield Mistake(path, _one_of("", stream, label))
        elif label in labels[:index]:
            yield Mistake(path, f"expected unique labels, found {label!r} twice")


def _of_policy(
    policy: Table, parts: Parts, channels: dict[str, tuple[str, ...]]
) -> Iterator[Mistake]:
    config = policy.config
    try:
        said = declared(config)
    except ValueError as error:
        yield from from_text(str(error), policy.path)
        return
    yield from _of_reads(said.reads, policy, parts, channels)
    devices = {each.name: each for each in parts.devices}
    for name in said.drives:
        if name not in devices:
            yield Mistake(f"{policy.path}.device", _one_of("a device", devices, name))
    driven = [devices[name].config for name in said.drives if name in devices]
    if len(driven) == len(said.drives) and None not in driven:
        reads = tuple(
            ResolvedRead(each.detector, each.channel, getattr(each, "measure", ""))
            for each in said.reads
        )
        hop_samples = max(1, round(_RATE_HZ * _hop_s(said.reads[0].detector, parts)))
        try:  # at any rate of samples it is the same
            policy_of(config, PolicyInputs(_RATE_HZ, hop_samples, reads, tuple(driven)))
        except ValueError as error:
            yield from from_text(str(error), policy.path)
    yield from _of_shared(said, policy, parts)


def _hop_s(name: str, parts: Parts) -> float:
    """Return the hop of a detector, or of the one that it reads; 0 where it is not written."""
    table = next((each for each in parts.detectors if each.name == name), None)
    if table is None or table.config is None or not table.config.reads:
        return 0.0
    hop_s: float | None = getattr(table.config, "hop_s", None)
    source = table.config.reads[0]
    if hop_s is not None or source.kind == "stream" or source.name == name:
        return hop_s or 0.0
    before = parts._replace(detectors=parts.detectors[: table.position])
    return _hop_s(source.name, before)


def _of_shared(said: Declared, policy: Table, parts: Parts) -> Iterator[Mistake]:
    """Yield each device that two policies drive."""
    for other in parts.policies[: policy.position]:
        try:
            taken = set() if other.config is None else set(declared(other.config).drives)
        except ValueError:
            continue
        shared = [device for device in said.drives if device in taken]
        if shared:
            yield Mistake(
                f"{policy.path}.device",
                f"expected one policy a device, found {shared[0]!r}, which policy "
                f"{other.name!r} drives",
            )
            return


def _of_reads(
    reads: Sequence[MeasureRead | EventRead],
    policy: Table,
    parts: Parts,
    channels: dict[str, tuple[str, ...]],
) -> Iterator[Mistake]:
    names = [each.name for each in parts.detectors]
    for read in dict.fromkeys((each.key, each.detector, each.channel) for each in reads):
        key, name, channel = read
        detector = next((each for each in parts.detectors if each.name == name), None)
        if detector is None:
            yield Mistake(f"{policy.path}.{key}", _one_of("a detector", names, name))
            continue
        known = _channels_of(detector, parts, channels)
        path = f"{policy.path}.{channel_key(key)}"
        if known and channel and channel not in known:
            yield Mistake(path, _one_of("", known, channel))
        elif len(known) > 1 and not channel:
            yield Mistake(path, f"expected one of {listed(known)}, found none")


def _channels_of(
    detector: Table, parts: Parts, channels: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the channels of a detector, or of the one that it reads; nothing where unknown."""
    config = detector.config
    if config is None or not config.reads:
        return ()
    if labels := getattr(config, "channels", ()):
        return tuple(labels)
    reads = config.reads[0]
    if reads.kind == "stream":
        is_plain = hasattr(config, "channels") and not getattr(config, "pairs", ())
        return channels.get(reads.name, ()) if is_plain and len(config.reads) == 1 else ()
    before = [each for each in parts.detectors[: detector.position] if each.name == reads.name]
    return _channels_of(before[0], parts, channels) if before else ()


def _one_of(what: str, names: Sequence[str] | dict[str, Table], found: str) -> str:
    wanted = f"{what} ({listed(names)})" if what else f"one of {listed(names)}"
    return f"expected {wanted}, found {found!r}{nearest(found, names)}"
