"""The conditioning of a recorded stream, over stretches of many chunks and handed out by chunk."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, Break
from detectors.conditioning.conditioner import (
    N_WAITING_MAX,
    Conditioner,
    ConditioningConfig,
    Note,
)
from detectors.conditioning.tally import Tallied
from replay.recording import Stretch

#: Events after which the samples are taken that came before them: fewer than may wait for one.
_N_EVENTS_MAX: Final = N_WAITING_MAX // 2


class AheadConditioner(Conditioner):
    """Conditions a stretch at once, and hands out the block and the notes of each chunk.

    A second conditioner takes each stretch before its samples are due. The conditioner itself takes
    the chunks that came, all of them together where somebody asks what it counted, or changes
    what it does from the next sample on. So it counts nothing that has not come yet.

    Parameters
    ----------
    config : ConditioningConfig
        The stream's table. No artifact step of it may read what is bound to samples.
    rate_hz : float
        Nominal rate, as the stream says.
    channels, units : sequence of str
        Label and unit of each channel, as the stream says.
    read : callable
        Returns the samples from a sample on to the end of the stretch that begins there.

    Attributes
    ----------
    stretch : Block
        The newest stretch.

    Raises
    ------
    ValueError
        As `Conditioner`.

    Notes
    -----
    Its blocks have no events, which nobody reads: see `replay.ahead.ahead_loop`.
    """

    def __init__(
        self,
        config: ConditioningConfig,
        *,
        rate_hz: float,
        channels: Sequence[str],
        units: Sequence[str],
        read: Callable[[int], Stretch],
    ) -> None:
        super().__init__(config, rate_hz=rate_hz, channels=channels, units=units)
        self._scout = Conditioner(config, rate_hz=rate_hz, channels=channels, units=units)
        self._read = read
        self._raw = Stretch(np.empty((0, 0)), np.empty(0))
        self._end = self._n_settled = self._n_given = 0
        self._notes: tuple[Note, ...] = ()
        self._note_samples: list[int] = []
        self._n_notes_given = 0

    def update(
        self,
        first_sample: int,
        samples: NDArray[np.generic],  # noqa: ARG002 those of the stretch, which has read them
        timestamps_s: NDArray[np.float64],
    ) -> tuple[Block, tuple[Note, ...]]:
        """Return the block of the next chunk and the notes on it, as `Conditioner` does."""
        if first_sample >= self._end:
            self._begin(first_sample)
        whole = self.stretch
        self._n_given = stop = first_sample + len(timestamps_s)
        rows = slice(first_sample - whole.first_sample, stop - whole.first_sample)
        block = Block(
            whole.stream,
            first_sample,
            whole.samples_uv[rows],
            whole.time_s[rows],
            whole.taint[rows],
            after=whole.after if rows.start == 0 else None,
        )
        if self._n_notes_given == len(self._notes):
            return block, ()
        first, self._n_notes_given = (
            self._n_notes_given,
            bisect_left(self._note_samples, stop, self._n_notes_given),
        )
        return block, self._notes[first : self._n_notes_given]

    @property
    def counts(self) -> Counter[str]:
        """What was counted so far, by its kind."""
        self._settle()
        return super().counts

    @property
    def tallied(self) -> tuple[Tallied, ...]:
        """Everything that was found so far, once for each kind and channel, the earliest first."""
        self._settle()
        return super().tallied

    @property
    def next_sample(self) -> int:
        """Index of the sample that is expected next."""
        return self._n_given

    def correct(self, correction_s: float) -> bool:
        """Add `correction_s` to the stamps from the next sample on, as `Conditioner` does."""
        self._settle()
        self._scout.correct(correction_s)
        return super().correct(correction_s)

    def part(self, at: Break) -> None:
        """Put a break before the next sample."""
        self._settle()
        self._scout.part(at)
        super().part(at)

    def mark(self, kind: str, text: str, time_s: float | None = None) -> None:
        """Count an event, which no block has: nothing here reads any."""
        if len(self._events) >= _N_EVENTS_MAX:
            self._settle()
        super().mark(kind, text, time_s)

    def _begin(self, first_sample: int) -> None:
        """Condition the stretch that begins with this sample."""
        self._settle()
        self._raw = self._read(first_sample)
        self._n_settled = first_sample
        self.stretch, self._notes = self._scout.update(first_sample, *self._raw)
        self._end = first_sample + len(self._raw.timestamps_s)
        self._note_samples = [each.sample for each in self._notes]
        self._n_notes_given = 0

    def _settle(self) -> None:
        """Take all chunks that came since the last time."""
        first, last = self._n_settled, self._n_given
        if last <= first:
            return
        start = self._end - len(self._raw.timestamps_s)
        rows = slice(first - start, last - start)
        self._n_settled = last
        super().update(first, self._raw.samples[rows], self._raw.timestamps_s[rows])
