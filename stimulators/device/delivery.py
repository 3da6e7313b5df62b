"""What a device does by itself as time passes: it moves, its lease ends, its budgets hold."""

from stimulators.device.amount_output import AmountOutput
from stimulators.device.counts.budgets import LOOK_US, Budgets
from stimulators.device.device_clock import ServiceClocks
from stimulators.device.own_time import OwnTime
from stimulators.device.tenancy import Tenancy
from stimulators.device_config import DeviceConfig
from stimulators.wire.messages import DeviceState

#: A stopped device whose program slept catches up with the time in this many steps at most.
_N_LOOKS_MAX = 5_000


class Delivery:
    """Moves a device's output through time, and takes it to safety by itself.

    Parameters
    ----------
    config, tenancy, clocks, output, budgets
        The parts of the device.

    Attributes
    ----------
    reason : str
        Why the device is in its state.
    """

    def __init__(
        self,
        config: DeviceConfig,
        *,
        tenancy: Tenancy,
        clocks: ServiceClocks,
        output: AmountOutput,
        budgets: Budgets,
    ) -> None:
        self.reason = "switched on"
        self._config = config
        self._tenancy = tenancy
        self._clocks = clocks
        self._output = output
        self._budgets = budgets
        self._time = OwnTime()
        self._reached_us = 0

    @property
    def now_us(self) -> int:
        """The device's own time: microseconds since it was switched on."""
        return self._time.now_us

    @property
    def doubtful_us(self) -> int:
        """The part of that time that is uncertain, as the clock may have been set forward."""
        return self._time.doubtful_us

    @property
    def state(self) -> DeviceState:
        """``live`` with a lease, ``safe`` at or on the way to the safe amount, or ``stopped``."""
        if self._tenancy.is_stopped:
            return "stopped"
        return "live" if self._tenancy.end_us is not None else "safe"

    def pass_time(self, clock_us: int) -> None:
        """Catch up with the clock in small steps, so that a lease ends neither early nor late."""
        before_us = self.now_us
        fault = self._time.read(clock_us)
        self._clocks.note_look(self.now_us - before_us)
        if self._time.doubtful_us:
            self._budgets.doubt(self._time.doubtful_us, self.now_us)
        while True:
            until_us, end_us = self._next_look_us(), self._tenancy.end_us
            self._budgets.advance(self._reached_us, until_us)
            self._reached_us = until_us
            if end_us is not None and end_us <= until_us:
                self.go_safe("the lease ended")
            self._keep_budgets()
            if until_us == self.now_us:
                break
        if fault is not None:
            self._take_fault(fault)

    def go_safe(self, reason: str) -> None:
        """End the lease, and begin to move to the safe amount."""
        self._tenancy.end()
        self._output.go(self._config.safe_amount, self._config.safe_program)
        self.reason = reason

    def get_ready(self) -> str | None:
        """Begin to move to the safe amount; return why the device cannot be driven yet, or None."""
        self._output.go(self._config.safe_amount, self._config.safe_program)
        if self._output.is_moving:
            return "on the way to the safe amount"
        limit = self._budgets.exhausted_limit(self.now_us)
        return None if limit is None else f"{limit}: no budget left above the safe amount"

    def stop(self) -> None:
        """Go to the stop amount at once, never up; leases of earlier armings end."""
        self._tenancy.stop(self.now_us)
        self._output.jump(min(self._output.amount, self._config.stop_amount))

    def _next_look_us(self) -> int:
        """Return the end of the next step: 10 ms, unless it rests at its safe amount."""
        now_us, end_us = self.now_us, self._tenancy.end_us
        if end_us is None and not self._output.is_moving:
            if not self._is_stopped_above_safe:
                return now_us
            look_us = max(LOOK_US, (now_us - self._reached_us) // _N_LOOKS_MAX)
            return min(now_us, self._reached_us + look_us)
        until_us = min(now_us, self._reached_us + LOOK_US)
        return until_us if end_us is None else max(self._reached_us, min(until_us, end_us))

    @property
    def _is_stopped_above_safe(self) -> bool:
        """Whether it is stopped above its safe amount, or in another than its safe program."""
        is_safe_program = self._output.program == self._config.safe_program
        is_low = self._output.amount <= self._config.safe_amount and is_safe_program
        return self._tenancy.is_stopped and self._output.amount > 0.0 and not is_low

    def _keep_budgets(self) -> None:
        """Go down while the way down still fits within the limits of charge and on-time."""
        if self.state == "live":
            limit = self._budgets.limit_due(self._reached_us)
            if limit is not None:
                self.go_safe(f"its {limit} limit is reached")
        elif self._is_stopped_above_safe and self._budgets.limit_due(self._reached_us) is not None:
            amount = min(self._output.amount, self._config.safe_amount)
            self._output.go(amount, self._config.safe_program)

    def _take_fault(self, fault: str) -> None:
        """Drop the lease and all clock offsets: neither can be trusted once the clock was set."""
        self._clocks.forget()
        if self._tenancy.is_stopped:
            # When the stop came is no longer known: take it as now, which is stricter.
            self._tenancy.stop(self.now_us)
        else:
            self.go_safe(fault)
