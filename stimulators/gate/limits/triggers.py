"""Limits on the time between triggers, and on their number in a minute."""

from stimulators.decisions import Refusal
from stimulators.gate.limits.limit import Asked, Limit, Limited, Told
from stimulators.gate.usage.budgets import RateBudget
from stimulators.refusals import RefusalReason

#: Decimal fractions of a second have no exact binary form; a limit is never wider than this.
_TINY = 1e-9


class RefractoryLimit(Limit):
    """Time from one trigger to the next, by sample, by now and by firing time: the shortest counts.

    One that would come before an earlier one is too soon.
    """

    place = 50
    keys = ("refractory_s",)
    reason = RefusalReason.REFRACTORY
    text = "time from one trigger to the next, by sample, by now and when it fires"
    kinds = frozenset({"trigger"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        self._last: tuple[float, float, float] | None = None

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        if asked.kind != "trigger" or self._last is None:
            return None
        time_s, now_s, fire_at_s = self._last
        since_s = min(asked.time_s - time_s, asked.now_s - now_s, asked.fire_at_s - fire_at_s)
        is_over = since_s >= self.config.limits.refractory_s - _TINY
        return None if is_over else self.one_more(asked)

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""
        if asked.kind == "trigger":
            self._last = asked.time_s, asked.now_s, asked.fire_at_s


class TriggersLimit(Limit):
    """Triggers in any minute, by sample, by now and by firing time: the highest number counts."""

    place = 60
    keys = ("triggers_per_min_max",)
    reason = RefusalReason.TRIGGERS
    text = "triggers in any minute, by sample, by now and when they fire"
    told = Told("triggers a second", "triggers_per_s_max", "triggers_per_s_max", divisor=60.0)
    kinds = frozenset({"trigger"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        n_max = device.config.limits.triggers_per_min_max
        self._by_sample = RateBudget(n_max, 60.0)
        self._by_now = RateBudget(n_max, 60.0)
        self._by_fire = RateBudget(n_max, 60.0)

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        if asked.kind != "trigger":
            return None
        have_room = (
            self._by_sample.has_room(asked.time_s)
            and self._by_now.has_room(asked.now_s)
            and self._by_fire.has_room(asked.fire_at_s)
        )
        return None if have_room else self.one_more(asked)

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""
        if asked.kind == "trigger":
            self._by_sample.take(asked.time_s)
            self._by_now.take(asked.now_s)
            self._by_fire.take(asked.fire_at_s)
