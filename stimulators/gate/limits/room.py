"""What is left of a device's charge and time above safe, the way to safe kept in reserve."""

import math
from collections.abc import Iterable, Iterator

from stimulators.decisions import Refusal
from stimulators.gate.limits.limit import Asked, Limit, Limited, Told
from stimulators.gate.usage.charge_window import WINDOW_S
from stimulators.refusals import RefusalReason


class OnTimeLimit(Limit):
    """Time above the safe amount without a break, including the way to safe that follows."""

    place = 90
    keys = ("on_time_s_max", "off_time_s_min")
    reason = RefusalReason.ON_TIME
    text = "time above the safe amount without a long enough break, the way down included"
    told = Told("on-time", "on_time_s_max", "on_time_s_max")
    kinds = frozenset({"wish", "amplitude"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        self._belief = device.belief
        self._stay_s = device.account.stay_s
        self._on_time = device.account.on_time
        self._on_s_max = device.config.limits.on_time_s_max

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        is_low = asked.amount <= self.config.safe_amount + self._belief.tolerance
        if not asked.is_up or is_low:
            return None
        on_s = self._on_time.if_rising_s + self._way_down_s(asked.amount)
        return self.one_more(asked) if on_s >= self._on_s_max else None

    def is_reached(self, now_s: float) -> bool:
        """Return whether only the way to the safe amount is left."""
        del now_s
        highest = self._belief.highest
        is_above = highest > self.config.safe_amount + self._belief.tolerance
        return is_above and self._on_time.on_s + self._way_down_s(highest) >= self._on_s_max

    def waits(self, now_s: float) -> Iterator[Refusal]:
        """Yield a refusal for the time until the device may be driven again."""
        del now_s
        if self._on_time.if_rising_s >= self._on_s_max:
            yield self.refusal(
                f"perhaps above safe for {self._on_time.on_s:.0f} s, "
                f"{self._on_time.wait_s:.0f} s to wait",
                f"less than on_time_s_max, {self._on_s_max:g} s",
            )

    def _way_down_s(self, highest: float) -> float:
        way = max(0.0, highest - self.config.safe_amount)
        return self._stay_s + way / self.config.slew_per_s_max


class ChargeLimit(Limit):
    """Charge of any ten minutes, past or to come, including the way to safe that follows."""

    place = 100
    keys = ("charge_uc_per_10_min_max",)
    reason = RefusalReason.CHARGE
    text = "charge of any ten minutes, the way down included"
    told = Told("charge", "charge_uc_per_10_min_max", "charge_uc_per_10_min_max")
    kinds = frozenset({"wish", "amplitude", "trigger"})

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        self._belief = device.belief
        self._stay_s = device.account.stay_s
        self._charge = device.account.charge
        config = device.config
        self._slew_per_s_max = config.slew_per_s_max
        self._uc_per_pulse = {each: config.charge_uc(each) for each in config.programs}
        self._uc_per_s = {each: config.charge_uc_per_s(each) for each in config.programs}
        self._limit_uc = config.limits.charge_uc_per_10_min_max or math.inf
        #: Charge of ten minutes at the safe amount.
        self._steady_uc = (
            WINDOW_S * config.safe_amount * config.charge_uc_per_s(config.safe_program)
        )

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        belief = self._belief
        if asked.kind == "trigger":
            highest = belief.interval[1]
            more_uc = self._pulse_uc(asked) + self._reserve_uc(highest, belief.programs)
        elif asked.is_up and asked.amount > self.config.safe_amount + belief.tolerance:
            more_uc = self._reserve_uc(asked.amount, belief.programs | {asked.program})
        else:
            return None
        return None if self._fits(more_uc, asked.now_s) else self.one_more(asked)

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""
        if asked.kind == "trigger":
            self._charge.add_pulse(self._pulse_uc(asked), asked.now_s, asked.until_s)

    def is_reached(self, now_s: float) -> bool:
        """Return whether only the way to the safe amount is left."""
        return not self._fits(self._reserve_now_uc(), now_s)

    def waits(self, now_s: float) -> Iterator[Refusal]:
        """Yield a refusal for the time until the device may be driven again."""
        reserve_uc = self._reserve_now_uc()
        if not self._fits(reserve_uc, now_s):
            over_uc = reserve_uc + self._ahead_uc(now_s) - self._limit_uc
            yield self.refusal(
                f"perhaps {self._charge.charge_uc(now_s):.0f} uC given in ten minutes, "
                f"{self._charge.wait_s(now_s, over_uc):.0f} s to wait",
                f"room for the way to safe under charge_uc_per_10_min_max, {self._limit_uc:g} uC",
            )

    def _pulse_uc(self, asked: Asked) -> float:
        return asked.amount * self._uc_per_pulse.get(asked.program, 0.0)

    def _fits(self, more_uc: float, now_s: float) -> bool:
        if self._limit_uc == math.inf:
            return True
        counted_uc = self._charge.charge_uc(now_s) + more_uc
        if counted_uc + self._steady_uc <= self._limit_uc:
            return True
        return self._ahead_uc(now_s) + more_uc <= self._limit_uc

    def _ahead_uc(self, now_s: float) -> float:
        """Return the highest charge of any ten minutes to come, at the safe amount from now on."""
        return self._charge.worst_ahead_uc(now_s, self._steady_uc / WINDOW_S)

    def _reserve_now_uc(self) -> float:
        return self._reserve_uc(self._belief.highest, self._belief.programs)

    def _reserve_uc(self, highest: float, programs: Iterable[str]) -> float:
        """Return the charge of the way to safe: of a last lease, and of the way at the slew."""
        dearest = max([self._uc_per_s.get(program, 0.0) for program in programs], default=0.0)
        down_s = 0.5 * highest / self._slew_per_s_max
        return highest * dearest * (self._stay_s + down_s)
