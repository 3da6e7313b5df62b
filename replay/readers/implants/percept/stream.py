"""A stream of a session report: its runs one after the other."""

from collections.abc import Iterator, Sequence

import numpy as np

from replay.readers.implants.percept.runs import Run
from replay.recording import RecordedStream, Stretch
from streamer.source import StreamInfo


class ReportStream(RecordedStream):
    """One stream of all runs of the same channels, in memory: see `open_percept`."""

    def __init__(self, info: StreamInfo, runs: Sequence[Run]) -> None:
        self._held = Stretch(
            np.concatenate([each.samples for each in runs]),
            np.concatenate([each.stamps_s for each in runs]),
        )
        super().__init__(info, len(self._held.timestamps_s))

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        samples, stamps_s = self._held
        return Stretch(samples[start:stop].copy(), stamps_s[start:stop].copy())


def streams_of(runs: Sequence[Run]) -> Iterator[ReportStream]:
    """Yield a stream for all runs of the same channels."""
    together: dict[StreamInfo, list[Run]] = {}
    for run in runs:
        together.setdefault(run.info, []).append(run)
    for info, each in together.items():
        yield ReportStream(info, each)
