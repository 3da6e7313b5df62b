"""The parts of a session report that hold signals, by the names that they have there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from replay.recording import RecordingError

#: Lists of numbers are text, with commas and sometimes in brackets; a single number may be one.
_Numbers: TypeAlias = str | list[float] | float | None
_Rate: TypeAlias = Annotated[float, Meta(gt=0.0, le=1e6)]
_NONE: Final = msgspec.Raw(b"null")


class TimeDomainRun(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of one run of streaming, in microvolts."""

    Channel: Annotated[str, Meta(min_length=1)]
    SampleRateInHz: _Rate
    TimeDomainData: list[float | None]
    FirstPacketDateTime: str | None = None
    GlobalPacketSizes: _Numbers = None
    TicksInMses: _Numbers = None


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Logged power and amplitude of one hemisphere at one tick."""

    LFP: float | None = None
    amplitude_ma: float | None = msgspec.field(default=None, name="mA")


class PowerPacket(msgspec.Struct, frozen=True, kw_only=True):
    """Logged power and amplitude of both hemispheres at one tick."""

    TicksInMs: float
    Left: Side = Side()
    Right: Side = Side()


class PowerRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the implant's own log."""

    Channel: Annotated[str, Meta(min_length=1)]
    SampleRateInHz: _Rate
    LfpData: list[PowerPacket]
    FirstPacketDateTime: str | None = None
    TherapySnapshot: Any = None


class LocatedRun(NamedTuple):
    """A run with its JSON path."""

    path: str
    run: Any


class SessionReport(msgspec.Struct, frozen=True, kw_only=True):
    """A session report, of which only the signals are read."""

    BrainSenseTimeDomain: msgspec.Raw = _NONE
    IndefiniteStreaming: msgspec.Raw = _NONE
    BrainSenseLfp: msgspec.Raw = _NONE
    LfpMontageTimeDomain: msgspec.Raw = _NONE
    SenseChannelTests: msgspec.Raw = _NONE
    CalibrationTests: msgspec.Raw = _NONE
    GroupHistory: msgspec.Raw = _NONE
    EventSummary: msgspec.Raw = _NONE
    DiagnosticData: msgspec.Raw = _NONE


#: Sections that are read, with what their runs are.
READ: Final[dict[str, type[TimeDomainRun | PowerRun]]] = {
    "BrainSenseTimeDomain": TimeDomainRun,
    "IndefiniteStreaming": TimeDomainRun,
    "BrainSenseLfp": PowerRun,
}
#: Sections of short runs without ticks, for tests of channels, that are not read.
NOT_READ: Final = ("LfpMontageTimeDomain", "SenseChannelTests", "CalibrationTests")


def read_report(path: Path) -> SessionReport:
    """Return a report.

    Raises
    ------
    RecordingError
        Where the file cannot be read or is no JSON object: one line.
    """
    try:
        return msgspec.json.decode(
            path.read_bytes().removeprefix(b"\xef\xbb\xbf"), type=SessionReport
        )
    except OSError as error:
        raise RecordingError(
            f"{path}: expected a file that can be read, found: {error.strerror or error}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: expected a session report in JSON: {error}") from error


def runs_of(report: SessionReport, section: str, wrong: list[str]) -> Iterator[LocatedRun]:
    """Yield the runs of a section; what cannot be read goes to `wrong`, a line with its JSON path.

    A section of one run may be that run itself, where a list was taken apart by another program.
    """
    for path, content in _parts(getattr(report, section), f"$.{section}"):
        try:
            yield LocatedRun(path, msgspec.json.decode(content, type=READ[section]))
        except msgspec.ValidationError as error:
            text, _, inner = str(error).partition(" - at `$")
            where = f"{path}{inner.rstrip('`')}"
            wrong.append(f"{where}: {text[:1].lower()}{text[1:]}: the run is left out")


def n_runs_of(report: SessionReport, section: str) -> int:
    """Return how many runs a section has."""
    return len(list(_parts(getattr(report, section), section)))


def _parts(section: msgspec.Raw, path: str) -> Iterator[tuple[str, msgspec.Raw]]:
    content = bytes(section).lstrip()
    if content.startswith(b"["):
        for number, each in enumerate(msgspec.json.decode(content, type=list[msgspec.Raw])):
            yield f"{path}[{number}]", each
    elif content.startswith(b"{"):
        yield path, section


def numbers_of(text: _Numbers) -> list[float]:
    """Return the numbers that a report keeps as text.

    Raises
    ------
    ValueError
        Where a part of it is no number.

    Examples
    --------
    >>> numbers_of("125,125,"), numbers_of("[62, 63]"), numbers_of("")
    ([125.0, 125.0], [62.0, 63.0], [])
    """
    if text is None:
        return []
    if isinstance(text, str):
        return [float(each) for each in text.strip("[], ").split(",") if each.strip()]
    return list(text) if isinstance(text, list) else [text]
