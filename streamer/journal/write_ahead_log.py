"""Whether a write-ahead log that a killed process left behind was changed since.

SQLite reads such a log up to the first frame whose checksum does not fit and silently drops the
rest, which is right after a torn write and wrong after damage: a changed byte would pass for a
session that ended earlier. Here the two are told apart. The format is SQLite's own, documented at
https://www.sqlite.org/fileformat2.html#walformat.
"""

import struct
from pathlib import Path

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_LITTLE_ENDIAN_MAGIC = 0x377F0682
_WORD = 0xFFFFFFFF


def damage(path: Path) -> str | None:
    """Return what is wrong with a write-ahead log, or None.

    Parameters
    ----------
    path : Path
        The log; it may be missing or empty.

    Notes
    -----
    A process killed in the middle of a write leaves a last frame that is cut short, or, where
    the log had begun anew, one that does not fit in front of older frames. Neither was committed
    and neither is damage. A frame that does not fit and is followed by one of the same
    generation, or that is whole and the last of a log that never began anew, is.
    """
    content = path.read_bytes() if path.exists() else b""
    if not content:
        return None
    if len(content) < _HEADER.size:
        return f"{path.name}: expected a header of {_HEADER.size} bytes, found {len(content)}"
    magic, _, page_size, generation, *salt, check_0, check_1 = _HEADER.unpack_from(content)
    order = ">" if magic & 1 else "<"
    sums = _checksum(content[: _HEADER.size - 8], order, (0, 0))
    if magic & ~1 != _LITTLE_ENDIAN_MAGIC or sums != (check_0, check_1):
        return f"{path.name}: the header does not fit its checksum"
    length = _FRAME.size + page_size
    starts = range(_HEADER.size, len(content) - length + 1, length)
    for number, start in enumerate(starts):
        _, _, salt_0, salt_1, check_0, check_1 = _FRAME.unpack_from(content, start)
        sums = _checksum(content[start : start + 8], order, sums)
        sums = _checksum(content[start + _FRAME.size : start + length], order, sums)
        if [salt_0, salt_1] == salt and sums == (check_0, check_1):
            continue
        later = [_FRAME.unpack_from(content, each)[2:4] for each in starts[number + 1 :]]
        if generation == 0 or tuple(salt) in later:
            return f"{path.name}: frame {number} does not fit its checksum"
        return None
    return None


def _checksum(data: bytes, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for even, odd in zip(words, words, strict=True):
        first = (first + even + second) & _WORD
        second = (second + odd + first) & _WORD
    return first, second
