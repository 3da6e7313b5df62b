"""Charge of ten minutes and time above the safe amount, with the way down in reserve."""

_BIN_US = 2_000_000
_N_BINS = 301
_LOOK_US = 10_000


class Counts:
    """What a device has given, and what it may still give.

    Charge is in uC. A float of a microcontroller has 24 bits: each sum may be 1e-6 of itself too
    low, so the limit is taken as 1e-4 lower than it is written.
    """

    def __init__(self, table: dict) -> None:
        self._table = table
        limits = table["limits"]
        limit_uc = limits.get("charge_uc_per_10_min_max")
        self._limit_uc = None if limit_uc is None else limit_uc * (1.0 - 1e-4)
        self._on_us_max = limits["on_time_s_max"] * 1e6
        self._break_us = limits["off_time_s_min"] * 1e6
        self._slew_per_s = limits.get("slew_ma_per_s_max") or limits["level_slew_per_s_max"]
        self.safe = table["safe_level"] if table.get("safe_ma") is None else table["safe_ma"]
        self._safe_program = table.get("safe_program", "")
        self._bins = [0.0] * _N_BINS
        self._bin_began_us = 0
        self._worst_uc = self._work_out_worst()
        self._on_since_us = None
        self._above_us = 0

    def rate(self, program: str) -> float:
        """Return the charge a second of one mA, in uC."""
        pulses = self._table.get("programs", {}).get(program)
        if pulses is None or self._table.get("safe_ma") is None:
            return 0.0
        return pulses["pulse_width_us"] / 1000.0 * pulses["frequency_hz"]

    def charge_uc(self) -> float:
        """Return the charge of the last ten minutes, never too low."""
        return sum(self._bins) * (1.0 + 1e-5)

    def on_s(self) -> float:
        """Return how long the device has been above its safe amount."""
        return 0.0 if self._on_since_us is None else (self._above_us - self._on_since_us) / 1e6

    def count(self, amount: float, program: str, from_us: int, until_us: int) -> None:
        """Count a stretch of time at an amount."""
        self._roll(until_us)
        self._bins[-1] += amount * self.rate(program) * (until_us - from_us) / 1e6
        if amount > self.safe:
            if self._on_since_us is None:
                self._on_since_us = from_us
            self._above_us = until_us
        elif until_us - self._above_us >= self._break_us:
            self._on_since_us = None

    def count_trigger(self, amount: float, program: str) -> None:
        """Count one trigger, with all of its pulses."""
        self._bins[-1] += self._trigger_uc(amount, program)

    def limit(self, peak: float, program: str, now_us: int) -> str | None:
        """Return the limit that the way down from an amount would break, or None."""
        if self._limit_uc is not None and self._reserve_uc(peak, program, now_us) > self._limit_uc:
            return "charge"
        running_us = 0 if self._on_since_us is None else now_us - self._on_since_us
        down_us = max(0.0, peak - self.safe) / self._slew_per_s * 1e6
        is_on = running_us > 0 or down_us > 0
        is_over = running_us + 2 * _LOOK_US + down_us > self._on_us_max
        return "on_time" if is_on and is_over else None

    def limit_of_pulse(
        self, amount: float, program: str, given: float, in_effect: str, now_us: int
    ) -> str | None:
        """Return the limit that one pulse more would break, or None."""
        if self._limit_uc is None:
            return None
        reserve_uc = self._reserve_uc(given, in_effect, now_us)
        is_over = reserve_uc + self._trigger_uc(amount, program) > self._limit_uc
        return "charge" if is_over else None

    def is_spent(self, highest: float, now_us: int) -> bool:
        """Return whether too little is left to be driven at all."""
        dearest = max([self.rate(each) for each in self._table.get("programs", {})] or [0.0])
        if self._limit_uc is not None and dearest:
            needed_uc = min(highest * dearest, 0.01 * self._limit_uc)
            if self._limit_uc - self._worst(now_us) < needed_uc:
                return True
        running_us = 0 if self._on_since_us is None else now_us - self._on_since_us
        return running_us + min(1e6, 0.1 * self._on_us_max) >= self._on_us_max

    def _reserve_uc(self, peak: float, program: str, now_us: int) -> float:
        rate = self.rate(program)
        above = peak if program != self._safe_program else max(0.0, peak - self.safe)
        look_uc = peak * rate * 2 * _LOOK_US / 1e6 if above else 0.0
        return self._worst(now_us) + look_uc + above * above / (2.0 * self._slew_per_s) * rate

    def _trigger_uc(self, amount: float, program: str) -> float:
        pulses = self._table.get("programs", {}).get(program)
        if pulses is None or self._table.get("safe_ma") is None:
            return 0.0
        n_pulses = pulses.get("pulses") or 1
        if pulses.get("duration_s") is not None:
            # One at once, and one after each period that is over before the end; floats of 32 bits
            # may fall short of a whole number.
            n_pulses = int(pulses["duration_s"] * pulses["frequency_hz"] + 1e-4) + 1
        return amount * pulses["pulse_width_us"] / 1000.0 * n_pulses

    def _roll(self, now_us: int) -> None:
        if now_us - self._bin_began_us < _BIN_US:
            return
        while now_us - self._bin_began_us >= _BIN_US:
            self._bins = self._bins[1:] + [0.0]
            self._bin_began_us += _BIN_US
        self._worst_uc = self._work_out_worst()

    def _worst(self, now_us: int) -> float:
        """Return the highest count to come if the device stays at its safe amount."""
        safe_uc = self.safe * self.rate(self._safe_program)
        passed_uc = safe_uc * max(0, now_us - self._bin_began_us) / 1e6
        return self._worst_uc + self._bins[-1] - passed_uc

    def _work_out_worst(self) -> float:
        safe_uc = self.safe * self.rate(self._safe_program) * _BIN_US / 1e6
        later_uc, worst_uc = 0.0, _N_BINS * safe_uc
        for index in range(1, _N_BINS):
            later_uc += self._bins[_N_BINS - 1 - index]
            worst_uc = max(worst_uc, later_uc + (_N_BINS - index) * safe_uc)
        return worst_uc
