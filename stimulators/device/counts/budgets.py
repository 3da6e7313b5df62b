"""The budgets of a device, charge and on-time, with its way down kept in reserve."""

import math

import msgspec

from stimulators.device.amount_output import AmountOutput
from stimulators.device.counts.binned_charge import BinnedCharge
from stimulators.device.counts.counts import Counts
from stimulators.device.counts.time_above_safe import TimeAboveSafe
from stimulators.device_config import DeviceConfig
from stimulators.refusals import RefusalReason

#: A device looks at its budgets this often, or more, while it is driven or moves.
LOOK_US = 10_000
_FC_PER_UC = 1e9
#: A device whose charge was used up is driven again once the highest amount fits for this long, or
#: this share of the limit is free: with less, it would rise and fall with every bit that expires.
_HEADROOM_US = 1_000_000
_HEADROOM_SHARE = 0.01
_HEADROOM_SHARE_OF_ON_TIME = 0.1


class Budgets:
    """Counts charge and on-time of an output, and tells when it must go down to keep a limit.

    Parameters
    ----------
    config : DeviceConfig
        The limits, and the charge of a milliampere in each program.
    output : AmountOutput
        The output whose charge and on-time are counted.
    counts : Counts
        Charge and on-time from before the device was switched on.
    """

    def __init__(self, config: DeviceConfig, output: AmountOutput, counts: Counts) -> None:
        self._config = config
        self._output = output
        self._slew_per_us = config.slew_per_s_max / 1e6
        # A device without programs delivers no charge, whatever program a command names.
        self._fc_per_us = {name: _fc_per_us(config, name) for name in ("", *config.programs)}
        limit_uc = config.limits.charge_uc_per_10_min_max
        self._charge_fc_max = math.inf if limit_uc is None else limit_uc * _FC_PER_UC
        self._on_us_max = config.limits.on_time_s_max * 1e6
        self._counted_us = counts.counted_us
        safe = output.given_at(config.safe_amount)
        self._charge = BinnedCharge(safe * self._fc_per_us[config.safe_program], counts)
        self._on_time = TimeAboveSafe(config.limits.off_time_s_min * 1e6, counts)
        self._safe_max = max(config.safe_amount, safe)

    @property
    def charge_uc(self) -> float:
        """The charge of the last ten minutes: never less than was delivered."""
        return self._charge.total_fc / _FC_PER_UC

    @property
    def on_s(self) -> float:
        """Seconds above the safe amount, short breaks included, up to when it last was above."""
        return self._on_time.on_us / 1e6

    def counted_s(self, now_us: int) -> float:
        """Return how many seconds both counts reach back."""
        return (self._counted_us + now_us) / 1e6

    def kept(self, now_us: int) -> Counts:
        """Return the counts as they are kept over a restart."""
        return msgspec.structs.replace(
            self._charge.kept(now_us),
            on_us=self._on_time.on_us,
            off_us=self._on_time.off_us(now_us),
            counted_us=self._counted_us + now_us,
        )

    def advance(self, from_us: int, until_us: int) -> None:
        """Let the output move on until `until_us`, and count what it delivers on the way."""
        output = self._output
        if from_us == until_us:
            output.advance(until_us)
            return
        rate, above = self._rate(), self._is_above()
        output.advance(until_us)
        # While it moves, the higher end of a short stretch counts for all of it.
        rate = max(rate, self._rate())
        self._charge.add_steady(rate, from_us, until_us)
        self._on_time.count(from_us, until_us, is_above=above or self._is_above())

    def doubt(self, by_us: int, now_us: int) -> None:
        """Take the last `by_us` as uncertain (the clock was set): nothing expires by them."""
        self._counted_us -= by_us
        self._charge.doubt(by_us)
        self._on_time.doubt(by_us, now_us)

    def count_trigger(self, amount: float, program: str, now_us: int) -> None:
        """Count one trigger."""
        self._charge.add(self._trigger_fc(amount, program), now_us)

    def limit_due(self, now_us: int) -> RefusalReason | None:
        """Return the limit that it will pass unless it goes to safe now, in one word, or None."""
        return self._limit(self._output.peak(LOOK_US), self._output.program, now_us)

    def limit_for(self, goal: float, program: str, now_us: int) -> RefusalReason | None:
        """Return the limit that a move to `goal` would break, in one word, or None."""
        return self._limit(self._output.peak(LOOK_US, goal), program, now_us)

    def limit_for_trigger(self, amount: float, program: str, now_us: int) -> RefusalReason | None:
        """Return the limit that one trigger would break, in one word, or None."""
        trigger_fc = self._trigger_fc(amount, program)
        output = self._output
        reserve_fc = self._reserve_fc(output.peak(LOOK_US), output.program, now_us)
        return RefusalReason.CHARGE if reserve_fc + trigger_fc > self._charge_fc_max else None

    def exhausted_limit(self, now_us: int) -> RefusalReason | None:
        """Return the limit of which too little is left to be driven, in one word, or None."""
        dearest = max(self._fc_per_us.values())
        left_fc = self._charge_fc_max - self._charge.worst_fc(now_us)
        needed_fc = min(
            self._config.amount_max * dearest * _HEADROOM_US,
            _HEADROOM_SHARE * self._charge_fc_max,
        )
        if dearest and left_fc < needed_fc:
            return RefusalReason.CHARGE
        left_us_min = min(_HEADROOM_US, _HEADROOM_SHARE_OF_ON_TIME * self._on_us_max)
        is_over = self._on_time.running_us(now_us) + left_us_min >= self._on_us_max
        return RefusalReason.ON_TIME if is_over else None

    def _limit(self, peak: float, program: str, now_us: int) -> RefusalReason | None:
        if self._reserve_fc(peak, program, now_us) > self._charge_fc_max:
            return RefusalReason.CHARGE
        running_us = self._on_time.running_us(now_us)
        down_us = max(0.0, peak - self._config.safe_amount) / self._slew_per_us
        is_spent = (running_us > 0 or down_us > 0) and (
            running_us + 2 * LOOK_US + down_us > self._on_us_max
        )
        return RefusalReason.ON_TIME if is_spent else None

    def _reserve_fc(self, peak: float, program: str, now_us: int) -> float:
        """Return the highest charge count to come if it goes to safe after two more looks."""
        rate = self._fc_per_us.get(program, 0.0)
        highest = max(peak, self._output.given_at(peak))
        # Down through 0 to another program costs the whole amount, in the same what is above safe.
        is_direct = program == self._config.safe_program
        above = max(0.0, highest - self._config.safe_amount) if is_direct else highest
        way_fc = above * above / (2.0 * self._slew_per_us) * rate
        return self._charge.worst_fc(now_us) + highest * rate * 2 * LOOK_US * bool(above) + way_fc

    def _rate(self) -> float:
        return self._output.given * self._fc_per_us[self._output.program]

    def _is_above(self) -> bool:
        return self._output.given > self._safe_max

    def _trigger_fc(self, amount: float, program: str) -> int:
        return math.ceil(
            self._output.given_at(amount) * self._config.trigger_charge_uc(program) * _FC_PER_UC
        )


def _fc_per_us(config: DeviceConfig, program: str) -> float:
    return config.charge_uc_per_s(program) * _FC_PER_UC / 1e6
