"""Our own streams in a recorder's file, held against the estimates and events of the journal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.conditioning.conditioner import Note
from detectors.estimates import Detection
from replay.recorded_outcome import read_outcome
from replay.recording import RecordedStream, RecordingError, ranges
from replay.verification.recording.alignment import Alignment
from replay.verification.recording.result import StreamCheck, StreamOf
from stimulators.decisions import Decision
from streamer.errors import JournalError
from streamer.events import Event
from streamer.journal.reader import JournalRecord
from streamer.journal.records import SeenRecord, StepRecord, mark_of
from streamer.publishing.own_samples import EventSample, EventSamples, estimates_of

_MISSING: Final = "the file has no such stream"


class HopCheck:
    """Holds the hops of a detector in the file against the journal's marks of them.

    The journal keeps of the hops of a step their number, the newest sample and a digest of every
    bit: which is compared. So a difference is told to the step, which is a chunk of samples.

    Parameters
    ----------
    detector : str
        Its id.
    recorded : RecordedStream or None
        Its stream in the file.
    """

    def __init__(self, detector: str, recorded: RecordedStream | None) -> None:
        self._detector = detector
        self._pieces = iter(()) if recorded is None else _hops_of(recorded)
        self._rows = np.empty((0, 0))
        self._stamps_s = np.empty(0)
        self._is_there = recorded is not None
        self._n_journal = self._n_equal = self._n_changed = 0
        self._n_missing = self._n_extra = 0
        self._first = "" if self._is_there else _MISSING

    def take(self, seen: SeenRecord) -> None:
        """Compare the hops of one step."""
        self._n_journal += seen.n_estimates
        rows, stamps_s = self._up_to(seen.newest_sample)
        n_hops = len(stamps_s)
        where = f"the hops up to sample {seen.newest_sample}"
        if self._n_equal + self._n_changed + self._n_missing == 0 and n_hops > seen.n_estimates:
            # The recorder may have been there before the session's first hop.
            rows, stamps_s = rows[-seen.n_estimates :], stamps_s[-seen.n_estimates :]
            n_hops = seen.n_estimates
        if n_hops < seen.n_estimates:
            self._n_missing += seen.n_estimates - n_hops
            self._n_changed += n_hops
            self._note(f"{where}: the file has {n_hops} of {seen.n_estimates}")
        elif n_hops > seen.n_estimates:
            self._n_extra += n_hops - seen.n_estimates
            self._n_changed += seen.n_estimates
            self._note(f"{where}: the file has {n_hops}, the journal {seen.n_estimates}")
        elif mark_of(estimates_of(self._detector, rows, stamps_s)) != seen.mark:
            self._n_changed += n_hops
            self._note(f"{where}: not the same bits, of at least one of {n_hops}")
        else:
            self._n_equal += n_hops

    def result(self) -> StreamCheck:
        """Return the counts and the first difference."""
        return StreamCheck(
            stream=self._detector,
            of="estimates",
            n_journal=self._n_journal,
            n_equal=self._n_equal,
            n_changed=self._n_changed,
            n_missing=self._n_missing,
            n_extra=self._n_extra,
            first_difference=self._first,
        )

    def _up_to(self, newest: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take the hops of the file whose sample is at most `newest` from those that are left."""
        while not self._stamps_s.size or self._rows[-1, -2] <= newest:
            piece = next(self._pieces, None)
            if piece is None:
                break
            rows, stamps_s = piece
            self._rows = np.concatenate([self._rows, rows]) if self._rows.size else rows
            self._stamps_s = np.concatenate([self._stamps_s, stamps_s])
        if not self._stamps_s.size:
            return self._rows, self._stamps_s
        n_hops = int(np.searchsorted(self._rows[:, -2], newest, side="right"))
        taken = self._rows[:n_hops], self._stamps_s[:n_hops]
        self._rows, self._stamps_s = self._rows[n_hops:], self._stamps_s[n_hops:]
        return taken

    def _note(self, text: str) -> None:
        self._first = self._first or text


class EventCheck:
    """Holds the stream of events, and those of the devices, against the journal's steps.

    Parameters
    ----------
    rates_hz : mapping of str to float
        Nominal rate of each signal.
    devices : sequence of str
        Their ids.
    """

    def __init__(self, rates_hz: Mapping[str, float], devices: Sequence[str]) -> None:
        self._samples = EventSamples(rates_hz)
        self._events: list[EventSample] = []
        self._devices = tuple(devices)

    def take(
        self,
        event: Event,
        now_s: float,
        *,
        notes: Sequence[Note],
        detections: Sequence[Detection],
        decisions: Sequence[Decision],
    ) -> None:
        """Take in one step."""
        self._events += self._samples.of_step(
            event, now_s, notes=notes, detections=detections, decisions=decisions
        )

    def results(self, recorded: Mapping[str, RecordedStream | None]) -> Iterator[StreamCheck]:
        """Yield the check of the events, then of each device.

        Parameters
        ----------
        recorded : mapping of str to RecordedStream or None
            Streams of the file, by ``events`` and ``device/ID``.
        """
        texts = [each.text for each in self._events]
        stamps_s = np.array([each.time_s for each in self._events])
        yield _checked("events", "events", stamps_s, texts, recorded["events"])
        for device in self._devices:
            of_device = [
                (each.time_s, each.of_device.values)
                for each in self._events
                if each.of_device is not None and each.of_device.device == device
            ]
            values = [np.array(each).tobytes() for _, each in of_device]
            stamps_s = np.array([time_s for time_s, _ in of_device])
            yield _checked(device, "device", stamps_s, values, recorded[f"device/{device}"])


class OwnCheck:
    """Feeds the checks of own streams with every record of a journal.

    Parameters
    ----------
    hops : mapping of str to HopCheck
        By the detector's id.
    events : EventCheck
        Of the events and the devices.
    """

    def __init__(self, hops: Mapping[str, HopCheck], events: EventCheck) -> None:
        self._hops = hops
        self._events = events

    def see(self, record: JournalRecord) -> None:
        """Take the next record.

        Raises
        ------
        RecordingError
            Where another version of this program wrote it.
        """
        step = record.payload
        if not isinstance(step, StepRecord):
            return
        try:
            outcome = _decode(step.outcome)
            # Decisions are few, and what was sent does not say of itself what it is.
            has_decisions = len(outcome.decisions) > 1
            decisions = read_outcome(record, step).decisions if has_decisions else ()
        except (msgspec.MsgspecError, JournalError) as error:
            raise RecordingError(f"record {record.number}: cannot be read: {error}") from error
        for seen in outcome.seen:
            if seen.n_estimates and seen.detector in self._hops:
                self._hops[seen.detector].take(seen)
        self._events.take(
            step.event,
            record.now_s,
            notes=outcome.notes,
            detections=[each for seen in outcome.seen for each in seen.detections],
            decisions=decisions,
        )


class _Outcome(msgspec.Struct):
    """What of a step's outcome is in own streams; an empty list of decisions is one byte."""

    notes: tuple[Note, ...] = ()
    seen: tuple[SeenRecord, ...] = ()
    decisions: msgspec.Raw = msgspec.Raw(b"\x90")


_decode = msgspec.msgpack.Decoder(_Outcome).decode


def _checked(
    name: str,
    of: StreamOf,
    stamps_s: NDArray[np.float64],
    values: Sequence[str] | Sequence[bytes],
    recorded: RecordedStream | None,
) -> StreamCheck:
    n_journal = len(values)
    if recorded is None:
        return StreamCheck(
            stream=name,
            of=of,
            n_journal=n_journal,
            n_missing=n_journal,
            first_difference=_MISSING,
        )

    def differing(first: int, first_recorded: int, n: int) -> NDArray[np.bool_]:
        samples = recorded.read(first_recorded, first_recorded + n).samples
        is_text = samples.dtype == object
        found = [str(row[0]) if is_text else row.tobytes() for row in samples]
        expected = values[first : first + n]
        return np.array([old != new for old, new in zip(expected, found, strict=True)])

    recorded_s = recorded.read_stamps(0, recorded.n_samples)
    return Alignment(stamps_s, recorded_s, differing).check(name, of)


def _hops_of(
    recorded: RecordedStream,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    for start, stop in ranges(recorded.n_samples, recorded.n_samples_at_once):
        found = recorded.read(start, stop)
        yield found.samples.astype(np.float64, copy=False), found.timestamps_s
