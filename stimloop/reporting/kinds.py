"""Which page a path asks for: a kind recognizes its own, and makes its page."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from stimloop.errors import ConfigError

#: Called with how much was done so far.
Progress = Callable[[int], None]


class PageKind(NamedTuple):
    """One kind of page.

    Parameters
    ----------
    name : str
        What it is of, for people.
    recognizes : callable
        Given a path, says whether it is of this kind; looks at names and first bytes alone.
    page : callable
        Given the path and a progress, returns the HTML.
    beside : callable
        Given the path, returns where the page is put if nobody says so.
    """

    name: str
    recognizes: Callable[[Path], bool]
    page: Callable[[Path, Progress], str]
    beside: Callable[[Path], Path]


def _is_session(path: Path) -> bool:
    return (path / "journal.sqlite").is_file() or (path.is_file() and path.suffix == ".sqlite")


def _session(path: Path, progress: Progress) -> str:
    from stimloop.reporting.session.session_page import session_page  # noqa: PLC0415 loads detectors
    from streamer.errors import JournalError  # noqa: PLC0415 as above

    try:
        return session_page(path, progress)
    except JournalError as error:
        raise ConfigError(str(error)) from error


def _is_sweep(path: Path) -> bool:
    return (path / "sweep.json").is_file() or (path.is_file() and path.name == "sweep.json")


def _sweep(path: Path, _progress: Progress) -> str:
    from replay.sweeping.result import SweepFileError, read_sweep  # noqa: PLC0415 loads detectors
    from stimloop.reporting.sweep_page import sweep_page  # noqa: PLC0415 as above

    try:
        return sweep_page(read_sweep(path))
    except SweepFileError as error:
        raise ConfigError(str(error)) from error


def _is_score(path: Path) -> bool:
    return path.is_file() and path.suffix == ".json"


def _score(path: Path, _progress: Progress) -> str:
    from replay.scoring.result import ScoreFileError, read_score  # noqa: PLC0415 loads detectors
    from stimloop.reporting.score_page import score_page  # noqa: PLC0415 as above

    try:
        return score_page(read_score(path))
    except ScoreFileError as error:
        raise ConfigError(str(error)) from error


#: Every kind, in the order in which they are asked.
KINDS: Final = (
    PageKind(
        "a session folder",
        _is_session,
        _session,
        lambda path: (path if path.is_dir() else path.parent) / "report.html",
    ),
    PageKind(
        "a sweep's folder",
        _is_sweep,
        _sweep,
        lambda path: (path if path.is_dir() else path.parent) / "report.html",
    ),
    PageKind(
        "a score (stimloop score --out)",
        _is_score,
        _score,
        lambda path: path.with_suffix(".html"),
    ),
)


def kind_of(path: Path) -> PageKind:
    """Return the kind of page that a path asks for.

    Raises
    ------
    ConfigError
        Where there is nothing, or it is of no kind.
    """
    for kind in KINDS:
        if kind.recognizes(path):
            return kind
    *others, last = (each.name for each in KINDS)
    expected = f"{', '.join(others)} or {last}"
    if not path.exists():
        raise ConfigError(f"{path}: expected {expected}, found none")
    found = "another folder" if path.is_dir() else "another file"
    raise ConfigError(f"{path}: expected {expected}, found {found}")
