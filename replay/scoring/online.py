"""A recording through the rig's own loop: what was detected, and the samples it was detected in."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block
from detectors.conditioning.conditioner import Conditioner, Note
from detectors.detector import Detector
from detectors.estimates import Detection, Estimates
from replay.recording_source import RecordingSource
from replay.scoring.episodes import Episodes, of_flags
from replay.scoring.references.kept_signal import KeptSignal
from streamer.closed_loop import ClosedLoop
from streamer.events import Chunk

#: Called with the samples done and the samples in all.
Progress = Callable[[int, int], None]


class WatchedLoop(ClosedLoop):
    """The loop, which also shows the block that its detectors were given."""

    block: Block | None = None

    def condition(self, conditioner: Conditioner, chunk: Chunk) -> tuple[Block, tuple[Note, ...]]:
        """Return the block that is made of a chunk, and the notes on it."""
        self.block, notes = super().condition(conditioner, chunk)
        return self.block, notes


class Column(NamedTuple):
    """One column of a detector's estimates over a whole recording.

    Parameters
    ----------
    sample : ndarray of int64, shape (n_hops,)
        Index of the newest sample of each hop.
    time_s : ndarray of float64, shape (n_hops,)
        Its time.
    values : ndarray of float64, shape (n_hops,)
        The estimates.
    valid : ndarray of bool, shape (n_hops,)
        Which of them may be used.
    hop_s : float
        From one to the next.
    """

    sample: NDArray[np.int64]
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    valid: NDArray[np.bool_]
    hop_s: float

    @property
    def valid_time(self) -> Episodes:
        """The time that valid hops stand for: of each the hop before it."""
        gone_s = np.diff(self.time_s, prepend=-np.inf) > 1.5 * self.hop_s
        parts = np.flatnonzero(gone_s).tolist()
        bounds = zip(parts, [*parts[1:], self.time_s.size], strict=True)
        found = [
            of_flags(self.time_s[start:stop] - self.hop_s, self.valid[start:stop], self.hop_s)
            for start, stop in bounds
        ]
        return Episodes(
            np.concatenate([np.empty(0), *(each.start_s for each in found)]),
            np.concatenate([np.empty(0), *(each.end_s for each in found)]),
        )


class Online(NamedTuple):
    """What a loop detected in a recording.

    Parameters
    ----------
    detections : dict of str to list of Detection
        Of each detector, by id, in the order in which they were confirmed.
    columns : dict of (str, int) to Column
        The columns that were asked for, by detector and number.
    signals : dict of str to KeptSignal
        The conditioned samples that were asked for, by stream.
    end_s : float
        Time of the newest sample.
    """

    detections: dict[str, list[Detection]]
    columns: dict[tuple[str, int], Column]
    signals: dict[str, KeptSignal]
    end_s: float


def run_online(
    source: RecordingSource,
    loop: WatchedLoop,
    *,
    columns: Iterable[tuple[str, int]],
    signals: Mapping[str, KeptSignal],
    progress: Progress = lambda _done, _total: None,
) -> Online:
    """Feed all events of an opened recording to a new loop, as `replay.offline.detect` does.

    Parameters
    ----------
    source : RecordingSource
        The recording.
    loop : WatchedLoop
        Not fed with anything yet.
    columns : iterable of (str, int)
        The columns of estimates that are kept, by detector and number: all others are forgotten.
    signals : mapping of str to KeptSignal
        Where conditioned samples are kept, by stream.
    progress : callable, optional
        Called with the samples done and the samples in all.
    """
    of: dict[str, list[int]] = {}
    for id_, number in dict.fromkeys(columns):
        of.setdefault(id_, []).append(number)
    kept: dict[str, list[Estimates]] = {id_: [] for id_ in of}
    detections: dict[str, list[Detection]] = {id_: [] for id_ in loop.chain.detectors}
    end_s, n_done = 0.0, 0
    for time_s, event in source.events():
        outcome = loop.step(event, time_s)
        if isinstance(event, Chunk):
            n_done += len(event.timestamps_s)
            progress(n_done, source.n_samples)
            if event.stream in signals and loop.block and loop.block.stream == event.stream:
                signals[event.stream].take(loop.block)
                end_s = max(end_s, float(loop.block.time_s[-1]))
        for seen in outcome.seen:
            id_ = seen.estimates.detector
            detections[id_] += seen.detections
            if id_ in kept:
                kept[id_].append(_columns_of(seen.estimates, of[id_]))
    made: dict[tuple[str, int], Column] = {}
    for id_, numbers in of.items():
        found = _joined(kept.pop(id_), loop.chain.detectors[id_], len(numbers))
        made |= {(id_, number): each for number, each in zip(numbers, found, strict=True)}
    return Online(detections, made, dict(signals), end_s)


class Detected(NamedTuple):
    """Episodes of one channel, and when each was known.

    Parameters
    ----------
    episodes : Episodes
        From onset to offset.
    known_s : ndarray of float64, shape (n_episodes,)
        Time of the newest sample that was needed to know of the onset.
    """

    episodes: Episodes
    known_s: NDArray[np.float64]


def paired(
    detections: Iterable[Detection], channel: str, *, rate_hz: float, end_s: float
) -> Detected:
    """Return the episodes of a channel from onset to offset; one without an end lasts to `end_s`.

    Examples
    --------
    >>> paired([], "STN_L", rate_hz=1000.0, end_s=10.0).episodes.n_episodes
    0
    """
    starts_s: list[float] = []
    ends_s: list[float] = []
    known_s: list[float] = []
    for each in detections:
        if each.channel != channel:
            continue
        is_open = len(starts_s) > len(ends_s)
        if each.kind == "onset" and not is_open:
            starts_s.append(each.onset_s)
            known_s.append(each.onset_s + (each.confirmed_sample - each.sample) / rate_hz)
        elif each.kind == "offset" and is_open:
            ends_s.append(each.onset_s)
    if len(starts_s) > len(ends_s):
        ends_s.append(max(end_s, starts_s[-1]))
    return Detected(Episodes(np.array(starts_s), np.array(ends_s)), np.array(known_s))


def _columns_of(estimates: Estimates, numbers: list[int]) -> Estimates:
    """Return some columns of estimates, in memory of their own."""
    return Estimates(
        estimates.detector,
        estimates.sample.copy(),
        estimates.time_s.copy(),
        estimates.values[:, numbers],
        estimates.valid[:, numbers],
        np.empty(0, np.uint16),
    )


def _joined(parts: list[Estimates], detector: Detector, n_columns: int) -> list[Column]:
    """Return the columns of a detector, which share the times of their hops."""
    whole = Estimates.empty(detector.id, 0, n_columns).followed_by(parts)
    hop_s = detector.hop_samples / detector.rate_hz
    return [
        Column(whole.sample, whole.time_s, whole.values[:, k], whole.valid[:, k], hop_s)
        for k in range(n_columns)
    ]
