"""The events of a session: what was written down while it was recorded, on the computer's clock."""

from pathlib import Path
from typing import Final

import numpy as np

from replay.readers.implants.rcs.packets import scan
from replay.recording import RecordedStream, Stretch
from streamer.source import StreamInfo

_MS: Final = 1000.0


class EventStream(RecordedStream):
    """The texts of `EventLog.json` at their onsets, in Unix time."""

    def __init__(self, texts: list[str], onsets_s: list[float]) -> None:
        info = StreamInfo(
            name="EventLog",
            lsl_name="EventLog",
            lsl_type="Markers",
            rate_hz=0.0,
            channels=("event",),
            units=("",),
            dtype="string",
        )
        super().__init__(info, len(texts))
        self._rows: Final = np.empty((len(texts), 1), object)
        self._rows[:, 0] = texts
        self._stamps_s: Final = np.array(onsets_s, np.float64)

    def decode(self, start: int, stop: int) -> Stretch:
        """Return texts and stamps."""
        return Stretch(self._rows[start:stop].copy(), self._stamps_s[start:stop].copy())


def read_events(folder: Path, warnings: list[str]) -> EventStream | None:
    """Return the events of a session; None where there are none."""
    file = folder / "EventLog.json"
    if not file.is_file():
        return None
    texts: list[str] = []
    onsets_s: list[float] = []
    for record in scan(file, "", warnings):
        event = record.content.get("Event")
        if not isinstance(event, dict) or not isinstance(event.get("UnixOnsetTime"), int | float):
            continue
        name = event.get("EventType") or event.get("EventName") or "event"
        more = event.get("EventSubType") or ""
        texts.append(" ".join(f"{name} {more}".split()))
        onsets_s.append(event["UnixOnsetTime"] / _MS)
    return EventStream(texts, onsets_s) if texts else None
