"""Recordings in memory for tests, whose stamps and clock offsets are all known."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replay.recording import ClockOffsets, RecordedStream, Recording, Stretch
from replay.timeline.timeline import Timeline, Times
from streamer.source import StreamInfo


class MemoryStream(RecordedStream):
    """A stream of samples in memory."""

    def __init__(
        self,
        info: StreamInfo,
        samples: NDArray[Any],
        timestamps_s: NDArray[np.float64],
        clock: ClockOffsets | None = None,
    ) -> None:
        super().__init__(info, len(timestamps_s), clock or ClockOffsets())
        self._held = Stretch(samples, timestamps_s)

    def decode(self, start: int, stop: int) -> Stretch:
        samples, stamps_s = self._held
        return Stretch(samples[start:stop].copy(), stamps_s[start:stop].copy())


def whole(stream: RecordedStream) -> Stretch:
    """Return all samples and stamps of a stream."""
    return stream.read(0, stream.n_samples)


def times_of(timeline: Timeline) -> Times:
    """Return all times of a stream."""
    return timeline.read(0, timeline.n_samples)


def signal(
    stamps_s: ArrayLike,
    *,
    name: str = "LFP",
    rate_hz: float = 100.0,
    samples: NDArray[Any] | None = None,
    offsets: Sequence[tuple[float, float]] = (),
    **said: Any,
) -> RecordedStream:
    """Return a signal; without `samples` each of them holds its own index."""
    stamps = np.asarray(stamps_s, np.float64)
    if samples is None:
        samples = np.arange(len(stamps), dtype=np.float32)[:, None]
    n_channels = samples.shape[1]
    said = {"lsl_type": "LFP", "source_id": f"{name}-1", **said}
    info = StreamInfo(
        name=name,
        rate_hz=rate_hz,
        channels=said.pop("channels", tuple(f"ch{k + 1}" for k in range(n_channels))),
        units=said.pop("units", ("uV",) * n_channels),
        dtype=str(samples.dtype),
        lsl_name=name,
        **said,
    )
    return MemoryStream(info, samples, stamps, _offsets(offsets))


def markers(
    stamps_s: ArrayLike,
    texts: Sequence[str] | None = None,
    *,
    name: str = "Events",
    offsets: Sequence[tuple[float, float]] = (),
) -> RecordedStream:
    """Return a marker stream; without `texts` they are numbered."""
    stamps = np.asarray(stamps_s, np.float64)
    rows = np.empty((len(stamps), 1), object)
    rows[:, 0] = [str(k) for k in range(len(stamps))] if texts is None else list(texts)
    info = StreamInfo(
        name=name,
        rate_hz=0.0,
        channels=("ch1",),
        units=("",),
        dtype="string",
        lsl_name=name,
        lsl_type="Markers",
        source_id=f"{name}-1",
    )
    return MemoryStream(info, rows, stamps, _offsets(offsets))


def recording(*streams: RecordedStream) -> Recording:
    """Return the recording of these streams."""
    return Recording(Path("made.xdf"), streams)


def _offsets(offsets: Sequence[tuple[float, float]]) -> ClockOffsets:
    pairs = np.asarray(offsets, np.float64).reshape(-1, 2)
    return ClockOffsets(pairs[:, 0].copy(), pairs[:, 1].copy())
