"""The streams of packets: found on one pass, read packet by packet where they are asked for."""

import json
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from replay.readers.implants.rcs.packets import Packet
from replay.readers.implants.rcs.ticks import DATE_S_MAX, Moment, n_lost, unrolled_s
from replay.recording import ClockOffsets, RecordedStream, RecordingError, Stretch
from streamer.source import StreamInfo

#: Of a packet, its samples by channels.
Values = Callable[[dict[str, Any]], NDArray[np.float64]]


class PacketIndex:
    """Where the packets of one stream lie in their file, and what their headers say."""

    def __init__(self) -> None:
        self._columns = {
            name: array("q")
            for name in ("start", "end", "tick", "second", "sequence", "generated_ms", "n_samples")
        }

    def add(
        self, packet: Packet, header: dict[str, Any], generated_ms: int, n_samples: int
    ) -> None:
        """Take a packet; one that lacks something, or has another thing there, is an error."""
        row = {
            "start": packet.start,
            "end": packet.end,
            "tick": int(header["systemTick"]),
            "second": int(header["timestamp"]["seconds"]),
            "sequence": int(header["dataTypeSequence"]),
            "generated_ms": generated_ms,
            "n_samples": n_samples,
        }
        values = array("q", row.values())
        for name, value in zip(row, values, strict=True):
            self._columns[name].append(value)

    def column(self, name: str) -> NDArray[np.int64]:
        """Return one number of each packet."""
        return np.array(self._columns[name], np.int64)


class Packets:
    """The packets of one stream that hold, in the order of their times.

    Parameters
    ----------
    index : PacketIndex
        As they were found.
    first : Moment
        See `unrolled_s`.
    what : str
        What they are, for warnings.
    warnings : list of str
        Gets a line for what is missing, double, of another date or out of order.
    """

    def __init__(self, index: PacketIndex, first: Moment, what: str, warnings: list[str]) -> None:
        columns = {
            name: index.column(name)
            for name in ("start", "end", "tick", "second", "sequence", "generated_ms", "n_samples")
        }
        away_s = np.abs(columns["second"] - np.median(columns["second"]))
        keep = away_s <= DATE_S_MAX
        same = (np.diff(columns["sequence"]) == 0) & (np.diff(columns["tick"]) == 0)
        double = np.concatenate(([False], same)) & keep
        _tell(int((~keep).sum()), f"packets of {what} are of another date and left out", warnings)
        _tell(int(double.sum()), f"packets of {what} came twice; one of each is left out", warnings)
        columns = {name: each[keep & ~double] for name, each in columns.items()}
        times_s = unrolled_s(columns["tick"], columns["second"], first)
        order = np.argsort(times_s, kind="stable")
        n_moved = int((np.diff(order) < 0).sum())
        _tell(n_moved, f"packets of {what} came late, and are put in their order", warnings)
        columns = {name: each[order] for name, each in columns.items()}
        n_missing = n_lost(columns["sequence"])
        n_sent = n_missing + len(order)
        _tell(n_missing, f"of {n_sent} packets of {what} are missing, by their count", warnings)
        self.times_s: Final = times_s[order]
        self.starts: Final = columns["start"]
        self.ends: Final = columns["end"]
        self.generated_s: Final = columns["generated_ms"] / 1000.0
        self.n_samples: Final = columns["n_samples"]
        self.firsts: Final = np.concatenate(([0], np.cumsum(self.n_samples)))


def _tell(number: int, what: str, warnings: list[str]) -> None:
    if number:
        warnings.append(f"{number} {what}")


class PacketStream(RecordedStream):
    """One stream; a packet's tick is the stamp of its last sample.

    Parameters
    ----------
    info : StreamInfo
        What it is.
    file : Path
        Where its packets lie.
    packets : Packets
        Which they are.
    values : callable
        Given the content of a packet, its samples.
    clock : ClockOffsets
        To the clock of the computer.
    """

    def __init__(
        self, info: StreamInfo, file: Path, packets: Packets, values: Values, clock: ClockOffsets
    ) -> None:
        super().__init__(info, int(packets.firsts[-1]), clock)
        self._file: Final = file
        self._packets: Final = packets
        self._values: Final = values

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        samples = np.empty((stop - start, len(self.info.channels)))
        with self._file.open("rb") as file:
            for number in self._between(start, stop):
                first = int(self._packets.firsts[number])
                file.seek(int(self._packets.starts[number]))
                text = file.read(int(self._packets.ends[number] - self._packets.starts[number]))
                found = self._found(text)
                begin, end = max(start - first, 0), min(stop - first, len(found))
                samples[first + begin - start : first + end - start] = found[begin:end]
        return Stretch(samples, self.decode_stamps(start, stop))

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        numbers = np.arange(start, stop)
        packet = np.searchsorted(self._packets.firsts, numbers, side="right") - 1
        before_last = self._packets.firsts[packet + 1] - 1 - numbers
        stamps_s: NDArray[np.float64] = (
            self._packets.times_s[packet] - before_last / self.info.rate_hz
        )
        return stamps_s

    def _between(self, start: int, stop: int) -> range:
        if start == stop:
            return range(0)
        first = int(np.searchsorted(self._packets.firsts, start, side="right")) - 1
        return range(first, int(np.searchsorted(self._packets.firsts, stop, side="left")))

    def _found(self, text: bytes) -> NDArray[np.float64]:
        try:
            return self._values(json.loads(text.decode("latin-1")))
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(
                f"{self._file}: expected the packets that it had when it was opened, found others"
            ) from error
