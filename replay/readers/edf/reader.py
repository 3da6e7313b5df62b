"""Opens EDF, EDF+, BDF and BDF+ recordings."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from replay.readers.channels import Channel, groups_of
from replay.readers.edf.header import BDF_MAGIC, EDF_MAGIC, Header, read_header
from replay.readers.edf.records import Records
from replay.readers.piecewise import Marker, MarkerStream, Piece, PiecewiseStream
from replay.readers.reader import Reader
from replay.recording import RecordedStream, Recording, RecordingError

#: A record that begins within this of where the one before ends follows it without a gap.
_TOLERANCE_S: Final = 1e-6
_N_SHOWN: Final = 3


def open_edf(path: Path) -> Recording:
    """Open a recording.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Recording
        A stream for each rate, and in it for signals of the brain, for EMG and for the rest (see
        `groups_of`), in microvolts where the file states a voltage; and one of markers where it
        holds annotations. A status or trigger channel is in ``Other``, as it is stored.

    Raises
    ------
    RecordingError
        Where it is of another format, its header cannot be read, or no record is whole.

    Notes
    -----
    Stamps are seconds from the start that the header names: the beginning of a record, as EDF+
    states it for each, and the sample's number. A record of EDF+D that does not begin where the
    one before ends leaves a gap. Of a file that breaks off, the whole records are read.

    The layout is read here and not by edfio, which is what the tests hold it against: edfio has all
    of a BDF in memory, and no times of the records of EDF+D.
    """
    header = read_header(path)
    records = Records(path, header)
    warnings = list(_damage(header, records))
    if not records.n_records:
        why = f" ({warnings[0]})" if warnings else ""
        raise RecordingError(f"{path}: expected at least one record, found none that is whole{why}")
    starts_s, markers = _times(header, records, warnings)
    streams: list[RecordedStream] = []
    own = [n for n, each in enumerate(header.signals) if _has_samples(header, n)]
    channels = [_channel(header, number) for number in own]
    for info, columns in groups_of(channels):
        numbers = [own[column] for column in columns]
        n_each = header.signals[numbers[0]].n_per_record
        load = partial(records.samples, numbers, [channels[column] for column in columns])
        pieces = _pieces(starts_s, n_each, header.record_s)
        streams.append(PiecewiseStream(info, records.n_records * n_each, load, pieces))
    if any(each.is_annotations for each in header.signals):
        streams.append(MarkerStream(markers))
    if not streams:
        raise RecordingError(f"{path}: expected signals or annotations, found neither")
    return Recording(path, tuple(streams), tuple(warnings))


def _has_samples(header: Header, number: int) -> bool:
    signal = header.signals[number]
    return not signal.is_annotations and signal.n_per_record > 0 and header.record_s > 0


def _channel(header: Header, number: int) -> Channel:
    signal = header.signals[number]
    return Channel(signal.label, signal.unit, signal.n_per_record / header.record_s)


def _damage(header: Header, records: Records) -> list[str]:
    told = []
    if header.n_records == -1:
        told.append(
            f"recording was not ended: the header does not say how many records there are; "
            f"{records.n_records} are whole and read"
        )
    elif header.n_records != records.n_records:
        told.append(f"read {records.n_records} records, where the header says {header.n_records}")
    if records.n_left:
        told.append(f"the last {records.n_left} bytes are no whole record, and not read")
    silent = [
        each.label
        for number, each in enumerate(header.signals)
        if not (each.is_annotations or _has_samples(header, number))
    ]
    if silent:
        told.append(f"signals without samples are left out: {', '.join(silent)}")
    return told


def _times(
    header: Header, records: Records, warnings: list[str]
) -> tuple[list[float], list[Marker]]:
    """Return when each record begins, and what the annotations say."""
    starts_s: dict[int, float] = {}
    markers = []
    for record, each in records.annotations():
        if record not in starts_s and not each.text:
            starts_s[record] = each.time_s
        elif each.text:
            markers.append(each)
    if not starts_s:
        if header.is_discontinuous:
            warnings.append(
                "the file says that there may be time between its records, but not when they "
                "begin: they are read as if they followed each other"
            )
        return [record * header.record_s for record in range(records.n_records)], markers
    counted = [record for record in range(records.n_records) if record not in starts_s]
    if counted:
        shown = ", ".join(str(each + 1) for each in counted[:_N_SHOWN])
        more = ", ..." if len(counted) > _N_SHOWN else ""
        warnings.append(
            f"{len(counted)} records ({shown}{more}) do not say when they begin: they are taken to "
            "follow the one before"
        )
    made: list[float] = []
    for record in range(records.n_records):
        before = made[-1] + header.record_s if made else 0.0
        made.append(starts_s.get(record, before))
    return made, markers


def _pieces(starts_s: Sequence[float], n_each: int, record_s: float) -> list[Piece]:
    """Return the runs of records without time between them."""
    pieces = [Piece(0, starts_s[0], 0)]
    for record, start_s in enumerate(starts_s):
        first = record * n_each
        expected_s = pieces[-1].start_s + (first - pieces[-1].first_sample) * record_s / n_each
        if abs(start_s - expected_s) > _TOLERANCE_S:
            pieces.append(Piece(first, start_s, first))
    return pieces


READER: Final = Reader(
    format="EDF",
    suffixes=(".edf", ".bdf", ".rec"),
    recognizes=lambda _path, first: (
        first.startswith(BDF_MAGIC)
        or (first.startswith(EDF_MAGIC) and first[184:192].strip().isdigit())
    ),
    open=open_edf,
)
