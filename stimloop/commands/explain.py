"""`explain`: why a command was sent, and what happened at a moment, also where that is nothing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.commands.journal import InUtc, SessionFolder, zone_of
from stimloop.errors import ConfigError, os_error_text
from stimloop.terminal.progress import progress

if TYPE_CHECKING:
    from replay.explanation.explained import Explanation

app = typer.Typer()


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
        for line in explanation_lines(each, zone_of(utc=utc)):
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
                zone=zone_of(utc=utc),
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
