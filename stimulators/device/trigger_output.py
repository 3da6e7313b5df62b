"""A device's triggers: those that wait for their time, were fired, and give pulses still."""

from collections import deque

from stimulators.limits import LimitsConfig
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Command

#: Triggers that may wait for their time.
_N_WAITING_MAX = 16
_MINUTE_US = 60_000_000
#: How late the pulses of a trigger may be over by the device's clock: its hardware has one, too.
_LATE_US = 50_000


class TriggerOutput:
    """Fires triggers, never more often than the limits allow by the device's own clock.

    Parameters
    ----------
    limits : LimitsConfig
        The refractory time, and the triggers in any 60 s.

    Attributes
    ----------
    n_given : int
        How many triggers were fired.
    last : Command or None
        The last of them.
    waiting : list of Command
        Accepted triggers that were not fired yet; one without `fire_at_us` is due at once.
    """

    def __init__(self, limits: LimitsConfig) -> None:
        self.n_given = 0
        self.last: Command | None = None
        self.waiting: list[Command] = []
        self._refractory_us = limits.refractory_s * 1e6
        self._n_per_min_max = limits.triggers_per_min_max
        self._given_us: deque[int] = deque()
        self._fired: deque[Command] = deque(maxlen=_N_WAITING_MAX + 1)
        self._lasts_until_us = 0
        self._is_cut = False

    @property
    def is_full(self) -> bool:
        """Whether no more triggers may wait."""
        return len(self.waiting) >= _N_WAITING_MAX

    @property
    def next_due_us(self) -> int | None:
        """When the first trigger that waits is due, by the service's clock; None without any."""
        return min((each.fire_at_us or 0 for each in self.waiting), default=None)

    def is_waiting(self, command: Command) -> bool:
        """Return whether this trigger was received before and still waits."""
        number = (command.session, command.seq)
        return any((each.session, each.seq) == number for each in self.waiting)

    def refusal(self, now_us: int) -> RefusalReason | None:
        """Return why no trigger may be fired now, in one word, or None."""
        given_us, n_max = self._given_us, self._n_per_min_max
        if given_us and now_us - given_us[-1] < self._refractory_us:
            return RefusalReason.REFRACTORY
        if len(given_us) < n_max:
            return None
        is_one_over = n_max > 0 and now_us - given_us[-n_max] >= _MINUTE_US
        return None if is_one_over else RefusalReason.TRIGGERS

    def doubt(self, by_us: int) -> None:
        """Take the last `by_us` as uncertain (the clock was set): no trigger ages by them."""
        self._given_us = deque(each_us + by_us for each_us in self._given_us)
        self._lasts_until_us += by_us

    def give(self, command: Command, now_us: int, lasts_us: int = 0) -> None:
        """Fire a trigger that was not refused, with pulses for so long."""
        if lasts_us:
            self._lasts_until_us = now_us + lasts_us + _LATE_US
        self._given_us.append(now_us)
        if len(self._given_us) > max(1, self._n_per_min_max):
            self._given_us.popleft()
        self.n_given += 1
        self.last = command
        self._fired.append(command)

    def take_fired(self) -> list[Command]:
        """Return the triggers that were fired since the last call, for the hardware to give."""
        fired = list(self._fired)
        self._fired.clear()
        return fired

    def may_last(self, now_us: int) -> bool:
        """Return whether the hardware may still give pulses of a trigger."""
        return now_us < self._lasts_until_us

    def cut(self) -> None:
        """End at once whatever pulses the hardware still gives."""
        self._lasts_until_us = 0
        self._is_cut = True

    def take_cut(self) -> bool:
        """Return whether the hardware has to end its pulses since the last call.

        It is told of triggers that were fired before: what was fired first is ended, too.
        """
        is_cut, self._is_cut = self._is_cut, False
        return is_cut

    def take_due(self, service_now_us: int) -> list[Command]:
        """Remove and return the triggers whose time has come by the service's clock."""
        due = [each for each in self.waiting if (each.fire_at_us or 0) <= service_now_us]
        self.waiting = [each for each in self.waiting if (each.fire_at_us or 0) > service_now_us]
        return due

    def drop(self) -> list[Command]:
        """Remove and return all triggers that wait."""
        dropped, self.waiting = self.waiting, []
        return dropped
