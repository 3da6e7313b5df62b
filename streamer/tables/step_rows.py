"""Rows of one step of the loop: what was heard, noted, detected and decided, one each."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from detectors.conditioning.conditioner import Note
from detectors.estimates import Detection
from stimulators.decisions import Decision
from streamer.events import Chunk, ClockCorrection, Event, Marker
from streamer.tables.decided_rows import decided
from streamer.tables.heard_rows import heard
from streamer.tables.row import Row, row
from streamer.tables.seen_rows import detected

#: How the note of a gap says how much is missing, and before which sample.
GAP_NOTE: Final = re.compile(
    r"(?P<n_lost>\d+) samples \((?P<lost_s>[0-9.]+) s\) are missing before sample (?P<sample>\d+)"
)


class StepRows:
    """Turns steps into rows, in the order of the journal.

    Parameters
    ----------
    rates_hz : mapping of str to float
        Nominal rate of each signal.
    """

    def __init__(self, rates_hz: Mapping[str, float]) -> None:
        self._rates_hz = rates_hz
        self._correction_s: dict[str, float] = {}

    def rows(
        self,
        event: Event | None,
        now_s: float,
        *,
        notes: Sequence[Note],
        detections: Sequence[Detection],
        decisions: Sequence[Decision],
    ) -> Iterator[Row]:
        """Yield the rows of one step, each with its time and when it was known.

        Parameters
        ----------
        event : Event or None
            What the loop was fed; samples may be left out where nothing was noted on them.
        now_s : float
            The service's clock.
        notes, detections, decisions : sequence
            What followed.
        """
        if isinstance(event, ClockCorrection) and math.isfinite(event.correction_s):
            self._correction_s[event.stream] = event.correction_s
        for each in self._of_step(event, notes, detections, decisions):
            each.setdefault("time_s", now_s)
            each["known_s"] = now_s
            yield each

    def _of_step(
        self,
        event: Event | None,
        notes: Sequence[Note],
        detections: Sequence[Detection],
        decisions: Sequence[Decision],
    ) -> Iterator[Row]:
        if isinstance(event, Chunk):
            for note in notes:
                yield self._noted(note, event)
        elif isinstance(event, Marker):
            time_s = event.time_s + self._correction_s.get(event.stream, 0.0)
            yield row("marker", "marker", time_s=time_s, stream=event.stream, text=event.text)
        elif event is not None:
            yield from heard(event)
        for each in detections:
            yield {**detected(each), "complete": each.complete}
        for decision in decisions:
            yield from decided(decision)

    def _noted(self, note: Note, chunk: Chunk) -> Row:
        """Return the row of a note, at the corrected stamp of its sample."""
        index = min(max(note.sample - chunk.first_sample, 0), chunk.timestamps_s.size - 1)
        time_s = float(chunk.timestamps_s[index]) + self._correction_s.get(note.stream, 0.0)
        gap = GAP_NOTE.match(note.text) if note.kind == "gap" else None
        if gap is None:
            columns: Row = {"sample": note.sample}
        else:  # it was confirmed some samples after it ended
            sample, lost_s = int(gap["sample"]), float(gap["lost_s"])
            time_s -= (note.sample - sample) / self._rates_hz[note.stream] + lost_s
            columns = {"sample": sample, "duration_s": lost_s}
        return row(
            "quality" if gap is None else "gap",
            note.kind,
            time_s=time_s if math.isfinite(time_s) else None,
            stream=note.stream,
            text=note.text,
            **columns,
        )
