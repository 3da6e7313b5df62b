"""Writes streams of numbers and of markers to an XDF file, a piece at a time."""

import math
import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from xml.etree import ElementTree as ET

import numpy as np
from numpy.typing import NDArray

from streamer.source import StreamInfo

_FILE_HEADER, _STREAM_HEADER, _SAMPLES, _CLOCK_OFFSET, _BOUNDARY, _STREAM_FOOTER = range(1, 7)
#: From here a reader can go on after damage; the XDF specification gives the bytes.
_BOUNDARY_BYTES: Final = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
#: What XDF calls the data types whose name it has of its own.
_XDF_TYPES: Final = {"float64": "double64"}


class XdfFile:
    """A new XDF file with streams of samples and of markers, to be used in a ``with`` statement.

    The file appears under its name when all is written; until then, and for good where writing
    fails, there is none.

    Parameters
    ----------
    path : Path
        A file that is not there yet.
    *infos : StreamInfo
        The streams, whose LSL names, labels and units are kept.

    Raises
    ------
    FileExistsError
        Where the file is there already: a recording is never written over.

    References
    ----------
    XDF specification, version 1.0, github.com/sccn/xdf/wiki/Specifications.

    Examples
    --------
    >>> import tempfile
    >>> info = StreamInfo(
    ...     name="LFP", lsl_name="LFP", lsl_type="LFP", rate_hz=1000.0, channels=("STN_L",),
    ...     units=("uV",), dtype="float32",
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "rest.xdf"
    ...     with XdfFile(path, info) as file:
    ...         file.write(np.zeros((2, 1), np.float32), np.array([10.0, 10.001]))
    ...     print(path.read_bytes()[:4], file.n_samples)
    b'XDF:' 2
    """

    def __init__(self, path: Path, *infos: StreamInfo) -> None:
        if path.exists():
            raise FileExistsError(f"{path}: expected a name that is not taken, found a file")
        self._path = path
        self._unfinished = path.with_name(f".{path.name}.unfinished")
        self._streams = [_Stream(info) for info in infos]

    @property
    def n_samples(self) -> int:
        """Samples written, of all streams."""
        return sum(each.n_samples for each in self._streams)

    def __enter__(self) -> Self:
        """Begin the file."""
        self._file = self._unfinished.open("wb")
        version = ET.Element("info")
        _add(version, "version", "1.0")
        self._file.write(b"XDF:" + _chunk(_FILE_HEADER, _xml(version)))
        for number, stream in enumerate(self._streams):
            self._add(_STREAM_HEADER, number, _xml(_header(stream.info)))
        return self

    def write(
        self, samples: NDArray[np.generic], stamps_s: NDArray[np.float64], stream: int = 0
    ) -> None:
        """Add samples, at least one.

        Parameters
        ----------
        samples : ndarray, shape (n_samples, n_channels)
            In the stream's data type and units.
        stamps_s : ndarray, shape (n_samples,)
            Each sample's stamp in the sender's clock, which is taken to be the recorder's too.
        stream : int
            Which of the streams they are of.
        """
        little = samples.dtype.newbyteorder("<")
        row = np.dtype([("n_bytes", "u1"), ("stamp_s", "<f8"), ("row", little, samples.shape[1:])])
        rows = np.zeros(len(samples), row)
        rows["n_bytes"], rows["stamp_s"], rows["row"] = 8, stamps_s, samples
        self._add_samples(stream, rows.tobytes(), stamps_s)

    def write_markers(
        self, texts: Sequence[str], stamps_s: NDArray[np.float64], stream: int
    ) -> None:
        """Add markers, at least one.

        Parameters
        ----------
        texts : sequence of str
            What they say.
        stamps_s : ndarray, shape (n_markers,)
            Each marker's stamp.
        stream : int
            Which of the streams they are of, one of data type ``string``.
        """
        content = b"".join(
            struct.pack("<BdBI", 8, stamp_s, 4, len(said)) + said
            for stamp_s, said in zip(stamps_s, (text.encode() for text in texts), strict=True)
        )
        self._add_samples(stream, content, stamps_s)

    def _add_samples(self, stream: int, content: bytes, stamps_s: NDArray[np.float64]) -> None:
        self._add(_SAMPLES, stream, struct.pack("<BI", 4, len(stamps_s)) + content)
        self._add(_CLOCK_OFFSET, stream, struct.pack("<dd", stamps_s[-1], 0.0))
        self._file.write(_chunk(_BOUNDARY, _BOUNDARY_BYTES))
        self._streams[stream].count(stamps_s)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the file and give it its name; take it away where something failed."""
        with self._file:
            if error is None:
                for number, stream in enumerate(self._streams):
                    self._add(_STREAM_FOOTER, number, _xml(stream.footer()))
        if error is None:
            self._unfinished.replace(self._path)
        else:
            self._unfinished.unlink()

    def _add(self, tag: int, stream: int, content: bytes) -> None:
        self._file.write(_chunk(tag, struct.pack("<I", stream + 1) + content))


class _Stream:
    """One stream of the file, with what its footer says."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self.n_samples = 0
        self._first_s = self._last_s = math.nan

    def count(self, stamps_s: NDArray[np.float64]) -> None:
        if not self.n_samples:
            self._first_s = float(stamps_s[0])
        self._last_s = float(stamps_s[-1])
        self.n_samples += len(stamps_s)

    def footer(self) -> ET.Element:
        footer = ET.Element("info")
        _add(footer, "first_timestamp", repr(self._first_s))
        _add(footer, "last_timestamp", repr(self._last_s))
        _add(footer, "sample_count", str(self.n_samples))
        return footer


def _chunk(tag: int, content: bytes) -> bytes:
    return struct.pack("<BIH", 4, len(content) + 2, tag) + content


def _header(info: StreamInfo) -> ET.Element:
    header = ET.Element("info")
    for name, text in (
        ("name", info.lsl_name),
        ("type", info.lsl_type),
        ("channel_count", str(len(info.channels))),
        ("nominal_srate", f"{info.rate_hz:.17g}"),
        ("channel_format", _XDF_TYPES.get(info.dtype, info.dtype)),
        ("source_id", info.source_id),
    ):
        _add(header, name, text)
    channels = ET.SubElement(ET.SubElement(header, "desc"), "channels")
    for label, unit in zip(info.channels, info.units, strict=True):
        channel = ET.SubElement(channels, "channel")
        _add(channel, "label", label)
        _add(channel, "unit", unit)
        _add(channel, "type", info.lsl_type)
    return header


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text


def _xml(element: ET.Element) -> bytes:
    text: bytes = ET.tostring(element, encoding="utf-8", xml_declaration=True)
    return text
