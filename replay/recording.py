"""A recording in memory: every stream as it was stored, and what is wrong with the file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.errors import StreamError
from streamer.source import StreamInfo


class RecordingError(StreamError):
    """A recording cannot be used; the text names the file, what was expected and what was found."""


@dataclass(frozen=True, slots=True)
class RecordedStream:
    """One stream of a recording, nothing corrected, smoothed or filled in.

    Parameters
    ----------
    info : StreamInfo
        What the stream said of itself; its `name` is the name it had on the network.
    samples : ndarray, shape (n_samples, n_channels)
        In the stream's own data type and unit; objects of type str for text.
    timestamps_s : ndarray of float64, shape (n_samples,)
        Raw stamps in the sender's clock.
    clock_times_s, clock_offsets_s : ndarray of float64, shape (n_offsets,)
        When, by the sender's clock, the recorder measured what to add to the sender's stamps to
        reach its own clock; and what it measured. In the order of the file.
    """

    info: StreamInfo
    samples: NDArray[np.generic]
    timestamps_s: NDArray[np.float64]
    clock_times_s: NDArray[np.float64]
    clock_offsets_s: NDArray[np.float64]

    @property
    def is_signal(self) -> bool:
        """Whether it gives samples at a rate; all other streams give markers."""
        return self.info.is_signal


@dataclass(frozen=True, slots=True)
class Recording:
    """All streams of one file, in the order of the file.

    Parameters
    ----------
    path : Path
        Where it was read from.
    streams : tuple of RecordedStream
        At least one; a stream may be empty.
    warnings : tuple of str
        Each one line: what is missing or damaged, and how much of it was read all the same.
    """

    path: Path
    streams: tuple[RecordedStream, ...]
    warnings: tuple[str, ...] = ()


def describe(info: StreamInfo, n_samples: int | None = None) -> str:
    """Return a stream's name, type, source id, rate, channels and data type, for a message."""
    rate = f"{info.rate_hz:g} Hz" if info.rate_hz else "irregular"
    return (
        f"{info.lsl_name!r} (type {info.lsl_type!r}, source_id {info.source_id!r}, {rate}, "
        f"{len(info.channels)} channels, {info.dtype}"
        + (")" if n_samples is None else f", {n_samples} samples)")
    )
