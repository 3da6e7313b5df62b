"""How often, how long and how much: budgets that a device's output must never overdraw."""

from collections import deque

#: Resolution of the charge of the last ten minutes; the oldest, partly expired bin still counts.
_BIN_S = 10.0
_N_BINS = 61
#: Decimal fractions of a second have no exact binary form; a budget is never wider than this.
_TINY = 1e-9


class RateBudget:
    """At most so many in any window, counted exactly.

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

    def has_room(self, now_s: float) -> bool:
        """Say whether one more may come at `now_s`."""
        while self._times_s and now_s - self._times_s[0] >= self._window_s:
            self._times_s.popleft()
        return len(self._times_s) < self._n_max

    def take(self, now_s: float) -> None:
        """Count one at `now_s`, room or not: what brings a device to safety is never refused."""
        self._times_s.append(now_s)
        if len(self._times_s) > self._n_max:
            self._times_s.popleft()


class TriggerBudget:
    """Refractory time and triggers a minute, each by sample time and by now: stricter wins.

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
        self._last: tuple[float, float] | None = None

    def refusal(self, time_s: float, now_s: float) -> str | None:
        """Return why a trigger for `time_s` may not go at `now_s`: one word, or None."""
        if self._last is not None:
            since_s = min(time_s - self._last[0], now_s - self._last[1])
            if since_s < self._refractory_s - _TINY or since_s < 0.0:
                return "refractory"
        if not (self._by_sample.has_room(time_s) and self._by_now.has_room(now_s)):
            return "triggers"
        return None

    def take(self, time_s: float, now_s: float) -> None:
        """Count a trigger that goes."""
        self._last = (time_s, now_s)
        self._by_sample.take(time_s)
        self._by_now.take(now_s)


class ChargeBudget:
    """Charge in any ten minutes.

    Parameters
    ----------
    charge_uc_max : float
        First phases summed; infinite for a device without current.
    """

    def __init__(self, charge_uc_max: float) -> None:
        self._charge_uc_max = charge_uc_max
        self._bins: deque[tuple[int, float]] = deque()

    def add(self, charge_uc: float, now_s: float) -> None:
        """Count a charge that was given up to `now_s`."""
        place = int(now_s // _BIN_S)
        if self._bins and self._bins[-1][0] == place:
            charge_uc += self._bins.pop()[1]
        self._bins.append((place, charge_uc))
        while self._bins[0][0] <= place - _N_BINS:
            self._bins.popleft()

    def has_room(self, charge_uc: float, now_s: float) -> bool:
        """Say whether so much more may be given at `now_s`."""
        oldest = int(now_s // _BIN_S) - _N_BINS
        spent_uc = sum(charge for place, charge in self._bins if place > oldest)
        return spent_uc + charge_uc <= self._charge_uc_max
