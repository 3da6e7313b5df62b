"""The events of a session, for the file of one stream: `*_events.tsv` and `*_events.json`."""

import math
import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any, Final

from stimloop.sharing.event_words import COLUMNS, level_of, reason_of, reasons_of
from stimloop.sharing.material import SharedSession
from streamer.tables.row import Row

#: What has no value, in BIDS.
NOTHING: Final = "n/a"
#: A name that MNE leaves out of filters and epochs by itself.
SKIPPED: Final = "BAD_ACQ_SKIP"
NOT_FINITE: Final = "BAD_not_finite"
_N_DIGITS: Final = 12


class EventTable:
    """The events of one file.

    Parameters
    ----------
    session : SharedSession
        The session.
    stream : str
        The stream of the file.
    n_padded : int
        Positions at the end of the file that no sample has.
    not_finite : sequence of (int, int)
        Positions, first and after the last, of numbers that the format cannot keep.

    Attributes
    ----------
    rows : list of dict
        A value for each column, in the order of onsets.
    """

    def __init__(
        self,
        session: SharedSession,
        stream: str,
        *,
        n_padded: int = 0,
        not_finite: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._stream = stream
        self._file_time = session.times[stream]
        self._units = {each.id: each.unit for each in session.config.devices}
        self._operators = sorted(
            {each["operator"] for each in session.rows if each.get("operator")}, key=len
        )[::-1]
        offsets = self._offsets(session.rows)
        rows = [
            self._line(each, offsets.get(index))
            for index, each in enumerate(session.rows)
            if each["event"] != "gap"
        ]
        rows += self._fills()
        rows += [self._span(NOT_FINITE, first, stop) for first, stop in not_finite]
        if n_padded:
            end = self._file_time.n_positions
            rows.append(self._span(SKIPPED, end, end + n_padded, text="padding"))
        rows.sort(key=lambda each: float(each["onset"]))
        self.rows = rows

    def tsv(self) -> str:
        """Return the table."""
        lines = ["\t".join(column.name for column in COLUMNS)]
        lines += ["\t".join(_text(row.get(column.name)) for column in COLUMNS) for row in self.rows]
        return "\n".join(lines) + "\n"

    def descriptions(self) -> dict[str, Any]:
        """Return what each column, and each level of those that have some, means."""
        found: dict[str, Any] = {}
        for column in COLUMNS:
            found[column.name] = {"Description": column.description}
            if column.unit:
                found[column.name]["Units"] = column.unit
        types = sorted({row["trial_type"] for row in self.rows})
        found["trial_type"]["Levels"] = {each: level_of(each) for each in types}
        reasons = [
            (row["trial_type"].partition("/")[0], str(row["reason"]))
            for row in self.rows
            if row.get("reason")
        ]
        if reasons:
            found["reason"]["Levels"] = reasons_of(reasons)
        found["complete"]["Levels"] = {"true": "whole", "false": "cut short"}
        found["StimulusPresentation"] = {
            "SoftwareName": "stimloop",
            "SoftwareVersion": metadata.version("stimloop"),
        }
        return found

    def _line(self, each: Row, offset: Row | None) -> dict[str, Any]:
        place = self._place(each)
        duration_s = each.get("duration_s") or 0.0
        if offset is not None:
            duration_s = (self._place(offset) - place) / self._file_time.rate_hz
        elif each["event"] == "detection" and each["kind"] == "onset":
            duration_s = None
        line = {column.name: each.get(column.key) for column in COLUMNS if column.key}
        unit = self._units.get(each.get("device") or "")
        is_inside = 0.0 <= place < self._file_time.n_positions
        return line | {
            "onset": place / self._file_time.rate_hz,
            "duration": duration_s,
            "trial_type": f"{each['event']}/{each['kind']}",
            "sample": round(place) if is_inside else None,
            "amplitude_unit": None if unit is None else {"ma": "mA"}.get(unit, unit),
            "reason": reason_of(each["event"], each["kind"], each.get("reason"), each["text"]),
            "text": self._without_names(each["text"]),
            "cause_onset": self._onset_of(each.get("onset_s")),
            "fire_onset": self._onset_of(each.get("fire_at_s")),
            "known_onset": self._onset_of(each["known_s"]),
        }

    def _without_names(self, text: str) -> str:
        """Return a text without the names of operators."""
        for name in self._operators:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "somebody", text)
        return text

    def _place(self, each: Row) -> float:
        """Return the position of a row: of what is bound to a sample of this stream, just that."""
        sample = each.get("sample")
        if sample is not None and each.get("stream") == self._stream:
            return float(self._file_time.position(sample))
        time_s = each["time_s"] if each["time_s"] is not None else each["known_s"]
        return self._file_time.position_at(time_s)

    def _onset_of(self, time_s: float | None) -> float | None:
        if time_s is None:
            return None
        return self._file_time.position_at(time_s) / self._file_time.rate_hz

    @staticmethod
    def _offsets(rows: list[Row]) -> dict[int, Row]:
        """Return the offset that ends each onset, by the onset's index."""
        found: dict[int, Row] = {}
        begun: dict[tuple[str, str], int] = {}
        for index, each in enumerate(rows):
            if each["event"] == "detection":
                key = each["detector"], each["channel"]
                if each["kind"] == "onset":
                    begun[key] = index
                elif each["kind"] == "offset" and key in begun:
                    found[begun.pop(key)] = each
        return found

    def _fills(self) -> Iterator[dict[str, Any]]:
        for fill in self._file_time.fills:
            stop = self._file_time.position(fill.sample)
            if fill.n_positions:
                text = f"{fill.n_positions} samples are missing before sample {fill.sample}"
                yield self._span(SKIPPED, stop - fill.n_positions, stop, text=text)
            elif fill.kind == "clock":
                yield self._span("clock", stop, stop, text="the sender's clock was set anew")

    def _span(self, trial_type: str, first: int, stop: int, text: str = "") -> dict[str, Any]:
        return {
            "onset": first / self._file_time.rate_hz,
            "duration": (stop - first) / self._file_time.rate_hz,
            "trial_type": trial_type,
            "sample": first,
            "stream": self._stream,
            "text": text,
        }


def _text(value: object) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.{_N_DIGITS}g}" if math.isfinite(value) else NOTHING
    return " ".join(str(value).split()) or NOTHING
