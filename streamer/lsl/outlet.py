"""An LSL outlet with the full description of a stream: recorded, simulated, or our own."""

from collections.abc import Mapping

import pylsl

from streamer.source import StreamInfo

_FORMATS = {"float64": "double64"}


def open_outlet(info: StreamInfo, about: Mapping[str, str] | None = None) -> pylsl.StreamOutlet:
    """Return a new outlet, visible on the network from now on.

    Parameters
    ----------
    info : StreamInfo
        What it says of itself; its name on the network is `lsl_name`.
    about : mapping of str to str, optional
        More of its description, as ``manufacturer``: each key is an element beside ``channels``.
    """
    described = pylsl.StreamInfo(
        info.lsl_name,
        info.lsl_type,
        len(info.channels),
        info.rate_hz,
        _FORMATS.get(info.dtype, info.dtype),
        info.source_id,
    )
    for key, value in (about or {}).items():
        described.desc().append_child_value(key, value)
    channels = described.desc().append_child("channels")
    for label, unit in zip(info.channels, info.units, strict=True):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", unit)
        channel.append_child_value("type", info.lsl_type)
    return pylsl.StreamOutlet(described)
