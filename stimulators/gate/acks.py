"""Commands that wait for their answer, and what the answers say."""

from typing import Literal, NamedTuple, TypeAlias

from stimulators.wire.messages import Ack, Command

#: More than this cannot be open at once: commands are limited, and each is soon overdue.
_N_OPEN_MAX = 1024

Answer: TypeAlias = Literal["applied", "refused", "again", "unknown"]


class OpenCommand(NamedTuple):
    """A command without an answer yet."""

    command: Command
    amount: float
    sample: int
    due_s: float


class OpenCommands:
    """One device's commands in flight; bounded, and forgotten once overdue.

    Attributes
    ----------
    missing_seq : int or None
        The last command that was not answered in time, until the device answers again.
    amount : float
        What the last acknowledged amplitude command asked for.
    """

    def __init__(self, amount: float) -> None:
        self.amount = amount
        self.missing_seq: int | None = None
        self._open: dict[int, OpenCommand] = {}
        self._newest_seq = 0
        self._acked_seq = 0

    def __contains__(self, seq: int) -> bool:
        return seq in self._open

    @property
    def believed(self) -> float:
        """Where the device will be once it has answered, if it agrees."""
        for opened in reversed(self._open.values()):
            if opened.command.kind == "amplitude" and opened.command.seq > self._acked_seq:
                return opened.amount
        return self.amount

    def stand(self, amount: float) -> None:
        """Take it that the device stands here, and owes no answer that still matters."""
        self.amount = amount
        self.missing_seq = None
        self._acked_seq = self._newest_seq

    def expect(self, opened: OpenCommand) -> None:
        """Wait for the answer to a command that goes now."""
        self._newest_seq = opened.command.seq
        self._open[self._newest_seq] = opened
        if len(self._open) > _N_OPEN_MAX:
            del self._open[next(iter(self._open))]

    def answer(self, ack: Ack) -> tuple[Answer, OpenCommand | None]:
        """Take an answer in; a repeated one changes nothing, a late one ends the waiting."""
        seq = -1 if ack.seq is None else ack.seq
        opened = self._open.pop(seq, None)
        if opened is None:
            if seq == self.missing_seq:
                self.missing_seq = None
            return ("again" if 0 < seq <= self._newest_seq else "unknown"), None
        self.missing_seq = None
        if ack.refused is not None:
            return "refused", opened
        if opened.command.kind == "amplitude" and seq > self._acked_seq:
            self._acked_seq = seq
            self.amount = opened.amount
        return "applied", opened

    def overdue(self, now_s: float) -> OpenCommand | None:
        """Give up what should have been answered by `now_s`; return the first such in a row."""
        first = None
        was_missing = self.missing_seq is not None
        while self._open:
            opened = next(iter(self._open.values()))
            if opened.due_s > now_s:
                break
            del self._open[opened.command.seq]
            first = first or opened
            self.missing_seq = opened.command.seq
        return None if was_missing else first
