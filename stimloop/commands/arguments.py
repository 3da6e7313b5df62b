"""The arguments that several commands share, what they open, and how they print."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.errors import ConfigError
from stimloop.terminal.plain_text import plain, plain_json, plain_toml

if TYPE_CHECKING:
    from replay.recording import Recording

ConfigFile = Annotated[
    Path | None, typer.Argument(help="The rig's TOML file; the default rig without one.")
]
ReplayedConfig = Annotated[
    Path | None,
    typer.Argument(
        help="The rig's TOML file; without one beta power and bursts of every channel, and nothing "
        "is driven."
    ),
]
RecordingFile = Annotated[
    Path,
    typer.Argument(
        help="A recording: XDF, a session's folder, or another format of docs/guides/recordings.md."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for a machine.")]


def opened(path: Path) -> "Recording":
    """Open a recording, and warn of what is damaged or missing in it."""
    from replay import readers
    from replay.recording import RecordingError

    try:
        loaded = readers.open(path)
    except RecordingError as error:
        raise ConfigError(str(error)) from error
    for warning in loaded.warnings:
        warn(f"{path}: {warning}")
    return loaded


def print_json(value: Any) -> None:  # noqa: ANN401 any plain data
    """Print plain data as one JSON document."""
    document = json.dumps(value, indent=2, ensure_ascii=False)
    if not _is_shown(document):
        document = json.dumps(value, indent=2)
    sys.stdout.write(f"{plain_json(document)}\n")


def print_line(text: str) -> None:
    """Print one line; characters that could control the terminal are escaped."""
    sys.stdout.write(f"{plain(text)}\n")
    sys.stdout.flush()


def print_toml(document: str) -> None:
    """Print a TOML document that can be saved as a file."""
    sys.stdout.write(plain_toml(document, _is_shown))
    sys.stdout.flush()


def _is_shown(text: str) -> bool:
    """Return whether the encoding of stdout has every character of a text."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def warn(text: str) -> None:
    """Print a warning to stderr, without ending the command."""
    sys.stderr.write(f"stimloop: warning: {plain(' '.join(text.split()))}\n")
