"""The LSL streams of a service: their names, types, channels and units."""

from collections.abc import Iterable
from typing import Final

from detectors.detector import Detector
from stimulators.device_config import DeviceConfig
from streamer.source import StreamInfo

#: Channels of a detector's stream behind its outputs: index of the newest sample that an estimate
#: used, and the bits that say it may be used but something was suspect (`detectors.block.Taint`).
ESTIMATE_EXTRAS: Final = ("sample", "taint")
#: Channels of a device's stream; commanded and applied are in the unit of the device.
STIMULATION_CHANNELS: Final = ("commanded", "applied", "trigger", "seq")

ESTIMATES: Final = "Estimates"
#: Not "Markers": a rig that reads a marker stream by its type would find this one, too.
EVENTS: Final = "Events"
STIMULATION: Final = "Stimulation"


#: Begins the source id of every stream of ours, whatever the rig.
_OURS: Final = "stimloop/"


def source_id(rig: str, what: str) -> str:
    """Return the source id of an own stream: the same in every session of a rig.

    Parameters
    ----------
    rig : str
        Name of the rig.
    what : str
        ``events``, ``detector/ID`` or ``device/ID``.

    Examples
    --------
    >>> source_id("demo", "detector/beta")
    'stimloop/demo/detector/beta'
    """
    return f"{_OURS}{rig}/{what}"


def is_own(info: StreamInfo) -> bool:
    """Return whether a stream was sent by a service, and is no signal that somebody recorded."""
    return info.source_id.startswith(_OURS)


def estimates_info(rig: str, detector: Detector) -> StreamInfo:
    """Return the stream of a detector's estimates, one sample a hop.

    Its rate is that of the hops; after a gap the next hop comes later, as with any signal.
    A value that may not be used is NaN.
    """
    outputs = detector.outputs
    return StreamInfo(
        name=f"{rig}-{detector.id}",
        lsl_name=f"{rig}-{detector.id}",
        lsl_type=ESTIMATES,
        source_id=source_id(rig, f"detector/{detector.id}"),
        rate_hz=float(detector.rate_hz) / detector.hop_samples,
        channels=(*(each.label for each in outputs), *ESTIMATE_EXTRAS),
        units=(*(each.unit for each in outputs), *("" for _ in ESTIMATE_EXTRAS)),
        dtype="float64",
    )


def events_info(rig: str) -> StreamInfo:
    """Return the stream of all that was detected, decided, said and wrong, as JSON texts."""
    return StreamInfo(
        name=f"{rig}-events",
        lsl_name=f"{rig}-events",
        lsl_type=EVENTS,
        source_id=source_id(rig, "events"),
        rate_hz=0.0,
        channels=("event",),
        units=("",),
        dtype="string",
    )


def stimulation_info(rig: str, device: DeviceConfig) -> StreamInfo:
    """Return the stream of a device's commands and of the amounts that it says it gives."""
    unit = "mA" if device.unit == "ma" else ""
    return StreamInfo(
        name=f"{rig}-{device.id}",
        lsl_name=f"{rig}-{device.id}",
        lsl_type=STIMULATION,
        source_id=source_id(rig, f"device/{device.id}"),
        rate_hz=0.0,
        channels=STIMULATION_CHANNELS,
        units=(unit, unit, "", ""),
        dtype="float64",
    )


def own_infos(
    rig: str, detectors: Iterable[Detector], devices: Iterable[DeviceConfig]
) -> tuple[StreamInfo, ...]:
    """Return all streams of a service: of each detector, of the events, of each device."""
    return (
        *(estimates_info(rig, each) for each in detectors),
        events_info(rig),
        *(stimulation_info(rig, each) for each in devices),
    )
