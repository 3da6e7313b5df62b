"""Opens NWB recordings (HDF5): electrical series and other time series, intervals and events."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.conditioning.units import is_voltage_unit
from replay.readers.channels import Channel, unique_labels
from replay.readers.hdf5 import HDF5_MAGIC, open_hdf5
from replay.readers.piecewise import Marker, MarkerStream
from replay.readers.reader import Reader
from replay.recording import RecordedStream, Recording, RecordingError, Stretch
from streamer.source import StreamInfo

_FORMAT: Final = "NWB"
_N_STAMPS_FOR_RATE: Final = 10_001
#: Columns of the table of electrodes that name one, the best first.
_LABELS: Final = ("label", "channel_name", "electrode_name", "name")
_START: Final = ("start_time", "timestamp")
_NOT_A_TEXT: Final = ("id", "start_time", "stop_time", "timestamp", "duration")


def open_nwb(path: Path) -> Recording:
    """Open a recording.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Recording
        A stream for each electrical series and each other time series of numbers, by its name,
        voltages in microvolts; and one of markers for all tables of intervals and events and all
        series of annotations, each at its beginning: ``trials/label``.

    Raises
    ------
    RecordingError
        Where it is no whole NWB file, h5py is not installed, or it holds none of these.

    Notes
    -----
    A sample is ``data * conversion * channel_conversion + offset``. Stamps are those that are
    stored, or count from ``starting_time`` at the rate. Of stored stamps the rate is the median.
    Images, spikes, and series that link to a file or to another one are not read.

    The file is read by h5py and not by pynwb, which is what the tests hold it against: it takes
    seconds to load, and a file with an extension that is not installed.

    References
    ----------
    O. Rubel et al. (2022), The Neurodata Without Borders ecosystem for neurophysiological data
    science, eLife 11:e78362, doi:10.7554/eLife.78362.
    """
    file = open_hdf5(path, _FORMAT)
    if not _is_nwb(file):
        raise RecordingError(
            f"{path}: expected an NWB file, whose root names its nwb_version, found another HDF5 "
            f"file, of {', '.join(list(file)[:5]) or 'nothing'}"
        )
    streams: list[RecordedStream] = []
    markers: list[Marker] = []
    told: list[str] = []
    for name, group in _groups(file):
        if _is_series(group):
            streams.extend(_series(name, group, file, told))
        elif _is_annotations(group):
            texts = zip(group["timestamps"][:], group["data"].asstr()[:], strict=True)
            markers.extend(Marker(float(time_s), f"{name}/{text}") for time_s, text in texts)
        elif any(each in group for each in _START):
            markers.extend(_rows(name, group))
    if markers:
        streams.append(MarkerStream(markers))
    if not streams:
        why = f" ({'; '.join(told)})" if told else ""
        raise RecordingError(f"{path}: expected time series or events, found neither{why}")
    return Recording(path, tuple(streams), tuple(told))


class NwbStream(RecordedStream):
    """One time series.

    Parameters
    ----------
    info : StreamInfo
        What the file says of it.
    group : h5py.Group
        The series.
    to_unit : ndarray, shape (n_channels,)
        Factors from stored values to the stream's units.
    offset : float
        What is then added.
    """

    def __init__(
        self,
        info: StreamInfo,
        group: Any,  # noqa: ANN401 an h5py.Group
        to_unit: NDArray[np.float64],
        offset: float,
    ) -> None:
        super().__init__(info, len(group["data"]))
        self._data: Final = group["data"]
        self._to_unit: Final = to_unit
        self._offset: Final = offset
        self._stamps: Final = group.get("timestamps")
        starting = group.get("starting_time")
        self._start_s: Final = 0.0 if starting is None else float(starting[()])

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        held = np.asarray(self._data[start:stop]).reshape(stop - start, len(self.info.channels))
        return Stretch(held * self._to_unit + self._offset, self.decode_stamps(start, stop))

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        if self._stamps is not None:
            return np.asarray(self._stamps[start:stop], np.float64)
        stamps_s: NDArray[np.float64] = self._start_s + np.arange(start, stop) / self.info.rate_hz
        return stamps_s


def _is_nwb(file: Any) -> bool:  # noqa: ANN401
    return "nwb_version" in file.attrs or "nwb_version" in file


def _recognizes(path: Path, first_bytes: bytes) -> bool:
    return first_bytes.startswith(HDF5_MAGIC) and _is_nwb(open_hdf5(path, _FORMAT))


def _groups(file: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield every group by its name, but those that describe; a series once, where it lies."""
    found: list[tuple[str, Any]] = []

    def visit(path: str, node: Any) -> None:  # noqa: ANN401
        is_described = path.startswith(("general", "specifications", "units", "stimulus/templates"))
        if hasattr(node, "keys") and not is_described:
            found.append((path.rpartition("/")[2], node))

    file.visititems(visit)
    yield from found


def _is_series(group: Any) -> bool:  # noqa: ANN401
    if "data" not in group or not ("starting_time" in group or "timestamps" in group):
        return False
    data = group["data"]
    return data.dtype.kind in "iuf" and data.ndim in {1, 2} and "Image" not in _type(group)


def _is_annotations(group: Any) -> bool:  # noqa: ANN401
    return "data" in group and "timestamps" in group and group["data"].dtype.kind == "O"


def _type(group: Any) -> str:  # noqa: ANN401
    return str(group.attrs.get("neurodata_type", ""))


def _series(name: str, group: Any, file: Any, told: list[str]) -> Iterator[NwbStream]:  # noqa: ANN401
    data = group["data"]
    n_channels = data.shape[1] if data.ndim == 2 else 1
    rate_hz = _rate_hz(group)
    if not (data.size and rate_hz > 0.0):
        told.append(f"series {name} of shape {data.shape} at {rate_hz:g} Hz is left out")
        return
    n_stamps = len(group["timestamps"]) if "timestamps" in group else len(data)
    if n_stamps != len(data):
        told.append(f"series {name} has {len(data)} samples but {n_stamps} stamps: left out")
        return
    unit = _text(data.attrs.get("unit", ""))
    wanted = _labels(group, file) if "electrodes" in group else []
    if len(wanted) != n_channels:
        wanted = [name] if n_channels == 1 else [f"{name}_{n + 1}" for n in range(n_channels)]
    labels, _ = unique_labels(wanted)
    channels = [Channel(label, unit, rate_hz, name) for label in labels]
    kind = Counter(each.type for each in channels).most_common(1)[0][0]
    factor = channels[0].to_microvolts
    conversion = np.full(n_channels, float(data.attrs.get("conversion", 1.0)))
    if "channel_conversion" in group:
        conversion = conversion * group["channel_conversion"][:]
    info = StreamInfo(
        name=name,
        rate_hz=rate_hz,
        channels=labels,
        units=("uV" if is_voltage_unit(unit) else unit,) * n_channels,
        dtype="float64",
        lsl_name=name,
        lsl_type=kind,
    )
    yield NwbStream(info, group, conversion * factor, float(data.attrs.get("offset", 0)) * factor)


def _rate_hz(group: Any) -> float:  # noqa: ANN401
    if "timestamps" not in group:
        return float(group["starting_time"].attrs["rate"])
    steps_s = np.diff(group["timestamps"][:_N_STAMPS_FOR_RATE])
    typical_s = float(np.median(steps_s)) if len(steps_s) else 0.0
    # Stamps are rounded: to a part in a million, a rate is what it is written as.
    return float(f"{1.0 / typical_s:.6g}") if typical_s > 0.0 else 0.0


def _labels(group: Any, file: Any) -> list[str]:  # noqa: ANN401
    """Return the labels of a series' electrodes; without any, their group and number."""
    table = file.get("general/extracellular_ephys/electrodes")
    if table is None:
        return []
    rows = group["electrodes"][:]
    for column in _LABELS:
        if column in table:
            return [_text(each) for each in table[column][:][rows]]
    ids = table["id"][:][rows]
    groups = table["group_name"][:][rows] if "group_name" in table else [""] * len(ids)
    return [f"{_text(each)}_{number}".strip("_") for each, number in zip(groups, ids, strict=True)]


def _rows(name: str, table: Any) -> Iterator[Marker]:  # noqa: ANN401
    """Yield the rows of a table of intervals or events: its name and its columns of text."""
    start = next(each for each in _START if each in table)
    texts = [
        table[column].asstr()[:]
        for column in table
        if column not in _NOT_A_TEXT and _is_column_of_text(table, column, start)
    ]
    for row, time_s in enumerate(table[start][:]):
        yield Marker(float(time_s), "/".join([name, *(each[row] for each in texts)]))


def _is_column_of_text(table: Any, column: str, start: str) -> bool:  # noqa: ANN401
    held = table[column]
    is_text = hasattr(held, "dtype") and held.dtype.metadata and "vlen" in held.dtype.metadata
    return bool(is_text and held.dtype.metadata["vlen"] is str and held.shape == table[start].shape)


def _text(said: Any) -> str:  # noqa: ANN401 bytes or str
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


READER: Final = Reader(format=_FORMAT, suffixes=(".nwb",), recognizes=_recognizes, open=open_nwb)
