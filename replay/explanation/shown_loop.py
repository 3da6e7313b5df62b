"""The loop of a session computed again, which also shows its samples and the checks of limits."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from detectors.block import Block
from detectors.conditioning.conditioner import Conditioner, Note
from stimulators.decisions import Refusal
from stimulators.gate.limits.limit import Asked, Limit
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.config import LoopConfig
from streamer.events import Chunk, Event
from streamer.source import StreamInfo


class Answered(NamedTuple):
    """The requests of the gate to the limits of one device, with their results, in order."""

    device: str
    asked: Asked
    answers: tuple[tuple[type[Limit], Refusal | None], ...]


class ShownLoop(ClosedLoop):
    """A loop that shows the samples of its newest step, and the requests to its limits.

    Parameters
    ----------
    config, infos, session
        As of `ClosedLoop`, and computed by its code alone.

    Attributes
    ----------
    block : Block or None
        The samples of the newest step, where it had some.
    answered : list of Answered
        What its limits were asked in that step.
    is_shown : bool
        Whether these are kept: nobody needs those of hours before.
    """

    def __init__(self, config: LoopConfig, infos: Sequence[StreamInfo], session: str) -> None:
        super().__init__(config, infos, session)
        self.block: Block | None = None
        self.answered: list[Answered] = []
        self.is_shown = False
        for name in self.gate.devices:
            self.gate.drive_of(name).limits.onlooker = partial(self._show, name)

    def step(self, event: Event, now_s: float) -> Outcome:
        """Take the next event, as `ClosedLoop` does."""
        self.block = None
        self.answered.clear()
        return super().step(event, now_s)

    def condition(self, conditioner: Conditioner, chunk: Chunk) -> tuple[Block, tuple[Note, ...]]:
        """Return the block that a chunk becomes, and the notes on it."""
        self.block, notes = super().condition(conditioner, chunk)
        return self.block, notes

    def _show(self, device: str, asked: Asked) -> None:
        if self.is_shown:
            limits = self.gate.drive_of(device).limits
            self.answered.append(Answered(device, asked, tuple(limits.answers(asked))))
