"""Compares a recorder's file with the journal of its session."""

from pathlib import Path

import msgspec

from replay.readers.opening import open_recording
from replay.readers.session import open_session
from replay.recorded_loop import journal_of
from replay.recording import RecordedStream, RecordingError
from replay.verification.recording.own_streams import EventCheck, HopCheck, OwnCheck
from replay.verification.recording.raw_streams import check_raw
from replay.verification.recording.result import RecordingCheck, StreamCheck
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.journal.reader import JournalReader
from streamer.journal.records import EndRecord
from streamer.journal.session_folder import RECORDING_NAME
from streamer.publishing.own_streams import source_id


def check_recording(session: Path, file: Path) -> RecordingCheck:
    """Compare every sample of a session's journal with a recorder's file.

    Compared are the streams that the rig read (values bit for bit, raw stamps), the estimates of
    every detector, the events and the devices' streams. What the recorder took before the session
    began and after it had ended is no difference.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, too.
    file : Path
        Any recording with the same streams: of LabRecorder, or another recorder of the lab.

    Returns
    -------
    RecordingCheck
        A file that cannot be read is a problem of it, not an error.
    """
    try:
        recording = open_recording(file)
        streams = _checked(session, recording.streams)
    except (RecordingError, JournalError, ValueError) as error:
        return RecordingCheck(file=str(file), is_equal=False, problem=str(error))
    return RecordingCheck(
        file=str(file),
        is_equal=all(each.is_equal for each in streams),
        streams=streams,
        warnings=recording.warnings,
    )


def recording_of(journal: Path, end: EndRecord | None) -> tuple[Path | None, str]:
    """Return the recording that belongs to a journal, and a warning where it is not there.

    Parameters
    ----------
    journal : Path
        The journal, in its session's folder.
    end : EndRecord or None
        Its end record, whose summary says what was recorded.
    """
    beside = journal.with_name(RECORDING_NAME)
    summary = msgspec.json.decode(end.summary_json) if end is not None and end.summary_json else {}
    named = summary.get("recording", {}).get("file", "")
    if not named:
        return (beside if beside.exists() else None), ""
    # A folder that was copied brings its recording along.
    moved = journal.with_name(Path(named).name)
    found = next((each for each in (moved, Path(named)) if each.exists()), None)
    return found, "" if found else f"{named}: the recording of the session is not there"


def _checked(session: Path, recorded: tuple[RecordedStream, ...]) -> tuple[StreamCheck, ...]:
    with JournalReader(journal_of(session)) as reader:
        header = reader.header
    config = msgspec.json.decode(header.config_json, type=LoopConfig)
    by_source = {each.info.source_id: each for each in recorded}

    def own(what: str) -> RecordedStream | None:
        return by_source.get(source_id(config.rig.name, what))

    rates_hz = {info.name: info.rate_hz for info in header.infos if info.is_signal}
    devices = [each.id for each in config.devices]
    hops = {each.id: HopCheck(each.id, own(f"detector/{each.id}")) for each in config.detectors}
    events = EventCheck(rates_hz, devices)
    raw = open_session(session, OwnCheck(hops, events).see).streams
    of_devices = {f"device/{each}": own(f"device/{each}") for each in devices}
    return (
        *map(check_raw, header.infos, raw, [recorded] * len(raw)),
        *(each.result() for each in hops.values()),
        *events.results({"events": own("events"), **of_devices}),
    )
