"""A device's budgets: its charge of ten minutes and its time above safe, used and left."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.limits.charge import WINDOW_S, ChargeCount
from stimulators.gate.limits.on_time import OnTime
from stimulators.gate.limits.past import DevicePast
from stimulators.wire.messages import DeviceStatus

#: How long a word was on its way, at most, where no command says how old it may be.
_TRANSIT_S = 1.0


class Want(NamedTuple):
    """What has to wait, for which limit and how long."""

    limit: str
    found: str
    expected: str


class Account:
    """Counts from the belief, and reserves the way back to the safe amount.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    lease_s : float
        How long a device may keep its amount after the last lease that reaches it.
    tick_s : float
        Time from one look at the limits to the next.

    Notes
    -----
    A device that is not simulated begins with everything unknown: its charge is taken to be the
    highest the limit allows and its time above safe to be spent, until `learn` says what an
    earlier service knew, the device's own count reaches back far enough, or time has passed.
    """

    def __init__(self, config: DeviceConfig, *, lease_s: float, tick_s: float) -> None:
        self._config = config
        self._stay_s = lease_s + tick_s
        self._limit_uc = config.limits.charge_uc_per_10_min_max or math.inf
        self._on_s_max = config.limits.on_time_s_max
        self._charge = ChargeCount()
        self._on_high = OnTime(config.limits.off_time_s_min)
        self._on_low = OnTime(config.limits.off_time_s_min)
        self._counted_s: float | None = None
        self._sent_s = -math.inf
        self._is_presumed = config.simulated
        self._dearest = max(map(config.charge_uc_per_s, config.programs), default=0.0)

    @property
    def on_s(self) -> float:
        """How long the device may have been above its safe amount."""
        return self._on_high.on_s

    def charge_uc(self, now_s: float) -> float:
        """Return the charge that it may have given in the last ten minutes."""
        return self._charge.charge_uc(now_s)

    def learn(self, past: DevicePast | None, now_s: float) -> None:
        """Take in what an earlier service knew; what nobody knows counts as the most."""
        self._is_presumed = True
        if past is not None:
            self._charge.learn(past.charges, now_s)
        known_age_s = math.inf if past is None else max(0.0, past.known_age_s)
        self._presume_charge(known_age_s, now_s)
        on_s = self._on_s_max if past is None else past.on_s + known_age_s
        self._on_high.presume(min(on_s, self._on_s_max))

    def count(self, belief: Belief, now_s: float) -> None:
        """Let everything run up to `now_s`, at the highest and the lowest of the belief."""
        if not self._is_presumed:
            self.learn(None, now_s)
        passed_s = 0.0 if self._counted_s is None else now_s - self._counted_s
        self._counted_s = now_s
        if passed_s <= 0.0:
            return
        is_known = belief.is_known or not self._config.simulated
        highest = belief.highest if is_known else self._config.safe_amount
        programs = belief.programs
        if passed_s > self._stay_s:
            # The service stood still: no lease went, and the device went to its safe amount.
            highest = max(highest, self._config.safe_amount)
            programs |= {self._config.safe_program}
        rates = [self._config.charge_uc_per_s(program) for program in programs] or [0.0]
        self._charge.add(
            belief.lowest * min(rates) * passed_s, highest * max(rates) * passed_s, now_s
        )
        above = self._config.safe_amount + belief.tolerance
        self._on_high.pass_time(passed_s, is_on=highest > above)
        self._on_low.pass_time(passed_s, is_on=belief.lowest > above)

    def sleep(self, lasted_s: float, belief: Belief, now_s: float) -> None:
        """Count time that passed while the clock stood still: up to the highest, perhaps none."""
        highest = belief.highest if belief.is_known else self._config.safe_amount
        rates = [self._config.charge_uc_per_s(program) for program in belief.programs] or [0.0]
        self._charge.add(0.0, highest * max(rates) * lasted_s, now_s)

    def add_trigger(self, charge_uc: float, now_s: float) -> None:
        """Count a trigger that goes."""
        self._charge.add(0.0, charge_uc, now_s)

    def note_sent(self, belief: Belief, now_s: float) -> None:
        """Take in that a command goes now: what a word that knows of it counts is no older."""
        self.count(belief, now_s)
        self._charge.note_sent()
        self._sent_s = now_s

    def note_lapse(self, belief: Belief, now_s: float) -> None:
        """Count the charge of a device that may have gone up to its safe amount, its lease over."""
        config = self._config
        above = config.safe_amount - belief.highest
        if above > 0.0 and belief.heard_s is not None:
            unheard_s = self._stay_s + _TRANSIT_S + now_s - belief.heard_s
            unheard_s = min(unheard_s, now_s - self._sent_s)
            rate = config.charge_uc_per_s(config.safe_program)
            self._charge.add(0.0, above * rate * unheard_s, now_s)

    def settle(
        self,
        said: DeviceStatus,
        belief: Belief,
        now_s: float,
        *,
        reaches_power_on: bool,
        is_driven: bool,
    ) -> None:
        """Let the device's own counts say what the belief cannot."""
        if not (math.isfinite(said.charge_uc) and math.isfinite(said.on_s)):
            return
        self._charge.note_told(said.charge_uc, now_s)
        self._on_high.on_s = max(self._on_high.on_s, said.on_s)
        if not belief.is_answered:
            return
        since_s = now_s - self._sent_s if is_driven else min(now_s - self._sent_s, _TRANSIT_S)
        is_resting = belief.highest <= self._config.safe_amount + belief.tolerance
        if said.counted_since_s >= self._on_high.if_rising_s:
            on_s = min(self._on_high.on_s, said.on_s + since_s)
            self._on_high.on_s = max(self._on_low.on_s, on_s)
            if said.on_s == 0.0 and is_resting:
                self._on_high.on_s, self._on_high.off_s = 0.0, math.inf
        if reaches_power_on:
            self._charge.settle_unknown()
            # What it says beyond what is counted was hidden by what nobody knew.
            self._charge.note_told(said.charge_uc, now_s)
        is_whole = said.counted_since_s >= WINDOW_S
        if is_whole or (
            reaches_power_on and not self._charge.is_older(said.counted_since_s, now_s)
        ):
            self._bound(said.charge_uc, belief, is_driven=is_driven)

    def _bound(self, told_uc: float, belief: Belief, *, is_driven: bool) -> None:
        if is_driven:
            self._charge.bound(told_uc)
            return
        rates = [self._config.charge_uc_per_s(each) for each in belief.programs] or [0.0]
        self._charge.bound_at_rest(told_uc, belief.highest * max(rates) * _TRANSIT_S)

    def reached(self, belief: Belief, now_s: float) -> str | None:
        """Return the limit that allows nothing more but the way to the safe amount, or None."""
        highest = belief.highest
        is_above = highest > self._config.safe_amount + belief.tolerance
        if is_above and self._on_high.on_s + self._way_down_s(highest) >= self._on_s_max:
            return "on_time_s_max"
        if not self._fits(self._reserve_uc(highest, belief.programs), now_s):
            return "charge_uc_per_10_min_max"
        return None

    def objection_to(self, amount: float, program: str, belief: Belief, now_s: float) -> str | None:
        """Return the limit against going up to `amount`, from which safe must be in reach."""
        if amount <= self._config.safe_amount + belief.tolerance:
            return None
        if self._on_high.if_rising_s + self._way_down_s(amount) >= self._on_s_max:
            return "on_time_s_max"
        if not self._fits(self._reserve_uc(amount, belief.programs | {program}), now_s):
            return "charge_uc_per_10_min_max"
        return None

    def has_room(self, charge_uc: float, belief: Belief, now_s: float) -> bool:
        """Say whether a trigger of this charge may go, and the way to safe still fits."""
        reserve_uc = self._reserve_uc(belief.highest, belief.programs)
        return self._fits(charge_uc + reserve_uc, now_s)

    def objections(self, belief: Belief, now_s: float) -> Iterator[Want]:
        """Yield what has to wait before the device may be driven, once it said what it gives."""
        if not belief.is_known:
            return
        if self._on_high.if_rising_s >= self._on_s_max:
            yield Want(
                "on_time",
                f"perhaps above safe for {self._on_high.on_s:.0f} s, "
                f"{self._on_high.wait_s:.0f} s to wait",
                f"less than on_time_s_max, {self._on_s_max:g} s",
            )
        reserve_uc = self._reserve_uc(belief.highest, belief.programs)
        if not self._fits(reserve_uc, now_s):
            over_uc = reserve_uc + self._ahead_uc(now_s) - self._limit_uc
            yield Want(
                "charge",
                f"perhaps {self.charge_uc(now_s):.0f} uC given in ten minutes, "
                f"{self._charge.wait_s(now_s, over_uc):.0f} s to wait",
                f"room for the way to safe under charge_uc_per_10_min_max, {self._limit_uc:g} uC",
            )

    def past(self, now_s: float) -> DevicePast:
        """Return what is to be kept for the next service."""
        if not self._is_presumed:
            return DevicePast(device=self._config.id, known_age_s=math.inf)
        age_s = 0.0 if self._counted_s is None else max(0.0, now_s - self._counted_s)
        return DevicePast(
            device=self._config.id,
            known_age_s=age_s,
            charges=self._charge.bins(now_s),
            on_s=self._on_high.on_s,
        )

    def _fits(self, more_uc: float, now_s: float) -> bool:
        if self._limit_uc == math.inf:
            return True
        counted_uc = self._charge.charge_uc(now_s) + more_uc
        if counted_uc + self._steady_uc() <= self._limit_uc:
            return True
        return self._ahead_uc(now_s) + more_uc <= self._limit_uc

    def _ahead_uc(self, now_s: float) -> float:
        """Return the highest charge of any ten minutes to come, at the safe amount from now on."""
        return self._charge.worst_ahead_uc(now_s, self._steady_uc() / WINDOW_S)

    def _steady_uc(self) -> float:
        """Charge of ten minutes at the safe amount."""
        config = self._config
        return WINDOW_S * config.safe_amount * config.charge_uc_per_s(config.safe_program)

    def _reserve_uc(self, highest: float, programs: Iterable[str]) -> float:
        """Charge of the way to safe: the amount until a lease ends, then down by the slew."""
        rates = [self._config.charge_uc_per_s(program) for program in programs] or [0.0]
        down_s = 0.5 * highest / self._config.slew_per_s_max
        return highest * max(rates) * (self._stay_s + down_s)

    def _way_down_s(self, highest: float) -> float:
        way = max(0.0, highest - self._config.safe_amount)
        return self._stay_s + way / self._config.slew_per_s_max

    def _presume_charge(self, passed_s: float, now_s: float) -> None:
        rate = self._config.amount_max * self._dearest
        if rate > 0.0 and passed_s > 0.0:
            self._charge.presume(rate, min(passed_s, self._limit_uc / rate, WINDOW_S), now_s)
