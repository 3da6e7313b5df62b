"""How often commands, rises and triggers may go."""

from collections import deque

from stimulators.refusals import RefusalReason

#: Decimal fractions of a second have no exact binary form; a budget is never wider than this.
_TINY = 1e-9


class RateBudget:
    """A limit on how often something happens in any window, counted exactly.

    Parameters
    ----------
    n_max : int
        How many.
    window_s : float
        In any stretch of this length.
    """

    def __init__(self, n_max: int, window_s: float) -> None:
        self._n_max = n_max
        self._window_s = window_s
        self._times_s: deque[float] = deque()

    def has_room(self, now_s: float, *, leaving: int = 0) -> bool:
        """Say whether one more may come at `now_s`, and `leaving` more after it."""
        n_max = self._n_max - leaving
        if len(self._times_s) < n_max:
            return True
        return n_max > 0 and now_s - self._times_s[-n_max] >= self._window_s

    def take(self, now_s: float) -> None:
        """Count one at `now_s`, even beyond the limit: the way to safety is never refused."""
        self._times_s.append(now_s)
        if len(self._times_s) > self._n_max:
            self._times_s.popleft()


class TriggerBudget:
    """Refractory time and triggers a minute, by sample, now and when it fires: stricter wins.

    Parameters
    ----------
    refractory_s : float
        Shortest time from one trigger to the next.
    n_per_min_max : int
        Triggers in any 60 s.
    """

    def __init__(self, refractory_s: float, n_per_min_max: int) -> None:
        self._refractory_s = refractory_s
        self._by_sample = RateBudget(n_per_min_max, 60.0)
        self._by_now = RateBudget(n_per_min_max, 60.0)
        self._by_fire = RateBudget(n_per_min_max, 60.0)
        self._last: tuple[float, float, float] | None = None

    def refusal(
        self, time_s: float, now_s: float, fire_at_s: float | None = None
    ) -> RefusalReason | None:
        """Return why a trigger may not go: one word, or None.

        Parameters
        ----------
        time_s, now_s : float
            Time of the sample it was decided at, and now.
        fire_at_s : float, optional
            When it is given; at once without. One that would come before an earlier one is too
            soon.
        """
        fire_at_s = now_s if fire_at_s is None else fire_at_s
        if self._last is not None:
            times_s = (time_s, now_s, fire_at_s)
            since_s = min(time - last for time, last in zip(times_s, self._last, strict=True))
            if since_s < self._refractory_s - _TINY:
                return RefusalReason.REFRACTORY
        by_sample, by_now = self._by_sample.has_room(time_s), self._by_now.has_room(now_s)
        if not (by_sample and by_now and self._by_fire.has_room(fire_at_s)):
            return RefusalReason.TRIGGERS
        return None

    def take(self, time_s: float, now_s: float, fire_at_s: float | None = None) -> None:
        """Count a trigger that goes."""
        fire_at_s = now_s if fire_at_s is None else fire_at_s
        self._last = (time_s, now_s, fire_at_s)
        self._by_sample.take(time_s)
        self._by_now.take(now_s)
        self._by_fire.take(fire_at_s)
