"""What a session report holds of the weeks before: trends, patient's events, spectra, settings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from replay.readers.implants.percept.log_texts import changed, group_text, summary_texts
from replay.readers.implants.percept.report import SessionReport
from replay.readers.implants.percept.ticks import TickClock, moment_of
from replay.recording import RecordedStream, Stretch
from streamer.source import StreamInfo

#: A trend has a row each ten minutes.
_TREND_HZ: Final = 1.0 / 600.0
_SIDES: Final = {"LEFT": "HemisphereLocationDef_Left", "RIGHT": "HemisphereLocationDef_Right"}
_Row = tuple[float, Any]


class LogStream(RecordedStream):
    """Rows of a log in memory, in the order of their dates."""

    def __init__(self, info: StreamInfo, rows: Sequence[_Row]) -> None:
        ordered = sorted(rows, key=lambda row: row[0])
        dtype = object if info.dtype == "string" else info.dtype
        samples = np.empty((len(ordered), len(info.channels)), dtype)
        for number, (_, values) in enumerate(ordered):
            samples[number] = values
        self._held: Final = Stretch(samples, np.array([time_s for time_s, _ in ordered]))
        super().__init__(info, len(ordered))

    @property
    def is_log(self) -> bool:
        """It is: of weeks before the session."""
        return True

    def decode(self, start: int, stop: int) -> Stretch:
        """Return rows and stamps."""
        samples, stamps_s = self._held
        return Stretch(samples[start:stop].copy(), stamps_s[start:stop].copy())


class _Dated:
    """Puts the entries of one section on the report's clock, and counts those without a date."""

    def __init__(self, path: str, clock: TickClock) -> None:
        self._path = path
        self._clock = clock
        self.n_entries = 0
        self.n_undated = 0

    def __call__(self, date: object, values: Any) -> Iterator[_Row]:  # noqa: ANN401 of any stream
        self.n_entries += 1
        moment = moment_of(date) if isinstance(date, str) else None
        if moment is None:
            self.n_undated += 1
        else:
            yield self._clock.at_s(moment), values

    def tell(self, warnings: list[str]) -> None:
        if self.n_undated:
            warnings.append(
                f"{self._path}: {self.n_undated} of {self.n_entries} entries have no date that is "
                "one, and are left out"
            )


def log_streams(
    report: SessionReport, clock: TickClock, warnings: list[str]
) -> Iterator[LogStream]:
    """Yield the logs of a report that have any entry with a date.

    Parameters
    ----------
    report : SessionReport
        The report.
    clock : TickClock
        Its clock, which dates are put on; it must know the runs.
    warnings : list of str
        Gets a line for each section with entries whose dates are none.
    """
    diagnostic = _decoded(report.DiagnosticData)
    trends = diagnostic.get("LFPTrendLogs")
    for side, key in _SIDES.items():
        rows = trends.get(key) if isinstance(trends, dict) else None
        yield from _trend(side, key, rows, clock, warnings)
    snapshots = _entries(diagnostic.get("LfpFrequencySnapshotEvents"))
    yield from _markers("LfpFrequencySnapshotEvents", snapshots, _event_name, clock, warnings)
    for side, key in _SIDES.items():
        yield from _spectra(side, key, snapshots, clock, warnings)
    events = _entries(diagnostic.get("EventLogs"))
    yield from _markers("EventLogs", events, changed, clock, warnings)
    history = _entries(_decoded(report.GroupHistory, list))
    yield from _markers("GroupHistory", history, group_text, clock, warnings, "SessionDate")
    summary = _decoded(report.EventSummary)
    texts = summary_texts(summary)
    counted = [{"SessionEndDate": summary.get("SessionEndDate"), "text": each} for each in texts]
    yield from _markers(
        "EventSummary", counted, lambda each: str(each["text"]), clock, warnings, "SessionEndDate"
    )


def _trend(
    side: str, key: str, days: object, clock: TickClock, warnings: list[str]
) -> Iterator[LogStream]:
    """Yield the averages of ten minutes of one hemisphere: power and amplitude."""
    dated = _Dated(f"$.DiagnosticData.LFPTrendLogs.{key}", clock)
    entries = [
        each for day in (days if isinstance(days, dict) else {}).values() for each in _entries(day)
    ]
    rows = [
        row
        for each in entries
        for row in dated(
            each.get("DateTime"), [_number(each.get(name)) for name in _TREND_COLUMNS.values()]
        )
    ]
    dated.tell(warnings)
    if rows:
        channels, units = tuple(_TREND_COLUMNS), ("lsb", "mA")
        info = _info(f"LFPTrendLogs {side}", "Trend", channels, units, rate_hz=_TREND_HZ)
        yield LogStream(info, rows)


_TREND_COLUMNS: Final = {"power": "LFP", "amplitude": "AmplitudeInMilliAmps"}


def _spectra(
    side: str, key: str, events: Sequence[dict[str, Any]], clock: TickClock, warnings: list[str]
) -> Iterator[LogStream]:
    """Yield the spectra that were kept at patient's events: a row each, a channel a frequency."""
    dated = _Dated(f"$.DiagnosticData.LfpFrequencySnapshotEvents ({side})", clock)
    rows: list[_Row] = []
    frequencies: tuple[float, ...] = ()
    for event in events:
        both = event.get("LfpFrequencySnapshotEvents")
        found = both.get(key) if isinstance(both, dict) else None
        if not isinstance(found, dict):
            continue
        powers = [_number(each) for each in _list(found.get("FFTBinData"))]
        at_hz = tuple(_number(each) for each in _list(found.get("Frequency")))
        frequencies = frequencies or at_hz
        if powers and at_hz == frequencies and len(powers) == len(at_hz):
            rows += dated(found.get("DateTime") or event.get("DateTime"), powers)
    dated.tell(warnings)
    labels = tuple(f"{each:g} Hz" for each in frequencies)
    if rows and len(set(labels)) == len(labels):
        name = f"LfpFrequencySnapshotEvents {side}"
        yield LogStream(_info(name, "Spectrum", labels, ("uV",) * len(labels)), rows)


def _markers(  # noqa: PLR0917 one call a section
    name: str,
    entries: Sequence[dict[str, Any]],
    text_of: Callable[[dict[str, Any]], str],
    clock: TickClock,
    warnings: list[str],
    date_key: str = "DateTime",
) -> Iterator[LogStream]:
    dated = _Dated(f"$.DiagnosticData.{name}" if date_key == "DateTime" else f"$.{name}", clock)
    texts = [(each.get(date_key), text_of(each)) for each in entries]
    rows = [row for date, text in texts if text for row in dated(date, [text])]
    dated.tell(warnings)
    if rows:
        yield LogStream(_info(name, "Log", ("event",), ("",), dtype="string"), rows)


def _event_name(event: Mapping[str, Any]) -> str:
    return " ".join(str(event.get("EventName") or "").split())


def _info(
    name: str,
    stream_type: str,
    channels: tuple[str, ...],
    units: tuple[str, ...],
    *,
    rate_hz: float = 0.0,
    dtype: str = "float64",
) -> StreamInfo:
    return StreamInfo(
        name=name,
        lsl_name=name,
        lsl_type=stream_type,
        rate_hz=rate_hz,
        channels=channels,
        units=units,
        dtype=dtype,
    )


def _decoded(section: msgspec.Raw, kind: type = dict) -> Any:  # noqa: ANN401 plain data
    found = msgspec.json.decode(section)
    return found if isinstance(found, kind) else kind()


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _entries(value: object) -> list[dict[str, Any]]:
    return [each for each in _list(value) if isinstance(each, dict)]


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
