"""The framing of an XDF file: which of its chunks are whole, and where it is damaged."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from replay.readers.xdf.file_bytes import FileBytes

MAGIC = b"XDF:"
#: Recorders write this every few seconds, so that a reader finds its way again after damage.
_BOUNDARY = bytes.fromhex("43a546dccbf5410fb30ed5467383cbe4")
_LENGTH_FORMATS = {1: "<B", 4: "<I", 8: "<Q"}
#: Of a chunk's beginning: its length in up to nine bytes, its tag, the number of its stream.
_HEAD_BYTES = 15


class Tag(IntEnum):
    """The kind of a chunk."""

    FILE_HEADER = 1
    STREAM_HEADER = 2
    SAMPLES = 3
    CLOCK_OFFSET = 4
    BOUNDARY = 5
    STREAM_FOOTER = 6


_OF_A_STREAM = {Tag.STREAM_HEADER, Tag.SAMPLES, Tag.CLOCK_OFFSET, Tag.STREAM_FOOTER}


@dataclass(frozen=True, slots=True)
class XdfChunk:
    """A chunk that is complete in the file.

    Parameters
    ----------
    start, content_start, end : int
        Byte offsets: of its length field, of what follows tag and stream number, of its end.
    tag : Tag
        What it holds.
    stream : int or None
        Number of the stream it belongs to, None for chunks of the file as a whole.
    """

    start: int
    content_start: int
    end: int
    tag: Tag
    stream: int | None


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no chunk: skipped, up to the next place a chunk surely begins."""

    start: int
    end: int
    problem: str


def scan(file: FileBytes) -> Iterator[XdfChunk | Damage]:
    """Walk over the chunks of a file that begins with the magic bytes.

    Parameters
    ----------
    file : FileBytes
        The whole file.

    Yields
    ------
    XdfChunk or Damage
        In the order of the file, without a byte between them.

    References
    ----------
    XDF specification 1.0, https://github.com/sccn/xdf/wiki/Specifications
    """
    at = len(MAGIC)
    while at < file.size:
        found = _chunk_at(file, at)
        if isinstance(found, str):
            boundary = file.find(_BOUNDARY, at)
            end = file.size if boundary < 0 else boundary + len(_BOUNDARY)
            yield Damage(at, end, found)
            at = end
        else:
            yield found
            at = found.end


def read_length(content: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number of variable length that stands at `at`, and where it ends.

    Returns
    -------
    tuple of int
        The number is -1 where there is none before `end`.
    """
    length_format = _LENGTH_FORMATS.get(content[at]) if at < end else None
    if length_format is None:
        return -1, at
    after = at + 1 + struct.calcsize(length_format)
    if after > end:
        return -1, at
    return int(struct.unpack_from(length_format, content, at + 1)[0]), after


def _chunk_at(file: FileBytes, start: int) -> XdfChunk | str:
    """Return the chunk that begins at `start`, or why there is none."""
    head = file.read(start, start + _HEAD_BYTES)
    if head[0] not in _LENGTH_FORMATS:
        return f"expected a chunk's length in 1, 4 or 8 bytes, found {head[0]}"
    length, after = read_length(head, 0, len(head))
    if length < 0 or after + 2 > len(head):
        return "the file ends within a chunk"
    (number,) = struct.unpack_from("<H", head, after)
    if number not in list(Tag):
        return f"expected a chunk's tag from 1 to 6, found {number}"
    tag = Tag(number)
    head_length = 6 if tag in _OF_A_STREAM else 2
    end = start + after + length
    if end > file.size:
        return f"the file ends {end - file.size} bytes before its last chunk does"
    if length < head_length:
        return f"expected a chunk of at least {head_length} bytes, found {length}"
    stream = None
    if tag in _OF_A_STREAM:
        (stream,) = struct.unpack_from("<I", head, after + 2)
    return XdfChunk(start, start + after + head_length, end, tag, stream)
