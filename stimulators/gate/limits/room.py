"""What still fits into a device's charge and time above safe, its way to safe kept in reserve."""

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.limits.charge import ChargeCount
from stimulators.gate.limits.charge_window import WINDOW_S
from stimulators.gate.limits.on_time import OnTime
from stimulators.refusals import RefusalReason


class Want(NamedTuple):
    """What has to wait, for which limit and how long."""

    limit: RefusalReason
    found: str
    expected: str


class Room:
    """Says which limit is reached, and which would be, with the way to safe still to come.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    charge : ChargeCount
        The charge that it may have given.
    on_time : OnTime
        How long it may have been above its safe amount.
    stay_s : float
        How long it may keep its amount once it is told nothing more.
    """

    def __init__(
        self, config: DeviceConfig, charge: ChargeCount, on_time: OnTime, *, stay_s: float
    ) -> None:
        self._config = config
        self._charge = charge
        self._on_time = on_time
        self._stay_s = stay_s
        self._limit_uc = config.limits.charge_uc_per_10_min_max or math.inf
        self._on_s_max = config.limits.on_time_s_max

    def reached(self, belief: Belief, now_s: float) -> str | None:
        """Return the limit that allows nothing more but the way to the safe amount, or None."""
        highest = belief.highest
        is_above = highest > self._config.safe_amount + belief.tolerance
        if is_above and self._on_time.on_s + self._way_down_s(highest) >= self._on_s_max:
            return "on_time_s_max"
        if not self._fits(self._reserve_uc(highest, belief.programs), now_s):
            return "charge_uc_per_10_min_max"
        return None

    def objection_to(self, amount: float, program: str, belief: Belief, now_s: float) -> str | None:
        """Return the limit against going up to `amount`, from which safe must be in reach."""
        if amount <= self._config.safe_amount + belief.tolerance:
            return None
        if self._on_time.if_rising_s + self._way_down_s(amount) >= self._on_s_max:
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
        if self._on_time.if_rising_s >= self._on_s_max:
            yield Want(
                RefusalReason.ON_TIME,
                f"perhaps above safe for {self._on_time.on_s:.0f} s, "
                f"{self._on_time.wait_s:.0f} s to wait",
                f"less than on_time_s_max, {self._on_s_max:g} s",
            )
        reserve_uc = self._reserve_uc(belief.highest, belief.programs)
        if not self._fits(reserve_uc, now_s):
            over_uc = reserve_uc + self._ahead_uc(now_s) - self._limit_uc
            yield Want(
                RefusalReason.CHARGE,
                f"perhaps {self._charge.charge_uc(now_s):.0f} uC given in ten minutes, "
                f"{self._charge.wait_s(now_s, over_uc):.0f} s to wait",
                f"room for the way to safe under charge_uc_per_10_min_max, {self._limit_uc:g} uC",
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
