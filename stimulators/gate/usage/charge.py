"""Charge that a device may have given in ten minutes, as an upper and a lower bound."""

import math
from collections.abc import Collection, Sequence

from stimulators.gate.usage.charge_window import (
    BIN_S,
    CHARGE_UC_MAX,
    UNIT_UC,
    WINDOW_S,
    ChargeWindow,
)
from stimulators.gate.usage.recent import RecentCharge

#: What a stamped report says is not looked at beside older counts for so long.
_FRESH_S = 5.0

#: Ages in seconds and charges in µC, the oldest first.
Bins = tuple[tuple[float, float], ...]


class ChargeCount:
    """The charge that a device may have given in the last ten minutes.

    Two windows bound it by the belief: from above with the highest amount, from below with the
    lowest; a third holds what nobody knows. A device that counts by itself narrows this: its
    count and what may have been given since it was taken are a bound from above as well. When
    that was says the stamp of the word; without one, that it knows of the newest command says
    that it was taken after that was sent. What it says beyond ours counts too, until a stamped
    report of all ten minutes says that it is over.
    """

    def __init__(self) -> None:
        self._high = ChargeWindow(rounds_up=True)
        self._low = ChargeWindow(rounds_up=False)
        self._unknown = ChargeWindow(rounds_up=True)
        self._beyond = ChargeWindow(rounds_up=False)
        self._told_uc = math.inf
        self._stamped_s = self._hidden_until_s = -math.inf
        self._since_sent_uc = 0.0
        self._recent = RecentCharge()

    def begin(self, now_s: float) -> None:
        """Begin: from now on everything is counted."""
        self._recent.add(0.0, now_s)

    def add(
        self, lowest_uc: float, highest_uc: float, now_s: float, *, is_known: bool = True
    ) -> None:
        """Count what was given up to `now_s`; `is_known` says that the device has reported."""
        self._low.add(lowest_uc, now_s)
        (self._high if is_known else self._unknown).add(highest_uc, now_s)
        self._told_uc += highest_uc
        self._since_sent_uc += highest_uc
        self._recent.add(highest_uc, now_s)

    def add_pulse(self, charge_uc: float, now_s: float, until_s: float) -> None:
        """Count a pulse that was asked for and is given by `until_s` at the latest, if at all."""
        self._high.add(charge_uc, now_s)
        self._told_uc += charge_uc
        self._since_sent_uc += charge_uc
        self._recent.add_pulse(charge_uc, until_s)

    def note_sent(self) -> None:
        """Note that a command is sent now, and that everything is counted up to now."""
        self._since_sent_uc = 0.0

    def learn(
        self,
        bins: Sequence[tuple[float, float]],
        now_s: float,
        *,
        unknown: Collection[int] = (),
        lowest: Sequence[tuple[float, float]] | None = None,
    ) -> None:
        """Take the counts of an earlier service.

        Parameters
        ----------
        bins : sequence of (float, float)
            Ages in seconds and charges, the oldest first.
        now_s : float
            When they were so old.
        unknown : collection of int
            Places in `bins` of what nobody counted.
        lowest : sequence of (float, float), optional
            What was given for sure; all of it where this is left out.
        """
        for place, (age_s, charge_uc) in enumerate(bins):
            if age_s < WINDOW_S:
                window = self._unknown if place in unknown else self._high
                window.add(charge_uc, now_s - age_s)
        for age_s, charge_uc in bins if lowest is None else lowest:
            if age_s < WINDOW_S:
                self._low.add(charge_uc, now_s - age_s)

    def presume(self, rate_uc_per_s: float, passed_s: float, now_s: float) -> None:
        """Count the last `passed_s`, of which nothing is known, at this rate."""
        passed_s = min(passed_s, WINDOW_S)
        n_bins = math.ceil(passed_s / BIN_S)
        for place in range(n_bins, 0, -1):
            age_s = (place - 1) * BIN_S
            given_s = min(BIN_S, passed_s - age_s)
            self._unknown.add(rate_uc_per_s * given_s, now_s - age_s)

    @property
    def since_sent_uc(self) -> float:
        """The most charge that may have been given since the newest command was sent."""
        return self._since_sent_uc

    def since_uc(self, time_s: float) -> float:
        """Return the most that may have been given after `time_s`; infinite where not known."""
        return self._recent.since_uc(time_s)

    def note_told(self, told_uc: float, since_uc: float, now_s: float) -> None:
        """Raise the bound where the device's own count, with the charge since, is above ours."""
        told_uc = min(told_uc, CHARGE_UC_MAX)
        # A late word may have set this bound too low.
        self._told_uc = max(self._told_uc, told_uc)
        beyond_uc = told_uc - self._above_uc(now_s)
        # It was given at an unknown time before the word was sent.
        if beyond_uc > UNIT_UC:
            self._beyond.add(beyond_uc, now_s)
        if beyond_uc + since_uc > UNIT_UC:
            self._high.add(beyond_uc + since_uc, now_s)

    def bound_stamped(self, told_uc: float, since_uc: float, now_s: float) -> None:
        """Take a device's count of the whole ten minutes; a stamp of its own says how old it is."""
        self.bound(told_uc, since_uc, replaces=True)
        self._stamped_s = now_s
        # At most this much can remain of what the device counted beyond our count before.
        left_uc = min(self._beyond.charge_uc(now_s), max(0.0, told_uc - self._low.charge_uc(now_s)))
        self._beyond = ChargeWindow(rounds_up=False)
        self._beyond.add(left_uc, now_s)

    def bound(self, told_uc: float, since_uc: float, *, replaces: bool) -> None:
        """Take a device's count of the whole ten minutes, and the most charge given since.

        It replaces what was known before, or else the lower counts.
        """
        bound_uc = max(0.0, told_uc) + since_uc
        self._told_uc = bound_uc if replaces else min(self._told_uc, bound_uc)

    def older_uc(self, since_s: float, now_s: float) -> float:
        """Return the charge in our count that may have been given more than `since_s` ago."""
        bins = self._high.bins(now_s)
        return math.fsum(charge_uc for age_s, charge_uc in bins if age_s + BIN_S > since_s)

    def settle_unknown(self, now_s: float) -> bool:
        """Forget the charge assumed of times that nobody counted; return whether there was any.

        What was given may then be hidden by what was counted too high before, as long as that
        counts: until then the device's own count stands.
        """
        settled, self._unknown = self._unknown, ChargeWindow(rounds_up=True)
        if settled.is_empty:
            return False
        self._hidden_until_s = now_s + WINDOW_S + BIN_S
        return True

    def charge_uc(self, now_s: float) -> float:
        """Return the charge that limits count, which is never below the charge given.

        What was counted too high before may hide what nobody counted, and be over sooner: while
        that may be, or a stamped report is fresh, the device's own count alone is the bound.
        """
        above_uc = self._told_uc
        may_hide = now_s < self._hidden_until_s and above_uc < math.inf
        if now_s - self._stamped_s > _FRESH_S and not may_hide:
            above_uc = min(above_uc, self._above_uc(now_s))
        return max(self._low.charge_uc(now_s) + self._beyond.charge_uc(now_s), above_uc)

    def worst_ahead_uc(self, now_s: float, rate_uc_per_s: float) -> float:
        """Return the highest charge of any ten minutes to come, at a steady rate from now on."""
        counted_uc = self.charge_uc(now_s)
        if rate_uc_per_s == 0.0:
            return counted_uc
        ahead_uc = self._high.worst_ahead_uc(now_s, rate_uc_per_s)
        ahead_uc += self._unknown.charge_uc(now_s)
        return max(counted_uc, min(ahead_uc, counted_uc + rate_uc_per_s * WINDOW_S))

    def wait_s(self, now_s: float, over_uc: float) -> float:
        """Return how long until `over_uc` of the charge is more than ten minutes ago."""
        if over_uc <= 0.0:
            return 0.0
        for age_s, charge_uc in self.bins(now_s):
            over_uc -= charge_uc
            if over_uc <= 0.0:
                return max(0.0, WINDOW_S + BIN_S - age_s)
        return WINDOW_S

    def bins(self, now_s: float) -> Bins:
        """Return the charges to be kept for the next service, each with its age in seconds."""
        return tuple((age_s, charge_uc) for age_s, charge_uc, _ in self._kept(now_s))

    def unknown_places(self, now_s: float) -> tuple[int, ...]:
        """Return the indices in `bins` of charge that nobody counted."""
        return tuple(
            place for place, (*_, is_unknown) in enumerate(self._kept(now_s)) if is_unknown
        )

    def bins_lowest(self, now_s: float) -> Bins:
        """Return the charges that were surely given, each with its age in seconds, oldest first."""
        return tuple(self._low.bins(now_s))

    def _kept(self, now_s: float) -> list[tuple[float, float, bool]]:
        kept = [(*each, False) for each in self._high.bins(now_s)]
        kept += [(*each, True) for each in self._unknown.bins(now_s)]
        return sorted(kept, reverse=True)

    def _above_uc(self, now_s: float) -> float:
        return self._high.charge_uc(now_s) + self._unknown.charge_uc(now_s)
