"""The records of an EDF or BDF file: their samples, and their annotations."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from replay.readers.channels import Channel
from replay.readers.edf.header import Header
from replay.readers.piecewise import Marker

_N_BYTES_AT_ONCE: Final = 2**22


class Records:
    """The records of a file that are whole, mapped and not read.

    Parameters
    ----------
    path : Path
        The file.
    header : Header
        What it says of itself.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._header: Final = header
        n_bytes = path.stat().st_size - header.n_bytes
        n_whole = n_bytes // header.n_bytes_per_record if header.n_bytes_per_record else 0
        self.n_records: Final = n_whole
        #: Bytes after the last whole record.
        self.n_left: Final = n_bytes - n_whole * header.n_bytes_per_record
        self._bytes: NDArray[np.uint8] = np.empty((0, header.n_bytes_per_record), np.uint8)
        if n_whole and header.n_bytes_per_record:
            shape = (n_whole, header.n_bytes_per_record)
            self._bytes = np.memmap(path, np.uint8, "r", offset=header.n_bytes, shape=shape)
        lengths = [header.n_bytes_per_sample * each.n_per_record for each in header.signals]
        ends = np.cumsum(lengths)
        self._columns: Final = [
            slice(int(end) - length, int(end)) for end, length in zip(ends, lengths, strict=True)
        ]

    def samples(
        self, signals: Sequence[int], channels: Sequence[Channel], start: int, stop: int
    ) -> NDArray[np.float64]:
        """Return samples of signals of one rate: microvolts, or the file's own unit."""
        n_each = self._header.signals[signals[0]].n_per_record
        first, last = start // n_each, -(-stop // n_each)
        found = np.empty((stop - start, len(signals)))
        for column, (number, channel) in enumerate(zip(signals, channels, strict=True)):
            digital = self._digital(number, first, last)
            signal, factor = self._header.signals[number], channel.to_microvolts
            within = digital[start - first * n_each : stop - first * n_each]
            found[:, column] = (within * signal.gain + signal.offset) * factor
        return found

    def annotations(self) -> Iterator[tuple[int, Marker]]:
        """Yield each annotation with its record; one without a text tells when a record begins.

        The first annotation of a record, in the first signal of annotations, keeps its time.
        """
        numbers = [n for n, each in enumerate(self._header.signals) if each.is_annotations]
        n_at_once = max(1, _N_BYTES_AT_ONCE // self._header.n_bytes_per_record)
        for first in range(0, self.n_records, n_at_once):
            held = self._bytes[first : first + n_at_once]
            for at, record in enumerate(held, first):
                for number in numbers:
                    yield from (
                        (at, each) for each in _annotations_of(record[self._columns[number]])
                    )

    def _digital(self, number: int, first: int, last: int) -> NDArray[np.signedinteger]:
        held = np.ascontiguousarray(self._bytes[first:last, self._columns[number]])
        if self._header.n_bytes_per_sample == 2:
            return held.reshape(-1).view("<i2")
        wide = np.zeros((held.size // 3, 4), np.uint8)
        wide[:, 1:] = held.reshape(-1, 3)
        return wide.reshape(-1).view("<i4") >> 8


def _annotations_of(held: NDArray[np.uint8]) -> Iterator[Marker]:
    r"""Yield what a record's annotations say: ``+onset[\x15duration]\x14text\x14...\x14\0``."""
    for entry in held.tobytes().split(b"\x14\x00"):
        onset, *texts = entry.strip(b"\x00").split(b"\x14")
        try:
            time_s = float(onset.partition(b"\x15")[0])
        except ValueError:
            continue
        for text in texts or [b""]:
            yield Marker(time_s, text.decode("utf-8", "replace"))
