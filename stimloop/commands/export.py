"""`export`: a session's tables again from its journal, or all of it as a part of a BIDS dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.commands.validation import bids as options
from stimloop.errors import ConfigError, DoesNotHoldError, os_error_text
from stimloop.terminal.progress import progress

if TYPE_CHECKING:
    from replay.verification.rebuilt_tables import RebuiltTables

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
    bids: options.Folder = None,
    subject: options.Subject = None,
    label: options.SessionLabel = None,
    task: options.Task = None,
    run: options.Run = None,
    acquisition: options.Acquisition = None,
    channel_type: options.ChannelTypes = None,
    reference: options.Reference = "",
    line: options.Line = None,
    manufacturer: options.Manufacturer = "",
    emg_placement: options.EmgPlacement = "",
    muscle: options.Muscles = None,
    task_description: options.TaskDescription = "",
    name: options.Name = options.NAME,
    author: options.Authors = None,
    source: options.Sources = None,
    no_dates: options.NoDates = False,
    overwrite: options.Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write a session's tables again from its journal, or add it to a BIDS dataset (--bids).

    Of a session that was killed, or goes on, up to its newest record. 1 if a step comes out
    otherwise here than it was recorded, or the dataset does not keep to BIDS: all is written all
    the same.
    """
    asked = options.Asked(
        subject=subject,
        label=label,
        task=task,
        run=run,
        acquisition=acquisition,
        channel_types=tuple(channel_type or ()),
        reference=reference,
        line_hz=line,
        manufacturer=manufacturer,
        emg_placement=emg_placement,
        muscles=tuple(muscle or ()),
        task_description=task_description,
        name=name,
        authors=tuple(author or ()),
        sources=tuple(source or ()),
        no_dates=no_dates,
        overwrite=overwrite,
    )
    if bids is not None:
        if csv or out is not None:
            raise ConfigError("--bids: expected neither --csv nor --out with it, found one of them")
        options.export_bids(session, bids, asked, as_json=as_json)
        return
    if asked != options.Asked():
        raise ConfigError(
            "--bids: expected the folder of a dataset with options of BIDS, found none"
        )
    folder = out or (session if session.is_dir() else session.parent)
    _export_tables(session, folder, csv=csv, as_json=as_json)


def _export_tables(session: Path, folder: Path, *, csv: bool, as_json: bool) -> None:
    from replay.verification.rebuilt_tables import rebuild_tables
    from streamer.errors import JournalError
    from streamer.tables.csv_file import write_csv

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
    _print_tables(made, folder, files, as_json=as_json)
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


def _print_tables(made: "RebuiltTables", folder: Path, files: list[Path], *, as_json: bool) -> None:
    from stimloop.terminal.therapy_text import therapy_lines

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
        return
    print_line(
        f"{folder}: {made.n_estimates} rows of estimates and {made.n_events} of events from "
        f"{made.n_records} records: {', '.join(each.name for each in files)}"
    )
    for line in therapy_lines(made.therapy):
        print_line(line)
