"""One pass over a stream: what is counted, and the sums that spectra are made of."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from detectors.conditioning.conditioner import Conditioner
from detectors.conditioning.montage import MontageConfig
from replay.inspection.inspected import GapFound
from replay.inspection.second_by_second import SecondBySecond
from replay.inspection.welch_sums import Spectrum, WelchSums
from replay.offline import LONG_CHUNKS, conditioned
from replay.recording import RecordedStream, Recording
from replay.recording_source import RecordingSource
from streamer.streams import Match, StreamConfig
from streamer.watching.stream_counts import StreamCounts
from streamer.wiring.wiring import conditioners

#: Length of the segments of a spectrum, and of those that lines are found in, at most.
SEGMENT_S: Final = 2.0
LINE_SEGMENT_S: Final = 10.0
#: The highest frequencies that are kept of both.
_HIGHEST_HZ: Final = 250.0
_LINE_HIGHEST_HZ: Final = 1000.0
#: A channel with a smaller share of good samples, others being of an implausible amplitude, is so.
_MOSTLY_GOOD: Final = 0.8
#: Of a recording that is one stream alone.
_NO_PATH: Final = Path()


class Pass(NamedTuple):
    """What one pass over a stream gives."""

    montage: tuple[MontageConfig, ...]
    conditioner: Conditioner
    counts: StreamCounts
    gaps: tuple[GapFound, ...]
    seconds: SecondBySecond
    spectrum: Spectrum
    long_spectrum: Spectrum
    #: Both spectra with amplitudes not judged, where those of a channel cannot be right.
    as_other: tuple[Spectrum, Spectrum] | None = None

    @property
    def n_channels(self) -> int:
        """Channels after the montage."""
        return len(self.conditioner.layout.channels)

    def own_labels(self, column: int) -> set[str]:
        """Return the labels of the stream's own channels that a channel is made of."""
        label = self.conditioner.layout.channels[column]
        terms = {each.channel: set(each.terms) for each in self.montage}
        return terms.get(label, {label})

    def spectra_of(self, column: int) -> tuple[Spectrum, Spectrum]:
        """Return both spectra that hold for a channel."""
        if self.as_other is not None and implausible(self, column):
            return self.as_other
        return self.spectrum, self.long_spectrum


def implausible(found: Pass, column: int) -> str:
    """Return why most of a channel, or of what it is made of, is of an implausible amplitude."""
    if found.seconds.share_good(column) >= _MOSTLY_GOOD:
        return ""
    labels = found.own_labels(column)
    texts = (
        each.text
        for each in found.counts.found
        if each.kind == "implausible" and each.channel in labels
    )
    return next(texts, "")


def pass_over(
    stream: RecordedStream, config: StreamConfig, progress: Callable[[int], None]
) -> Pass:
    """Read a stream once, condition it as on a rig, and sum what is asked of it.

    Parameters
    ----------
    stream : RecordedStream
        A signal with samples.
    config : StreamConfig
        Its table, with the montage.
    progress : callable
        Called with the samples that are done.

    Raises
    ------
    StreamError
        Where it cannot be read.
    ValueError
        Where the table does not fit it.
    """
    alone = Recording(_NO_PATH, (stream,))
    config = replace(config, match=Match(index=0))
    source = RecordingSource(alone, (config,), LONG_CHUNKS)
    source.open()
    steps = conditioners((config,), source.infos, {config.name})
    conditioner = steps[config.name]
    rate_hz, n_channels = conditioner.layout.rate_hz, len(conditioner.layout.channels)
    counts = StreamCounts(steps)
    seconds = SecondBySecond(rate_hz, n_channels)
    sums = WelchSums(rate_hz, n_channels, segment_s=SEGMENT_S, highest_hz=_HIGHEST_HZ)
    long_sums = WelchSums(
        rate_hz,
        n_channels,
        segment_s=_line_segment_s(stream.n_samples / rate_hz),
        highest_hz=_LINE_HIGHEST_HZ,
        n_blocks_max=2,
    )
    gaps: list[GapFound] = []
    first_s = last_s = None
    for chunk, block, notes in conditioned(source, steps):
        counts.add(chunk)
        first_s = float(block.time_s[0]) if first_s is None else first_s
        for note in notes:
            row = note.sample - block.first_sample
            if note.kind == "gap":
                before_s = last_s if row == 0 and last_s is not None else block.time_s[row - 1]
                at_s = float(block.time_s[row])
                lost_s = at_s - float(before_s) - 1.0 / rate_hz
                gaps.append(GapFound(sample=note.sample, time_s=at_s - first_s, lost_s=lost_s))
        last_s = float(block.time_s[-1])
        for each in (seconds, sums, long_sums):
            each.add(block)
        progress(block.first_sample + len(block.time_s))
    return Pass(
        config.montage,
        conditioner,
        counts,
        tuple(gaps),
        seconds,
        sums.spectrum(),
        long_sums.spectrum(),
    )


def _line_segment_s(duration_s: float) -> float:
    """Return a length of which there are five, where that is enough for a line."""
    return max(SEGMENT_S, min(LINE_SEGMENT_S, duration_s / 3.0))
