"""The description of an LSL stream: read, put into words, and held against the configuration."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pylsl
from pylsl.lib import fmt2npdtype

from detectors.spelling import case_hint
from streamer.errors import StreamFormatError
from streamer.lsl.labels import repeated_columns, unique_labels, unlabelled_columns
from streamer.source import StreamInfo
from streamer.streams import Match, StreamConfig

_N_NAMED_MAX = 10
_RATE_TOLERANCE = 1e-6


def asked_text(match: Match) -> str:
    """Return a match in words, for a message."""
    texts = [f"{key} = {value!r}" for key, value in match.asked.items()]
    texts += ["has_samples = true"] if match.has_samples else []
    texts += [] if match.index is None else [f"index = {match.index}"]
    return ", ".join(texts)


def listed(found: Sequence[pylsl.StreamInfo]) -> str:
    """Return what was found on the network as one line."""
    texts = [describe(each) for each in found[:_N_NAMED_MAX]]
    if len(found) > _N_NAMED_MAX:
        texts.append(f"and {len(found) - _N_NAMED_MAX} more")
    return "; ".join(texts) or "no stream at all"


def describe(found: pylsl.StreamInfo) -> str:
    """Return one stream's name, type, source id, rate, channels, data type and host."""
    rate_hz = found.nominal_srate()
    n_channels = found.channel_count()
    channels = "1 channel" if n_channels == 1 else f"{n_channels} channels"
    return (
        f"{found.name()!r} (type {found.type()!r}, source_id {found.source_id()!r}, "
        + (f"{rate_hz:g} Hz" if rate_hz else "irregular")
        + f", {channels}, {_dtype_name(found)}, on {found.hostname()!r})"
    )


def read_info(name: str, full: pylsl.StreamInfo) -> StreamInfo:
    """Return a stream's rate, channels, units and identity from its LSL description."""
    n_channels = full.channel_count()
    labels: list[str] = []
    units: list[str] = []
    channel = full.desc().child("channels").child("channel")
    while not channel.empty() and len(labels) < n_channels:
        labels.append(channel.child_value("label"))
        units.append(channel.child_value("unit"))
        channel = channel.next_sibling("channel")
    units += [""] * (n_channels - len(units))
    return StreamInfo(
        name=name,
        rate_hz=full.nominal_srate(),
        channels=unique_labels(labels, n_channels),
        units=tuple(units),
        dtype=_dtype_name(full),
        lsl_name=full.name(),
        lsl_type=full.type(),
        source_id=full.source_id(),
        uid=full.uid(),
        hostname=full.hostname(),
        unlabelled=unlabelled_columns(labels, n_channels),
        repeated=repeated_columns(labels, n_channels),
    )


def as_configured(config: StreamConfig, info: StreamInfo) -> StreamInfo:
    """Return a stream's info with the name, labels and units of its `[[streams]]` table.

    The labels of ``channels`` go to the channels that have none of their own, where there are as
    many of both.
    """
    channels, unlabelled, repeated = info.channels, info.unlabelled, info.repeated
    if len(config.channels) == len(channels):
        named = zip(config.channels, channels, strict=True)
        channels = tuple(
            configured if column in unlabelled else own
            for column, (configured, own) in enumerate(named)
        )
        unlabelled = repeated = ()
    return msgspec.structs.replace(
        info, name=config.name, channels=channels, unlabelled=unlabelled, repeated=repeated
    )


def require_as_configured(config: StreamConfig, info: StreamInfo) -> None:
    """Raise where a stream's rate, type or channels differ from what its table requires.

    Raises
    ------
    StreamFormatError
        With the key, what was expected and what was found.
    """
    where = f"stream {config.name}:"
    what = f"{info.dtype} samples at {_rate_text(info)}"
    if config.kind in {"lfp", "emg"} and not info.is_signal:
        raise StreamFormatError(f"{where} kind: expected a signal with a rate, found {what}")
    if config.kind == "markers" and info.is_signal:
        raise StreamFormatError(f"{where} kind: expected markers, found {what}")
    if config.kind == "other" and info.dtype == "string" and info.rate_hz > 0.0:
        raise StreamFormatError(f"{where} kind: expected 'markers' for text, found 'other'")
    if config.rate_hz is not None and (
        abs(info.rate_hz - config.rate_hz) > _RATE_TOLERANCE * config.rate_hz
    ):
        raise StreamFormatError(
            f"{where} rate_hz: expected {config.rate_hz:g} Hz, found {_rate_text(info)}"
        )
    if config.channels and config.channels != info.channels:
        raise StreamFormatError(
            f"{where} channels: expected {', '.join(config.channels)}, "
            f"found {', '.join(info.channels)}"
            f"{_case_hint(config.channels, info.channels)}"
        )


def difference(before: StreamInfo, after: StreamInfo) -> str:
    """Return in one line how a stream's format differs from before; empty where it does not."""
    return "; ".join(
        f"{what}: was {was}, is now {now}"
        for what, was, now in (
            ("rate", _rate_text(before), _rate_text(after)),
            ("number of channels", len(before.channels), len(after.channels)),
            ("channels", ", ".join(before.channels), ", ".join(after.channels)),
            ("units", *_units_texts(before, after)),
            ("data type", before.dtype, after.dtype),
        )
        if was != now
    )


def is_same_sender(before: StreamInfo, after: StreamInfo) -> bool:
    """Return whether two descriptions are of one outlet.

    The uid alone says so; that all else an outlet never changes is equal keeps a forged or
    repeated one out.
    """
    return before.uid == after.uid and sender_text(before) == sender_text(after)


def sender_text(info: StreamInfo) -> str:
    """Return a stream's source id, host and uid in words."""
    return (
        f"{info.lsl_name!r} (type {info.lsl_type!r}, source_id {info.source_id!r}) "
        f"on {info.hostname!r}"
    )


def _case_hint(expected: Sequence[str], found: Sequence[str]) -> str:
    missing = [label for label in expected if label not in found]
    return case_hint(missing[0], found) if missing else ""


def _units_texts(before: StreamInfo, after: StreamInfo) -> tuple[str, str]:
    if len(before.channels) != len(after.channels):
        return "", ""  # another number of channels says it already
    was, now = (", ".join(unit or "unsaid" for unit in each.units) for each in (before, after))
    return was, now


def _rate_text(info: StreamInfo) -> str:
    return f"{info.rate_hz!r} Hz" if info.rate_hz else "an irregular rate"


def _dtype_name(found: pylsl.StreamInfo) -> str:
    dtype = fmt2npdtype[found.channel_format()]
    return "string" if dtype is None else str(np.dtype(dtype))
