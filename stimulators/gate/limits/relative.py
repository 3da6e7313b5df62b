"""Limits relative to the clinical amplitude, and to the mean of the last ten minutes."""

import math

from stimulators.decisions import Refusal
from stimulators.gate.limits.limit import Asked, Limit, Limited
from stimulators.gate.usage.charge_window import BIN_S, WINDOW_S, ChargeWindow
from stimulators.refusals import RefusalReason

#: The limit above a mean grows in so many steps up to the highest amount.
_N_STEPS = 100
_TINY = 1e-9


class ClinicalLimit(Limit):
    """No amount above a multiple of the clinical amplitude, where that is written."""

    place = 120
    keys = ("clinical_share_max", "clinical_ma")
    reason = RefusalReason.CLINICAL
    text = "highest amount as a multiple of the clinical amplitude; no step goes beyond"
    kinds = frozenset({"wish", "amplitude", "trigger"})
    is_optional = True

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        share_max, clinical_ma = (getattr(device.config.limits, key) for key in self.keys)
        self._highest = math.inf
        if share_max is not None and clinical_ma is not None:
            self._highest = share_max * clinical_ma

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        if asked.amount <= self._highest or not asked.gives_more:
            return None
        return self.refusal(f"{asked.amount:g}", f"at most {self._highest:g}")

    def share(self, asked: Asked) -> float:
        """Return the amount as a share of the highest one."""
        return asked.amount / self._highest

    def highest(self, now_s: float) -> float:
        """Return the highest amount."""
        del now_s
        return self._highest


class MeanLimit(Limit):
    """No amount far above the mean of the last ten minutes, where that is written.

    The mean is of the lowest amounts that the device may have given, and of its safe amount in the
    time before the service knew it. Longer than a lease without a look at it counts as the safe
    amount at most: it may have gone there by itself. The limit grows in steps of a hundredth of the
    highest amount: a device is not sent a command at each tick.
    """

    place = 130
    keys = ("above_mean_ma_max", "above_mean_level_max")
    reason = RefusalReason.MEAN
    text = "highest amount above the mean of the last ten minutes; no step goes beyond"
    kinds = frozenset({"wish", "amplitude"})
    is_optional = True

    def __init__(self, device: Limited) -> None:
        super().__init__(device)
        self._belief = device.belief
        above = self.value_of(device.config)
        self._above = math.inf if above is None else above
        self._stay_s = device.account.stay_s
        self._given = ChargeWindow(rounds_up=False)
        self._began_s: float | None = None
        self._now_s = self._slept_s = 0.0

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None."""
        if self._above == math.inf or not asked.gives_more:
            return None
        highest = self.highest(asked.now_s)
        if asked.amount <= highest:
            return None
        return self.refusal(f"{asked.amount:g}", f"at most {highest:.4g}")

    def share(self, asked: Asked) -> float:
        """Return the amount as a share of the highest one now."""
        if self._above == math.inf or not asked.is_up:
            return 0.0
        highest = self.highest(asked.now_s)
        return asked.amount / highest if highest > 0.0 else math.inf

    def advance(self, now_s: float) -> None:
        """Count the lowest amount up to now."""
        if self._above == math.inf:
            return
        now_s += self._slept_s
        if self._began_s is None:
            self._began_s = self._now_s = now_s
        lowest = self._belief.lowest
        if now_s - self._now_s > self._stay_s:
            lowest = min(lowest, self.config.safe_amount)
        # What is older than ten minutes does not count, and the rest counts when it was given.
        began_s = max(self._now_s, now_s - WINDOW_S)
        for n_bins in range(math.ceil((now_s - began_s) / BIN_S)):
            from_s = began_s + n_bins * BIN_S
            until_s = min(now_s, from_s + BIN_S)
            self._given.add(lowest * (until_s - from_s), until_s)
        self._now_s = max(self._now_s, now_s)

    def sleep(self, lasted_s: float) -> None:
        """Let the ten minutes go on, although the clock of the service stood still."""
        self._slept_s += min(max(0.0, lasted_s), 2.0 * WINDOW_S)

    def highest(self, now_s: float) -> float:
        """Return the mean of the last ten minutes, and what may be given above it."""
        if self._above == math.inf:
            return math.inf
        now_s += self._slept_s
        began_s = now_s if self._began_s is None else self._began_s
        before_s = max(0.0, WINDOW_S - (now_s - began_s))
        given = self._given.charge_uc(now_s) + before_s * self.config.safe_amount
        step = self.config.amount_max / _N_STEPS
        highest = math.floor((given / WINDOW_S + self._above) / step + _TINY) * step
        # The way to the safe amount is never held up.
        return max(highest, self._belief.safe_level)
