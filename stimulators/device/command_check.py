"""The rules by which a device refuses a command."""

from stimulators.device.amount_output import AmountOutput
from stimulators.device.counts.budgets import Budgets
from stimulators.device.device_clock import ServiceClocks
from stimulators.device.tenancy import VALID_US_MAX, Tenancy
from stimulators.device.trigger_output import TriggerOutput
from stimulators.device_config import DeviceConfig
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Command


def amount_of(command: Command) -> float:
    """Return the amount of a command: its amplitude in mA, or its level."""
    amount = command.level if command.amplitude_ma is None else command.amplitude_ma
    return 0.0 if amount is None else amount


class CommandCheck:
    """Finds the reason to refuse a command, without changing any state.

    Parameters
    ----------
    config, tenancy, clocks, output, triggers, budgets
        The parts of the device.
    """

    def __init__(
        self,
        config: DeviceConfig,
        *,
        tenancy: Tenancy,
        clocks: ServiceClocks,
        output: AmountOutput,
        triggers: TriggerOutput,
        budgets: Budgets,
    ) -> None:
        self._config = config
        self._tenancy = tenancy
        self._clocks = clocks
        self._output = output
        self._triggers = triggers
        self._budgets = budgets

    def refusal(self, command: Command, newest_seq: int, now_us: int) -> RefusalReason | None:
        """Return why a command may not be done, in one word, or None."""
        refused = (
            self._session_refusal(command, newest_seq)
            or _content_refusal(command, self._config)
            or self._time_refusal(command, now_us)
            or self._exactness_refusal(command, now_us)
            or self._program_refusal(command)
        )
        if refused is not None:
            return refused
        if command.kind == "amplitude":
            return self._limit_refusal(command, now_us)
        if command.fire_at_us is None:
            return self.trigger_refusal(command, now_us)
        return RefusalReason.TRIGGERS if self._triggers.is_full else None

    def trigger_refusal(self, command: Command, now_us: int) -> RefusalReason | None:
        """Return why a trigger may not be given now, in one word, or None."""
        return (
            self._program_refusal(command)
            or self._triggers.refusal(now_us)
            or self._budgets.limit_for_trigger(amount_of(command), command.program, now_us)
        )

    def fire_refusal(
        self, command: Command, service_now_us: int, now_us: int
    ) -> RefusalReason | None:
        """Return why a trigger whose time has come may not be given now, in one word, or None."""
        if service_now_us >= command.expires_us:
            return RefusalReason.EXPIRED
        return (
            self._exactness_refusal(command, now_us)
            or self._earliness_refusal(command, now_us)
            or self.trigger_refusal(command, now_us)
        )

    def _session_refusal(self, command: Command, newest_seq: int) -> RefusalReason | None:
        """Return why the sender of the command may not drive the device now, or None."""
        if self._tenancy.is_stopped:
            return RefusalReason.STOPPED
        if command.session != self._tenancy.session:
            return RefusalReason.SESSION
        if self._tenancy.end_us is None:
            return RefusalReason.LEASE
        return RefusalReason.ORDER if command.seq <= newest_seq else None

    def _time_refusal(self, command: Command, now_us: int) -> RefusalReason | None:
        """Return what is wrong with its times; uncertainty of the clock counts against it."""
        service = self._clocks.time_of(command.session, now_us)
        if service is None:
            return RefusalReason.CLOCK
        validity_us = command.expires_us - command.issued_us
        if validity_us > VALID_US_MAX or command.issued_us < self._tenancy.armed_us:
            return RefusalReason.VALIDITY
        service_now_us = now_us + service.offset_us
        if command.issued_us > service_now_us + service.uncertainty_us:
            return RefusalReason.CLOCK
        if command.expires_us <= service_now_us + service.uncertainty_us:
            return RefusalReason.EXPIRED
        fire_at_us = command.fire_at_us
        if fire_at_us is None:
            return None
        earliest_us = service_now_us - service.uncertainty_us
        return None if earliest_us <= fire_at_us < command.expires_us else RefusalReason.EXPIRED

    def _exactness_refusal(self, command: Command, now_us: int) -> RefusalReason | None:
        """Refuse a trigger that may be further from its time to fire than it is allowed to be.

        That the device's own clock may have been set since it was last compared counts, too.
        """
        limit_us, fire_at_us = command.fire_uncertainty_us_max, command.fire_at_us
        if limit_us is None or fire_at_us is None or command.kind != "trigger":
            return None
        service = self._clocks.surest(command.session, now_us)
        if service is None or service.uncertainty_us > limit_us:
            return RefusalReason.CLOCK
        late_us = now_us + service.offset_us - fire_at_us
        return RefusalReason.EXPIRED if late_us > limit_us - service.uncertainty_us else None

    def _earliness_refusal(self, command: Command, now_us: int) -> RefusalReason | None:
        """Refuse a trigger that is due by the last offset, and by the surest one far too early.

        So it is where the own clock may have been set forward since the last good exchange.
        """
        limit_us, fire_at_us = command.fire_uncertainty_us_max, command.fire_at_us
        service = self._clocks.surest(command.session, now_us)
        if limit_us is None or fire_at_us is None or service is None:
            return None
        early_us = fire_at_us - now_us - service.offset_us
        return RefusalReason.CLOCK if early_us > limit_us - service.uncertainty_us else None

    def _program_refusal(self, command: Command) -> RefusalReason | None:
        """Refuse a change of program above 0, but for programs of the same contacts."""
        present = self._output.program
        if command.program == present or self._output.amount == 0.0 or not self._config.programs:
            return None
        contacts = self._config.programs[command.program].contacts
        is_same = contacts and contacts == self._config.programs[present].contacts
        return None if is_same else RefusalReason.PROGRAM

    def _limit_refusal(self, command: Command, now_us: int) -> RefusalReason | None:
        """Return the limit that a rise would break; a command to go down is always done."""
        amount = amount_of(command)
        may_be_dearer = command.program != self._output.program and amount > 0.0
        if amount <= self._output.amount and not may_be_dearer:
            return None
        return self._budgets.limit_for(amount, command.program, now_us)


def _content_refusal(command: Command, config: DeviceConfig) -> RefusalReason | None:
    if command.simulated != config.simulated:
        return RefusalReason.SIMULATED
    amount, other = command.amplitude_ma, command.level
    if config.unit == "level":
        amount, other = other, amount
    if amount is None or other is not None:
        return RefusalReason.UNIT
    if not 0.0 <= amount <= config.amount_max:
        return RefusalReason.LIMIT
    if config.programs and command.program not in config.programs:
        return RefusalReason.PROGRAM
    return None
