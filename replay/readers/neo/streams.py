"""The streams that neo finds in a recording: signals in microvolts, events as markers."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.conditioning.units import is_voltage_unit, microvolts_per
from replay.readers.neo.stamps import Piece, Timing
from replay.recording import RecordedStream, RecordingError, Stretch
from replay.unique_names import UniqueNames
from streamer.source import StreamInfo


class NeoStream(RecordedStream):
    """One signal stream: ``raw * gain + offset``, where that is a voltage in microvolts.

    Parameters
    ----------
    reader : neo.rawio reader
        With its header parsed.
    number : int
        Index of the stream.
    name : str
        What it is called.
    timing : Timing
        Where its samples lie, and when they were taken.
    """

    def __init__(self, reader: Any, number: int, name: str, timing: Timing) -> None:  # noqa: ANN401
        stream = reader.header["signal_streams"][number]
        channels = reader.header["signal_channels"]
        channels = channels[channels["stream_id"] == stream["id"]]
        units = [str(each) for each in channels["units"]]
        per_unit = [microvolts_per(each) if is_voltage_unit(each) else 1.0 for each in units]
        info = StreamInfo(
            name=name,
            lsl_name=name,
            lsl_type="Signal",
            source_id=f"{stream['id']}",
            rate_hz=float(channels["sampling_rate"][0]),
            channels=_labels(channels),
            units=tuple("uV" if is_voltage_unit(each) else each for each in units),
            dtype="float64",
        )
        super().__init__(info, sum(each.n_samples for each in timing.pieces))
        self._reader: Final = reader
        self._number: Final = number
        self._timing: Final = timing
        self._gains: Final = channels["gain"] * np.array(per_unit)
        self._offsets: Final = channels["offset"] * np.array(per_unit)

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        samples = np.empty((stop - start, len(self.info.channels)))
        for piece, place, first, last in self._parts(start, stop):
            samples[place] = self._raw(piece, first, last) * self._gains + self._offsets
        return Stretch(samples, self.decode_stamps(start, stop))

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        if self._timing.stored is None:
            return self._timing.anchors.stamps_s(start, stop)
        stamps_s = np.empty(stop - start)
        for piece, place, first, last in self._parts(start, stop):
            stamps_s[place] = self._timing.stored(piece, first, last)
        return stamps_s

    def expect_whole(self) -> None:
        """Raise a `RecordingError` where the last sample of a piece cannot be read."""
        for piece in self._timing.pieces:
            end = piece.start + piece.n_samples
            self._raw(piece, end - 1, end)

    def _raw(self, piece: Piece, first: int, last: int) -> NDArray[np.float64]:
        try:
            raw = self._reader.get_analogsignal_chunk(
                piece.block, piece.segment, first, last, self._number
            )
        except Exception as error:
            reason = str(error).partition("\n")[0]
            raise RecordingError(
                f"stream {self.info.lsl_name!r}: expected {piece.n_samples} samples in segment "
                f"{piece.segment}, as its header says, found a file that neo cannot read up to "
                f"there ({reason}): it breaks off"
            ) from error
        samples: NDArray[np.float64] = raw.astype(np.float64)
        return samples

    def _parts(self, start: int, stop: int) -> Iterator[tuple[Piece, slice, int, int]]:
        """Yield each piece between two samples: its place in what is read, and its own range."""
        for piece in self._timing.pieces:
            first = max(start, piece.first_sample)
            last = min(stop, piece.first_sample + piece.n_samples)
            if first < last:
                shift = piece.start - piece.first_sample
                yield piece, slice(first - start, last - start), first + shift, last + shift


class NeoMarkers(RecordedStream):
    """The events or epochs of one channel, in memory.

    Parameters
    ----------
    reader : neo.rawio reader
        With its header parsed.
    number : int
        Index of the event channel.
    name : str
        What it is called.
    n_events : int
        How many there are in all.
    """

    def __init__(self, reader: Any, number: int, name: str, n_events: int) -> None:  # noqa: ANN401
        info = StreamInfo(
            name=name,
            lsl_name=name,
            lsl_type="Markers",
            source_id=str(reader.header["event_channels"][number]["id"]),
            rate_hz=0.0,
            channels=("label",),
            units=("",),
            dtype="string",
        )
        super().__init__(info, n_events)
        self._reader: Final = reader
        self._number: Final = number

    def decode(self, start: int, stop: int) -> Stretch:
        """Return labels and stamps; an event without a label is called as its channel."""
        rows, stamps_s = self._held
        return Stretch(rows[start:stop].copy(), stamps_s[start:stop].copy())

    @cached_property
    def _held(self) -> Stretch:
        rows, stamps_s = np.empty((self.n_samples, 1), object), np.empty(self.n_samples)
        first = 0
        for block in range(self._reader.block_count()):
            for segment in range(self._reader.segment_count(block)):
                times, _, labels = self._reader.get_event_timestamps(block, segment, self._number)
                place = slice(first, first + len(times))
                stamps_s[place] = self._reader.rescale_event_timestamp(
                    times, dtype="float64", event_channel_index=self._number
                )
                rows[place, 0] = [str(each) or self.info.name for each in labels]
                first += len(times)
        return Stretch(rows, stamps_s)


def streams_of(
    reader: Any,  # noqa: ANN401 a neo reader
    timing_of: Callable[[Any, int, float], Timing],
    told: list[str],
) -> Iterator[RecordedStream]:
    """Yield every stream that holds samples, and every channel of events that holds any.

    Events that cannot be read are left out; `told` gets a line that says so.
    """
    unique = UniqueNames(" ")
    for number, stream in enumerate(reader.header["signal_streams"]):
        timing = timing_of(reader, number, float(reader.get_signal_sampling_rate(number)))
        if timing.pieces:
            signal = NeoStream(reader, number, unique(str(stream["name"]) or "signals"), timing)
            signal.expect_whole()
            yield signal
    for number, channel in enumerate(reader.header["event_channels"]):
        n_events = sum(
            int(reader.event_count(block, segment, number))
            for block in range(reader.block_count())
            for segment in range(reader.segment_count(block))
        )
        if n_events:
            markers = NeoMarkers(reader, number, unique(str(channel["name"]) or "events"), n_events)
            try:
                markers.read(0, n_events)
            except Exception as error:  # noqa: BLE001 the signals beside them can be read
                reason = str(error).partition("\n")[0]
                told.append(f"{n_events} events {markers.info.name!r} are left out: {reason}")
            else:
                yield markers


def _labels(channels: Any) -> tuple[str, ...]:  # noqa: ANN401 a structured array
    """Return the names of channels, told apart by their ids or numbers where they are the same."""
    unique = UniqueNames(" ")
    return tuple(unique(str(each["name"]) or f"ch{each['id']}") for each in channels)
