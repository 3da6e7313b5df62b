"""Limits on how often a device gets a command, and how often it leaves its safe amount."""

from stimulators.decisions import Refusal
from stimulators.gate.limits.limit import Asked, Limit, Limited
from stimulators.gate.usage.budgets import RateBudget
from stimulators.refusals import RefusalReason

#: One of this many commands a second, and at least one, is kept for the way down.
_SHARE_FOR_DOWN = 5


class CommandsLimit(Limit):
    """Commands in any second; commands that give more leave some for the way down."""

    place = 70
    keys = ("commands_per_s_max",)
    reason = RefusalReason.COMMANDS
    text = "commands in any second, a fifth of them for the way down; the way to safety goes beyond"
    kinds = frozenset({"amplitude", "trigger"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        n_max = int(device.config.limits.commands_per_s_max)
        self._budget = RateBudget(n_max, 1.0)
        self._n_for_down = max(n_max // _SHARE_FOR_DOWN, 1)
        #: Commands that are so far apart never use up those that may give more.
        self.interval_s = 1.0 / (n_max - self._n_for_down)

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        if asked.kind not in {"amplitude", "trigger"}:
            return None
        # The command that cancels triggers must still be allowed afterwards, as the way down must.
        gives_more = asked.kind == "trigger" or asked.is_up
        leaving = self._n_for_down if gives_more else 0
        has_room = self._budget.has_room(asked.now_s, leaving=leaving)
        return None if has_room else self.one_more(asked)

    def share(self, asked: Asked) -> float:
        """Return the commands of the last second with this one, as a share of those allowed."""
        gives_more = asked.kind == "trigger" or asked.is_up
        return self._budget.share(asked.now_s, leaving=self._n_for_down if gives_more else 0)

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""
        self._budget.take(asked.now_s)


class RisesLimit(Limit):
    """Departures upwards from the safe amount, in any minute."""

    place = 80
    keys = ("rises_per_min_max",)
    reason = RefusalReason.RISES
    text = "departures from the safe amount, in any minute"
    kinds = frozenset({"wish", "amplitude"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        self._budget = RateBudget(device.config.limits.rises_per_min_max, 60.0)

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        if not asked.is_rise or self._budget.has_room(asked.now_s):
            return None
        return self.one_more(asked)

    def share(self, asked: Asked) -> float:
        """Return the departures of the last minute with this one, as a share of those allowed."""
        return self._budget.share(asked.now_s) if asked.is_rise else 0.0

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""
        if asked.is_rise:
            self._budget.take(asked.now_s)
