"""Opens BrainVision recordings, by their header or by any of the files beside it."""

from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from replay.readers.brainvision.header import (
    HEADER_BEGINS,
    MARKERS_BEGIN,
    Header,
    read_header,
    read_markers,
)
from replay.readers.channels import Channel, groups_of
from replay.readers.piecewise import MarkerStream, PiecewiseStream
from replay.readers.reader import Reader
from replay.recording import RecordedStream, Recording, RecordingError

_HEADERS: Final = (".vhdr", ".ahdr")


def open_brainvision(path: Path) -> Recording:
    """Open a recording.

    Parameters
    ----------
    path : Path
        Its header, or the file of its samples or markers with the header beside it.

    Returns
    -------
    Recording
        Streams of signals of the brain, of EMG and of the rest (see `groups_of`), in microvolts
        where the header states a voltage (a channel without a unit is in microvolts, as the format
        has it); and one of markers, where it names a file of them.

    Raises
    ------
    RecordingError
        Where a file is missing, or is not as the header says.

    Notes
    -----
    Stamps are seconds from the first sample. ``New Segment`` markers are handed on as markers:
    they may stand at any pause, and no time is known for them. Samples after the last that is
    whole are left out, with a warning.

    The layout is read here and not by MNE, which is what the tests hold it against: it takes the
    channels of this format for EEG in volts, whatever unit they have.
    """
    path = _header_of(path)
    header = read_header(path)
    warnings: list[str] = []
    values = _values(path, header, warnings)
    channels = [Channel(each.label, each.unit, header.rate_hz) for each in header.channels]
    streams: list[RecordedStream] = []
    for info, columns in groups_of(channels):
        sizes = [header.channels[column].resolution for column in columns]
        factors = [channels[column].to_microvolts for column in columns]
        load = partial(_load, values, list(columns), np.array(sizes) * np.array(factors))
        streams.append(PiecewiseStream(info, len(values), load))
    if header.markers is not None:
        if header.markers.is_file():
            markers, told = read_markers(header.markers, header.rate_hz)
            streams.append(MarkerStream(markers))
            warnings.extend(told)
        else:
            warnings.append(f"the markers, {header.markers.name}, are not beside it")
    return Recording(path, tuple(streams), tuple(warnings))


def _header_of(path: Path) -> Path:
    if path.suffix.lower() in _HEADERS:
        return path
    with path.open("rb") as file:
        if HEADER_BEGINS.match(file.read(64)):
            return path
    beside = [path.with_suffix(each) for each in _HEADERS if path.with_suffix(each).is_file()]
    if not beside:
        raise RecordingError(
            f"{path}: expected its header, {path.with_suffix('.vhdr').name}, beside it, found none"
        )
    return beside[0]


def _values(path: Path, header: Header, warnings: list[str]) -> NDArray[np.generic]:
    """Return the stored values, shape (n_samples, n_channels), mapped and not read."""
    if not header.data.is_file():
        raise RecordingError(f"{path}: expected its samples, {header.data.name}, beside it")
    n_channels = len(header.channels)
    n_bytes = header.data.stat().st_size
    n_bytes_each = n_channels * header.dtype.itemsize
    n_samples, n_left = divmod(n_bytes, n_bytes_each)
    if not n_samples:
        raise RecordingError(f"{header.data}: expected samples, found {n_bytes} bytes")
    n_said = header.n_said
    if not header.is_multiplexed and (n_left or n_said not in {None, n_samples}):
        raise RecordingError(
            f"{header.data}: expected {n_channels} channels of {n_said or 'as many'} samples each, "
            f"one channel after the other, found {n_bytes} bytes: it breaks off, and no sample of "
            "all channels is left"
        )
    if n_left:
        warnings.append(f"the last {n_left} bytes are no whole sample of all channels: left out")
    if n_said is not None and n_said != n_samples:
        warnings.append(f"read {n_samples} samples, where the header says {n_said}")
    if header.is_multiplexed:
        return np.memmap(header.data, header.dtype, "r", shape=(n_samples, n_channels))
    return np.memmap(header.data, header.dtype, "r", shape=(n_channels, n_samples)).T


def _load(
    values: NDArray[Any],
    columns: list[int],
    sizes: NDArray[np.float64],
    start: int,
    stop: int,
) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values[start:stop][:, columns] * sizes
    return found


READER: Final = Reader(
    format="BrainVision",
    suffixes=(".vhdr", ".ahdr", ".vmrk", ".amrk", ".eeg"),
    companions=(".vmrk", ".amrk", ".eeg"),
    recognizes=lambda _path, first: bool(HEADER_BEGINS.match(first) or MARKERS_BEGIN.match(first)),
    open=open_brainvision,
)
