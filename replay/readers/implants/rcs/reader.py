"""Opens sessions of Summit RC+S: time domain, power, acceleration, the detector's log, events."""

from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.readers.implants.rcs.events import read_events
from replay.readers.implants.rcs.packets import scan
from replay.readers.implants.rcs.settings import (
    ACCELEROMETER_RATES_HZ,
    RATES_HZ,
    DeviceSettings,
    read_settings,
)
from replay.readers.implants.rcs.streams import PacketIndex, Packets, PacketStream, Values
from replay.readers.implants.rcs.ticks import DATE_S_MAX, Moment
from replay.readers.reader import N_FIRST_BYTES, Reader
from replay.recording import ClockOffsets, RecordedStream, Recording, RecordingError
from streamer.source import StreamInfo

_UV_PER_MV: Final = 1000.0
_AXES: Final = ("XSamples", "YSamples", "ZSamples")
_LOGGED: Final = ("featureInputs", "lowThreshold", "highThreshold", "output")


class _Kind(NamedTuple):
    """The packets of one file that make a stream: of one rate and of the same channels."""

    name: str
    rate_hz: float
    keys: tuple[int, ...] = ()


def open_rcs(path: Path) -> Recording:
    """Open a session of Summit RC+S.

    Parameters
    ----------
    path : Path
        The folder of a device, or its ``RawDataTD.json`` or another file of packets, which stands
        for that folder.

    Returns
    -------
    Recording
        ``TimeDomain`` (type ``LFP``, µV; a stream for each rate and set of channels), ``Power``
        (``lsb``), ``Accelerometer``, ``Adaptive`` (state, amplitudes in mA, and both detectors)
        and the markers ``EventLog``; those whose file holds packets.

    Raises
    ------
    RecordingError
        Where no file of the folder holds any packet.

    Notes
    -----
    Stamps are the implant's ticks of 100 µs, in seconds since 1 March 2000; a tick is that of
    the last sample of its packet. Ticks roll over after 6.5536 s; the packets' whole seconds say
    how often. A lost packet is a gap. What is known of the computer's clock, on which events are,
    is the stream's clock offset: the median of what the packets say, good to some 50 ms.

    References
    ----------
    K. K. Sellers et al. (2021), Analysis-rcs-data: open-source toolbox for the ingestion,
    time-alignment, and visualization of sense and stimulation data from the Medtronic Summit RC+S
    system, Frontiers in Human Neuroscience 15:714256.
    """
    if path.is_file() and path.name not in _FILES_OF_A_SESSION and not _is_packets(path):
        raise RecordingError(f"{path}: expected a file of a session of Summit RC+S, found another")
    folder = path if path.is_dir() else path.parent
    warnings: list[str] = []
    settings = read_settings(folder, warnings)
    found = [
        (kind, file, index)
        for section, name in FILES.items()
        for file in [path if _holds(path, section) else folder / name]
        if file.is_file()
        for kind, index in _indexed(file, section, settings, warnings).items()
    ]
    if not found:
        raise RecordingError(
            f"{path}: expected packets in one of {', '.join(FILES.values())}, found none"
        )
    streams = [*_streams(found, settings, warnings)]
    events = read_events(folder, warnings)
    if events is not None:
        streams.append(events)
    if settings.n_montages > 1:
        warnings.append(
            f"channels were configured {settings.n_montages} times; they are called by the first"
        )
    return Recording(path, tuple(streams), tuple(warnings))


#: The section of packets in each file, and its name.
FILES: Final = {
    "TimeDomainData": "RawDataTD.json",
    "PowerDomainData": "RawDataPower.json",
    "AccelData": "RawDataAccel.json",
    "AdaptiveUpdate": "AdaptiveLog.json",
}


#: Files that stand for their session, though they hold no samples.
_FILES_OF_A_SESSION: Final = (
    *("DeviceSettings.json", "EventLog.json", "StimLog.json", "TimeSync.json"),
    *(*FILES.values(), "RawDataFFT.json", "DiagnosticsLog.json", "ErrorLog.json"),
)


def _is_packets(path: Path) -> bool:
    return any(_holds(path, section) for section in FILES)


def _holds(path: Path, section: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return f'"{section}"'.encode() in file.read(N_FIRST_BYTES)


def _indexed(
    file: Path, section: str, settings: DeviceSettings, warnings: list[str]
) -> dict[_Kind, PacketIndex]:
    """Return the packets of a file by what they are."""
    found: dict[_Kind, PacketIndex] = {}
    n_wrong = 0
    is_log = section == "AdaptiveUpdate"
    for packet in scan(file, "" if is_log else section, warnings):
        content = packet.content.get(section, {}) if is_log else packet.content
        try:
            kind, n_samples = _kind_of(section, content, settings)
            index = found.get(kind) or PacketIndex()
            index.add(packet, content["Header"], int(content["PacketGenTime"]), n_samples)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            n_wrong += 1
        else:
            found[kind] = index
    if n_wrong:
        warnings.append(f"{n_wrong} packets of {file.name} cannot be read and are left out")
    return found


def _kind_of(section: str, content: dict[str, Any], settings: DeviceSettings) -> tuple[_Kind, int]:
    if section == "TimeDomainData":
        rate_hz = RATES_HZ[content["SampleRate"]]
        channels = content["ChannelSamples"]
        keys = tuple(int(each["Key"]) for each in channels)
        (n_samples,) = {len(each["Value"]) for each in channels}
        return _Kind("TimeDomain", rate_hz, keys), n_samples
    if section == "AccelData":
        (n_samples,) = {len(content[axis]) for axis in _AXES}
        return _Kind("Accelerometer", ACCELEROMETER_RATES_HZ[content["SampleRate"]]), n_samples
    if section == "PowerDomainData":
        return _Kind("Power", settings.power_rate_hz or 0.0, tuple(range(len(content["Bands"])))), 1
    _logged(content)
    return _Kind("Adaptive", 0.0), 1


def _streams(
    found: list[tuple[_Kind, Path, PacketIndex]], settings: DeviceSettings, warnings: list[str]
) -> list[RecordedStream]:
    ticks, seconds = (found[0][2].column(name) for name in ("tick", "second"))
    of_session = np.flatnonzero(np.abs(seconds - np.median(seconds)) <= DATE_S_MAX)[0]
    first = Moment(int(ticks[of_session]), int(seconds[of_session]))
    packets = [
        (kind, file, Packets(each, first, kind.name, warnings)) for kind, file, each in found
    ]
    clock = _clock([each for _, _, each in packets])
    names = [kind.name for kind, _, _ in packets]
    return [
        PacketStream(
            _info(kind, each, settings, is_alone=names.count(kind.name) == 1),
            file,
            each,
            _VALUES[kind.name],
            clock,
        )
        for kind, file, each in packets
    ]


def _clock(packets: list[Packets]) -> ClockOffsets:
    """Return the offset to the computer's clock; before its first check, packets say none."""
    offsets_s = np.concatenate([each.generated_s - each.times_s for each in packets])
    known = np.concatenate([each.generated_s > 0.0 for each in packets])
    if not known.any():
        return ClockOffsets()
    start_s = min(float(each.times_s[0]) for each in packets)
    return ClockOffsets(np.array([start_s]), np.array([float(np.median(offsets_s[known]))]))


def _info(kind: _Kind, packets: Packets, settings: DeviceSettings, *, is_alone: bool) -> StreamInfo:
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


_VALUES: Final[dict[str, Values]] = {
    "TimeDomain": _time_domain,
    "Accelerometer": _acceleration,
    "Power": _power,
    "Adaptive": _adaptive,
}


def _recognizes(path: Path, first_bytes: bytes) -> bool:
    if path.is_dir():
        return any(_holds(path / name, section) for section, name in FILES.items())
    has_packets = any(f'"{section}"'.encode() in first_bytes for section in FILES)
    return has_packets and b'"RecordInfo"' in first_bytes


READER: Final = Reader(
    format="Summit RC+S",
    suffixes=(".json",),
    recognizes=_recognizes,
    open=open_rcs,
)
