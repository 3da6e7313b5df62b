"""Why a command is sent, or none is: one word for each reason, with its meaning for people."""

from enum import StrEnum
from typing import Self


class ReasonWord(StrEnum):
    """A reason in one word; as text, in JSON and in the journal it is that word alone.

    Attributes
    ----------
    meaning : str
        The reason in a line, for people.
    """

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> Self:
        """Make a text of the word, with its meaning as an attribute."""
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.meaning = meaning
        return reason


class SendReason(ReasonWord):
    """One word for why a command is sent.

    Attributes
    ----------
    meaning : str
        The reason in a line, for people.

    Examples
    --------
    >>> print(SendReason.WANTED, "-", SendReason.WANTED.meaning)
    wanted - the next step towards what its policy wants
    """

    WANTED = "wanted", "the next step towards what its policy wants"
    AGAIN = "again", "said again: no word of the device shows it yet"
    PROGRAM = "program", "down to 0 first, as another program is wanted"
    KEPT = "kept", "the lowest that it may give: the rig holds, or no target is granted"
    REST = "rest", "to the safe amount under leases: paused, or withheld"
    SAFE = "safe", "to the safe amount: it is driven no longer"


class NothingReason(ReasonWord):
    """One word for why nothing is sent to a device that is driven.

    Attributes
    ----------
    meaning : str
        The reason in a line, for people.

    Examples
    --------
    >>> print(NothingReason.THERE, "-", NothingReason.THERE.meaning)
    there - it gives what is wanted
    """

    THERE = "there", "it gives what is wanted"
    STEP = "step", "the slew allows no step yet that is worth a command"
    ANSWER = "answer", "its answer to the last command is awaited"
    LIMIT = "limit", "a limit allows no further step now"
    CLIPPED = "clipped", "it gives less than was asked for, and is not asked again"
    UNCONFIRMED = "unconfirmed", "the rise that is wanted waits for an operator's yes"
    KEPT = "kept", "it stays where it is: the rig holds, or no target is granted"
    REST = "rest", "it stays at its safe amount: paused, or withheld"
