"""Commands that wait for an answer, and which command an answer belongs to."""

from typing import Literal, NamedTuple, TypeAlias

from stimulators.wire.messages import Ack, Command

#: More commands cannot be open at once: their rate is limited, and each is soon overdue.
_N_OPEN_MAX = 1024

Answer: TypeAlias = Literal["applied", "refused", "again", "unknown"]


class OpenCommand(NamedTuple):
    """A command that waits for its answer."""

    command: Command
    amount: float
    is_way_down: bool
    sample: int
    due_s: float


class OpenCommands:
    """The commands of one device that wait for an answer; bounded, and dropped once overdue.

    Attributes
    ----------
    missing_seq : int or None
        The last command that was not answered in time, until the device answers again.
    newest_seq : int
        The newest command that was sent to this device.
    """

    def __init__(self) -> None:
        self.missing_seq: int | None = None
        self.newest_seq = 0
        self._open: dict[int, OpenCommand] = {}

    def expect(self, opened: OpenCommand) -> None:
        """Wait for the answer to a command that goes now."""
        self.newest_seq = opened.command.seq
        self._open[self.newest_seq] = opened
        if len(self._open) > _N_OPEN_MAX:
            del self._open[next(iter(self._open))]

    def forget(self) -> None:
        """Stop waiting: open answers belong to an engagement that is over."""
        self.missing_seq = None
        self._open.clear()

    def take_answer(self, ack: Ack) -> tuple[Answer, OpenCommand | None]:
        """Take an answer; a repeated one changes nothing, a late one ends the wait as well."""
        seq = -1 if ack.seq is None else ack.seq
        opened = self._open.pop(seq, None)
        if opened is None:
            if seq == self.missing_seq:
                self.missing_seq = None
            return ("again" if 0 < seq <= self.newest_seq else "unknown"), None
        self.missing_seq = None
        return ("applied" if ack.refused is None else "refused"), opened

    def give_up_overdue(self, now_s: float) -> OpenCommand | None:
        """Drop commands overdue at `now_s`; return the first, unless one was missing before."""
        first = None
        was_missing = self.missing_seq is not None
        for opened in [each for each in self._open.values() if each.due_s <= now_s]:
            del self._open[opened.command.seq]
            first = first or opened
            self.missing_seq = opened.command.seq
        return None if was_missing else first
