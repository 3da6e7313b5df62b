"""`export`: writes the tables of a session again from its journal, also as CSV."""

from pathlib import Path
from typing import Annotated

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError, os_error_text
from stimloop.terminal.progress import progress

app = typer.Typer()


@app.command("export")
def export(
    session: Annotated[Path, typer.Argument(help="A session folder, or its journal.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the tables; the session's own without.")
    ] = None,
    csv: Annotated[
        bool, typer.Option("--csv", help="Write estimates.csv and events.csv beside them, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write estimates.parquet and events.parquet of a session again, from its journal.

    Of a session that was killed, or goes on, up to its newest record. 1 if a step comes out
    otherwise here than it was recorded: the tables are written all the same.
    """
    from replay.verification.rebuilt_tables import rebuild_tables
    from stimloop.terminal.therapy_text import therapy_lines
    from streamer.errors import JournalError
    from streamer.tables.csv_file import write_csv

    folder = out or (session if session.is_dir() else session.parent)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with progress("exporting") as advance:
            made = rebuild_tables(session, folder, lambda n_records: advance(n_records, None))
            files = [made.estimates, made.events]
            if csv:
                files += [write_csv(each) for each in files]
    except JournalError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(
            f"{folder}: expected a folder that can be written (another one: --out FOLDER), "
            f"{os_error_text(error)}"
        ) from error
    if as_json:
        print_json(
            {
                "session": made.session,
                "files": [str(each) for each in files],
                "estimates": made.n_estimates,
                "events": made.n_events,
                "records": made.n_records,
                "ended": made.has_ended,
                "holds": made.difference is None,
                "therapy": made.therapy,
            }
        )
    else:
        print_line(
            f"{folder}: {made.n_estimates} rows of estimates and {made.n_events} of events from "
            f"{made.n_records} records: {', '.join(each.name for each in files)}"
        )
        for line in therapy_lines(made.therapy):
            print_line(line)
    if not made.has_ended:
        warn(
            f"{session}: the session has no end, as one that was killed or goes on: the tables "
            f"have what was written up to record {made.n_records - 1}"
        )
    if made.difference is not None:
        for warning in made.warnings:
            warn(warning)
        raise DoesNotHoldError(
            f"{session}: {made.difference}: from there on the tables have what is computed here, "
            "not what was acted on"
        )
