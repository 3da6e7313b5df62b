"""An LSL outlet with the full description of a recorded or simulated stream."""

import pylsl

from streamer.source import StreamInfo

_FORMATS = {"float64": "double64"}


def open_outlet(info: StreamInfo) -> pylsl.StreamOutlet:
    """Return a new outlet, visible on the network from now on.

    Parameters
    ----------
    info : StreamInfo
        What it says of itself; its name on the network is `lsl_name`.
    """
    described = pylsl.StreamInfo(
        info.lsl_name,
        info.lsl_type,
        len(info.channels),
        info.rate_hz,
        _FORMATS.get(info.dtype, info.dtype),
        info.source_id,
    )
    channels = described.desc().append_child("channels")
    for label, unit in zip(info.channels, info.units, strict=True):
        channel = channels.append_child("channel")
        channel.append_child_value("label", label)
        channel.append_child_value("unit", unit)
        channel.append_child_value("type", info.lsl_type)
    return pylsl.StreamOutlet(described)
