"""Opens EEGLAB sets: ``.set``, with its samples inside or in ``.fdt`` beside it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from replay.readers.channels import Channel
from replay.readers.matlab.contents import (
    MatFile,
    Matrix,
    is_matlab,
    number_of,
    rows_of,
    texts_of,
)
from replay.readers.matlab.matrix_streams import Part, matrix_streams
from replay.readers.piecewise import Marker, MarkerStream
from replay.readers.reader import Reader
from replay.recording import Recording, RecordingError

_FORMAT: Final = "EEGLAB"
_UNIT: Final = "uV"
#: The time that a boundary is given that does not say how many samples were cut out there.
_UNKNOWN_S: Final = 1.0


def open_eeglab(path: Path) -> Recording:
    """Open a recording.

    Parameters
    ----------
    path : Path
        The set, or the ``.fdt`` of one with the set beside it.

    Returns
    -------
    Recording
        Streams of signals of the brain, of EMG and of the rest (see `groups_of`), in microvolts, as
        EEGLAB has them; and one of markers, its events.

    Raises
    ------
    RecordingError
        Where it is no whole set, its samples are not beside it, it is cut into epochs, or a library
        is not installed.

    Notes
    -----
    Stamps are seconds from ``xmin``. A ``boundary`` event is where samples were cut out, its
    duration says how many: that time is a gap, and events after it move with the samples. One
    without a duration, where sets were joined, is a gap of 1 s, and a warning says how many.

    ``.fdt`` and sets of version 7.3 are read where their samples lie. Other sets with their samples
    inside are compressed as a whole, and scipy has all of them in memory.

    References
    ----------
    A. Delorme, S. Makeig (2004), EEGLAB, Journal of Neuroscience Methods 134:9-21,
    doi:10.1016/j.jneumeth.2003.10.009; fields:
    https://eeglab.org/tutorials/ConceptsGuide/Data_Structures.html.
    """
    if path.suffix.lower() == ".fdt":
        path = _set_of(path)
    file = MatFile(path, _FORMAT)
    told: list[str] = []
    names, eeg = _structure(path, file)
    rate_hz, n_channels, n_samples, n_trials = (
        number_of(eeg.get(name)) for name in ("srate", "nbchan", "pnts", "trials")
    )
    if n_trials > 1.0:
        raise RecordingError(
            f"{path}: expected a continuous set, found {n_trials:g} epochs: save the set from "
            "before it was cut"
        )
    if not (rate_hz > 0.0 and n_channels >= 1.0 and n_samples >= 1.0):
        raise RecordingError(
            f"{path}: expected srate, nbchan and pnts above 0, found {rate_hz:g}, {n_channels:g} "
            f"and {n_samples:g}"
        )
    matrix = _matrix(path, file, names, eeg, told)
    start_s = number_of(eeg.get("xmin"))
    start_s = start_s if np.isfinite(start_s) else 0.0
    events = rows_of(eeg.get("event"))
    gaps = _gaps(events, rate_hz, told)
    parts, begin, lost_s = [], 0, 0.0
    for at, gap_s in [*gaps, (matrix.shape[1], 0.0)]:
        end = min(max(at, begin), matrix.shape[1])
        if end > begin:
            piece = Matrix(_Between(matrix, begin, end), is_transposed=True)
            parts.append(Part(piece, start_s + begin / rate_hz + lost_s))
        begin, lost_s = end, lost_s + gap_s
    streams = matrix_streams(_channels(eeg, int(n_channels), rate_hz), parts)
    markers = _markers(events, gaps, rate_hz, start_s)
    if markers:
        streams = (*streams, MarkerStream(markers))
    return Recording(path, streams, tuple(told))


class _Between:
    """Some columns of a matrix, as samples by channels."""

    def __init__(self, matrix: Matrix, begin: int, end: int) -> None:
        self._matrix = matrix
        self._begin = begin
        self.shape = (end - begin, matrix.shape[0])

    def __getitem__(self, part: slice) -> Any:  # noqa: ANN401 an array
        return self._matrix.columns(self._begin + part.start, self._begin + part.stop)


def _set_of(path: Path) -> Path:
    found = path.with_suffix(".set")
    if not found.is_file():
        raise RecordingError(f"{path}: expected its set, {found.name}, beside it, found none")
    return found


def _structure(path: Path, file: MatFile) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the set's fields, and under which names its structure is; older ones have none."""
    held = file.variables.get("EEG")
    if isinstance(held, Mapping):
        return ("EEG",), held
    if "srate" in file.variables:
        return (), file.variables
    raise RecordingError(
        f"{path}: expected a structure EEG, found {', '.join(file.variables) or 'nothing'}"
    )


def _matrix(
    path: Path,
    file: MatFile,
    names: tuple[str, ...],
    eeg: Mapping[str, Any],
    told: list[str],
) -> Matrix:
    """Return the samples, which may be in a file of floats beside the set."""
    shape = (int(number_of(eeg["nbchan"])), int(number_of(eeg["pnts"])))
    data = eeg.get("data")
    if not isinstance(data, str):
        found = file.cells(*names, "data")
        if len(found) != 1 or found[0].shape != shape:
            shapes = ", ".join(f"{each.shape[0]} by {each.shape[1]}" for each in found) or "none"
            raise RecordingError(
                f"{path}: expected samples of {shape[0]} channels by {shape[1]}, found {shapes}"
            )
        return found[0]
    beside = path.with_name(data.replace("\\", "/").rpartition("/")[2])
    if not beside.is_file():
        # Renamed sets keep the name that their samples had.
        beside = path.with_suffix(".fdt")
    if not beside.is_file():
        raise RecordingError(f"{path}: expected its samples, {data}, beside it, found none")
    n_whole, n_left = divmod(beside.stat().st_size, 4 * shape[0])
    if not n_whole:
        raise RecordingError(f"{beside}: expected samples, found {n_left} bytes")
    if n_left or n_whole != shape[1]:
        told.append(
            f"read {min(n_whole, shape[1])} of {shape[1]} samples: {beside.name} has "
            f"{n_whole}" + (f" and {n_left} bytes more" if n_left else "")
        )
    n_samples = min(n_whole, shape[1])
    held = np.memmap(beside, "<f4", "r", shape=(n_samples, shape[0]))
    return Matrix(held, is_transposed=True)


def _channels(eeg: Mapping[str, Any], n_channels: int, rate_hz: float) -> list[Channel]:
    places = rows_of(eeg.get("chanlocs"))
    if len(places) != n_channels:
        places = [{}] * n_channels
    return [
        Channel(
            (texts_of(each.get("labels")) or [""])[0],
            _UNIT,
            rate_hz,
            (texts_of(each.get("type")) or [""])[0],
        )
        for each in places
    ]


def _is_boundary(event: Mapping[str, Any]) -> bool:
    return str(event.get("type")).lower() == "boundary"


def _gaps(
    events: Sequence[Mapping[str, Any]], rate_hz: float, told: list[str]
) -> list[tuple[int, float]]:
    """Return before which sample each boundary is, and how long the time is that was cut out.

    Latencies count from 1, and a boundary is between two samples: 100.5 is before sample 101.
    """
    gaps, n_unknown = [], 0
    for event in events:
        latency = number_of(event.get("latency"))
        if not (_is_boundary(event) and np.isfinite(latency)):
            continue
        at = int(np.ceil(latency - 1.0))
        n_cut = number_of(event.get("duration"))
        if n_cut > 0.0:
            gaps.append((at, n_cut / rate_hz))
        elif at > 0:
            n_unknown += 1
            gaps.append((at, _UNKNOWN_S))
    if n_unknown:
        told.append(
            f"{n_unknown} boundaries do not say how much was cut out: a gap of {_UNKNOWN_S:g} s is "
            "put there"
        )
    return sorted(gaps)


def _markers(
    events: Sequence[Mapping[str, Any]],
    gaps: Sequence[tuple[int, float]],
    rate_hz: float,
    start_s: float,
) -> list[Marker]:
    made = []
    for event in events:
        latency = number_of(event.get("latency"))
        if not np.isfinite(latency):
            continue
        lost_s = sum(gap_s for at, gap_s in gaps if at <= latency - 1.0)
        kind = event.get("type")
        text = kind if isinstance(kind, str) else f"{number_of(kind):g}"
        made.append(Marker(start_s + (latency - 1.0) / rate_hz + lost_s, text))
    return made


READER: Final = Reader(
    format=_FORMAT,
    suffixes=(".set", ".fdt"),
    companions=(".fdt",),
    recognizes=lambda path, first_bytes: (
        path.suffix.lower() == ".set" and is_matlab(first_bytes, path, ".set")
    ),
    open=open_eeglab,
)
