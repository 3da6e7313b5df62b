"""`export --bids`: its options, what it asks for, and what it prints."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from stimloop.commands.arguments import print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError, os_error_text
from stimloop.terminal.progress import progress

if TYPE_CHECKING:
    from stimloop.sharing.export import ExportedSession
    from stimloop.sharing.request import Request

_PANEL: Final = "BIDS"
NAME: Final = "Sessions of a closed loop"

Folder = Annotated[
    Path | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="In place of tables: folder of a BIDS dataset, new or not, to add it to.",
    ),
]
Subject = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="Label of the person; the subject of [session], or the rig's name, without.",
    ),
]
SessionLabel = Annotated[
    str | None,
    typer.Option(
        "--session",
        rich_help_panel=_PANEL,
        help="Label of the session; when it began, in UTC, without.",
    ),
]
Task = Annotated[
    str | None, typer.Option(rich_help_panel=_PANEL, help="Label of the task; closedloop without.")
]
Run = Annotated[
    str | None, typer.Option(rich_help_panel=_PANEL, help="Number of the run; none without.")
]
Acquisition = Annotated[
    str | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="Label of the recording; several streams of one kind have their names behind it.",
    ),
]
ChannelTypes = Annotated[
    list[str] | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="CHANNEL=TYPE, as STN_L_1=SEEG; may be given more than once. Without, voltages of "
        "an LFP stream are DBS, or ECOG where their label says so.",
    ),
]
Reference = Annotated[
    str, typer.Option(rich_help_panel=_PANEL, help="What channels are referenced to.")
]
Line = Annotated[
    float | None,
    typer.Option(min=1.0, rich_help_panel=_PANEL, help="Frequency of the mains, in Hz."),
]
Manufacturer = Annotated[str, typer.Option(rich_help_panel=_PANEL, help="Who made the amplifier.")]
EmgPlacement = Annotated[
    str, typer.Option(rich_help_panel=_PANEL, help="How EMG electrodes were placed.")
]
Muscles = Annotated[
    list[str] | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="CHANNEL=MUSCLE of an EMG channel; may be given more than once.",
    ),
]
TaskDescription = Annotated[
    str, typer.Option(rich_help_panel=_PANEL, help="What was done, in a sentence.")
]
Name = Annotated[str, typer.Option(rich_help_panel=_PANEL, help="Name of a new dataset.")]
Authors = Annotated[
    list[str] | None,
    typer.Option(rich_help_panel=_PANEL, help="Of a new dataset; may be given more than once."),
]
Sources = Annotated[
    list[Path] | None,
    typer.Option(
        rich_help_panel=_PANEL,
        help="File it comes from, as an XDF file, for sourcedata; may be given more than "
        "once. An XDF file in the session's folder goes there by itself.",
    ),
]
NoDates = Annotated[
    bool,
    typer.Option("--no-dates", rich_help_panel=_PANEL, help="Keep date and time of day out."),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite", rich_help_panel=_PANEL, help="Replace a recording of the same labels."
    ),
]


class Asked(NamedTuple):
    """The options, as they were given; see `Request`."""

    subject: str | None = None
    label: str | None = None
    task: str | None = None
    run: str | None = None
    acquisition: str | None = None
    channel_types: tuple[str, ...] = ()
    reference: str = ""
    line_hz: float | None = None
    manufacturer: str = ""
    emg_placement: str = ""
    muscles: tuple[str, ...] = ()
    task_description: str = ""
    name: str = NAME
    authors: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    no_dates: bool = False
    overwrite: bool = False


def export_bids(session: Path, dataset: Path, asked: Asked, *, as_json: bool) -> None:
    """Add a session to a BIDS dataset, and print what was written.

    Raises
    ------
    ConfigError
        Where something that was asked for cannot be.
    DoesNotHoldError
        Where the dataset does not keep to BIDS, or a step comes out otherwise than recorded.
    """
    from stimloop.sharing.export import export_session
    from streamer.errors import JournalError

    request, streams = _request(session, dataset, asked)
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


def _request(session: Path, dataset: Path, asked: Asked) -> tuple["Request", list[str]]:
    """Return what an export is asked for, and the names of the session's streams."""
    from stimloop.sharing.defaults import named
    from stimloop.sharing.request import Request
    from streamer.errors import JournalError

    try:
        found = named(
            session,
            subject=asked.subject,
            label=asked.label,
            task=asked.task,
            run=asked.run,
            acquisition=asked.acquisition,
            has_dates=not asked.no_dates,
        )
    except JournalError as error:
        raise ConfigError(str(error)) from error
    for remark in found.remarks:
        warn(remark)
    request = Request(
        dataset=dataset,
        labels=found.labels,
        name=asked.name,
        authors=asked.authors,
        task_description=asked.task_description,
        reference=asked.reference,
        manufacturer=asked.manufacturer,
        emg_placement=asked.emg_placement,
        line_hz=asked.line_hz,
        channel_types=_channel_types(asked.channel_types),
        muscles=_by_channel("muscle", asked.muscles),
        sources=asked.sources,
        has_dates=not asked.no_dates,
        overwrites=asked.overwrite,
    )
    return request, found.streams


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


def _channel_types(said: tuple[str, ...]) -> dict[str, str]:
    from stimloop.sharing.formats.channels import MNE_TYPES

    found = _by_channel("channel-type", said)
    for label, kind in found.items():
        if kind not in MNE_TYPES:
            raise ConfigError(
                f"--channel-type: expected CHANNEL=TYPE with one of {', '.join(MNE_TYPES)}, found "
                f"'{label}={kind}'"
            )
    return found


def _by_channel(option: str, said: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in said:
        label, _, value = each.rpartition("=")
        if not label or not value:
            raise ConfigError(f"--{option}: expected CHANNEL=WORD, found {each!r}")
        found[label] = value
    return found
