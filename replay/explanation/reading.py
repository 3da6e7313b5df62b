"""Reads the entries of a journal in order, filtered by kind, device and time."""

from collections.abc import Iterable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from replay.explanation.entries import KINDS, OFTEN, Entry, entries_of
from replay.explanation.scan import scan, times_of
from replay.explanation.session_times import SessionTimes, TimeError
from replay.recorded_loop import journal_of
from streamer.errors import JournalError
from streamer.journal.reader import JournalReader


class Filters(NamedTuple):
    """Which entries are asked for.

    Parameters
    ----------
    kinds : frozenset of str, optional
        Of these kinds; of all without.
    without : frozenset of str
        But not of these.
    device : str, optional
        Of this device.
    since, until : str, optional
        From this time on, and up to that one: see `SessionTimes.moment`.
    """

    kinds: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    device: str | None = None
    since: str | None = None
    until: str | None = None


class FilterError(ValueError):
    """A kind or a device that does not exist; its text is one line."""


def filtered(
    kinds: Iterable[str],
    *,
    device: str | None = None,
    since: str | None = None,
    until: str | None = None,
    has_all: bool = False,
) -> Filters:
    """Return filters for some kinds; by default all but those that occur all the time.

    Parameters
    ----------
    kinds : iterable of str
        Of `KINDS`.
    device, since, until
        As of `Filters`.
    has_all : bool
        Whether without a kind all of them are meant.

    Raises
    ------
    FilterError
        Where there is no such kind.
    """
    asked = frozenset(kinds)
    for each in asked:
        if each not in KINDS:
            raise FilterError(f"kind: expected one of {', '.join(KINDS)}, found {each!r}")
    without = frozenset() if asked or has_all else frozenset(OFTEN)
    return Filters(asked or None, without, device, since, until)


def read_entries(
    session: Path, filters: Filters, zone: tzinfo | None = None
) -> Iterator[tuple[Entry, SessionTimes]]:
    """Yield the entries of a journal in order, each with the session's times as far as read.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, or was killed, too.
    filters : Filters
        What of it.
    zone : tzinfo, optional
        Of the times of the filters; this machine's without.

    Raises
    ------
    JournalError
        Where there is no journal, it is of another format, or at the first record that is damaged.
    TimeError
        Where a time cannot be read, or is not in the session.
    FilterError
        Where it has no such device.
    """
    path = journal_of(session)
    first_s, last_s = _bounds(session, filters, zone)
    with JournalReader(path) as reader:
        _expect_device(session, reader, filters.device)
        times = None
        for record in reader.records():
            times = times_of(record) if times is None else times
            since_s = times.since_s(record)
            if since_s > last_s:
                return
            if since_s < first_s:
                continue
            for entry in entries_of(record, since_s):
                if _is_asked(entry, filters):
                    yield entry, times


def _is_asked(entry: Entry, filters: Filters) -> bool:
    is_kind = filters.kinds is None or entry.kind in filters.kinds
    is_device = filters.device is None or entry.device == filters.device
    return is_kind and is_device and entry.kind not in filters.without


def _bounds(session: Path, filters: Filters, zone: tzinfo | None) -> tuple[float, float]:
    """Return the first and the last time that are asked for, in seconds since it began."""
    first_s, last_s = 0.0, float("inf")
    if filters.since is None and filters.until is None:
        return first_s, last_s
    times = scan(session).times
    try:
        if filters.since is not None:
            first_s = times.moment(filters.since, zone, name="--from").since_s
        if filters.until is not None:
            last_s = times.moment(filters.until, zone, name="--to").until_s
    except TimeError as error:
        raise TimeError(f"{session}: {error}") from error
    return first_s, last_s


def _expect_device(session: Path, reader: JournalReader, device: str | None) -> None:
    """Refuse a device that is not in the configuration, if that can be read."""
    if device is None:
        return
    try:
        config: dict[str, Any] = msgspec.json.decode(reader.header.config_json)
        names = [each["id"] for each in config.get("devices", ())]
    except (msgspec.DecodeError, LookupError) as error:
        raise JournalError(f"{session}: record 0: the configuration cannot be read") from error
    if device not in names:
        listed = ", ".join(names) or "it has none"
        raise FilterError(f"{session}: device: expected a device ({listed}), found {device!r}")
