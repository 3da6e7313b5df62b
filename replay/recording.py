"""A recording: what every stream says of itself, and its samples where they are asked for."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from streamer.errors import StreamError
from streamer.source import StreamInfo

#: Numbers that a stretch holds at most, over all channels: some megabytes.
_N_VALUES_MAX = 2**18


class RecordingError(StreamError):
    """A recording cannot be used; the text names the file, what was expected and what was found."""


class Stretch(NamedTuple):
    """Samples of one stream that follow each other.

    Parameters
    ----------
    samples : ndarray, shape (n_samples, n_channels)
        In the stream's own data type and unit; objects of type str for text.
    timestamps_s : ndarray of float64, shape (n_samples,)
        Raw stamps in the sender's clock.

    Examples
    --------
    >>> Stretch(np.zeros((1000, 2), dtype=np.float32), np.arange(1000) / 1000.0).samples.shape
    (1000, 2)
    """

    samples: NDArray[np.generic]
    timestamps_s: NDArray[np.float64]

    @property
    def content(self) -> bytes:
        """The samples as bytes, for a comparison or a digest."""
        if self.samples.dtype == object:
            return "".join(map(repr, self.samples.tolist())).encode()
        return self.samples.tobytes()


class ClockOffsets(NamedTuple):
    """A recorder's measurements of a sender's clock offset, in the order of the file; may be empty.

    Parameters
    ----------
    times_s, offsets_s : ndarray of float64, shape (n_offsets,)
        When, by the sender's clock, the recorder measured what to add to the sender's stamps to
        reach its own clock; and what it measured.

    Examples
    --------
    >>> ClockOffsets(np.array([10.0, 15.0]), np.array([0.25, 0.25])).offsets_s.size
    2
    """

    times_s: NDArray[np.float64] = np.empty(0)
    offsets_s: NDArray[np.float64] = np.empty(0)


class RecordedStream(ABC):
    """One stream of a recording, nothing corrected, smoothed or filled in.

    The reader of a format subclasses it with its own `decode` and, where stamps are cheaper to read
    without the samples, `decode_stamps`. Both must give the same bits for a sample in whatever
    stretch it is read.

    Parameters
    ----------
    info : StreamInfo
        What the stream said of itself; its `name` is the name it had on the network.
    n_samples : int
        Number of samples.
    clock : ClockOffsets
        Without any, the stamps are in the recorder's own clock.

    Notes
    -----
    A stretch is read when it is asked for, and nothing of it is kept: what is in memory depends
    on how much is read at once, and not on how long the recording is.

    Examples
    --------
    >>> class ArrayStream(RecordedStream):
    ...     def decode(self, start, stop):
    ...         return Stretch(np.zeros((stop - start, 1)), np.arange(start, stop) / 1000.0)
    >>> info = StreamInfo(
    ...     name="LFP", lsl_name="LFP", lsl_type="LFP", rate_hz=1000.0, channels=("STN_L",),
    ...     units=("uV",), dtype="float64",
    ... )
    >>> stream = ArrayStream(info, n_samples=5000)
    >>> float(stream.read(1000, 1200).timestamps_s[0])
    1.0
    """

    def __init__(
        self,
        info: StreamInfo,
        n_samples: int,
        clock: ClockOffsets = ClockOffsets(),  # noqa: B008 nothing in it changes
    ) -> None:
        self.info: Final = info
        self.n_samples: Final = n_samples
        self.clock: Final = clock

    @property
    def is_signal(self) -> bool:
        """Whether it gives samples at a rate; all other streams give markers."""
        return self.info.is_signal

    @property
    def is_log(self) -> bool:
        """Whether it is a log of days before or after; it is played only where it is named."""
        return False

    @property
    def n_samples_at_once(self) -> int:
        """How many samples some megabytes hold."""
        return max(1, _N_VALUES_MAX // len(self.info.channels))

    @final
    def read(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps from sample `start` up to, and without, `stop`.

        Raises
        ------
        ValueError
            Where they are not within the stream.
        RecordingError
            Where the file cannot be read any more, or gives something else than it said.
        """
        self._expect_within(start, stop)
        found = self.decode(start, stop)
        dtype = np.dtype(object if self.info.dtype == "string" else self.info.dtype)
        expected = ((stop - start, len(self.info.channels)), dtype, (stop - start,))
        given = (found.samples.shape, found.samples.dtype, found.timestamps_s.shape)
        if expected != given:
            raise RecordingError(
                f"stream {self.info.lsl_name!r}: samples {start} to {stop}: expected "
                f"{_shapes(*expected)}, found {_shapes(*given)}"
            )
        return found

    @final
    def read_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone; raises as `read`."""
        self._expect_within(start, stop)
        return self.decode_stamps(start, stop)

    @final
    def stretches(self) -> Iterator[Stretch]:
        """Yield the whole stream in stretches of some megabytes."""
        for start, stop in ranges(self.n_samples, self.n_samples_at_once):
            yield self.read(start, stop)

    @abstractmethod
    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps of a range that is within the stream."""

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps of a range that is within the stream."""
        return self.decode(start, stop).timestamps_s

    def _expect_within(self, start: int, stop: int) -> None:
        if not 0 <= start <= stop <= self.n_samples:
            raise ValueError(
                f"stream {self.info.lsl_name!r}: expected samples from 0 to {self.n_samples}, "
                f"found {start} to {stop}"
            )


@dataclass(frozen=True, slots=True)
class Recording:
    """All streams of one file, in the order of the file.

    Parameters
    ----------
    path : Path
        Where it is read from.
    streams : tuple of RecordedStream
        At least one; a stream may be empty.
    warnings : tuple of str
        Each one line: what is missing or damaged, and how much of it can be read all the same.

    Examples
    --------
    >>> Recording(Path("patient07.xdf"), streams=()).path.suffix
    '.xdf'
    """

    path: Path
    streams: tuple[RecordedStream, ...]
    warnings: tuple[str, ...] = ()


def ranges(n_samples: int, n_samples_max: int) -> Iterator[tuple[int, int]]:
    """Yield where pieces of at most `n_samples_max` samples begin and end.

    Examples
    --------
    >>> list(ranges(1000, n_samples_max=400))
    [(0, 400), (400, 800), (800, 1000)]
    """
    for start in range(0, n_samples, n_samples_max):
        yield start, min(start + n_samples_max, n_samples)


def describe(info: StreamInfo, n_samples: int | None = None) -> str:
    """Return a stream's name, type, source id, rate, channels and data type, for a message.

    Examples
    --------
    >>> info = StreamInfo(
    ...     name="LFP", lsl_name="LFP", lsl_type="LFP", rate_hz=1000.0, channels=("STN_L",),
    ...     units=("uV",), dtype="float64",
    ... )
    >>> describe(info, n_samples=5000)
    "'LFP' (type 'LFP', source_id '', 1000 Hz, 1 channel, float64, 5000 samples)"
    """
    rate = f"{info.rate_hz:g} Hz" if info.rate_hz else "irregular"
    return (
        f"{info.lsl_name!r} (type {info.lsl_type!r}, source_id {info.source_id!r}, {rate}, "
        f"{_counted(len(info.channels), 'channel')}, {info.dtype}"
        + (")" if n_samples is None else f", {_counted(n_samples, 'sample')})")
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _shapes(samples: tuple[int, ...], dtype: np.dtype[np.generic], stamps: tuple[int, ...]) -> str:
    return f"{dtype} samples of shape {samples} and stamps of shape {stamps}"
