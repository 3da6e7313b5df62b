"""Warnings about streams whose channels lack labels of their own or a unit of voltage."""

from collections.abc import Iterator, Sequence

from detectors.conditioning.conditioner import usable_columns
from streamer.source import StreamInfo
from streamer.streams import StreamConfig

_N_NAMED_MAX = 8


def stream_remarks(streams: Sequence[StreamConfig], infos: Sequence[StreamInfo]) -> list[str]:
    """Return a line for each stream with channels of no or a repeated label, or no unit of voltage.

    Parameters
    ----------
    streams : sequence of StreamConfig
        The tables.
    infos : sequence of StreamInfo
        What was found for each, in the same order.
    """
    return [
        f"stream {config.name}: {remark}"
        for config, info in zip(streams, infos, strict=True)
        if info.is_signal
        for remark in _remarks(config, info)
    ]


def _remarks(config: StreamConfig, info: StreamInfo) -> Iterator[str]:
    if info.unlabelled:
        numbered = [info.channels[column] for column in info.unlabelled]
        yield (
            f"{len(numbered)} of {len(info.channels)} channels have no label, they are called "
            f"{_listed(numbered)} (give labels with channels = [...])"
        )
    if info.repeated:
        numbered = [info.channels[column] for column in info.repeated]
        yield (
            f"{len(numbered)} of {len(info.channels)} channels have a label that stands twice or "
            f"more, their numbers are put behind: {_listed(numbered)}"
        )
    usable = usable_columns(config, info.units)
    left_out = [
        f"{label} ({unit or 'none'})"
        for column, (label, unit) in enumerate(zip(info.channels, info.units, strict=True))
        if column not in usable
    ]
    if left_out:
        yield (
            f"{len(left_out)} of {len(info.channels)} channels have no unit of voltage and are "
            f"left out: {_listed(left_out)}"
        )


def _listed(labels: Sequence[str]) -> str:
    more = len(labels) - _N_NAMED_MAX
    named = ", ".join(labels[:_N_NAMED_MAX])
    return f"{named} and {more} more" if more > 0 else named
