"""The rises of one device that operators are asked about, and the one they said yes to."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from stimulators.targets import Target
from stimulators.wire.messages import CommandKind

#: An offer that is not enough any more is replaced no sooner than this: an operator has to read it.
_STANDS_S = 2.0
#: Amounts are offered with so many decimals, so that what an operator reads is what is opened.
_N_DECIMALS = 4
#: Less than this more is no other amount.
_TINY = 10.0**-_N_DECIMALS


class Offer(NamedTuple):
    """A rise that a policy wants and no yes is there for.

    Parameters
    ----------
    number : int
        Which of the session: a yes names it.
    amount : float
        Up to which amount, in the unit of the device.
    target : Target
        What the policy wanted when it was made.
    made_s, until_s : float
        When it was made, and how long it stands.
    """

    number: int
    amount: float
    target: Target
    made_s: float
    until_s: float


class Yes(NamedTuple):
    """The way up that an operator opened: to an amount of a program, for a time.

    Parameters
    ----------
    amount, program
        Up to which amount, and in which program.
    kind : str
        ``amplitude`` opens triggers of no more than the amount, too; ``trigger`` opens no
        amplitude: who said yes to pulses said none to a current that stays.
    operator : str
        Who said it.
    until_s : float
        How long it is good for.
    """

    amount: float
    program: str
    kind: CommandKind
    operator: str
    until_s: float


class Rises:
    """Offers the rises of one device, and keeps the way up that a yes opened.

    Parameters
    ----------
    confirm_s : float or None
        How long a yes is good for, and how long an offer stands after it was wanted last. None
        where no rise needs a yes.
    command_valid_s : float
        How long a command may take to the device: within this of its end a yes opens nothing more,
        so that no rise begins at the device after it.
    numbers : iterator of int
        Numbers for offers, shared by all devices of the gate.

    Attributes
    ----------
    offer : Offer or None
        What an operator may say yes to now.
    yes : Yes or None
        The way up that is open now.
    """

    def __init__(
        self, confirm_s: float | None, *, command_valid_s: float, numbers: Iterator[int]
    ) -> None:
        self.offer: Offer | None = None
        self.yes: Yes | None = None
        self._confirm_s = confirm_s
        self._command_valid_s = command_valid_s
        self._numbers = numbers

    @property
    def are_asked(self) -> bool:
        """Whether an operator has to say yes to each."""
        return self._confirm_s is not None

    def highest(self, program: str, at_s: float, *, kind: CommandKind = "amplitude") -> float:
        """Return up to which amount of a program a command of this time may go.

        Parameters
        ----------
        program : str
            The program.
        at_s : float
            When the command is sent, or fired.
        kind : str
            The kind of the command.

        Returns
        -------
        float
            Minus infinity without a yes, infinity where none is needed.
        """
        if self._confirm_s is None:
            return math.inf
        yes = self.yes
        if yes is None or not _covers(yes.kind, yes.program, kind, program):
            return -math.inf
        return yes.amount if at_s < yes.until_s - self._command_valid_s else -math.inf

    def want(self, target: Target, now_s: float) -> Offer | None:
        """Offer a rise that is not open; return the offer where that is a new one."""
        # An amplitude goes as far as is open; a trigger of more than that is not given at all.
        spare = 0.0 if target.kind == "trigger" else _TINY
        highest = self.highest(target.program, now_s, kind=target.kind)
        if self._confirm_s is None or target.amount <= highest + spare:
            return None
        offer, until_s = self.offer, now_s + self._confirm_s
        if offer is not None:
            offered = offer.target
            is_same = _covers(offered.kind, offered.program, target.kind, target.program)
            is_enough = is_same and target.amount <= offer.amount + spare
            if is_enough or now_s - offer.made_s < _STANDS_S:
                self.offer = offer._replace(until_s=until_s) if is_same else offer
                return None
        self.offer = Offer(next(self._numbers), _shown(target.amount), target, now_s, until_s)
        return self.offer

    def objection(self, number: int, amount: float | None) -> tuple[str, str] | None:
        """Return what is wrong with a yes to an offer, and what is expected, or None."""
        offer = self.offer
        if offer is None:
            return f"a yes to offer {number}", "one to an offer that stands, and there is none"
        if number != offer.number:
            return f"a yes to offer {number}", f"one to the offer that stands, {offer.number}"
        if amount != offer.amount:
            return f"a yes to {amount}", f"one to the amount that is offered, {offer.amount:g}"
        return None

    def confirm(self, operator: str, now_s: float) -> Yes | None:
        """Open the way up to the amount of the offer; None where there is none."""
        offer, self.offer = self.offer, None
        if offer is None or self._confirm_s is None:
            return None
        wanted, until_s = offer.target, now_s + self._confirm_s
        self.yes = Yes(offer.amount, wanted.program, wanted.kind, operator, until_s)
        return self.yes

    def pass_time(self, now_s: float) -> Yes | None:
        """End what is over; return the yes where that is it."""
        if self.offer is not None and now_s >= self.offer.until_s:
            self.offer = None
        yes = self.yes
        if yes is None or now_s < yes.until_s:
            return None
        self.yes = None
        return yes

    def end(self) -> None:
        """Forget offer and yes: what comes then is asked anew."""
        self.offer = self.yes = None


def _covers(kind: CommandKind, program: str, wanted: CommandKind, wanted_program: str) -> bool:
    """Return whether a yes to one kind of a program is one to what is wanted, too."""
    return program == wanted_program and kind in {wanted, "amplitude"}


def _shown(amount: float) -> float:
    """Return an amount as operators read it, never less than it is: a yes to it is enough."""
    shown = round(amount, _N_DECIMALS)
    return shown if shown >= amount else round(shown + _TINY, _N_DECIMALS)
