"""Records what a device gives, from outside, and checks the rules for it."""

from collections import deque

from stimulators.device.own_time import STEP_US_MAX
from stimulators.device_config import DeviceConfig
from tests.stimulators.device.device_bench import SLEW_MA_PER_S

_WINDOW_US = 600_000_000
_BIN_US = 2_000_000
_LOOK_US = 10_000
#: Looks back over which the slew is checked.
_N_LOOKS = 40
_GRAIN_MA = SLEW_MA_PER_S * 0.05


class Electrode:
    """Integrates what is given between two looks, from below and from above.

    It knows nothing of commands, leases or counts: only the amount, the program and true time.
    """

    def __init__(self, config: DeviceConfig, amount: float, program: str) -> None:
        self.config = config
        self.amount = amount
        self.program = program
        self.now_us = 0
        self.began_us: int | None = None
        self.last_above_us = 0
        self._since_stop = deque([(0, amount)], maxlen=_N_LOOKS)
        self._given: deque[tuple[int, int, float, float]] = deque()
        self._leaving: deque[tuple[int, float]] = deque()
        self._lowest_uc = 0.0
        self._highest_uc = 0.0
        self._doubted_uc = 0.0

    def pulse(self, amount: float, program: str) -> None:
        charge_uc = amount * self.config.charge_uc(program)
        self._write_down(self.now_us, charge_uc, charge_uc)

    def stop(self, amount: float) -> None:
        """Take in a stop: it may be as fast as it likes, but only downwards."""
        assert amount == min(self.amount, self.config.stop_amount)
        self._since_stop.clear()
        self._since_stop.append((self.now_us, amount))
        self.amount = amount

    def look(self, passed_us: int, amount: float, program: str) -> None:
        """Take in what is given now, `passed_us` after the last look."""
        began_us, self.now_us = self.now_us, self.now_us + passed_us
        assert 0.0 <= amount <= self.config.amount_max
        self._check_program(passed_us, amount, program)
        self._check_slew(amount)
        rates = [
            each * self.config.charge_uc_per_s(name)
            for each, name in ((self.amount, self.program), (amount, program))
        ]
        passed_s = passed_us / 1e6
        lowest = min(rates) if passed_us <= _LOOK_US or rates[0] == rates[1] else 0.0
        highest = max(rates) if passed_us <= _LOOK_US else self._rate_max()
        if amount == self.amount == self.config.safe_amount and program == self.program:
            highest = rates[0]
        self._write_down(began_us, lowest * passed_s, highest * passed_s)
        if passed_us > STEP_US_MAX:
            # To the device this may be a clock that was set: what was given counts for so much
            # longer, and by whole bins.
            self._doubted_uc += self._rate_max() * (passed_s + _BIN_US / 1e6)
        self._check_on_time(began_us, amount)
        self.amount, self.program = amount, program

    def check_charge(self, counted_uc: float) -> None:
        while self._given and self._given[0][0] < self.now_us - _WINDOW_US:
            _, ended_us, lowest_uc, highest_uc = self._given.popleft()
            self._lowest_uc -= lowest_uc
            self._leaving.append((ended_us, highest_uc))
        while self._leaving and self._leaving[0][0] <= self.now_us - _WINDOW_US - _BIN_US:
            self._highest_uc -= self._leaving.popleft()[1]
        most_uc = self._highest_uc * (1 + 1e-6) + 1e-6 + self._doubted_uc
        assert self._lowest_uc - 1e-6 <= counted_uc <= most_uc
        limit_uc = self.config.limits.charge_uc_per_10_min_max
        assert limit_uc is not None
        assert counted_uc <= limit_uc + self._doubted_uc

    def _write_down(self, began_us: int, lowest_uc: float, highest_uc: float) -> None:
        self._given.append((began_us, self.now_us, lowest_uc, highest_uc))
        self._lowest_uc += lowest_uc
        self._highest_uc += highest_uc

    def _check_program(self, passed_us: int, amount: float, program: str) -> None:
        if program == self.program or passed_us > _LOOK_US:
            return
        contacts = self.config.programs[program].contacts
        is_same = contacts and contacts == self.config.programs[self.program].contacts
        # Down to 0 may be one step; from there it goes up no faster than it may.
        risen_max = SLEW_MA_PER_S * passed_us / 1e6 + 1e-9
        assert is_same or self.amount == 0.0 or amount <= risen_max

    def _check_slew(self, amount: float) -> None:
        for then_us, before in self._since_stop:
            moved_max = SLEW_MA_PER_S * (self.now_us - then_us) / 1e6 + _GRAIN_MA
            assert abs(amount - before) <= moved_max + 1e-9
        self._since_stop.append((self.now_us, amount))

    def _check_on_time(self, began_us: int, amount: float) -> None:
        limits, safe = self.config.limits, self.config.safe_amount
        if self.amount > safe and amount > safe:
            self.began_us = began_us if self.began_us is None else self.began_us
            self.last_above_us = self.now_us
        elif self.now_us - self.last_above_us >= limits.off_time_s_min * 1e6:
            self.began_us = None
        if self.began_us is not None:
            assert self.last_above_us - self.began_us <= limits.on_time_s_max * 1e6

    def _rate_max(self) -> float:
        rates = map(self.config.charge_uc_per_s, self.config.programs)
        return self.config.amount_max * max(rates)
