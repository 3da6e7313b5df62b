"""Our own sessions as recordings: the raw samples and markers that a journal keeps."""

import weakref
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace

from replay.readers.reader import Reader
from replay.recording import (
    ClockOffsets,
    RecordedStream,
    Recording,
    RecordingError,
    Stretch,
)
from streamer.errors import JournalError
from streamer.events import Chunk, ClockCorrection, Marker
from streamer.journal.opening import open_journal
from streamer.journal.reader import JournalReader, JournalRecord
from streamer.journal.records import StepRecord, decode
from streamer.journal.session_folder import RECORDING_NAME, SessionFolder
from streamer.source import StreamInfo

_MAGIC: Final = b"SQLite format 3\0"
_BETWEEN: Final = "SELECT payload FROM records WHERE number BETWEEN ? AND ? ORDER BY number"


def _ignored(_record: JournalRecord) -> None:
    """Take a record, and do nothing with it."""


def open_session(path: Path, see: Callable[[JournalRecord], None] = _ignored) -> Recording:
    """Open a session.

    Parameters
    ----------
    path : Path
        The session's folder, or its `journal.sqlite`.
    see : callable
        Given each record on the way: for whoever wants more of them than samples.

    Returns
    -------
    Recording
        A stream for each that the session had, with the samples and stamps that came and the
        clock corrections that were measured; markers in the order in which they came.

    Raises
    ------
    RecordingError
        Where there is no journal that can be read, or none of the streams has a sample in it.

    Notes
    -----
    A journal whose end is missing, or that was changed, is read up to there, with a warning:
    `stimloop verify` says what it proves. Samples are read from it where they are asked for.
    """
    file = SessionFolder(path).journal_file if path.is_dir() else path
    if not file.is_file() or not file.stat().st_size:
        raise RecordingError(
            f"{path}: expected a session with its samples, which are in {file.name}, found "
            f"{'an empty file' if file.is_file() else 'none'}"
        )
    try:
        with JournalReader(file) as reader:
            found = {info.name: _Found(info) for info in reader.header.infos}
            warnings = _walked(reader, found, see)
        journal = _Journal(file)
    except JournalError as error:
        raise RecordingError(f"{path}: expected a session that can be read: {error}") from error
    streams = tuple(each.stream(journal) for each in found.values())
    if not any(each.n_samples for each in streams):
        raise RecordingError(
            f"{path}: expected a session that kept its samples, found no sample of "
            f"{', '.join(found) or 'any stream'} in {file.name}"
        )
    return Recording(path, streams, warnings)


class _Found:
    """What a journal holds of one stream."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self.records = array("q")
        #: Number of each chunk's first sample, and after the last that of all samples.
        self.firsts = array("q", [0])
        self.texts: list[str] = []
        self.stamps_s = array("d")
        self.clock_times_s = array("d")
        self.clock_offsets_s = array("d")
        self._newest_s: float | None = None

    def take(self, number: int, event: Chunk | Marker | ClockCorrection) -> None:
        match event:
            case Chunk():
                self.records.append(number)
                self.firsts.append(self.firsts[-1] + len(event.timestamps_s))
                self._reach(float(event.timestamps_s[0]), float(event.timestamps_s[-1]))
            case Marker():
                self.texts.append(event.text)
                self.stamps_s.append(event.time_s)
                self._reach(event.time_s, event.time_s)
            case ClockCorrection():
                self.clock_times_s.append(np.nan if self._newest_s is None else self._newest_s)
                self.clock_offsets_s.append(event.correction_s)

    def _reach(self, first_s: float, last_s: float) -> None:
        """Give corrections from before the first sample its stamp."""
        if self._newest_s is None:
            self.clock_times_s = array("d", [first_s] * len(self.clock_times_s))
        self._newest_s = last_s

    def stream(self, journal: "_Journal") -> RecordedStream:
        name = self.info.lsl_name or self.info.name
        info = replace(self.info, name=name, lsl_name=name)
        times_s, offsets_s = (
            np.array(each, np.float64) for each in (self.clock_times_s, self.clock_offsets_s)
        )
        clock = ClockOffsets(times_s, offsets_s)
        if self.info.is_signal:
            return SessionStream(info, self.info.name, self, clock, journal)
        markers = replace(info, dtype="string", channels=info.channels[:1], units=info.units[:1])
        return SessionMarkers(markers, self.texts, self.stamps_s, clock)


def _walked(
    reader: JournalReader, found: dict[str, _Found], see: Callable[[JournalRecord], None]
) -> tuple[str, ...]:
    """Find every sample of the journal; return what is wrong with its end."""
    try:
        for record in reader.records():
            see(record)
            if not isinstance(record.payload, StepRecord):
                continue
            event = record.payload.event
            if isinstance(event, Chunk | Marker | ClockCorrection) and event.stream in found:
                found[event.stream].take(record.number, event)
    except JournalError as error:
        return (f"read up to record {reader.n_records - 1}: {error}",)
    if reader.end is None:
        return (f"read up to record {reader.n_records - 1}: the session did not end by itself",)
    return ()


class _Journal:
    """A journal that stays open as long as a stream of it is held."""

    def __init__(self, file: Path) -> None:
        held = ExitStack()
        self.file = file
        self._connection = open_journal(file, held).connection
        weakref.finalize(self, held.close)

    def chunks(self, stream: str, first: int, last: int) -> Iterator[Chunk]:
        """Yield the chunks of a stream in the records `first` to `last`."""
        for (payload,) in self._connection.execute(_BETWEEN, (first, last)):
            try:
                step = decode("step", payload)
            except ValueError:
                continue
            event = step.event if isinstance(step, StepRecord) else None
            if isinstance(event, Chunk) and event.stream == stream:
                yield event


class SessionStream(RecordedStream):
    """One signal of a session.

    Parameters
    ----------
    info : StreamInfo
        What it said of itself.
    name : str
        What the session's configuration called it.
    found : object
        Of each of its chunks, the number of its record and that of its first sample.
    clock : ClockOffsets
        The corrections that were measured.
    journal : object
        Where the chunks are.
    """

    def __init__(
        self,
        info: StreamInfo,
        name: str,
        found: _Found,
        clock: ClockOffsets,
        journal: _Journal,
    ) -> None:
        super().__init__(info, found.firsts[-1], clock)
        self._name: Final = name
        self._records: Final = found.records
        self._firsts: Final = found.firsts
        self._journal: Final = journal

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        samples = np.empty((stop - start, len(self.info.channels)), self.info.dtype)
        stamps_s = np.empty(stop - start)
        if start == stop:
            return Stretch(samples, stamps_s)
        at = bisect_right(self._firsts, start) - 1
        last = bisect_right(self._firsts, stop - 1) - 1
        first = self._firsts[at]
        for chunk in self._journal.chunks(self._name, self._records[at], self._records[last]):
            begin, end = max(start - first, 0), min(stop - first, len(chunk.timestamps_s))
            place = slice(first + begin - start, first + end - start)
            samples[place] = chunk.samples[begin:end]
            stamps_s[place] = chunk.timestamps_s[begin:end]
            first += len(chunk.timestamps_s)
        if first < stop:
            raise RecordingError(
                f"{self._journal.file}: expected the samples that it had when it was opened, "
                "found fewer: it was changed"
            )
        return Stretch(samples, stamps_s)


class SessionMarkers(RecordedStream):
    """One marker stream of a session, in memory."""

    def __init__(
        self, info: StreamInfo, texts: list[str], stamps_s: "array[float]", clock: ClockOffsets
    ) -> None:
        super().__init__(info, len(texts), clock)
        self._rows: Final = np.empty((len(texts), 1), object)
        self._rows[:, 0] = texts
        self._stamps_s: Final = np.array(stamps_s, np.float64)

    def decode(self, start: int, stop: int) -> Stretch:
        """Return texts and stamps."""
        return Stretch(self._rows[start:stop].copy(), self._stamps_s[start:stop].copy())


def _recognizes(path: Path, first_bytes: bytes) -> bool:
    if path.is_dir():
        folder = SessionFolder(path)
        has_summary = folder.summary_file.is_file() and folder.config_file.is_file()
        return folder.journal_file.is_file() or has_summary
    return first_bytes.startswith(_MAGIC) and READER.has_suffix(path)


READER: Final = Reader(
    format="stimloop session",
    suffixes=(".sqlite",),
    recognizes=_recognizes,
    open=open_session,
    repeats=(RECORDING_NAME,),
)
