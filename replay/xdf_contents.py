"""What an XDF file holds before anything is decoded: its streams, its sound chunks, its losses."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard
from xml.etree import ElementTree as ET

from replay.xdf_chunks import MAGIC, Damage, Tag, XdfChunk, read_length, scan

_VALUE_BYTES = {"double64": 8, "float32": 4, "int64": 8, "int32": 4, "int16": 2, "int8": 1}
_TEXT = "string"
_N_DAMAGES_NAMED_MAX = 5
#: So many samples a footer may not have counted.
_N_SHORT = 1


@dataclass(frozen=True, slots=True)
class Header:
    """What is needed of a stream's header to judge its chunks."""

    name: str
    n_channels: int
    value_bytes: int | None


class Contents:
    """A survey of a whole file.

    Parameters
    ----------
    content : bytes
        The file.

    Attributes
    ----------
    headers : dict of int to Header
        The streams that can be read, by their number in the file.
    warnings : list of str
        What is damaged or cannot be read.
    sound : bytes
        The file without what is damaged or belongs to no readable stream.
    """

    def __init__(self, content: bytes) -> None:
        self.headers: dict[int, Header] = {}
        self.warnings: list[str] = []
        self._n_expected: dict[int, int] = {}
        self._n_unread: dict[int, int] = {}
        self._damages: list[Damage] = []
        self._content = content
        sound = [chunk for chunk in scan(content) if self._is_sound(chunk)]
        kept = sum(chunk.end - chunk.start for chunk in sound) + len(MAGIC)
        self.sound = content if kept == len(content) else self._joined(sound)
        self._warn_of_damages()
        self._warn_of_unread()

    def differences(self, n_read: Mapping[int, int]) -> list[str]:
        """Hold the number of samples read of each stream against what its footer says.

        One sample more than the footer says is no damage: recorders count before the last one.
        """
        found: list[str] = []
        for number, header in self.headers.items():
            n_expected = self._n_expected.get(number)
            if n_expected is None:
                found.append(
                    f"read {n_read[number]} of an unknown number of samples of stream "
                    f"{header.name!r}: its footer is missing, the recording was cut short"
                )
            elif n_read[number] - n_expected not in (0, _N_SHORT):
                found.append(
                    f"read {n_read[number]} of {n_expected} samples of stream {header.name!r} "
                    f"(its footer says {n_expected})"
                )
        return found

    def _is_sound(self, chunk: XdfChunk | Damage) -> TypeGuard[XdfChunk]:
        problem = chunk.problem if isinstance(chunk, Damage) else self._problem(chunk)
        if problem:
            self._damages.append(Damage(chunk.start, chunk.end, problem))
            return False
        # What belongs to a stream without a header is whole, but nobody can decode it.
        return (
            not isinstance(chunk, Damage)
            and (chunk.stream is None or chunk.stream in self.headers)
            and not (chunk.tag is Tag.STREAM_FOOTER and chunk.stream not in self._n_expected)
        )

    def _problem(self, chunk: XdfChunk) -> str:
        if chunk.tag is Tag.STREAM_HEADER:
            return self._take_header(chunk)
        if chunk.tag is Tag.FILE_HEADER:
            return self._xml(chunk)[1]
        if chunk.tag is Tag.STREAM_FOOTER:
            return self._take_footer(chunk)
        if chunk.tag is Tag.CLOCK_OFFSET and chunk.end - chunk.content_start != 16:
            return f"expected a clock offset of 16 bytes, found {chunk.end - chunk.content_start}"
        if chunk.tag is Tag.SAMPLES:
            return self._check_samples(chunk)
        return ""

    def _take_header(self, chunk: XdfChunk) -> str:
        number = chunk.stream or 0
        element, problem = self._xml(chunk)
        if problem:
            return f"the header of stream {number}: {problem}"
        header = _header(element)
        if isinstance(header, str):
            return f"the header of stream {number}: {header}"
        if number in self.headers:
            return f"stream {number} has a second header"
        self.headers[number] = header
        return ""

    def _take_footer(self, chunk: XdfChunk) -> str:
        element, problem = self._xml(chunk)
        text = element.findtext("sample_count", "").strip()
        if not problem and text.isdecimal():
            self._n_expected[chunk.stream or 0] = int(text)
            return ""
        why = problem or f"expected a sample_count, found {text!r}"
        return f"the footer of stream {chunk.stream}: {why}"

    def _check_samples(self, chunk: XdfChunk) -> str:
        number = chunk.stream or 0
        n_samples, at = read_length(self._content, chunk.content_start, chunk.end)
        header = self.headers.get(number)
        if header is None:
            self._n_unread[number] = self._n_unread.get(number, 0) + max(n_samples, 0)
            return ""
        if header.value_bytes is None:
            end = self._end_of_texts(at, chunk.end, n_samples, header.n_channels)
        else:
            end = self._end_of_values(
                at, chunk.end, n_samples, header.n_channels * header.value_bytes
            )
        if end != chunk.end:
            return (
                f"a chunk of {n_samples} samples of stream {header.name!r} is not as long as that"
            )
        return ""

    def _end_of_values(self, at: int, end: int, n_samples: int, sample_bytes: int) -> int:
        for _ in range(n_samples):
            if at >= end:
                return -1
            at += sample_bytes + (9 if self._content[at] else 1)
        return at

    def _end_of_texts(self, at: int, end: int, n_samples: int, n_channels: int) -> int:
        for _ in range(n_samples):
            if at >= end:
                return -1
            at += 9 if self._content[at] else 1
            for _ in range(n_channels):
                length, at = read_length(self._content, at, end)
                if length < 0:
                    return -1
                at += length
        return at

    def _xml(self, chunk: XdfChunk) -> tuple[ET.Element, str]:
        content = self._content[chunk.content_start : chunk.end]
        # pyxdf reads a stream's header as UTF-8 whatever its bytes, all else as it declares itself.
        is_lenient = chunk.tag is Tag.STREAM_HEADER
        text = content.decode("utf-8", errors="replace") if is_lenient else content
        try:
            # The parser limits how far entities expand; pyxdf reads the same text with it.
            return ET.fromstring(text), ""  # noqa: S314
        except (ET.ParseError, ValueError, LookupError) as error:
            return ET.Element("info"), f"expected XML, found {error}"

    def _joined(self, sound: list[XdfChunk]) -> bytes:
        view = memoryview(self._content)
        return b"".join((MAGIC, *(view[chunk.start : chunk.end] for chunk in sound)))

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
            if number in self.headers:
                continue
            n_expected = self._n_expected.get(number, n_unread)
            says = f"its footer says {n_expected}" if number in self._n_expected else "no footer"
            self.warnings.append(
                f"read 0 of {n_expected} samples of stream number {number} ({says}): "
                "it has no readable header"
            )


def _header(element: ET.Element) -> Header | str:
    """Return what the header says, or what is wrong with it."""
    texts = {
        key: (element.findtext(key) or "").strip()
        for key in ("name", "channel_count", "nominal_srate", "channel_format")
    }
    name, n_channels, rate, form = texts.values()
    if form != _TEXT and form not in _VALUE_BYTES:
        return f"expected a known channel_format, found {form!r}"
    if not n_channels.isdecimal() or int(n_channels) < 1:
        return f"expected a channel_count of at least 1, found {n_channels!r}"
    try:
        rate_hz = float(rate)
    except ValueError:
        rate_hz = math.nan
    if not (math.isfinite(rate_hz) and rate_hz >= 0.0):
        return f"expected a nominal_srate of at least 0, found {rate!r}"
    return Header(name, int(n_channels), _VALUE_BYTES.get(form))
