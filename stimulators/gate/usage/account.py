"""What a device has used of its budgets: the charge of ten minutes and the time above safe."""

import math
from typing import NamedTuple

from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.usage.charge import ChargeCount
from stimulators.gate.usage.charge_window import WINDOW_S
from stimulators.gate.usage.on_time import OnTime
from stimulators.gate.usage.past import DevicePast
from stimulators.wire.messages import DeviceStatus

#: How long a word was on its way, at most, of a device that never says when it was said: an
#: assumption, which no device that stamps its reports needs.
_TRANSIT_S = 1.0
#: A device reports about once a second; after a longer silence its lease may have ended.
_REPORT_S = 1.5
#: After this time an offset between two clocks is useless: a device knows its own to 10 ms.
_CLOCK_FADES_S = 120.0


class _Since(NamedTuple):
    """The longest possible time since a device's word, and the most charge given since then.

    `is_stamped` says that its own stamp says so, `replaces` that no earlier word knows more.
    """

    time_s: float
    charge_uc: float
    is_stamped: bool
    replaces: bool


class Account:
    """Counts charge and time above safe, from the belief and from the device's own reports.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    lease_s : float
        How long a device may keep its amount after the last lease that reaches it.
    tick_s : float
        Time from one look at the limits to the next.

    Attributes
    ----------
    stay_s : float
        How long a device may keep its amount once it is told nothing more.

    Notes
    -----
    Whatever a device said last, it may have gone to its safe amount by itself since then: its
    lease may have ended. So what counts is never below what that would have given. A stamped
    report then shows what it was. A device that never stamps its reports is taken to keep to
    what it said until it says otherwise, and its word to be on its way for at most a second.

    A device that is not simulated begins with everything unknown: its charge is taken to be the
    highest the limit allows and its time above safe to be spent, until `learn` says what an
    earlier service knew, the device's own count reaches back far enough, or time has passed.
    """

    def __init__(self, config: DeviceConfig, *, lease_s: float, tick_s: float) -> None:
        self._config = config
        self.stay_s = lease_s + tick_s
        self._limit_uc = config.limits.charge_uc_per_10_min_max or math.inf
        self._on_s_max = config.limits.on_time_s_max
        self._off_s_min = config.limits.off_time_s_min
        self._charge = ChargeCount()
        self._on_high = OnTime(config.limits.off_time_s_min)
        self._on_low = OnTime(config.limits.off_time_s_min)
        self._counted_s = math.inf
        self._sent_s = -math.inf
        self._never_stamps = False
        # Whether it says that it counts itself as at rest: within its tolerance of the safe amount
        # a device may count its time above safe, as exactly as it knows what it gives.
        self._is_at_rest = False
        self._woke_s = self._doubted_until_s = -math.inf
        self._is_presumed = config.simulated
        self._dearest = max(map(config.charge_uc_per_s, config.programs), default=0.0)

    @property
    def charge(self) -> ChargeCount:
        """The charge that the device may have given, as a count."""
        return self._charge

    @property
    def on_time(self) -> OnTime:
        """How long the device may have been above its safe amount, short breaks included."""
        return self._on_high

    @property
    def on_s(self) -> float:
        """The longest time that the device may have been above its safe amount."""
        return self._on_high.on_s

    def charge_uc(self, now_s: float) -> float:
        """Return the most charge that the device may have given in the last ten minutes."""
        return self._charge.charge_uc(now_s)

    def learn(self, past: DevicePast | None, now_s: float) -> None:
        """Take the counts of an earlier service; what nobody counted is the most possible."""
        self._is_presumed = True
        self._begin(now_s)
        if past is not None:
            self._charge.learn(
                past.charges, now_s, unknown=past.unknown, lowest=past.charges_lowest
            )
        known_age_s = math.inf if past is None else max(0.0, past.known_age_s)
        self._presume_charge(known_age_s, now_s)
        on_s = self._on_s_max if past is None else past.on_s + known_age_s
        self._on_high.presume(min(on_s, self._on_s_max))

    def count(self, belief: Belief, now_s: float) -> None:
        """Count the time up to `now_s`, at the highest and at the lowest amount of the belief."""
        if not self._is_presumed:
            self.learn(None, now_s)
        if self._counted_s == math.inf:
            self._begin(now_s)
        passed_s = now_s - self._counted_s
        self._counted_s = now_s
        if passed_s <= 0.0:
            return
        lowest_uc = 0.0
        if self._is_sure(belief, passed_s, now_s):
            cheapest = min(map(self._config.charge_uc_per_s, belief.programs))
            lowest_uc = belief.lowest * cheapest * passed_s
        # A simulated device that has not reported yet is assumed to be at its safe amount.
        is_known = belief.is_known or self._config.simulated
        most_uc = self._most_uc(belief, passed_s)
        self._charge.add(lowest_uc, most_uc, now_s, is_known=is_known)
        is_known = belief.is_known or not self._config.simulated
        highest = belief.highest if is_known else self._config.safe_amount
        safe = self._config.safe_amount
        above = safe + belief.tolerance
        self._is_at_rest = self._is_at_rest and highest <= above
        self._on_high.pass_time(passed_s, is_on=highest > (above if self._is_at_rest else safe))
        self._on_low.pass_time(passed_s, is_on=belief.lowest > above)

    def sleep(self, lasted_s: float, belief: Belief, now_s: float) -> None:
        """Count time in which the clock stood still: any charge up to the highest possible."""
        self._charge.add(0.0, self._most_uc(belief, lasted_s), now_s)
        # Devices' offsets to the service's clock are wrong by this time, until they ask again.
        self._woke_s = now_s
        self._doubted_until_s = now_s + lasted_s + _CLOCK_FADES_S

    def note_sent(self, belief: Belief, now_s: float) -> None:
        """Note that a command is sent now: a later word that knows of it reports a count of now."""
        self.count(belief, now_s)
        self._charge.note_sent()
        self._sent_s = now_s

    def note_lapse(self, belief: Belief, now_s: float) -> None:
        """Count the charge of a device that may have gone up to its safe amount by itself."""
        config = self._config
        above = config.safe_amount - belief.highest
        if self._never_stamps and above > 0.0 and belief.heard_s is not None:
            unheard_s = self.stay_s + _TRANSIT_S + now_s - belief.heard_s
            rate = config.charge_uc_per_s(config.safe_program)
            self._charge.add(0.0, above * rate * unheard_s, now_s)

    def settle(
        self,
        said: DeviceStatus,
        belief: Belief,
        now_s: float,
        *,
        said_s: float | None,
        reaches_power_on: bool,
        is_driven: bool,
    ) -> None:
        """Correct the counts by those of the device's own report.

        Parameters
        ----------
        said : DeviceStatus
            The device's newest word.
        belief : Belief
            What that word leaves possible.
        now_s : float
            When it came.
        said_s : float or None
            The earliest moment at which it can have been said; None where no stamp says so.
        reaches_power_on : bool
            Whether the device gave nothing before its counts begin.
        is_driven : bool
            Whether we drive the device, or bring it to safety.
        """
        if not (math.isfinite(said.charge_uc) and math.isfinite(said.on_s)):
            return
        self._never_stamps = said.said_us is None
        if said.clock_asked_us / 1e6 <= self._woke_s and now_s < self._doubted_until_s:
            said_s = None
        since = self._since(belief, now_s, said_s, is_driven=is_driven)
        told_uc, missed_uc = said.charge_uc, since.charge_uc if since and since.is_stamped else 0.0
        self._charge.note_told(told_uc, missed_uc, now_s)
        self._is_at_rest = said.on_s == 0.0 and belief.is_resting
        if said.on_s > self._on_high.on_s:
            self._on_high.presume(said.on_s)
        if since is None:
            return
        self._bound_on_time(said, belief, since.time_s)
        if reaches_power_on and (since.is_stamped or self._never_stamps):
            # Charge it reports beyond our count was hidden by charge assumed for unknown times.
            hidden_uc = since.charge_uc if self._charge.settle_unknown(now_s) else missed_uc
            self._charge.note_told(told_uc, hidden_uc, now_s)
        is_whole = said.counted_since_s >= WINDOW_S
        if not (is_whole or reaches_power_on):
            return
        # Charge that we counted before the device's own count began is not in that count.
        older_uc = 0.0 if is_whole else self._charge.older_uc(said.counted_since_s, now_s)
        if since.is_stamped:
            self._charge.bound_stamped(told_uc, since.charge_uc + older_uc, now_s)
        else:
            self._charge.bound(told_uc, since.charge_uc + older_uc, replaces=since.replaces)

    def past(self, now_s: float) -> DevicePast:
        """Return the counts, to be kept for the next service."""
        if not self._is_presumed:
            return DevicePast(device=self._config.id, known_age_s=math.inf)
        return DevicePast(
            device=self._config.id,
            known_age_s=max(0.0, now_s - self._counted_s),
            charges=self._charge.bins(now_s),
            unknown=self._charge.unknown_places(now_s),
            charges_lowest=self._charge.bins_lowest(now_s),
            on_s=self._on_high.on_s,
        )

    def _begin(self, now_s: float) -> None:
        self._counted_s = now_s
        self._charge.begin(now_s)

    def _is_sure(self, belief: Belief, passed_s: float, now_s: float) -> bool:
        """Return whether the lowest amount was surely given: a lease or power may have ended."""
        unheard_s = math.inf if belief.heard_s is None else now_s - belief.heard_s
        return max(passed_s, unheard_s) <= self.stay_s + _REPORT_S

    def _most_uc(self, belief: Belief, passed_s: float) -> float:
        """Return the most charge that the device may have given in this time on this belief."""
        config = self._config
        rates = [config.charge_uc_per_s(program) for program in belief.programs] or [0.0]
        is_known = belief.is_known or not config.simulated
        most = (belief.most if is_known else config.safe_amount) * max(rates)
        # Without a new lease the device went to its safe amount, if not before.
        if not self._never_stamps or passed_s > self.stay_s:
            safe = belief.most_at(config.safe_amount)
            most = max(most, safe * config.charge_uc_per_s(config.safe_program))
        return most * passed_s

    def _since(
        self, belief: Belief, now_s: float, said_s: float | None, *, is_driven: bool
    ) -> _Since | None:
        """Return how long ago the newest word was sent, with the charge since; None if unknown."""
        charge = self._charge
        if said_s is not None and (stamped_uc := charge.since_uc(said_s)) < math.inf:
            return _Since(now_s - said_s, stamped_uc, is_stamped=True, replaces=True)
        if not belief.is_answered:
            return None
        sent_ago_s, since_uc = now_s - self._sent_s, charge.since_sent_uc
        if self._never_stamps and not is_driven:
            rates = [self._config.charge_uc_per_s(each) for each in belief.programs] or [0.0]
            since_uc = min(since_uc, belief.highest * max(rates) * _TRANSIT_S)
            return _Since(min(sent_ago_s, _TRANSIT_S), since_uc, is_stamped=False, replaces=True)
        if sent_ago_s == math.inf and not self._never_stamps:
            return None
        return _Since(sent_ago_s, since_uc, is_stamped=False, replaces=False)

    def _bound_on_time(self, said: DeviceStatus, belief: Belief, since_s: float) -> None:
        if said.counted_since_s < self._on_high.if_rising_s:
            return
        amount = said.applied_ma if self._config.unit == "ma" else said.applied_level
        if said.on_s > 0.0 and (amount or 0.0) <= belief.safe_level:
            # The device was in a break, which counts as time above safe if it was too short.
            since_s += self._off_s_min
        on_s = min(self._on_high.on_s, said.on_s + since_s)
        self._on_high.on_s = max(self._on_low.on_s, on_s)
        if said.on_s == 0.0 and belief.is_resting:
            self._on_high.on_s, self._on_high.off_s = 0.0, math.inf

    def _presume_charge(self, passed_s: float, now_s: float) -> None:
        rate = self._config.amount_max * self._dearest
        if rate > 0.0 and passed_s > 0.0:
            self._charge.presume(rate, min(passed_s, self._limit_uc / rate, WINDOW_S), now_s)
