"""A recording: its streams by name, their true rates, gaps and units, and what is doubtful."""

import functools
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.spelling import normal_form
from replay import readers
from replay.choice import answering, choose, not_one_text
from replay.offline import LONG_CHUNKS, conditioned
from replay.recording import RecordedStream, Recording, describe
from replay.recording_source import RecordingSource
from stimloop.library.input_errors import InputError, UnknownNameError
from stimloop.recording_config import kind_of, match_of
from stimloop.terminal.found_text import flaw_lines
from streamer.streams import Match, StreamConfig
from streamer.watching.stream_counts import StreamCounts
from streamer.watching.stream_remarks import stream_remarks
from streamer.wiring.wiring import conditioners


class Gap(NamedTuple):
    """Samples that were lost, or a time in which the sender was away.

    Parameters
    ----------
    sample : int
        Index of the sample that confirms the gap: detectors start anew there.
    time_s : float
        Time of that sample on the recorder's clock.
    lost_s : float
        How much time is missing.
    """

    sample: int
    time_s: float
    lost_s: float


class _Survey(NamedTuple):
    measured_hz: float | None
    gaps: tuple[Gap, ...]
    doubts: tuple[str, ...]


class FileStream:
    """One stream of a recording; samples are read only when they are needed.

    Attributes
    ----------
    recorded : RecordedStream
        The stream as the file has it.
    name : str
        Its name; ``stream_2`` for a second stream without one.
    rate_hz : float
        Nominal rate; 0 for markers.
    channels, units : tuple of str
        Label and unit of each channel; empty for a unit that is not in the file.
    n_samples : int
        Samples of each channel.

    Examples
    --------
    >>> import stimloop as sl
    >>> stream = sl.read("patient07.xdf")["LFP"]
    >>> stream.rate_hz, round(stream.measured_hz), stream.channels, stream.units, stream.gaps
    (250.0, 250, ('STN_1', 'STN_3'), ('microvolts', 'microvolts'), ())
    """

    def __init__(self, recording: Recording, position: int) -> None:
        self._recording = recording
        self.recorded = recording.streams[position]
        info = self.recorded.info
        self.name = normal_form(info.lsl_name) or f"stream_{position + 1}"
        self.rate_hz = info.rate_hz
        self.channels = info.channels
        self.units = info.units
        self.n_samples = self.recorded.n_samples

    @property
    def is_signal(self) -> bool:
        """Whether it gives samples at a rate; all other streams give markers."""
        return self.recorded.is_signal

    @property
    def measured_hz(self) -> float | None:
        """The true rate, measured over the stamps; None where they do not give one."""
        return self._survey.measured_hz

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Every gap, in order."""
        return self._survey.gaps

    @property
    def doubts(self) -> tuple[str, ...]:
        """Flaws of samples, stamps, labels and units, a line each."""
        return self._survey.doubts

    def read(self, start: int = 0, stop: int | None = None) -> NDArray[np.generic]:
        """Return samples as they are stored, in the stream's own unit and data type.

        Parameters
        ----------
        start, stop : int
            Sample indices; all of them by default.

        Returns
        -------
        ndarray, shape (n_samples, n_channels)
            Objects of type str for markers.

        Examples
        --------
        >>> import stimloop as sl
        >>> sl.read("patient07.xdf")["LFP"].read(0, 500).shape
        (500, 2)
        """
        return self.recorded.read(start, self.n_samples if stop is None else stop).samples

    def read_stamps(self, start: int = 0, stop: int | None = None) -> NDArray[np.float64]:
        """Return the stamps of samples as they are stored, in seconds of the sender's clock."""
        return self.recorded.read_stamps(start, self.n_samples if stop is None else stop)

    def config(self) -> StreamConfig:
        """Return a `[[streams]]` table that matches this stream and no other of the recording."""
        return StreamConfig(
            name=self.name,
            kind=kind_of(self.recorded.info),
            match=match_of(self.recorded, self._recording),
        )

    @functools.cached_property
    def _survey(self) -> _Survey:
        info = msgspec.structs.replace(self.recorded.info, name=self.name)
        if not self.is_signal:
            return _Survey(None, (), ())
        # A sensor of another kind is not compared with the usual amplitudes of an LFP.
        kind = kind_of(info, of_unknown_type="other")
        config = StreamConfig(name=self.name, kind=kind, match=Match(index=0))
        alone = Recording(self._recording.path, (self.recorded,))
        source = RecordingSource(alone, (config,), LONG_CHUNKS)
        source.open()
        steps = conditioners((config,), (info,), {self.name})
        counts = StreamCounts(steps)
        gaps: list[Gap] = []
        last_s = 0.0
        for chunk, block, notes in conditioned(source, steps):
            counts.add(chunk)
            for note in notes:
                row = note.sample - block.first_sample
                if note.kind == "gap":
                    before_s = block.time_s[row - 1] if row else last_s
                    lost_s = block.time_s[row] - before_s - 1.0 / self.rate_hz
                    gaps.append(Gap(note.sample, float(block.time_s[row]), float(lost_s)))
            last_s = float(block.time_s[-1])
        found = [msgspec.to_builtins(each) for each in counts.found]
        measured_hz = counts.by_name[self.name]["rate_measured_hz"]
        doubts = (*stream_remarks((config,), (info,)), *flaw_lines(self.name, found))
        return _Survey(measured_hz, tuple(gaps), doubts)

    def __repr__(self) -> str:
        return f"<stream {describe(self.recorded.info, self.n_samples)}>"


class RecordingFile:
    """A recording: ``recording["LFP"]`` is a stream by name, ``recording[0]`` by position.

    Attributes
    ----------
    path : Path
        The file.
    streams : tuple of FileStream
        All streams, in the order of the file.
    doubts : tuple of str
        What is missing or damaged in the file, and how much of it can be read.

    Examples
    --------
    >>> import stimloop as sl
    >>> recording = sl.read("patient07.xdf")
    >>> recording.names
    ('LFP',)
    >>> recording["LFP"].n_samples == recording[0].n_samples
    True
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.path = recording.path
        self.streams = tuple(FileStream(recording, k) for k in range(len(recording.streams)))
        self.doubts = recording.warnings

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each stream."""
        return tuple(each.name for each in self.streams)

    def __getitem__(self, key: str | int) -> FileStream:
        if isinstance(key, int):
            if not -len(self.streams) <= key < len(self.streams):
                raise InputError(
                    f"{self.path.name}: expected a stream from 0 to {len(self.streams) - 1}, "
                    f"found {key}"
                )
            return self.streams[key]
        by_position = [each for each in self.streams if each.name == key]
        if len(by_position) == 1:
            return by_position[0]
        match = Match(name=key)
        alike = answering(match, self._recording.streams)
        chosen = choose(match, alike).streams
        if len(chosen) != 1:
            raise UnknownNameError(self._not_one(match, chosen, alike))
        return next(each for each in self.streams if each.recorded is chosen[0])

    def _not_one(
        self, match: Match, chosen: list[RecordedStream], alike: list[RecordedStream]
    ) -> str:
        told = not_one_text(match, alike or self._recording.streams, alike)
        told = told.partition("; say which")[0]
        positions = [k for k, each in enumerate(self.streams) if each.recorded in alike]
        remedy = f"; say which by its position: {', '.join(map(str, positions))}" if chosen else ""
        return (
            f"{self.path.name}: expected one stream with name = {match.name!r}, found "
            f"{len(chosen) or 'none'}{told}{remedy}"
        )

    def __iter__(self) -> Iterator[FileStream]:
        return iter(self.streams)

    def __len__(self) -> int:
        return len(self.streams)

    def __repr__(self) -> str:
        streams = "".join(f"\n  {each!r}" for each in self.streams)
        doubts = "".join(f"\n  doubtful: {each}" for each in self.doubts)
        return f"<recording {self.path.name}>{streams}{doubts}"


def read(path: str | PathLike[str]) -> RecordingFile:
    """Open a recording: XDF, or a format that an installed package can read.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    RecordingFile
        Nothing of its samples is in memory.

    Raises
    ------
    RecordingError
        Where it cannot be read, or its format is not known.

    Examples
    --------
    >>> import stimloop as sl
    >>> sl.read("patient07.xdf")
    <recording patient07.xdf>
      <stream 'LFP' (type 'LFP', source_id 'LFP-1', 250 Hz, 2 channels, float32, 15000 samples)>
    """
    return RecordingFile(readers.open(Path(path)))
