"""The belief: the range of amounts that a device may give, from its words and our commands."""

import math
from typing import NamedTuple

from stimulators.device_config import DeviceConfig
from stimulators.gate.word import Word
from stimulators.wire.messages import DeviceBelief, DeviceInfo, DeviceState

#: The tolerance of a device that states none, as a share of its maximum.
_TOLERANCE_SHARE = 0.001
#: Amplitude commands that are remembered; each is soon answered, or too old to be done.
_N_SENT_MAX = 1024
#: A reported amount above this multiple of the maximum is no amount: the maximum is assumed.
_REPORTED_SHARE_MAX = 100.0
_TINY = 1e-9


class _Sent(NamedTuple):
    amount: float
    program: str
    issued_s: float


class Belief:
    """The range of amounts that a device may give now, in its own unit.

    Only the word with the highest number of the device's present boot counts. The range covers the
    amount that this word reports, the amount of the newest command that it reports as done, and
    every amount sent after that command, but for refused ones. Words alone narrow it, never time.

    Parameters
    ----------
    config : DeviceConfig
        The device.
    command_valid_s : float
        How long a command is valid: later the device refuses it.

    Attributes
    ----------
    instance : str
        The boot of the device that sent the newest word.
    heard_s : float or None
        When the newest word was received.
    tolerance : float
        How far the amount may be from the one that was commanded.
    done_s : float
        When the newest command that a word reports as done was sent; minus infinity before any.
    """

    def __init__(self, config: DeviceConfig, command_valid_s: float) -> None:
        self.instance = ""
        self.heard_s: float | None = None
        self.tolerance = _TOLERANCE_SHARE * config.amount_max
        self.done_s = -math.inf
        self._programs = frozenset(config.programs)
        self._safe, self._stop = config.safe_amount, config.stop_amount
        self._most_possible = config.amount_max
        self._command_valid_s = command_valid_s
        self._number = -1
        self._state: DeviceState = "offline"
        self._amount: float | None = None
        self._program = config.safe_program
        self._last_seq = 0
        self._newest_seq = 0
        self._is_answered = True
        self._sent: dict[int, _Sent] = {}
        self._is_stop_sent = self._is_leased = False
        # Worked out at each change, since each command asks for it a dozen times.
        self._interval = self._whole_interval()

    @property
    def state(self) -> DeviceState:
        """The device's state by its newest word; ``offline`` before any."""
        return self._state

    @property
    def is_known(self) -> bool:
        """Whether the device has reported an amount at all."""
        return self._amount is not None

    @property
    def interval(self) -> tuple[float, float]:
        """The least and the most it may give: from 0 to its maximum where nothing is known."""
        return self._interval

    def _whole_interval(self) -> tuple[float, float]:
        amount = self._amount
        if amount is None:
            return 0.0, self._most_possible
        amounts = [sent.amount for sent in self._sent.values()] if self._sent else []
        amounts.append(amount)
        if self._state == "safe" or (self._is_leased and self._state == "stopped"):
            amounts.append(self._safe)
        elif self._is_stop_sent:
            amounts.append(min(amount, self._stop))
        return min(amounts), max(amounts)

    @property
    def lowest(self) -> float:
        """The least it may give; 0 where nothing is known."""
        return self.interval[0]

    @property
    def highest(self) -> float:
        """The most it may give; the device's maximum where nothing is known."""
        return self.interval[1]

    @property
    def most(self) -> float:
        """The most it may give; the tolerance is added to amounts not yet reported as reached."""
        if not self.is_known:
            return self._most_possible
        return max(self.highest, *(self.most_at(sent.amount) for sent in self._sent.values()), 0.0)

    def most_at(self, asked: float) -> float:
        """Return the most it may give after a command, or a move of its own, to an amount."""
        is_reached = self._amount is not None and abs(self._amount - asked) <= self.tolerance
        return asked if is_reached else asked + self.tolerance

    @property
    def is_certain(self) -> bool:
        """Whether lowest and highest are the same within the tolerance."""
        lowest, highest = self.interval
        return self._amount is not None and highest - lowest <= self.tolerance + _TINY

    @property
    def safe_level(self) -> float:
        """The highest amount that counts as safe: the safe amount and the tolerance."""
        return self._safe + self.tolerance + _TINY

    @property
    def is_resting(self) -> bool:
        """Whether it gives at most its safe amount, whatever in the range is true."""
        return self.highest <= self.safe_level

    @property
    def is_at_safe(self) -> bool:
        """Whether it reported exactly its safe amount, within the tolerance."""
        lowest = self._safe - self.tolerance - _TINY
        return self.is_known and self.is_resting and self.lowest >= lowest

    @property
    def is_stopped(self) -> bool:
        """Whether it reported that it is stopped, at most at its safe or stop amount."""
        highest = max(self._safe, self._stop)
        return self._state == "stopped" and self.highest <= highest + self.tolerance + _TINY

    @property
    def is_down(self) -> bool:
        """Whether it reported, since the newest command, that it is at rest: safe or stopped."""
        is_there = self.is_stopped or (self._state == "safe" and self.is_at_safe)
        return self.is_answered and is_there

    @property
    def has_open(self) -> bool:
        """Whether an amplitude command was sent that no word reports as done."""
        return any(seq > self._last_seq for seq in self._sent)

    @property
    def is_answered(self) -> bool:
        """Whether the newest word is newer than the newest command."""
        return self._is_answered

    @property
    def program(self) -> str:
        """The program by the newest word."""
        return self._program

    @property
    def programs(self) -> frozenset[str]:
        """Every program that may be in effect; all of the device's where nothing is known."""
        if self._amount is None:
            return self._programs
        if not self._sent:
            return frozenset((self._program,))
        return frozenset({self._program, *(sent.program for sent in self._sent.values())})

    def learn(self, info: DeviceInfo) -> None:
        """Use the tolerance that the device states."""
        if info.amount_tolerance is not None and 0.0 <= info.amount_tolerance < math.inf:
            self.tolerance = info.amount_tolerance

    def send(self, seq: int, amount: float, program: str, now_s: float) -> None:
        """Note that an amplitude command is sent now."""
        self._newest_seq, self._is_answered = seq, False
        self._sent[seq] = _Sent(amount, program, now_s)
        if len(self._sent) > _N_SENT_MAX:
            del self._sent[next(iter(self._sent))]
        self._interval = self._whole_interval()

    def note_stop(self) -> None:
        """Note that a stop is on its way: the device may go to its stop amount at once."""
        self._is_stop_sent = True
        self._is_leased = False
        self._interval = self._whole_interval()

    def note_leased(self) -> None:
        """Note that leases are sent: they take a device that was stopped to its safe amount.

        An earlier stop that no word has shown by now did not reach it; should it still arrive, a
        word will show it.
        """
        self._is_leased = True
        self._is_stop_sent = False
        self._interval = self._whole_interval()

    def is_news(self, word: Word) -> bool:
        """Whether a word is newer than every word before it from its instance."""
        return word.instance != self.instance or word.number > self._number

    def allows(self, amount: float) -> bool:
        """Whether an amount that the device reports agrees with its last word and our commands.

        It is a number and at most, each plus the tolerance: the amount of the last word, the
        amounts of the command that word names and of those since, and the safe amount.
        """
        if not -self.tolerance <= amount <= self._most_possible + self.tolerance:
            return False
        if not self.is_known:
            return True
        return amount <= max(self.highest, self._safe) + self.tolerance + _TINY

    def take(self, word: Word, now_s: float) -> None:
        """Update the range by a word; an old one of the same instance changes nothing."""
        if not self.is_news(word):
            return
        self.instance, self._number = word.instance, word.number
        self.heard_s = now_s
        reported_max = _REPORTED_SHARE_MAX * self._most_possible
        is_amount = -self.tolerance <= word.amount <= reported_max
        self._amount = max(0.0, word.amount) if is_amount else self._most_possible
        if word.state is not None:
            self._state = word.state
        # A device cannot have done a command that was never sent: such a number, taken as it is,
        # would mark all commands that are sent from now on as done.
        self._last_seq = max(self._last_seq, min(word.last_seq, self._newest_seq))
        done = self._sent.get(self._last_seq)
        if done is not None:
            self.done_s = done.issued_s
        self._program = word.program or (self._program if done is None else done.program)
        if self._newest_seq in {word.answers, self._last_seq}:
            self._is_answered = True
        self._forget_done(word)
        self._interval = self._whole_interval()

    def note_offline(self) -> None:
        """Note that the device is off the network; what it may give stays what it was."""
        self._state = "offline"
        self._interval = self._whole_interval()

    def clip(self) -> None:
        """Expect no more of a device that clips: forget the commands it reported as done."""
        for seq in [seq for seq in self._sent if seq <= self._last_seq]:
            del self._sent[seq]
        self._interval = self._whole_interval()

    def report(self, now_s: float) -> DeviceBelief:
        """Return the belief as it is published in the status."""
        if not self.is_known:
            return DeviceBelief(state=self.state, instance=self.instance)
        return DeviceBelief(
            lowest=self.lowest,
            highest=self.highest,
            certain=self.is_certain,
            state=self.state,
            instance=self.instance,
            word_age_s=None if self.heard_s is None else max(0.0, now_s - self.heard_s),
        )

    def _forget_done(self, word: Word) -> None:
        """Forget commands that a word shows to be over: replaced, refused, ended or too old."""
        is_at_rest = word.state in {"safe", "stopped"}
        if word.state == "stopped":
            self._is_stop_sent = False
        answered = None if word.answers is None else self._sent.get(word.answers)
        for seq, sent in list(self._sent.items()):
            is_over = seq < self._last_seq or (is_at_rest and seq == self._last_seq)
            is_over = is_over or (word.is_refusal and seq == word.answers)
            if answered is not None and seq > self._last_seq:
                is_over |= sent.issued_s + self._command_valid_s <= answered.issued_s
            if is_over:
                del self._sent[seq]
