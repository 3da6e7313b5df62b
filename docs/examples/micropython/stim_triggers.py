"""The triggers of a device: those that wait, how often one may be given, and what ends them."""

_N_WAITING_MAX = 16
_MINUTE_US = 60_000_000


class Triggers:
    """Gives triggers no more often than the limits allow, by the device's own clock."""

    def __init__(self, limits: dict, fire, cut) -> None:
        self.waiting = []
        self._fire = fire
        self._cut = cut
        self._refractory_us = limits["refractory_s"] * 1e6
        self._n_max = limits["triggers_per_min_max"]
        self._given_us = []

    def is_full(self) -> bool:
        """Return whether no more may wait."""
        return len(self.waiting) >= _N_WAITING_MAX

    def is_waiting(self, command: dict) -> bool:
        """Return whether this one came before and still waits."""
        return any(
            each["seq"] == command["seq"] and each["session"] == command["session"]
            for each in self.waiting
        )

    def refusal(self, now_us: int) -> str | None:
        """Return why none may be given now, in one word, or None."""
        given_us = self._given_us
        if given_us and now_us - given_us[-1] < self._refractory_us:
            return "refractory"
        if len(given_us) < self._n_max:
            return None
        is_over = self._n_max > 0 and now_us - given_us[-self._n_max] >= _MINUTE_US
        return None if is_over else "triggers"

    def give(self, amount: float, program: str, now_us: int) -> None:
        """Give one."""
        self._given_us = self._given_us[-max(1, self._n_max) + 1 :] if self._n_max > 1 else []
        self._given_us.append(now_us)
        if self._fire is not None:
            self._fire(amount, program)

    def take_due(self, service_us: int) -> list:
        """Remove and return those whose time has come by the service's clock."""
        due = [each for each in self.waiting if (each.get("fire_at_us") or 0) <= service_us]
        self.waiting = [each for each in self.waiting if each not in due]
        return due

    def end(self) -> None:
        """End what one of them still gives, at once."""
        if self._cut is not None:
            self._cut()

    def drop(self) -> list:
        """End what one of them still gives; remove and return all that wait."""
        self.end()
        dropped, self.waiting = self.waiting, []
        return dropped
