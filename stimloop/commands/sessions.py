"""`journal` and `explain`: what happened in a session, and why, for people and for machines."""

import json
import sys
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.errors import ConfigError, os_error_text
from stimloop.terminal.plain_text import plain_json
from stimloop.terminal.progress import progress

if TYPE_CHECKING:
    from replay.explanation.explained import Explanation

app = typer.Typer()

SessionFolder = Annotated[Path, typer.Argument(help="A session folder, or its journal.")]
InUtc = Annotated[
    bool, typer.Option("--utc", help="Show and read times in UTC, not in this machine's zone.")
]
_TIMES = "12:03:07, 2026-03-01T12:03:07Z, or +83.2 (seconds since the session began)"


@app.command("journal")
def journal(
    session: SessionFolder,
    *,
    since: Annotated[
        str | None, typer.Option("--from", help=f"The first time that is shown: {_TIMES}.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="The last time that is shown, written the same way.")
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this kind, as command, refusal or state; may be given more than once."
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Only what is of this device.")] = None,
    all_kinds: Annotated[
        bool,
        typer.Option(
            "--all", help="Samples, ticks, targets, leases, clocks and device events, too."
        ),
    ] = False,
    utc: InUtc = False,
    as_json: AsJson = False,
) -> None:
    """Show what a session's journal says, a line for each thing, with the wall clock.

    With --json a JSON document a line.
    """
    import msgspec

    from replay.explanation.reading import FilterError, filtered, read_entries
    from replay.explanation.session_times import TimeError
    from stimloop.terminal.journal_text import entry_line
    from streamer.errors import JournalError
    from streamer.watching.wall_clock import utc_text

    zone = _zone(utc=utc)
    has_end = False
    try:
        filters = filtered(kind or (), device=device, since=since, until=until, has_all=all_kinds)
        for entry, times in read_entries(session, filters, zone):
            has_end = entry.kind == "end"
            if as_json:
                plain = {"time_utc": utc_text(entry.utc_us), **msgspec.to_builtins(entry)}
                sys.stdout.write(plain_json(json.dumps(plain)) + "\n")
            else:
                print_line(entry_line(entry, times, zone))
    except (JournalError, TimeError, FilterError) as error:
        raise ConfigError(str(error)) from error
    if not has_end and until is None and not kind and device is None:
        warn(f"{session}: the session has no end, as one that was killed or goes on")


def _zone(*, utc: bool) -> tzinfo | None:
    """Return the zone of times: UTC, or that of this machine (None)."""
    from replay.explanation.session_times import UTC_ZONE

    return UTC_ZONE if utc else None


@app.command("explain")
def explain(
    session: SessionFolder,
    seq: Annotated[
        int | None, typer.Argument(help="The number of a command, as journal --kind command lists.")
    ] = None,
    *,
    at: Annotated[
        str | None,
        typer.Option(
            help="A moment instead: 12:03:07, 2026-03-01T12:03:07Z, or +83.2 (seconds since the "
            "session began)."
        ),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="With --at: of this device alone, not of each.")
    ] = None,
    window: Annotated[
        float, typer.Option(min=0.1, max=600.0, help="Seconds that are told before and after.")
    ] = 4.0,
    picture: Annotated[
        Path | None,
        typer.Option(help="Draw it, too: a file .png, .svg or .pdf; of several devices one each."),
    ] = None,
    utc: InUtc = False,
    as_json: AsJson = False,
) -> None:
    """Say why a command was sent and what came of it, or what happened at a moment and why.

    The session is computed again up to there, with the journal's own configuration and data.
    """
    if (seq is None) == (at is None):
        found = "neither" if seq is None else "both"
        raise ConfigError(f"explain: expected SEQ or --at TIME, found {found}")
    if device is not None and at is None:
        raise ConfigError("--device: expected it with --at, as a command is of one device")
    told = _explained(session, seq, at, device=device, window_s=window, utc=utc)
    files = [] if picture is None else _draw(told, picture)
    for warning in dict.fromkeys(each for one in told for each in one.warnings):
        warn(f"{session}: {warning}")
    if as_json:
        print_json({"explanations": [_plain(each) for each in told], "pictures": files})
        return
    from stimloop.terminal.explanation_text import explanation_lines

    for each in told:
        for line in explanation_lines(each, _zone(utc=utc)):
            print_line(line)
    for file in files:
        print_line(f"picture: {file}")


def _explained(
    session: Path,
    seq: int | None,
    at: str | None,
    *,
    device: str | None,
    window_s: float,
    utc: bool,
) -> "tuple[Explanation, ...]":
    from replay.explanation.explain import NoSuchCommandError, explain_command, explain_moment
    from replay.explanation.session_times import TimeError
    from streamer.errors import JournalError

    try:
        with progress("computing") as advance:
            if seq is not None:
                return (explain_command(session, seq, window_s=window_s, progress=advance),)
            return explain_moment(
                session,
                at or "",
                device=device,
                zone=_zone(utc=utc),
                window_s=window_s,
                progress=advance,
            )
    except (JournalError, TimeError, NoSuchCommandError) as error:
        raise ConfigError(str(error)) from error


def _draw(told: "tuple[Explanation, ...]", picture: Path) -> list[str]:
    """Draw each explanation; return the files."""
    from stimloop.library.input_errors import InputError
    from stimloop.library.results.explanation_picture import draw_explanation

    files = [
        picture if len(told) == 1 else picture.with_stem(f"{picture.stem}-{each.device}")
        for each in told
    ]
    if picture.suffix not in {".png", ".svg", ".pdf"}:
        raise ConfigError(f"--picture: expected a file .png, .svg or .pdf, found {picture.name}")
    try:
        for each, file in zip(told, files, strict=True):
            draw_explanation(each).savefig(file, dpi=100)
    except InputError as error:
        raise ConfigError(f"--picture: {error}") from error
    except OSError as error:
        raise ConfigError(f"--picture: {os_error_text(error)}") from error
    return [str(each) for each in files]


def _plain(told: "Explanation") -> dict[str, Any]:
    from stimloop.library.explained import plain_explanation

    return plain_explanation(told)
