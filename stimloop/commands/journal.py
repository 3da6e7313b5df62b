"""`journal`: what a session's journal says, line by line, for people and for machines."""

import json
import sys
from datetime import tzinfo
from pathlib import Path
from typing import Annotated

import typer

from stimloop.commands.arguments import AsJson, print_line, warn
from stimloop.errors import ConfigError
from stimloop.terminal.plain_text import plain_json

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

    zone = zone_of(utc=utc)
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


def zone_of(*, utc: bool) -> tzinfo | None:
    """Return the zone of times: UTC, or that of this machine (None)."""
    from replay.explanation.session_times import UTC_ZONE

    return UTC_ZONE if utc else None
