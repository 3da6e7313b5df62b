"""What the packets of each file are: their rate, channels, units and samples."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.readers.implants.rcs.settings import (
    ACCELEROMETER_RATES_HZ,
    RATES_HZ,
    DeviceSettings,
)
from replay.readers.implants.rcs.streams import Packets, Values
from streamer.source import StreamInfo

_UV_PER_MV: Final = 1000.0
_AXES: Final = ("XSamples", "YSamples", "ZSamples")
_LOGGED: Final = ("featureInputs", "lowThreshold", "highThreshold", "output")


class PacketKind(NamedTuple):
    """The packets of one file that make a stream: of one rate and of the same channels.

    Parameters
    ----------
    name : str
        What the stream is called.
    rate_hz : float
        Samples a second; 0 where only the times of packets say it.
    keys : tuple of int
        The numbers of its channels.
    """

    name: str
    rate_hz: float
    keys: tuple[int, ...] = ()


def kind_of(
    section: str, content: dict[str, Any], settings: DeviceSettings
) -> tuple[PacketKind, int]:
    """Return what a packet of a section is of, and its number of samples.

    Raises
    ------
    KeyError, TypeError, ValueError, AttributeError
        Where it lacks something, or has another thing there.
    """
    if section == "TimeDomainData":
        rate_hz = RATES_HZ[content["SampleRate"]]
        channels = content["ChannelSamples"]
        keys = tuple(int(each["Key"]) for each in channels)
        (n_samples,) = {len(each["Value"]) for each in channels}
        return PacketKind("TimeDomain", rate_hz, keys), n_samples
    if section == "AccelData":
        (n_samples,) = {len(content[axis]) for axis in _AXES}
        return PacketKind("Accelerometer", ACCELEROMETER_RATES_HZ[content["SampleRate"]]), n_samples
    if section == "PowerDomainData":
        return PacketKind(
            "Power", settings.power_rate_hz or 0.0, tuple(range(len(content["Bands"])))
        ), 1
    _logged(content)
    return PacketKind("Adaptive", 0.0), 1


def info_of(
    kind: PacketKind, packets: Packets, settings: DeviceSettings, *, is_alone: bool
) -> StreamInfo:
    """Return what a stream of packets says of itself.

    Parameters
    ----------
    kind : PacketKind
        What its packets are.
    packets : Packets
        They; their times give the rate where they do not say it.
    settings : DeviceSettings
        The contacts of its channels.
    is_alone : bool
        Whether its name needs no rate, as no other stream of the session has it.
    """
    rate_hz = kind.rate_hz or _measured_hz(packets.times_s)
    name, stream_type, unit = kind.name, kind.name, ""
    match kind.name:
        case "TimeDomain":
            stream_type, unit = "LFP", "uV"
            channels = tuple(
                f"key{key} {settings.contacts.get(key, '')}".strip() for key in kind.keys
            )
            name = name if is_alone else f"{name} {rate_hz:g} Hz {'-'.join(map(str, kind.keys))}"
        case "Power":
            unit = "lsb"
            channels = tuple(f"band{key + 1}" for key in kind.keys)
        case "Accelerometer":
            channels = ("x", "y", "z")
            name = name if is_alone else f"{name} {rate_hz:g} Hz"
        case _:
            channels = tuple(_logged_names())
    units = tuple("mA" if each.startswith("amplitude") else unit for each in channels)
    return StreamInfo(
        name=name,
        lsl_name=name,
        lsl_type=stream_type,
        source_id="",
        rate_hz=rate_hz,
        channels=channels,
        units=units,
        dtype="float64",
    )


def _measured_hz(times_s: NDArray[np.float64]) -> float:
    """Return the rate of packets that do not say it, to three digits."""
    steps_s = np.diff(times_s)
    step_s = float(np.median(steps_s)) if len(steps_s) else 1.0
    return float(f"{1.0 / step_s:.3g}") if step_s > 0.0 else 1.0


def _time_domain(content: dict[str, Any]) -> NDArray[np.float64]:
    values = [each["Value"] for each in content["ChannelSamples"]]
    return np.array(values, np.float64).T * _UV_PER_MV


def _acceleration(content: dict[str, Any]) -> NDArray[np.float64]:
    return np.array([content[axis] for axis in _AXES], np.float64).T


def _power(content: dict[str, Any]) -> NDArray[np.float64]:
    return np.array([content["Bands"]], np.float64)


def _adaptive(content: dict[str, Any]) -> NDArray[np.float64]:
    return np.array([_logged(content["AdaptiveUpdate"])], np.float64)


def _logged(update: dict[str, Any]) -> list[float]:
    """Return state, amplitudes and detectors of one update, in the order of `_logged_names`."""
    values = [update["CurrentAdaptiveState"], *update["CurrentProgramAmplitudesInMilliamps"][:4]]
    for name in ("Ld0Status", "Ld1Status"):
        status = update[name]
        values += [*status["featureInputs"][:4], *(status[each] for each in _LOGGED[1:])]
    if len(values) != len(_logged_names()):
        raise ValueError("expected four programs and four features")
    return [float(each) for each in values]


def _logged_names() -> list[str]:
    names = ["state", *(f"amplitude_program{number}" for number in range(4))]
    for number in (0, 1):
        names += [f"detector{number}_feature{each}" for each in range(4)]
        names += [f"detector{number}_{each}" for each in ("low", "high", "output")]
    return names


VALUES: Final[dict[str, Values]] = {
    "TimeDomain": _time_domain,
    "Accelerometer": _acceleration,
    "Power": _power,
    "Adaptive": _adaptive,
}
