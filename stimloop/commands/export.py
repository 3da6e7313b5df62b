"""`export`: a session's tables again from its journal, or all of it as a part of a BIDS dataset."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError, os_error_text
from stimloop.terminal.progress import progress

if TYPE_CHECKING:
    from replay.verification.rebuilt_tables import RebuiltTables
    from stimloop.sharing.export import ExportedSession
    from stimloop.sharing.request import Request

app = typer.Typer()

_PANEL = "BIDS"


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
    bids: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=_PANEL,
            help="In place of tables: folder of a BIDS dataset, new or not, to add it to.",
        ),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_PANEL,
            help="Label of the person; the subject of [session], or the rig's name, without.",
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option("--session", rich_help_panel=_PANEL, help="Label; when it began without."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(rich_help_panel=_PANEL, help="Label; closedloop without.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(rich_help_panel=_PANEL, help="Number; none without.")
    ] = None,
    acquisition: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=_PANEL,
            help="Label; several streams of one kind have their names behind it.",
        ),
    ] = None,
    channel_type: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=_PANEL,
            help="CHANNEL=TYPE, as STN_L_1=SEEG; may be given more than once. Without, voltages of "
            "an LFP stream are DBS, or ECOG where their label says so.",
        ),
    ] = None,
    reference: Annotated[
        str, typer.Option(rich_help_panel=_PANEL, help="What channels are referenced to.")
    ] = "",
    line: Annotated[
        float | None,
        typer.Option(min=1.0, rich_help_panel=_PANEL, help="Frequency of the mains, in Hz."),
    ] = None,
    manufacturer: Annotated[
        str, typer.Option(rich_help_panel=_PANEL, help="Who made the amplifier.")
    ] = "",
    emg_placement: Annotated[
        str, typer.Option(rich_help_panel=_PANEL, help="How EMG electrodes were placed.")
    ] = "",
    task_description: Annotated[
        str, typer.Option(rich_help_panel=_PANEL, help="What was done, in a sentence.")
    ] = "",
    name: Annotated[
        str, typer.Option(rich_help_panel=_PANEL, help="Name of a new dataset.")
    ] = "Sessions of a closed loop",
    author: Annotated[
        list[str] | None,
        typer.Option(rich_help_panel=_PANEL, help="Of a new dataset; may be given more than once."),
    ] = None,
    source: Annotated[
        list[Path] | None,
        typer.Option(
            rich_help_panel=_PANEL,
            help="File it comes from, as an XDF file, for sourcedata; may be given more than "
            "once. An XDF file in the session's folder goes there by itself.",
        ),
    ] = None,
    no_dates: Annotated[
        bool,
        typer.Option("--no-dates", rich_help_panel=_PANEL, help="Keep date and time of day out."),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", rich_help_panel=_PANEL, help="Replace a recording of the same labels."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write a session's tables again from its journal, or add it to a BIDS dataset (--bids).

    Of a session that was killed, or goes on, up to its newest record. 1 if a step comes out
    otherwise here than it was recorded, or the dataset does not keep to BIDS: all is written all
    the same.
    """
    if bids is None:
        _export_tables(session, out or _folder_of(session), csv=csv, as_json=as_json)
        return
    if csv or out is not None:
        raise ConfigError("--bids: expected neither --csv nor --out with it, found one of them")
    from stimloop.sharing.defaults import named
    from stimloop.sharing.request import Request
    from streamer.errors import JournalError

    try:
        found = named(
            session,
            subject=subject,
            label=label,
            task=task,
            run=run,
            acquisition=acquisition,
            has_dates=not no_dates,
        )
    except JournalError as error:
        raise ConfigError(str(error)) from error
    for remark in found.remarks:
        warn(remark)
    request = Request(
        dataset=bids,
        labels=found.labels,
        name=name,
        authors=tuple(author or ()),
        task_description=task_description,
        reference=reference,
        manufacturer=manufacturer,
        emg_placement=emg_placement,
        line_hz=line,
        channel_types=_channel_types(channel_type or []),
        sources=tuple(source or ()),
        has_dates=not no_dates,
        overwrites=overwrite,
    )
    _export_bids(session, request, found.streams, as_json=as_json)


def _folder_of(session: Path) -> Path:
    return session if session.is_dir() else session.parent


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
    _warn_of_end(session, made.n_records, "the tables have", has_ended=made.has_ended)
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


def _warn_of_end(session: Path, n_records: int, what: str, *, has_ended: bool) -> None:
    if not has_ended:
        warn(
            f"{session}: the session has no end, as one that was killed or goes on: {what} what "
            f"was written up to record {n_records - 1}"
        )


def _export_bids(session: Path, request: "Request", streams: list[str], *, as_json: bool) -> None:
    from stimloop.sharing.export import export_session
    from streamer.errors import JournalError

    try:
        with progress("exporting") as advance:
            made = export_session(session, request, streams, lambda n: advance(n, None))
    except JournalError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(
            f"{request.dataset}: expected a folder that can be written, {os_error_text(error)}"
        ) from error
    _print_bids(made, request, as_json=as_json)
    for warning in made.warnings:
        warn(f"{session}: {warning}")
    wrong = list(made.problems)
    if made.difference is not None:
        wrong.append(
            f"{session}: {made.difference}: from there on the events are what is computed here, "
            "not what was acted on"
        )
    if wrong:
        raise DoesNotHoldError(*wrong)


def _print_bids(made: "ExportedSession", request: "Request", *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "session": made.session,
                "files": [str(each) for each in made.files],
                "samples": made.samples,
                "gaps": made.gaps,
                "records": made.n_records,
                "ended": made.has_ended,
                "holds": made.difference is None,
                "problems": list(made.problems),
            }
        )
        return
    for stream, n_samples in made.samples.items():
        n_gaps = made.gaps[stream]
        filled = f", {n_gaps} gap{'' if n_gaps == 1 else 's'} filled" if n_gaps else ""
        print_line(f"{stream}: {n_samples} samples{filled}")
    print_line(
        f"{request.dataset / request.labels.folder}: {len(made.files)} files from "
        f"{made.n_records} records"
    )


def _channel_types(said: list[str]) -> dict[str, str]:
    from stimloop.sharing.formats.channels import MNE_TYPES

    found: dict[str, str] = {}
    for each in said:
        label, _, kind = each.rpartition("=")
        if not label or kind not in MNE_TYPES:
            raise ConfigError(
                f"--channel-type: expected CHANNEL=TYPE with one of {', '.join(MNE_TYPES)}, found "
                f"{each!r}"
            )
        found[label] = kind
    return found
