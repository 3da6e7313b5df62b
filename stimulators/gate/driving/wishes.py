"""What a policy wants of one device now, and what it was last refused."""

from stimulators.refusals import RefusalReason
from stimulators.targets import Target


class Wishes:
    """Keeps one wish and one refusal; nothing is kept for later.

    Attributes
    ----------
    newest : Target or None
        What is wanted now.
    asked : Target or None
        The newest that was asked of it, whether granted or not.
    channel : str
        The channel of the last wish: commands that the gate gives by itself name it, too.
    """

    def __init__(self) -> None:
        self.newest: Target | None = None
        self.asked: Target | None = None
        self.channel = ""
        self._refused: tuple[float | None, RefusalReason] | None = None

    def is_wished(self, target: Target) -> bool:
        """Say whether the target asks for what is under way already."""
        wish = self.newest
        return (
            wish is not None
            and target.kind == "amplitude"
            and not target.withheld
            and (wish.amount, wish.program, wish.channel)
            == (target.amount, target.program, target.channel)
        )

    def was_refused(self, amount: float | None, reason: RefusalReason) -> bool:
        """Say whether the last refusal was of this amount (None for any), for this reason."""
        return self._refused == (amount, reason)

    @property
    def is_withheld(self) -> bool:
        """Whether what was wanted last is not to be sent."""
        return self._refused == (None, RefusalReason.WITHHELD)

    def wish(self, target: Target) -> None:
        """Want this from now on."""
        self.newest = target
        self.channel = target.channel
        self._refused = None

    def refuse(self, amount: float | None, reason: RefusalReason) -> None:
        """Remember a refusal, and want nothing any more."""
        self.newest = None
        self._refused = (amount, reason)

    def drop(self) -> None:
        """Want nothing any more."""
        self.newest = None

    def forget(self) -> None:
        """Want nothing, and remember no refusal."""
        self.newest = self.asked = self._refused = None
