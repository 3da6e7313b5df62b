"""What a check of a device is made of."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from stimulators.conformance.examiner import Examiner

#: Called with what was expected and what was found instead.
Found = Callable[[str, str], None]
Try = Callable[[Examiner, Found], Awaitable[None]]


class UntriedError(Exception):
    """A check cannot be run here; the text says why."""


class Check(NamedTuple):
    """One check of a device.

    Parameters
    ----------
    name : str
        In a word or two, as it is printed.
    section : str
        The section of the contract that asks for it.
    run : callable
        Runs the check, and calls `found` for each breach of the contract.
    drives : bool
        Whether leases, amounts, triggers or stops are sent: then nobody may be connected.
    needs_keys : bool
        Whether it needs a rig that signs.
    """

    name: str
    section: str
    run: Try
    drives: bool = True
    needs_keys: bool = False
