"""The amount that a policy wants of one device now, and its newest refusal."""

from stimulators.refusals import RefusalReason
from stimulators.targets import Target


class Wishes:
    """Keeps one wanted amount and one refusal; older ones are forgotten.

    Attributes
    ----------
    newest : Target or None
        What is wanted now.
    channel : str
        The channel of the last wish: commands that the gate gives by itself name it, too.
    """

    def __init__(self) -> None:
        self.newest: Target | None = None
        self.channel = ""
        self._refused: tuple[float | None, RefusalReason] | None = None

    def is_wished(self, target: Target) -> bool:
        """Return whether the target asks for what is already under way."""
        wish = self.newest
        return (
            wish is not None
            and target.kind == "amplitude"
            and not target.withheld
            and (wish.amount, wish.program, wish.channel)
            == (target.amount, target.program, target.channel)
        )

    def was_refused(self, amount: float | None, reason: RefusalReason) -> bool:
        """Return whether the newest refusal was of this amount (None for any), for this reason."""
        return self._refused == (amount, reason)

    @property
    def is_withheld(self) -> bool:
        """Whether what was wanted last must not be sent."""
        return self._refused == (None, RefusalReason.WITHHELD)

    def wish(self, target: Target) -> None:
        """Set what is wanted from now on."""
        self.newest = target
        self.channel = target.channel
        self._refused = None

    def refuse(self, amount: float | None, reason: RefusalReason) -> None:
        """Remember a refusal; nothing is wanted any more."""
        self.newest = None
        self._refused = (amount, reason)

    def drop(self) -> None:
        """Forget what was wanted."""
        self.newest = None

    def forget(self) -> None:
        """Forget what was wanted and the newest refusal."""
        self.newest = self._refused = None
