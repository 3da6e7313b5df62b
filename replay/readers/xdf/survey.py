"""What an XDF file holds before anything is decoded: its streams, where they lie, its losses."""

import struct
from array import array
from xml.etree import ElementTree as ET

import numpy as np

from replay.readers.xdf.chunks import Damage, Tag, XdfChunk, read_length, scan
from replay.readers.xdf.file_bytes import FileBytes
from replay.readers.xdf.header import layout, parse, stream_info
from replay.readers.xdf.pieces import Pieces, XdfStream
from replay.recording import ClockOffsets, RecordedStream
from streamer.source import StreamInfo

_N_DAMAGES_NAMED_MAX = 5
#: So many samples a footer may not have counted.
_N_SHORT = 1
_OFFSET_BYTES = 16
#: A number of samples takes no more.
_COUNT_BYTES = 9


class _Surveyed:
    """The header, footer, offsets and samples of one stream, as far as found."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info
        self.pieces = Pieces(layout(info))
        self.clock_times_s = array("d")
        self.clock_offsets_s = array("d")

    def stream(self, file: FileBytes) -> RecordedStream:
        clock = ClockOffsets(np.array(self.clock_times_s), np.array(self.clock_offsets_s))
        return XdfStream(self.info, clock, file, self.pieces)


class Survey:
    """One walk over a whole file.

    Parameters
    ----------
    file : FileBytes
        A file that begins with the magic bytes.

    Attributes
    ----------
    streams : tuple of RecordedStream
        Those that can be read, in the order of their headers.
    warnings : list of str
        What is damaged or cannot be read, and how many samples of how many are left.
    """

    def __init__(self, file: FileBytes) -> None:
        self.warnings: list[str] = []
        self._file = file
        self._surveyed: dict[int, _Surveyed] = {}
        self._n_expected: dict[int, int] = {}
        self._n_unread: dict[int, int] = {}
        self._damages: list[Damage] = []
        for chunk in scan(file):
            problem = chunk.problem if isinstance(chunk, Damage) else self._take(chunk)
            if problem:
                self._damages.append(Damage(chunk.start, chunk.end, problem))
        self.streams = tuple(each.stream(file) for each in self._surveyed.values())
        self._warn_of_damages()
        self._warn_of_unread()
        self._warn_of_differences()
        self._warn_of_stamps()

    def _take(self, chunk: XdfChunk) -> str:
        """Read one chunk; return what is wrong with it."""
        match chunk.tag:
            case Tag.STREAM_HEADER:
                return self._take_header(chunk)
            case Tag.FILE_HEADER:
                return self._xml(chunk)[1]
            case Tag.STREAM_FOOTER:
                return self._take_footer(chunk)
            case Tag.CLOCK_OFFSET:
                return self._take_offset(chunk)
            case Tag.SAMPLES:
                return self._take_samples(chunk)
        return ""

    def _take_header(self, chunk: XdfChunk) -> str:
        number = chunk.stream or 0
        element, problem = self._xml(chunk)
        info = problem or stream_info(element)
        if isinstance(info, str):
            return f"the header of stream {number}: {info}"
        if number in self._surveyed:
            return f"stream {number} has a second header"
        self._surveyed[number] = _Surveyed(info)
        return ""

    def _take_footer(self, chunk: XdfChunk) -> str:
        element, problem = self._xml(chunk)
        text = element.findtext("sample_count", "").strip()
        if not problem and text.isdecimal():
            self._n_expected[chunk.stream or 0] = int(text)
            return ""
        why = problem or f"expected a sample_count, found {text!r}"
        return f"the footer of stream {chunk.stream}: {why}"

    def _take_offset(self, chunk: XdfChunk) -> str:
        content = self._file.read(chunk.content_start, chunk.content_start + _OFFSET_BYTES)
        n_bytes = chunk.end - chunk.content_start
        if n_bytes != _OFFSET_BYTES:
            return f"expected a clock offset of {_OFFSET_BYTES} bytes, found {n_bytes}"
        stream = self._surveyed.get(chunk.stream or 0)
        if stream is not None:
            time_s, offset_s = struct.unpack("<dd", content)
            stream.clock_times_s.append(time_s)
            stream.clock_offsets_s.append(offset_s)
        return ""

    def _take_samples(self, chunk: XdfChunk) -> str:
        number, start = chunk.stream or 0, chunk.content_start
        head = self._file.read(start, min(start + _COUNT_BYTES, chunk.end))
        n_samples, n_read = read_length(head, 0, len(head))
        stream = self._surveyed.get(number)
        if stream is None:
            self._n_unread[number] = self._n_unread.get(number, 0) + max(n_samples, 0)
            return ""
        name = stream.info.lsl_name
        if n_samples < 0:
            return f"a chunk of samples of stream {name!r} does not say how many they are"
        if not stream.pieces.take(self._file, start + n_read, chunk.end, n_samples):
            return f"a chunk of {n_samples} samples of stream {name!r} is not as long as that"
        return ""

    def _xml(self, chunk: XdfChunk) -> tuple[ET.Element, str]:
        content = self._file.read(chunk.content_start, chunk.end)
        return parse(content, is_lenient=chunk.tag is Tag.STREAM_HEADER)

    def _warn_of_damages(self) -> None:
        self.warnings += [
            f"{each.end - each.start} bytes skipped at byte {each.start}: {each.problem}"
            for each in self._damages[:_N_DAMAGES_NAMED_MAX]
        ]
        n_more = len(self._damages) - _N_DAMAGES_NAMED_MAX
        if n_more > 0:
            n_bytes = sum(each.end - each.start for each in self._damages)
            self.warnings.append(f"and {n_more} more such places, {n_bytes} bytes in all")

    def _warn_of_unread(self) -> None:
        for number, n_unread in self._n_unread.items():
            if number in self._surveyed:
                continue
            n_expected = self._n_expected.get(number, n_unread)
            says = f"its footer says {n_expected}" if number in self._n_expected else "no footer"
            self.warnings.append(
                f"read 0 of {n_expected} samples of stream number {number} ({says}): "
                "it has no readable header"
            )

    def _warn_of_differences(self) -> None:
        """Warn where the number of a stream's samples is not that of its footer.

        One sample more than the footer says is no damage: recorders count before the last one.
        """
        for number, stream in self._surveyed.items():
            name, n_samples = stream.info.lsl_name, stream.pieces.n_samples
            n_expected = self._n_expected.get(number)
            if n_expected is None:
                self.warnings.append(
                    f"read {n_samples} of an unknown number of samples of stream {name!r}: its "
                    "footer is missing, the recording was cut short"
                )
            elif n_samples - n_expected not in (0, _N_SHORT):
                self.warnings.append(
                    f"read {n_samples} of {n_expected} samples of stream {name!r} (its footer "
                    f"says {n_expected})"
                )

    def _warn_of_stamps(self) -> None:
        for stream in self._surveyed.values():
            n_bad, n_samples = stream.pieces.n_stamps_not_finite, stream.pieces.n_samples
            if n_bad:
                self.warnings.append(
                    f"{n_bad} of {n_samples} stamps of stream {stream.info.lsl_name!r} are not "
                    "finite"
                )
