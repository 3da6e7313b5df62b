"""A first look at a journal: when it began and ended, and where its commands are."""

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from replay.explanation.session_times import SessionTimes
from replay.recorded_loop import journal_of
from streamer.journal.reader import JournalReader, JournalRecord
from streamer.journal.records import Header, StepRecord


class JournalledCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A command and the number of its record in the journal.

    Parameters
    ----------
    seq : int
        Its number.
    device, kind : str
        For which device; ``amplitude`` or ``trigger``.
    record : int
        The record of the step that sent it.
    since_s : float
        When that was, in seconds since the session began.
    """

    seq: int
    device: str
    kind: str
    record: int
    since_s: float


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """What a first look at a journal finds.

    Parameters
    ----------
    path : Path
        The journal.
    header : Header
        Its first record.
    times : SessionTimes
        Of its first and newest record.
    n_records : int
        Its records.
    commands : dict of int to JournalledCommand
        By number.
    since_s : array of float
        Of each record, in seconds since the session began.
    has_ended : bool
        Whether it has an end record.
    """

    path: Path
    header: Header
    times: SessionTimes
    n_records: int
    commands: dict[int, JournalledCommand]
    since_s: "array[float]"
    has_ended: bool


def scan(session: Path, progress: Callable[[int], None] = lambda _n_records: None) -> Scan:
    """Read a whole journal without computing anything again.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    progress : callable, optional
        Called with the number of records done so far.

    Raises
    ------
    JournalError
        Where there is no journal, it is of another format, or it is damaged.
    """
    path = journal_of(session)
    commands: dict[int, JournalledCommand] = {}
    since_s = array("d")
    with JournalReader(path) as reader:
        times = SessionTimes(began_s=0.0, ended_s=0.0)
        newest = None
        for newest in reader.records():
            if newest.number == 0:
                times = times_of(newest)
            since_s.append(times.since_s(newest))
            if isinstance(newest.payload, StepRecord):
                for each in _commands(newest.number, newest.payload, since_s[-1]):
                    commands[each.seq] = each
            progress(reader.n_records)
        if newest is not None:
            times = msgspec.structs.replace(times, ended_s=newest.now_s, ended_us=newest.utc_us)
        return Scan(
            path=path,
            header=reader.header,
            times=times,
            n_records=reader.n_records,
            commands=commands,
            since_s=since_s,
            has_ended=reader.end is not None,
        )


def times_of(first: JournalRecord) -> SessionTimes:
    """Return the times of a session of which only the first record is known yet."""
    return SessionTimes(
        began_s=first.now_s, ended_s=first.now_s, began_us=first.utc_us, ended_us=first.utc_us
    )


def _commands(number: int, step: StepRecord, since_s: float) -> list[JournalledCommand]:
    plain: dict[str, Any] = msgspec.msgpack.decode(step.outcome)
    return [
        JournalledCommand(
            seq=each["message"]["seq"],
            device=each["device"],
            kind=each["message"]["kind"],
            record=number,
            since_s=since_s,
        )
        for each in plain.get("decisions", ())
        if each["type"] == "Send" and "seq" in each["message"]
    ]
