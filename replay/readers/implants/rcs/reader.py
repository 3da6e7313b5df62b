"""Opens sessions of Summit RC+S: time domain, power, acceleration, the detector's log, events."""

from pathlib import Path
from typing import Final

import numpy as np

from replay.readers.implants.rcs.events import read_events
from replay.readers.implants.rcs.kinds import VALUES, PacketKind, info_of, kind_of
from replay.readers.implants.rcs.packets import scan
from replay.readers.implants.rcs.settings import DeviceSettings, read_settings
from replay.readers.implants.rcs.streams import PacketIndex, Packets, PacketStream
from replay.readers.implants.rcs.ticks import DATE_S_MAX, Moment
from replay.readers.reader import N_FIRST_BYTES, Reader
from replay.recording import ClockOffsets, RecordedStream, Recording, RecordingError


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
) -> dict[PacketKind, PacketIndex]:
    """Return the packets of a file by what they are."""
    found: dict[PacketKind, PacketIndex] = {}
    n_wrong = 0
    is_log = section == "AdaptiveUpdate"
    for packet in scan(file, "" if is_log else section, warnings):
        content = packet.content.get(section, {}) if is_log else packet.content
        try:
            kind, n_samples = kind_of(section, content, settings)
            index = found.get(kind) or PacketIndex()
            index.add(packet, content["Header"], int(content["PacketGenTime"]), n_samples)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            n_wrong += 1
        else:
            found[kind] = index
    if n_wrong:
        warnings.append(f"{n_wrong} packets of {file.name} cannot be read and are left out")
    return found


def _streams(
    found: list[tuple[PacketKind, Path, PacketIndex]], settings: DeviceSettings, warnings: list[str]
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
            info_of(kind, each, settings, is_alone=names.count(kind.name) == 1),
            file,
            each,
            VALUES[kind.name],
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
