"""A recording in two parts: one to search on, and one that is held out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.recording import RecordedStream, Recording, RecordingError, Stretch
from replay.recording_source import RecordingSource
from replay.timeline.timelines import timelines
from streamer.streams import StreamConfig

#: A shorter part has no burst to speak of.
PART_S_MIN = 5.0


class PartOfStream(RecordedStream):
    """Some samples of a recorded stream that follow each other, as a stream of their own.

    Parameters
    ----------
    stream : RecordedStream
        The whole.
    first, stop : int
        The first sample of the part, and the first after it.
    """

    def __init__(self, stream: RecordedStream, first: int, stop: int) -> None:
        super().__init__(stream.info, max(stop - first, 0), stream.clock)
        self._stream = stream
        self._first = first

    @property
    def is_log(self) -> bool:
        """Whether the whole is a log of days before or after."""
        return self._stream.is_log

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        return self._stream.read(self._first + start, self._first + stop)

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        return self._stream.read_stamps(self._first + start, self._first + stop)


class Parts(NamedTuple):
    """The two parts of a recording.

    Parameters
    ----------
    training : Recording
        Its beginning: what a search sees.
    held_out : Recording
        Its end: what is reported.
    training_s, held_out_s : float
        How long each is.
    """

    training: Recording
    held_out: Recording
    training_s: float
    held_out_s: float


class Parting(NamedTuple):
    """How recordings are parted.

    Parameters
    ----------
    held_out : float
        Share of each recording, at its end, that is held out.
    gap_s : float
        Seconds between the parts that belong to neither.
    """

    held_out: float
    gap_s: float


def parts_of(recording: Recording, streams: tuple[StreamConfig, ...], parting: Parting) -> Parts:
    """Part a recording in time, every stream at the same moment of the recorder's clock.

    Parameters
    ----------
    recording : Recording
        The whole.
    streams : tuple of StreamConfig
        What of it a rig reads: its length is theirs.
    parting : Parting
        How.

    Returns
    -------
    Parts
        Two recordings that share no sample. In each a rig begins anew: its windows are empty, its
        filters are at rest and its thresholds not calibrated, and the reference's filters, which
        look ahead, end with it. So nothing of one part can reach what is computed of the other.

    Raises
    ------
    RecordingError
        Where a part would be shorter than `PART_S_MIN`.
    StreamError
        Where the recording has not the streams of the rig.
    """
    source = RecordingSource(recording, streams)
    source.open()
    began_s, ended_s = source.span_s
    length_s = ended_s - began_s
    split_s = began_s + length_s * (1.0 - parting.held_out)
    later_s = split_s + parting.gap_s
    if min(split_s - began_s, ended_s - later_s) < PART_S_MIN:
        raise RecordingError(
            f"{recording.path}: expected two parts of at least {PART_S_MIN:g} s each, found "
            f"{split_s - began_s:.1f} s to search on and {max(ended_s - later_s, 0.0):.1f} s held "
            f"out, of {length_s:.1f} s"
        )
    signal = next(each for each in source.streams if each.is_signal)
    training: list[RecordedStream] = []
    held_out: list[RecordedStream] = []
    for each in recording.streams:
        n_before, n_until = _n_before(signal, each, split_s, later_s)
        training.append(PartOfStream(each, 0, n_before))
        held_out.append(PartOfStream(each, n_until, each.n_samples))
    return Parts(
        Recording(recording.path, tuple(training)),
        Recording(recording.path, tuple(held_out)),
        split_s - began_s,
        ended_s - later_s,
    )


def _n_before(signal: RecordedStream, stream: RecordedStream, *times_s: float) -> tuple[int, ...]:
    """Return how many samples of a stream come before each moment."""
    try:
        line = timelines((signal, stream))[1]
    except RecordingError:  # of another clock: no moment of it is known, and nothing can use it
        return (0, stream.n_samples)
    return tuple(line.n_before(np.array(times_s), "left").tolist())
