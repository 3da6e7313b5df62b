"""Reference of the timeline of a recorded stream, by its definition, all in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from replay.recording import RecordedStream
from replay.timeline.timeline import Correction
from tests.replay.recordings import whole

#: Offsets that differ by more belong to different lives of the sender's clock.
_RESET_S = 1.0
#: Offsets are measured more often than this.
_NEAR_S = 10.0
#: A stamp that runs back by more, against no known reset, is not believed.
_BACKWARDS_S_MAX = 1.0
#: A hole that is longer, against no known reset, is not believed either.
_HOLE_S_MAX = 3600.0
#: A stamp further off the median of its neighbours is not believed for the order.
_WILD_S = 1.0
_N_NEIGHBOURS = 11
#: No clock has run for three centuries.
_STAMP_S_MAX = 1e10


@dataclass(frozen=True, slots=True)
class NaiveTimeline:
    """Stamps, times and corrections of a whole stream."""

    stamps_s: NDArray[np.float64]
    times_s: NDArray[np.float64]
    corrections: tuple[Correction, ...]


def timeline(stream: RecordedStream) -> NaiveTimeline:
    """Return one stream's timeline."""
    rate_hz = stream.info.rate_hz if stream.is_signal else 0.0
    raw_s = _filled(whole(stream).timestamps_s, rate_hz)
    stamps_s = raw_s.copy()
    # Of several offsets that apply from one sample on, the newest stays.
    found = dict(_corrections(stream, raw_s)) if stream.clock.offsets_s.size else {0: 0.0}
    for (first, correction_s), end in zip(found.items(), [*found, len(raw_s)][1:], strict=True):
        stamps_s[first:end] += correction_s
    times_s = _in_order(stamps_s, rate_hz)
    corrections = tuple(
        Correction(first, _known_s(times_s, first), correction_s)
        for first, correction_s in found.items()
    )
    return NaiveTimeline(stamps_s, times_s, corrections)


def _filled(stamps_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the stamps, with impossible ones interpolated between their neighbours."""
    indices = np.arange(len(stamps_s))
    possible = np.abs(stamps_s) < _STAMP_S_MAX
    if possible.all():
        return stamps_s
    if not possible.any():
        return indices / (rate_hz or 1.0)
    return np.interp(indices, indices[possible], stamps_s[possible])


def _corrections(stream: RecordedStream, raw_s: NDArray[np.float64]) -> Iterator[tuple[int, float]]:
    """Yield each clock offset with the first sample it applies to, in order.

    The first offset of each life of the sender's clock holds from that life's first sample on,
    as a receiver asks for it before it takes samples; every other from the first sample that
    was sent after it was measured.
    """
    resets = np.flatnonzero(np.abs(np.diff(stream.clock.offsets_s)) > _RESET_S) + 1
    lives_s = np.split(stream.clock.times_s, resets)
    offsets_s = np.split(stream.clock.offsets_s, resets)
    edges = [*_first_samples(raw_s, lives_s), len(raw_s)]
    for life, (start, end) in enumerate(pairwise(edges)):
        if end == start and life:
            continue
        sent_s = np.maximum.accumulate(raw_s[start:end])
        indices = start + np.searchsorted(sent_s, lives_s[life], side="right")
        indices[0] = start
        for index, offset_s in zip(indices.tolist(), offsets_s[life].tolist(), strict=True):
            if index < end or index == start:
                yield index, offset_s


def _first_samples(raw_s: NDArray[np.float64], lives_s: Sequence[NDArray[np.float64]]) -> list[int]:
    """Return the first sample after each reset of the clock; equal ones where it has no sample.

    Only at a jump of the stamps may a new life begin: where they lie nearer to the times at which
    its offsets were measured than to those of the life before, or, after a jump back, near to them.
    """
    firsts = [0]
    steps_s = np.diff(raw_s)
    for index in np.flatnonzero((steps_s < -_RESET_S) | (steps_s > _RESET_S)) + 1:
        while len(firsts) < len(lives_s):
            now, following = (
                _distance_s(float(raw_s[index]), lives_s[life])
                for life in (len(firsts) - 1, len(firsts))
            )
            is_back = steps_s[index - 1] < 0.0
            if not (following < now or (is_back and following < _NEAR_S)):
                break
            firsts.append(int(index))
    return firsts + [len(raw_s)] * (len(lives_s) - len(firsts))


def _distance_s(stamp_s: float, life_s: NDArray[np.float64]) -> float:
    return max(float(life_s.min()) - stamp_s, stamp_s - float(life_s.max()), 0.0)


def _in_order(stamps_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    step_s = 1.0 / rate_hz if rate_hz else 0.0
    believed_s = _tamed(stamps_s, step_s) if rate_hz else stamps_s
    steps_s = np.diff(believed_s, prepend=believed_s[:1])
    jumps = steps_s < -_BACKWARDS_S_MAX
    if rate_hz:
        jumps |= steps_s > _HOLE_S_MAX
    shifts_s = np.cumsum(np.where(jumps, step_s - steps_s, 0.0))
    ordered_s: NDArray[np.float64] = np.maximum.accumulate(believed_s + shifts_s)
    return ordered_s


def _tamed(stamps_s: NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    """Return the stamps of a signal, with single outliers interpolated."""
    regular_s = step_s * np.arange(len(stamps_s))
    if not stamps_s.size or np.abs(np.diff(stamps_s)).max(initial=0.0) <= _WILD_S:
        return stamps_s
    usual_s = median_filter(stamps_s - regular_s, _N_NEIGHBOURS, mode="nearest") + regular_s
    return np.where(np.abs(stamps_s - usual_s) > _WILD_S, usual_s, stamps_s)


def _known_s(times_s: NDArray[np.float64], first: int) -> float:
    """Return the time of the sample before, or of the first one."""
    if not times_s.size:
        return 0.0
    return float(times_s[max(first - 1, 0)])
