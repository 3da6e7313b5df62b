"""A session read once, from its journal: all that its page shows, in memory that does not grow."""

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.estimates import Detection, Estimates
from replay.explanation.series import amount_of
from replay.recorded_loop import journal_of, recorded_loop
from replay.scoring.online import WatchedLoop
from replay.scoring.subjects import band_of
from stimloop.reporting.session.courses import Course
from stimloop.reporting.session.shares import Shares
from stimloop.reporting.session.stream_view import StreamView
from stimulators.decisions import Refusal, Send
from stimulators.wire.messages import Command
from stimulators.wire.received import AckHeard
from streamer.closed_loop import Outcome
from streamer.events import Chunk, Event
from streamer.journal.reader import JournalReader
from streamer.journal.records import EndRecord, Header, StepRecord
from streamer.watching.therapy import Therapy

#: Streams that are shown.
_N_STREAMS: Final = 3
#: Bursts, notes and commands that are kept.
_N_KEPT: Final = 20_000
#: Bins of latency, in milliseconds.
LATENCY_MS: Final = np.geomspace(0.05, 20_000.0, 85)


class Material:
    """What a session gave, gathered record by record.

    Parameters
    ----------
    reader : JournalReader
        Its journal, entered.

    Attributes
    ----------
    views : dict of str to StreamView
        By stream, the first of those that detectors read.
    episodes : dict of (str, str) to list of (float, float)
        Onset and offset of each burst, in seconds since the session began, by detector and channel.
    wanted, allowed, lowest, highest : dict of str to Course
        By device: what its policy wanted, what was sent, and what it may have given.
    valid : dict of str to Shares
        By detector: the share of valid hops over time.
    notes : list of (float, str, str)
        When, kind and text of flaws of the samples.
    latency : dict of str to ndarray
        Counts in the bins of `LATENCY_MS`.
    refused : Counter
        Refusals by reason.
    end : EndRecord or None
        The last record, where the session ended by itself.
    head : str
        Head of the journal's chain.

    Raises
    ------
    JournalError
        Where the journal's configuration cannot be used here.
    """

    def __init__(self, reader: JournalReader) -> None:
        self.header = reader.header
        self.config, self.loop = recorded_loop(reader, WatchedLoop)
        self.therapy = Therapy(self.loop)
        self.views = self._stream_views()
        self.began_s = self.ended_s = 0.0
        self.utc_us: int | None = None
        self.n_records = 0
        self.n_samples = 0
        self.episodes: dict[tuple[str, str], list[tuple[float, float]]] = {}
        self._open: dict[tuple[str, str], float] = {}
        self._newest_s = 0.0
        devices = [each.id for each in self.config.devices]
        self.wanted = {each: Course() for each in devices}
        self.allowed = {each: Course() for each in devices}
        self.lowest = {each: Course() for each in devices}
        self.highest = {each: Course() for each in devices}
        self.valid = {id_: Shares() for id_ in self.loop.chain.detectors}
        self.notes: list[tuple[float, str, str]] = []
        self.n_notes = 0
        self.latency = {
            "sample to decision": np.zeros(LATENCY_MS.size - 1, np.int64),
            "command to answer": np.zeros(LATENCY_MS.size - 1, np.int64),
        }
        self.refused: Counter[str] = Counter()
        self.n_commands = 0
        self._sent_s: dict[int, float] = {}
        self.end: EndRecord | None = None
        self.head = ""

    @property
    def is_timed(self) -> bool:
        """Whether its clock was a real one: in virtual time nothing takes any time."""
        return self.header.utc_offset_us is not None

    @property
    def length_s(self) -> float:
        """How long it lasted."""
        return self.ended_s - self.began_s

    def take(self, event: Event, now_s: float) -> None:
        """Compute a step again, and gather what it gave."""
        outcome = self.loop.step(event, now_s)
        self.ended_s = max(self.ended_s, now_s)
        self.therapy.take(now_s, outcome.targets, outcome.device_events)
        if isinstance(event, Chunk):
            self._take_samples(event, outcome)
        elif isinstance(event, AckHeard) and event.message.seq is not None:
            sent_s = self._sent_s.pop(event.message.seq, None)
            if sent_s is not None:
                self._count("command to answer", now_s - sent_s)
        for seen in outcome.seen:
            self._take_estimates(seen.estimates)
            self._take_detections(seen.detections)
        self._take_amounts(outcome, now_s)
        self._take_decisions(outcome, now_s)

    def finish(self) -> None:
        """Take in that nothing more comes."""
        for (detector, channel), begun_s in self._open.items():
            self._add_episode(detector, channel, begun_s, max(begun_s, self._newest_s))
        self._open.clear()
        for view in self.views.values():
            view.finish()
        for courses in (self.wanted, self.allowed, self.lowest, self.highest):
            for course in courses.values():
                course.end_s = self.length_s

    def _take_samples(self, chunk: Chunk, outcome: Outcome) -> None:
        self.n_samples += chunk.timestamps_s.size
        block = self.loop.block
        if block is None or not chunk.timestamps_s.size:
            return
        self._newest_s = max(self._newest_s, float(block.time_s[-1]) - self.began_s)
        view = self.views.get(chunk.stream)
        if view is not None and block.stream == chunk.stream:
            view.take(block)
        self.n_notes += len(outcome.notes)
        for note in outcome.notes:
            row = min(max(note.sample - block.first_sample, 0), block.time_s.size - 1)
            if len(self.notes) < _N_KEPT:
                self.notes.append((float(block.time_s[row]) - self.began_s, note.kind, note.text))

    def _take_estimates(self, estimates: Estimates) -> None:
        if estimates.sample.size:
            is_valid = np.asarray(estimates.valid.any(axis=1))
            self.valid[estimates.detector].take(estimates.time_s - self.began_s, is_valid)

    def _take_detections(self, detections: Iterable[Detection]) -> None:
        for each in detections:
            key = each.detector, each.channel
            view = self.views.get(self.loop.chain.streams[each.detector])
            if each.kind == "moment":
                if view is not None:
                    view.note_moment(*key, each.onset_s)
            elif each.kind == "onset":
                self._open[key] = each.onset_s - self.began_s
                if view is not None:
                    view.note_event(*key, each.onset_s)
            elif key in self._open:
                self._add_episode(*key, self._open.pop(key), each.onset_s - self.began_s)

    def _add_episode(self, detector: str, channel: str, start_s: float, end_s: float) -> None:
        found = self.episodes.setdefault((detector, channel), [])
        if len(found) < _N_KEPT:
            found.append((start_s, end_s))

    def _take_amounts(self, outcome: Outcome, now_s: float) -> None:
        for target in outcome.targets:
            if target.kind == "amplitude":
                self.wanted[target.device].take(target.time_s - self.began_s, target.amount)
        for event in outcome.device_events:
            since_s = now_s - self.began_s
            self.lowest[event.device].take(since_s, event.lowest)
            self.highest[event.device].take(since_s, event.highest)

    def _take_decisions(self, outcome: Outcome, now_s: float) -> None:
        if outcome.targets:
            self._count("sample to decision", now_s - outcome.targets[-1].time_s)
        for decision in outcome.decisions:
            if isinstance(decision, Refusal):
                self.refused[decision.reason] += 1
            elif isinstance(decision, Send) and isinstance(decision.message, Command):
                self.n_commands += 1
                self._sent_s[decision.message.seq] = now_s
                while len(self._sent_s) > _N_KEPT:
                    del self._sent_s[next(iter(self._sent_s))]
                if decision.message.kind == "amplitude":
                    amount = amount_of(decision.message)
                    self.allowed[decision.device].take(now_s - self.began_s, amount)

    def _count(self, name: str, lasted_s: float) -> None:
        index = int(np.searchsorted(LATENCY_MS, 1000.0 * lasted_s, side="right")) - 1
        self.latency[name][min(max(index, 0), LATENCY_MS.size - 2)] += 1

    def _stream_views(self) -> dict[str, StreamView]:
        tables = {each.id: each for each in self.config.detectors}
        found: dict[str, StreamView] = {}
        for name, conditioner in self.loop.conditioners.items():
            own = [
                id_ for id_ in self.loop.chain.detectors if name in self.loop.chain.streams_of(id_)
            ]
            if not own or len(found) == _N_STREAMS:
                continue
            layout = conditioner.layout
            read = {each for id_ in own for each in self.loop.chain.detectors[id_].channels}
            channels = tuple(each for each in layout.channels if each in read)
            # A phase is shown of its own band.
            ordered = sorted(own, key=lambda id_: "moment" not in _kinds(self.loop, id_))
            bands = [band for id_ in ordered if (band := band_of(tables[id_], tables))]
            fits = [each for each in bands if each[1] < 0.5 * layout.rate_hz and each[0] > 0.0]
            found[name] = StreamView(layout, channels or layout.channels, fits[0] if fits else None)
        return found


def read_session(
    session: Path, progress: Callable[[int], None] = lambda _n_records: None
) -> Material:
    """Read a session, and compute it again, for its page.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, or was killed, too.
    progress : callable, optional
        Called with the number of records done so far.

    Raises
    ------
    JournalError
        Where there is no journal, it is of another format, it is damaged, or it cannot be computed
        here.
    """
    with JournalReader(journal_of(session)) as reader:
        material = Material(reader)
        for record in reader.records():
            if isinstance(record.payload, Header):
                material.began_s = material.ended_s = record.now_s
                material.utc_us = record.utc_us
                material.therapy.take(record.now_s, (), ())
            elif isinstance(record.payload, StepRecord):
                material.take(record.payload.event, record.now_s)
            progress(reader.n_records)
        material.end, material.head = reader.end, reader.head
        material.n_records = reader.n_records
    material.finish()
    return material


def _kinds(loop: WatchedLoop, id_: str) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(loop.chain.detectors[id_], "detects", ())
    return found


def counts_of(latency: NDArray[np.int64]) -> tuple[Any, int]:
    """Return the share of each bin, and how many there are."""
    n_all = int(latency.sum())
    return latency / max(n_all, 1), n_all
