"""What an operator knows of a rig from its configuration."""

from typing import Literal

import msgspec

from stimulators.wire.keys.files import SigningConfig
from stimulators.wire.mqtt import BrokerConfig

Unit = Literal["mA", "level"]

#: The tolerance of a device that states none, as a share of its maximum; and the largest share
#: that is accepted of one that does.
_TOLERANCE_DEFAULT = 0.001
_TOLERANCE_MAX = 0.1
#: How long the way down may take where the configuration states no slew limit.
_WAY_DOWN_S = 10.0
#: Time for messages, on top of what lease and slew take.
_MARGIN_S = 2.0


class KnownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One device by its configuration; None where that states nothing.

    Parameters
    ----------
    id : str
        Its name.
    unit : {"mA", "level"} or None
        The unit of its amounts.
    safe_amount, stop_amount : float
        The amounts to which it goes when its lease ends, and at a stop.
    amount_max, slew_per_s : float or None
        Its highest amount and the fastest change.
    amount_tolerance : float or None
        How far its amount may be from the one that it reports.
    """

    id: str
    unit: Unit | None = None
    safe_amount: float = 0.0
    stop_amount: float = 0.0
    amount_max: float | None = None
    slew_per_s: float | None = None
    amount_tolerance: float | None = None

    @property
    def way_down_s(self) -> float:
        """The longest it takes from its highest amount to 0, by its own slew."""
        if not self.amount_max or not self.slew_per_s:
            return _WAY_DOWN_S
        return self.amount_max / self.slew_per_s

    def tolerance(self, stated: float | None = None) -> float:
        """Return how far an amount may be off and still count as the same.

        Parameters
        ----------
        stated : float, optional
            The tolerance that the device states; at most a tenth of its maximum is used.
        """
        highest = self.amount_max or 0.0
        tolerance = stated if stated is not None else self.amount_tolerance
        if tolerance is None:
            tolerance = _TOLERANCE_DEFAULT * highest
        # An amount that went over the wire as a decimal fraction may differ in its last bits.
        return min(max(tolerance, 0.0), _TOLERANCE_MAX * highest) + 1e-9


class KnownRig(msgspec.Struct, frozen=True, kw_only=True):
    """A rig's name, where its broker is, and the devices that must answer.

    Parameters
    ----------
    name : str
        The rig's name: a level of every topic.
    broker : BrokerConfig
        Where its broker is.
    devices : tuple of KnownDevice
        Every device of its configuration.
    lease_s : float
        How long a device goes on without a new lease.
    signing : SigningConfig, optional
        Whether messages are signed, and where the keys are.
    """

    name: str
    broker: BrokerConfig
    devices: tuple[KnownDevice, ...] = ()
    lease_s: float = 0.25
    signing: SigningConfig | None = None

    @property
    def wait_s(self) -> float:
        """How long to wait until devices must be at rest: a lease, the way down, and 2 s."""
        ways_s = [device.way_down_s for device in self.devices]
        return self.lease_s + max(ways_s, default=_WAY_DOWN_S) + _MARGIN_S

    def device(self, name: str) -> KnownDevice:
        """Return a device by its name; one that is not configured has nothing but the name."""
        return next((each for each in self.devices if each.id == name), KnownDevice(id=name))
