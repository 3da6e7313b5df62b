"""Opens MATLAB files: FieldTrip's raw data, or a matrix of samples beside its rate."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from replay.readers.channels import Channel
from replay.readers.matlab.contents import MatFile, Matrix, is_matlab, number_of, texts_of
from replay.readers.matlab.fieldtrip import fieldtrip_streams, is_fieldtrip
from replay.readers.matlab.matrix_streams import Part, matrix_streams
from replay.readers.reader import Reader
from replay.recording import RecordedStream, Recording, RecordingError

_FORMAT: Final = "MATLAB"
_RATES: Final = (
    "fs", "fsample", "srate", "sr", "sf", "rate", "rate_hz", "sfreq", "samplerate",
    "sampling_rate", "samplingrate", "sample_rate", "sampling_frequency", "samplingfrequency",
)  # fmt: skip
_LABELS: Final = ("labels", "label", "channels", "channel_names", "ch_names", "chan", "names")
_UNITS: Final = ("units", "unit", "chanunit")


def open_matlab(path: Path) -> Recording:
    """Open a recording.

    Parameters
    ----------
    path : Path
        The file, of version 5 to 7 or 7.3.

    Returns
    -------
    Recording
        Of FieldTrip's raw data (a structure with ``trial``, ``time`` and ``label``), or else of the
        largest matrix beside a number called ``fs``, ``srate``, ``rate`` ...: streams of signals
        of the brain, of EMG and of the rest (see `groups_of`), in microvolts where a unit of
        voltage is stated (``hdr.chanunit``, ``units``); and one of markers where there are events.

    Raises
    ------
    RecordingError
        Where it is no whole MATLAB file, its library is not installed, or it holds neither.

    Notes
    -----
    Trials follow each other in a stream with the time between them: see `fieldtrip_streams`. Of a
    matrix, the longer side is time, unless labels say otherwise, and stamps count from 0.

    Version 7.3 is read where its samples lie. Versions 5 to 7 are compressed as a whole, and scipy
    has all of them in memory, as they are stored.
    """
    file = MatFile(path, _FORMAT)
    told: list[str] = []
    structures = [
        (name, each) for name, each in file.variables.items() if isinstance(each, Mapping)
    ]
    for name, each in structures:
        if is_fieldtrip(each):
            streams = fieldtrip_streams(path, file, name, told)
            return Recording(path, streams, tuple(told))
    if "EEG" in file.variables or {"srate", "nbchan", "pnts"} <= set(file.variables):
        raise RecordingError(
            f"{path}: expected FieldTrip's raw data or a matrix, found a set of EEGLAB: name it "
            ".set"
        )
    return Recording(path, _of_matrix(path, file, told), tuple(told))


def _of_matrix(path: Path, file: MatFile, told: list[str]) -> tuple[RecordedStream, ...]:
    by_name = {name.lower(): each for name, each in file.variables.items()}
    found = {name: each for name, each in file.matrices().items() if _n_values(each) > 1}
    rate = next((each for each in _RATES if number_of(by_name.get(each)) > 0.0), None)
    if not found or rate is None:
        missing = "a matrix of samples" if rate else f"a number called {' or '.join(_RATES[:4])}"
        raise RecordingError(
            f"{path}: expected FieldTrip's raw data, or a matrix of samples and its rate, found no "
            f"{missing.removeprefix('a ')} among {', '.join(file.variables) or 'nothing'}"
        )
    name = max(found, key=lambda each: _n_values(found[each]))
    matrix, rate_hz = found[name], number_of(by_name[rate])
    labels = next((texts for each in _LABELS if (texts := texts_of(by_name.get(each)))), [])
    n_rows, n_columns = matrix.shape
    if n_columns == len(labels) != n_rows or (n_rows > n_columns and n_rows != len(labels)):
        matrix = matrix.transposed
    n_channels = matrix.shape[0]
    if len(labels) != n_channels:
        if labels:
            told.append(f"{len(labels)} labels for {n_channels} channels: they are not used")
        labels = [""] * n_channels
    units = next((texts for each in _UNITS if (texts := texts_of(by_name.get(each)))), [])
    units = units * n_channels if len(units) == 1 else units
    units = units if len(units) == n_channels else [""] * n_channels
    channels = [Channel(label, unit, rate_hz) for label, unit in zip(labels, units, strict=True)]
    left_out = [each for each in found if each != name and _n_values(found[each]) > n_channels]
    if left_out:
        told.append(f"matrix {name} is read, and {', '.join(left_out)} not: it is the largest")
    return matrix_streams(channels, [Part(matrix, 0.0)])


def _n_values(matrix: Matrix) -> int:
    return int(matrix.shape[0] * matrix.shape[1])


READER: Final = Reader(
    format=_FORMAT,
    suffixes=(".mat",),
    recognizes=lambda path, first_bytes: (
        is_matlab(first_bytes, path, ".mat") and path.suffix.lower() != ".set"
    ),
    open=open_matlab,
)
