"""The rules at one electrode, written independently of gate and device."""

import math
from collections import deque

from replay.virtual.electrode import Given, Pulses
from stimulators.device_config import DeviceConfig

_WINDOW_US = 600_000_000
_MINUTE_US = 60_000_000
#: The largest movement at once of a device: what "gradual" means for the reference device.
GRAIN_S = 0.05
_LOOK_S = 0.02
#: A device reads its clock this often: a clock that is set shows at the next reading.
_READ_S = 0.011
_TINY = 1e-6
#: Triggers at the edge of a minute that came later than the one before them.
_N_LATE_TRIGGERS = 2


class ViolationError(AssertionError):
    """The electrode was given what it must not be given."""


#: The check of each key of the limits, by its name here or in `oracle.py`.
JUDGED = {
    "amplitude_ma_max": "_check_amount",
    "level_max": "_check_amount",
    "slew_ma_per_s_max": "_check_step",
    "level_slew_per_s_max": "_check_step",
    "charge_density_uc_per_cm2_max": "_check_phase",
    "shannon_k_max": "_check_phase",
    "charge_uc_per_10_min_max": "_check_charge",
    "on_time_s_max": "_check_on_time",
    "off_time_s_min": "_check_on_time",
    "rises_per_min_max": "_check_rises",
    "refractory_s": "_check_refractory",
    "triggers_per_min_max": "_check_triggers",
    "commands_per_s_max": "check_commands",
    "clinical_ma": "_check_clinical",
    "clinical_share_max": "_check_clinical",
    "above_mean_ma_max": "_check_mean",
    "above_mean_level_max": "_check_mean",
}


class ElectrodeOracle:
    """Follows one electrode, over restarts of service and device.

    Parameters
    ----------
    config : DeviceConfig
        The limits that the rig is configured with.
    device : DeviceConfig
        What the device itself is: its slew may be faster.
    """

    def __init__(self, config: DeviceConfig, device: DeviceConfig, start_us: int) -> None:
        self.config = config
        self.charge_uc = 0.0
        self.on_since_us: int | None = None
        self.off_since_us: int | None = None
        self.rises_us: deque[int] = deque()
        self.triggers_us: deque[int] = deque()
        self.commands_s: deque[float] = deque()
        self.given = Given(start_us, 0.0, config.safe_program, is_powered=False)
        self._slew = device.slew_per_s_max
        self._counted_us = start_us
        self._amounts: deque[tuple[int, float]] = deque([(start_us, 0.0)])
        self._charges: deque[tuple[int, float]] = deque([(start_us, 0.0)])
        self._highest_start = math.inf
        self._lowest_start = -math.inf

    def change(self, now: Given, *, may_jump: bool, is_set: bool) -> None:
        """Take the amount given from now on, after a stop or a change of the device's clock."""
        self.pass_time(now.time_us)
        before, self.given = self.given, now
        self._amounts.append((now.time_us, now.amount))
        self._check_amount(now)
        self._check_phase(now.amount, now.program)
        self._check_step(before, now, may_jump=may_jump or is_set)
        if now.amount > max(before.amount, self.config.safe_amount) + _TINY:
            self._check_clinical(now.amount)
            self._check_mean(now)
        if not is_set:
            self._check_program(before, now)
        is_on = now.amount > self.config.safe_amount + _TINY
        if is_on and self.off_since_us is not None and self.on_since_us is not None:
            is_break = now.time_us - self.off_since_us >= self.config.limits.off_time_s_min * 1e6
            if is_break:
                self.on_since_us = now.time_us
        if is_on and (self.on_since_us is None or self.off_since_us is not None):
            self._rise(now.time_us)
            self.on_since_us = self.on_since_us or now.time_us
        self.off_since_us = None if is_on else (self.off_since_us or now.time_us)
        if self.on_since_us is None:
            self.off_since_us = None

    def pulse(self, pulses: Pulses) -> None:
        """Take triggers that were given now."""
        self.pass_time(pulses.time_us)
        self.charge_uc += (
            pulses.n_given * pulses.amount * self.config.trigger_charge_uc(pulses.program)
        )
        self._check_refractory(pulses)
        self._check_triggers(pulses)
        self._check_clinical(pulses.amount)
        if not -_TINY <= pulses.amount <= self.config.amount_max + _TINY:
            raise ViolationError(f"{self.config.id} gave a trigger of {pulses.amount:g}")
        self._check_phase(pulses.amount, pulses.program)

    def _check_clinical(self, amount: float) -> None:
        limits = self.config.limits
        if limits.clinical_ma is None or limits.clinical_share_max is None:
            return
        highest = limits.clinical_ma * limits.clinical_share_max
        if amount > highest + _TINY:
            raise ViolationError(
                f"{self.config.id} goes up to {amount:g}, expected at most {highest:g}, a multiple "
                "of the clinical amplitude"
            )

    def _check_mean(self, now: Given) -> None:
        """Check a rise against the mean of ten minutes, in which the safe amount is the least."""
        limits, config = self.config.limits, self.config
        above = limits.above_mean_ma_max if config.unit == "ma" else limits.above_mean_level_max
        if above is None:
            return
        start_us = now.time_us - _WINDOW_US
        while len(self._amounts) > 1 and self._amounts[1][0] <= start_us:
            self._amounts.popleft()
        times_us = [max(start_us, time_us) for time_us, _ in self._amounts]
        ends_us = [*times_us[1:], now.time_us]
        given = config.safe_amount * (times_us[0] - start_us)
        for time_us, end_us, (_, amount) in zip(times_us, ends_us, self._amounts, strict=True):
            given += (end_us - time_us) * max(amount, config.safe_amount)
        mean = given / _WINDOW_US
        if now.amount > mean + above + self._slew * GRAIN_S + _TINY:
            raise ViolationError(
                f"{config.id} goes up to {now.amount:g}, {above:g} above the mean {mean:g} at most"
            )

    def check_commands(self, now_s: float) -> None:
        """Take a command that a service sent, not on the way to safety, at the service's time."""
        commands_s = self.commands_s
        commands_s.append(now_s)
        while now_s - commands_s[0] >= 1.0:
            commands_s.popleft()
        n_max = self.config.limits.commands_per_s_max
        if len(commands_s) > n_max:
            raise ViolationError(
                f"{self.config.id} was sent {len(commands_s)} commands in a second, expected at "
                f"most {n_max:g}"
            )

    def _check_refractory(self, pulses: Pulses) -> None:
        before_us = self.triggers_us[-1] if self.triggers_us else -math.inf
        since_s = 0.0 if pulses.n_given > 1 else (pulses.time_us - before_us) / 1e6
        # By the device's own clock, which it reads every few milliseconds.
        if pulses.n_given and since_s < self.config.limits.refractory_s - _READ_S:
            raise ViolationError(
                f"{self.config.id} gave a trigger {since_s:g} s after the last, expected at least "
                f"{self.config.limits.refractory_s:g} s"
            )

    def _check_triggers(self, pulses: Pulses) -> None:
        triggers_us = self.triggers_us
        triggers_us.extend([pulses.time_us] * pulses.n_given)
        while triggers_us and triggers_us[0] <= pulses.time_us - _MINUTE_US:
            triggers_us.popleft()
        n_max = self.config.limits.triggers_per_min_max
        if len(triggers_us) > n_max + _N_LATE_TRIGGERS:
            raise ViolationError(
                f"{self.config.id} gave {len(triggers_us)} triggers in a minute, expected at most "
                f"{n_max}"
            )

    def _check_phase(self, amount: float, program: str) -> None:
        """Check charge density and Shannon's k of a phase: Q = I PW, D = Q / A, k = log10(Q D)."""
        pulses, limits = self.config.programs.get(program), self.config.limits
        if pulses is None or not pulses.contact_area_cm2 or amount <= 0.0:
            return
        charge_uc = amount * (pulses.pulse_width_us or 0.0) / 1000.0
        density = charge_uc / pulses.contact_area_cm2
        k = math.log10(charge_uc * density) if charge_uc else -math.inf
        density_max, k_max = limits.charge_density_uc_per_cm2_max, limits.shannon_k_max
        if density_max is not None and density > density_max * (1.0 + _TINY):
            raise ViolationError(
                f"{self.config.id} was given {density:g} uC/cm2 in a phase, expected at most "
                f"{density_max:g}"
            )
        if k_max is not None and k > k_max + _TINY:
            raise ViolationError(
                f"{self.config.id} was given a phase of k = {k:g}, expected at most {k_max:g}"
            )

    def pass_time(self, now_us: int) -> None:
        """Count up to now, and check the counts against the limits."""
        passed_s = (now_us - self._counted_us) / 1e6
        if passed_s <= 0.0:
            return
        self._counted_us = now_us
        rate = self.config.charge_uc_per_s(self.given.program)
        self.charge_uc += passed_s * rate * self.given.amount
        self._charges.append((now_us, self.charge_uc))
        self._check_charge(now_us)
        self._check_on_time()
        self._check_rises()

    def charge_in_window_uc(self, now_us: int) -> float:
        """Return the charge given in the ten minutes before now."""
        start_us = now_us - _WINDOW_US
        charges = self._charges
        while len(charges) > 1 and charges[1][0] <= start_us:
            charges.popleft()
        (first_us, first), (second_us, second) = charges[0], charges[min(1, len(charges) - 1)]
        if first_us < start_us and second_us > first_us:
            first += (second - first) * (start_us - first_us) / (second_us - first_us)
        return self.charge_uc - first

    @property
    def on_s(self) -> float:
        """The time above the safe amount, short breaks included."""
        if self.on_since_us is None:
            return 0.0
        off_us = self.off_since_us
        if off_us is not None:
            if self._counted_us - off_us >= self.config.limits.off_time_s_min * 1e6:
                return 0.0
            return (off_us - self.on_since_us) / 1e6
        return (self._counted_us - self.on_since_us) / 1e6

    def _rise(self, now_us: int) -> None:
        self.rises_us.append(now_us)
        while self.rises_us[0] <= now_us - _MINUTE_US:
            self.rises_us.popleft()

    def _check_amount(self, now: Given) -> None:
        if not -_TINY <= now.amount <= self.config.amount_max + _TINY:
            raise ViolationError(f"{self.config.id} gives {now.amount:g}, above its limit")

    def _check_step(self, before: Given, now: Given, *, may_jump: bool) -> None:
        time_s = now.time_us / 1e6
        up, down = now.amount - self._slew * time_s, now.amount + self._slew * time_s
        if may_jump or not before.is_powered or not now.is_powered:
            self._highest_start, self._lowest_start = up, down
            return
        spare = self._slew * GRAIN_S * 1.01 + _TINY
        if up > self._highest_start + spare or down < self._lowest_start - spare:
            raise ViolationError(
                f"{self.config.id} goes from {before.amount:g} to {now.amount:g} in "
                f"{(now.time_us - before.time_us) / 1e6:g} s, faster than {self._slew:g}/s"
            )
        self._highest_start = min(self._highest_start, up)
        self._lowest_start = max(self._lowest_start, down)

    def _check_program(self, before: Given, now: Given) -> None:
        if now.program == before.program or not (before.is_powered and now.is_powered):
            return
        programs = self.config.programs
        contacts = {programs[each].contacts for each in (before.program, now.program)}
        may_change = len(contacts) == 1 and "" not in contacts
        # Between two readings of its clock the device may have been at 0.
        within = self._slew * (GRAIN_S + _LOOK_S) + _TINY
        if not may_change and max(before.amount, now.amount) > within:
            raise ViolationError(
                f"{self.config.id} goes from program {before.program} to {now.program} at "
                f"{before.amount:g}, expected 0"
            )

    def _check_charge(self, now_us: int) -> None:
        limit_uc = self.config.limits.charge_uc_per_10_min_max
        if limit_uc is None:
            return
        given_uc = self.charge_in_window_uc(now_us)
        if given_uc > limit_uc * 1.001 + _TINY:
            raise ViolationError(
                f"{self.config.id} was given {given_uc:.6g} uC in ten minutes, expected at most "
                f"{limit_uc:g}"
            )

    def _check_on_time(self) -> None:
        limits = self.config.limits
        # The way back, after the lease that was running ends.
        way_s = 2.0 * self.config.amount_max / self._slew
        if self.on_s > limits.on_time_s_max + way_s + 1.0:
            raise ViolationError(
                f"{self.config.id} has been above its safe amount for {self.on_s:.4g} s, expected "
                f"at most {limits.on_time_s_max:g}"
            )

    def _check_rises(self) -> None:
        limits = self.config.limits
        if len(self.rises_us) > limits.rises_per_min_max:
            raise ViolationError(
                f"{self.config.id} rose {len(self.rises_us)} times in a minute, expected at most "
                f"{limits.rises_per_min_max}"
            )
