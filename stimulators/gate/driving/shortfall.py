"""Finds devices that do less than commanded: they refuse, clip, or do not go down."""

from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommand
from stimulators.gate.freshness import Flaw

_TINY = 1e-9


class Shortfall:
    """Compares one device's answers with the commands that they answer.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    belief : Belief
        What it may give.

    Attributes
    ----------
    n_refused : int
        Commands that it refused one after the other, up to now.
    is_clipped : bool
        Whether it gives all that it can, and that is less than is wished.
    """

    def __init__(self, config: DeviceConfig, belief: Belief) -> None:
        self.n_refused = 0
        self.is_clipped = False
        self._config = config
        self._belief = belief
        self._refused_down: float | None = None
        self._short: tuple[float, float] | None = None
        self._stuck: tuple[float, float] | None = None
        self._told_ceiling: float | None = None

    @property
    def refused_down(self) -> float | None:
        """The amount below which it refused to go, until a word shows it there; or None."""
        refused_down = self._refused_down
        if refused_down is None:
            return None
        is_there = self._belief.highest <= refused_down + self._belief.tolerance + _TINY
        return None if is_there else refused_down

    def flaw(self, n_refused_max: int) -> Flaw | None:
        """Return why the device may not be driven on: it refuses, or stays up; else None."""
        name = self._config.id
        if self.refused_down is not None:
            did = "refused" if self.n_refused else "did not go"
            return Flaw("refused", f"{name} {did} the way down", "a way down that is taken")
        if self.n_refused >= n_refused_max:
            found = f"{name} refused {self.n_refused} commands in a row"
            return Flaw("refused", found, f"fewer than {n_refused_max}")
        return None

    def take_refusal(self, opened: OpenCommand) -> None:
        """Count a command that the device refused."""
        self.n_refused += 1
        if opened.is_way_down:
            self._refused_down = opened.amount

    def end_refusals(self) -> None:
        """Note that the device did a command."""
        self.n_refused = 0
        self._refused_down = None

    def compare(self, opened: OpenCommand, given: float, now_s: float) -> bool:
        """Compare a reported amount with the commanded one; return whether it newly clips."""
        self._note_stuck(opened, given, now_s)
        return self._note_short(opened, given, now_s)

    def accept_safe(self) -> None:
        """Command no more than the safe amount of a device that refused to go further down."""
        if self._refused_down is not None:
            self._refused_down = max(self._refused_down, self._config.safe_amount)

    def forget_clipping(self) -> None:
        """Forget clippings, because another amount is wanted."""
        self.is_clipped = False
        self._short = None

    def forget_refused_way_down(self) -> None:
        """Assume that the device goes down by itself, because its lease ended."""
        self._refused_down = None

    def forget(self) -> None:
        """Forget refusals and clippings: driving begins anew, or ended."""
        self.n_refused = 0
        self._refused_down = self._short = self._stuck = None
        self.is_clipped = False
        self._told_ceiling = None

    def _note_short(self, opened: OpenCommand, given: float, now_s: float) -> bool:
        """Compare an answer that is too low with the command; twice the same is a clipping.

        The second counts where its command went when the way to what was asked should have been
        over: before, the device may be on its way.
        """
        tolerance = self._belief.tolerance + _TINY
        missing = opened.amount - given
        before = self._short
        if missing <= tolerance:
            self._short = None
            return False
        if before is None or abs(given - before[0]) > tolerance:
            self._short = (given, now_s + missing / self._config.slew_per_s_max)
            return False
        if opened.command.issued_us / 1e6 < before[1]:
            return False
        self.is_clipped = True
        self._belief.clip()
        before_told, self._told_ceiling = self._told_ceiling, given
        return before_told is None or abs(given - before_told) > tolerance

    def _note_stuck(self, opened: OpenCommand, given: float, now_s: float) -> None:
        """Compare an answer that is too high with the command; twice the same means it stays up."""
        tolerance = self._belief.tolerance + _TINY
        beyond = given - opened.amount
        before = self._stuck
        if beyond <= tolerance:
            self._stuck = None
        elif before is None or not abs(given - before[0]) <= tolerance:
            self._stuck = (given, now_s + beyond / self._config.slew_per_s_max)
        elif opened.command.issued_us / 1e6 >= before[1]:
            self._refused_down = opened.amount
