"""Recordings with the same spectrum and no bursts: what a detector finds there is chance."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from replay.recording import ClockOffsets, RecordedStream, Recording, Stretch
from streamer.source import StreamInfo

#: A stamp that comes later than this, in samples and in seconds, begins another stretch.
_GAP_SAMPLES: Final = 5.0
_GAP_S: Final = 0.05
#: A shorter stretch has no spectrum that is worth keeping.
_STRETCH_S_MIN: Final = 1.0


class HeldStream(RecordedStream):
    """Samples in memory with the stamps, labels and clock of a recorded stream."""

    def __init__(
        self,
        info: StreamInfo,
        samples: NDArray[np.float64],
        timestamps_s: NDArray[np.float64],
        clock: ClockOffsets,
    ) -> None:
        super().__init__(replace(info, dtype="float64"), len(timestamps_s), clock)
        self._held = Stretch(samples, timestamps_s)

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        samples, stamps_s = self._held
        return Stretch(samples[start:stop].copy(), stamps_s[start:stop].copy())


class FirstPart(RecordedStream):
    """The beginning of a recorded stream."""

    def __init__(self, stream: RecordedStream, n_samples: int) -> None:
        super().__init__(stream.info, min(n_samples, stream.n_samples), stream.clock)
        self._stream = stream

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        return self._stream.read(start, stop)

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        return self._stream.read_stamps(start, stop)


def randomised(samples: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Return samples with the same spectrum and random phases.

    Parameters
    ----------
    samples : ndarray of float64, shape (n_samples, n_channels)
        All of them finite.
    random : numpy.random.Generator
        Draws one phase for each frequency, the same for every channel.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_channels)
        Its power at every frequency, and the coherence of its channels, are those of `samples`;
        it has no bursts but those of Gaussian noise.

    References
    ----------
    J. Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
    Physica D 58, 1992, doi:10.1016/0167-2789(92)90102-S; of several channels: D. Prichard and J.
    Theiler, Phys. Rev. Lett. 73, 1994, doi:10.1103/PhysRevLett.73.951.

    Examples
    --------
    >>> noise = np.random.default_rng(1).normal(size=(1000, 2))
    >>> made = randomised(noise, np.random.default_rng(2))
    >>> bool(np.allclose(abs(np.fft.rfft(made, axis=0)), abs(np.fft.rfft(noise, axis=0))))
    True
    """
    made = samples.copy()
    _randomise(made, random)
    return made


def _randomise(samples: NDArray[np.float64], random: np.random.Generator) -> None:
    """Give samples random phases, in place and channel by channel."""
    n_samples = len(samples)
    turns = np.exp(2j * np.pi * random.random(n_samples // 2 + 1))
    turns[0] = 1.0
    if n_samples % 2 == 0:
        turns[-1] = 1.0
    for column in range(samples.shape[1]):
        samples[:, column] = irfft(rfft(samples[:, column]) * turns, n_samples)


def first_samples(
    stream: RecordedStream, length_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the samples of the first seconds of a stream, and their stamps."""
    n_samples = min(stream.n_samples, max(1, round(length_s * stream.info.rate_hz)))
    found = stream.read(0, n_samples)
    return found.samples.astype(np.float64), found.timestamps_s


def surrogate(
    stream: RecordedStream, length_s: float, random: np.random.Generator
) -> RecordedStream:
    """Return the first seconds of a stream with random phases, stretch by stretch.

    Notes
    -----
    Gaps stay gaps, and what is not finite stays so. A stretch of less than a second is not finite
    as a whole: it would keep what was recorded.
    """
    samples, stamps_s = first_samples(stream, length_s)
    is_kept = np.zeros(len(samples), np.bool_)
    for start, stop in _stretches(stamps_s, stream.info.rate_hz):
        is_kept[start:stop] = True
        part = samples[start:stop]  # changed in place: of many channels a copy is large
        is_bad = ~np.isfinite(part)
        part[is_bad] = 0.0
        _randomise(part, random)
        part[is_bad] = np.nan
    samples[~is_kept] = np.nan
    return HeldStream(stream.info, samples, stamps_s, stream.clock)


def with_streams(
    recording: Recording, instead: dict[int, RecordedStream], length_s: float
) -> Recording:
    """Return a recording with other streams at some positions, and the rest no longer than these.

    Parameters
    ----------
    recording : Recording
        The recording.
    instead : dict of int to RecordedStream
        By position.
    length_s : float
        How much of all other signals there is.
    """
    streams = tuple(
        instead.get(position)
        or (FirstPart(each, round(length_s * each.info.rate_hz)) if each.is_signal else each)
        for position, each in enumerate(recording.streams)
    )
    return Recording(recording.path, streams)


def _stretches(stamps_s: NDArray[np.float64], rate_hz: float) -> Iterator[tuple[int, int]]:
    steps = np.diff(stamps_s)
    # In whatever the stamps count.
    step = float(np.median(steps[steps > 0.0])) if (steps > 0.0).any() else 1.0 / rate_hz
    holes = np.flatnonzero(np.abs(steps) > max(_GAP_SAMPLES, _GAP_S * rate_hz) * step) + 1
    for start, stop in pairwise([0, *holes.tolist(), len(stamps_s)]):
        if stop - start >= _STRETCH_S_MIN * rate_hz:
            yield start, stop
