"""Which of the clock offsets that a recorder stored applies to which samples."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from replay.recording import ClockOffsets
from replay.timeline.filled_stamps import FilledStamps

#: Offsets that differ by more belong to different lives of the sender's clock.
_RESET_S = 1.0
#: Offsets are measured more often than this.
_NEAR_S = 10.0


def offsets_in_effect(stamps: FilledStamps, clock: ClockOffsets) -> dict[int, float]:
    """Return each offset by the number of the sample it applies from, in order.

    Parameters
    ----------
    stamps : FilledStamps
        By the sender's clock.
    clock : ClockOffsets
        Those that are not finite say nothing. Without any, 0 applies from the first sample.

    Notes
    -----
    The first offset of each life of the sender's clock holds from that life's first sample on,
    as a receiver asks for it before it takes samples; every other from the first sample that
    was sent after it was measured. Of several that apply from one sample on, the newest stays.
    """
    is_known = np.isfinite(clock.times_s) & np.isfinite(clock.offsets_s)
    times_s, offsets_s = clock.times_s[is_known], clock.offsets_s[is_known]
    if not offsets_s.size:
        return {0: 0.0}
    resets = np.flatnonzero(np.abs(np.diff(offsets_s)) > _RESET_S) + 1
    lives = [
        _Life(times_s, offsets_s)
        for times_s, offsets_s in zip(
            np.split(times_s, resets), np.split(offsets_s, resets), strict=True
        )
    ]
    for life, first, stamps_s in _pieces(stamps, lives):
        lives[life].take(first, stamps_s)
    lived = [life for life in lives if life.has_samples] or lives[:1]
    return {position: offset_s for life in lived for position, offset_s in life.offsets()}


class _Life:
    """The time from one reset of a clock to the next: its offsets, and its samples as they come."""

    def __init__(self, times_s: NDArray[np.float64], offsets_s: NDArray[np.float64]) -> None:
        self._times_s = times_s
        self._offsets_s = offsets_s
        self._positions = np.full(len(times_s), -1)
        self._first: int | None = None
        self._newest_s = -np.inf

    @property
    def has_samples(self) -> bool:
        """Whether any was sent in it."""
        return self._first is not None

    def take(self, first: int, stamps_s: NDArray[np.float64]) -> None:
        """Take its next samples."""
        self._first = first if self._first is None else self._first
        sent_s = np.maximum(self._newest_s, np.maximum.accumulate(stamps_s))
        self._newest_s = float(sent_s[-1])
        waiting = np.flatnonzero(self._positions < 0)
        found = np.searchsorted(sent_s, self._times_s[waiting], side="right")
        is_sent = found < len(sent_s)
        self._positions[waiting[is_sent]] = first + found[is_sent]

    def offsets(self) -> Iterator[tuple[int, float]]:
        """Yield each offset after which a sample was sent, with the first such sample."""
        first = self._first or 0
        self._positions[0] = first
        if self._first is None:
            self._positions[:] = first
        is_sent = self._positions >= 0
        positions = np.maximum.accumulate(self._positions[is_sent])
        yield from zip(positions.tolist(), self._offsets_s[is_sent].tolist(), strict=True)

    def distance_s(self, stamp_s: float) -> float:
        """Return how far a stamp lies from the times at which its offsets were measured."""
        return max(float(self._times_s.min()) - stamp_s, stamp_s - float(self._times_s.max()), 0.0)


def _pieces(
    stamps: FilledStamps, lives: Sequence[_Life]
) -> Iterator[tuple[int, int, NDArray[np.float64]]]:
    """Yield the stamps in pieces of one life: its number, the first sample, the stamps.

    Only at a jump of the stamps may a new life begin: where they lie nearer to the times at which
    its offsets were measured than to those of the life before, or, after a jump back, near to them.
    A life may be without samples.
    """
    life, before_s = 0, None
    for first, stamps_s in stamps.blocks():
        steps_s = np.diff(stamps_s, prepend=stamps_s[0] if before_s is None else before_s)
        before_s = float(stamps_s[-1])
        start = 0
        for position in np.flatnonzero(np.abs(steps_s) > _RESET_S).tolist():
            following = _life_at(
                float(stamps_s[position]), lives, life, is_back=steps_s[position] < 0.0
            )
            if following != life:
                if position > start:
                    yield life, first + start, stamps_s[start:position]
                life, start = following, position
        yield life, first + start, stamps_s[start:]


def _life_at(stamp_s: float, lives: Sequence[_Life], life: int, *, is_back: bool) -> int:
    """Return the number of the life that a stamp after a jump belongs to."""
    while life + 1 < len(lives):
        now_s, following_s = (lives[each].distance_s(stamp_s) for each in (life, life + 1))
        if not (following_s < now_s or (is_back and following_s < _NEAR_S)):
            break
        life += 1
    return life
