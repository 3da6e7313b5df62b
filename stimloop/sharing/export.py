"""A session becomes a part of a BIDS dataset."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from replay.readers.session import open_session
from replay.recording import RecordedStream, RecordingError
from stimloop.errors import ConfigError
from stimloop.sharing.dataset import Dataset, copy_source, read_json, write_json
from stimloop.sharing.formats.samples import Samples
from stimloop.sharing.labels import Labels, stream_labels
from stimloop.sharing.material import SharedSession, read_session
from stimloop.sharing.recording_files import Beside, StreamFiles, libraries
from stimloop.sharing.request import Request
from stimloop.sharing.schema.check import problems_of
from stimloop.sharing.sidecars import dataset_description

#: Where a stream goes, by its kind; all others go beside these.
_DATATYPES: Final = {"lfp": "ieeg", "emg": "emg"}
_README: Final = """{name}

Sessions of a closed loop, exported by stimloop from their journals. What the columns of
*_events.tsv mean stands in *_events.json beside them. ClosedLoopParameters in a sidecar is a
draft, which no released version of BIDS has.

"""
_NO_COORDINATES: Final = "Not known: stimloop records no coordinates of contacts"


class ExportedSession(msgspec.Struct, frozen=True, kw_only=True):
    """What was added to a dataset.

    Parameters
    ----------
    session : str
        Name of the session.
    files : tuple of Path
        All of its files, and those of the dataset that it added something to.
    samples, gaps : dict of str to int
        Of each stream, its samples, and the gaps that were filled.
    n_records : int
        Records that the journal has.
    has_ended : bool
        Whether the session ended by itself.
    difference : str or None
        The first step that came out otherwise here than it was recorded.
    warnings : tuple of str
        What a person should know, a line each.
    problems : tuple of str
        What is wrong with the dataset by the schema of BIDS, a line each.
    """

    session: str
    files: tuple[Path, ...]
    samples: dict[str, int]
    gaps: dict[str, int]
    n_records: int
    has_ended: bool
    difference: str | None
    warnings: tuple[str, ...]
    problems: tuple[str, ...]


def export_session(
    session: Path,
    request: Request,
    streams: list[str],
    progress: Callable[[int], None] = lambda _n_records: None,
) -> ExportedSession:
    """Add a session to a dataset, and hold the dataset against the schema of BIDS.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, or was killed, too.
    request : Request
        What it is called, where it goes, and what only a person knows.
    streams : list of str
        Names of its streams.
    progress : callable, optional
        Called with the number of records read so far.

    Raises
    ------
    JournalError
        Where there is no journal, or it is damaged.
    ConfigError
        Where the dataset has these labels already, a name of a channel or a source is wrong, the
        session has no samples, or a library is not installed.
    OSError
        What the disk, or the folder, refused.
    """
    of_streams = stream_labels(streams)
    acquisitions = [f"{request.labels.acquisition}{each}" for each in of_streams.values()]
    dataset = Dataset(request.dataset, request.labels, acquisitions)
    dataset.require_usable(overwrites=request.overwrites)
    sources = _sources(session, request)
    modules = libraries()
    material = read_session(session, progress)
    _require_channels(material, request)
    held, warnings = _held(session, material)
    with dataset.staged() as stage:
        (stage / "README").write_text(_README.format(name=request.name), encoding="utf-8")
        files = StreamFiles(stage, material, request, modules)
        _write_streams(files, material, of_streams, held)
        for each in sources:
            copy_source(each, stage / "sourcedata" / request.labels.folder)
        _complete(stage, request)
        is_simulated = bool(material.simulated_streams) and len(material.simulated_streams) == len(
            material.streams
        )
        added = dataset.add(stage, simulated=is_simulated)
    return ExportedSession(
        session=material.header.session,
        files=tuple(added),
        samples={name: each.n_samples for name, each in material.times.items()},
        gaps={
            name: sum(fill.n_positions > 0 for fill in each.fills)
            for name, each in material.times.items()
        },
        n_records=material.n_records,
        has_ended=material.end is not None,
        difference=material.difference,
        warnings=tuple(warnings),
        problems=tuple(problems_of(request.dataset)),
    )


def _write_streams(
    files: StreamFiles,
    session: SharedSession,
    of_streams: dict[str, str],
    held: dict[str, RecordedStream],
) -> None:
    """Write each stream in its folder; what is neither LFP nor EMG beside the first of these."""
    labels = files.labels
    own = {name: _DATATYPES.get(table.kind) for name, table in session.streams.items()}
    main = [name for name, datatype in own.items() if datatype]
    reference = (main or list(own))[0]

    def labels_of(stream: str) -> Labels:
        is_one = list(own.values()).count(own[stream]) == 1
        return labels if is_one or own[stream] is None else labels.of_stream(of_streams[stream])

    for name, datatype in own.items():
        samples = Samples(held[name], session.times[name])
        if datatype is None:
            beside = Beside(reference, own[reference] or "beh", of_streams[name])
            files.write_other(name, samples, labels_of(reference), beside)
        else:
            files.write(name, samples, labels_of(name), datatype)


def _held(session: Path, material: SharedSession) -> tuple[dict[str, RecordedStream], list[str]]:
    """Return the streams of the journal by name, and what is wrong with it."""
    try:
        recording = open_session(session)
    except RecordingError as error:
        raise ConfigError(str(error)) from error
    names = [each.name for each in material.header.infos]
    return dict(zip(names, recording.streams, strict=True)), list(recording.warnings)


def _require_channels(session: SharedSession, request: Request) -> None:
    known = {label for name in session.streams for label in session.infos[name].channels}
    for option, said in (("channel-type", request.channel_types), ("muscle", request.muscles)):
        for label in said:
            if label not in known:
                raise ConfigError(
                    f"--{option}: expected one of {', '.join(sorted(known))}, found {label!r}"
                )


def _sources(session: Path, request: Request) -> list[Path]:
    """Return the files that go below `sourcedata`: those that were named, and recordings beside."""
    folder = session if session.is_dir() else session.parent
    found = [*request.sources, *sorted(folder.glob("*.xdf"))]
    for each in found:
        if not each.is_file():
            raise ConfigError(f"--source: expected a file, found none at {each}")
    return list({each.resolve(): each for each in found}.values())


def _complete(stage: Path, request: Request) -> None:
    """Say what is known where mne-bids has placeholders, or wrote nothing."""
    people = stage / "participants.tsv"
    if not people.exists():
        people.write_text(f"participant_id\nsub-{request.labels.subject}\n", encoding="utf-8")
    write_json(stage / "dataset_description.json", dataset_description(request))
    for file in stage.rglob("*_coordsystem.json"):
        said = read_json(file)
        key = next(each for each in said if each.endswith("CoordinateSystemDescription"))
        write_json(file, said | {key: _NO_COORDINATES})
