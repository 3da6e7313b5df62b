"""The parts of a reference device, each built on the ones that it works with."""

from collections.abc import Callable

from stimulators.device.amount_output import AmountOutput
from stimulators.device.command_check import CommandCheck
from stimulators.device.counts.budgets import Budgets
from stimulators.device.counts.counts import Counts
from stimulators.device.delivery import Delivery
from stimulators.device.device_clock import ServiceClocks
from stimulators.device.reporter import Reporter
from stimulators.device.tenancy import Tenancy
from stimulators.device.trigger_output import TriggerOutput
from stimulators.device.words import Words
from stimulators.device_config import DeviceConfig


class DeviceParts:
    """Everything that a `ReferenceDevice` is made of; see there for the parameters."""

    def __init__(
        self,
        config: DeviceConfig,
        *,
        instance: str,
        firmware: str,
        newest_session: str,
        counts: Counts,
        new_nonce: Callable[[], str] | None,
        off_when_unpowered: bool,
        step: float,
        ceiling: float,
    ) -> None:
        self.triggers = TriggerOutput(config.limits)
        self.clocks = ServiceClocks(instance, new_nonce)
        self.tenancy = Tenancy(newest_session, config.id)
        self.output = AmountOutput(
            config.safe_amount,
            config.slew_per_s_max,
            config.safe_program,
            step=step,
            ceiling=ceiling,
        )
        self.budgets = Budgets(config, self.output, counts)
        self.delivery = Delivery(
            config,
            tenancy=self.tenancy,
            clocks=self.clocks,
            output=self.output,
            budgets=self.budgets,
        )
        self.check = CommandCheck(
            config,
            tenancy=self.tenancy,
            clocks=self.clocks,
            output=self.output,
            triggers=self.triggers,
            budgets=self.budgets,
        )
        self.reporter = Reporter(
            Words(
                config, instance=instance, firmware=firmware, off_when_unpowered=off_when_unpowered
            ),
            tenancy=self.tenancy,
            clocks=self.clocks,
            output=self.output,
            budgets=self.budgets,
            delivery=self.delivery,
        )
