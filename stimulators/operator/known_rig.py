"""What an operator knows of a rig before anybody there has said a word."""

from typing import Literal

import msgspec

from stimulators.wire.keys.files import SigningConfig
from stimulators.wire.mqtt import BrokerConfig

Unit = Literal["mA", "level"]

#: What a device may be off by that tells nobody, as a part of its maximum; and the most that
#: counts of what it tells.
_TOLERANCE_UNTOLD = 0.001
_TOLERANCE_MAX = 0.1
#: How long the way down may take where the configuration does not say how fast it is.
_WAY_DOWN_S = 10.0
#: Time for messages, on top of what lease and slew take.
_MARGIN_S = 2.0


class KnownDevice(msgspec.Struct, frozen=True, kw_only=True):
    """One device as its configuration has it; None where that does not say.

    Parameters
    ----------
    id : str
        Its name.
    unit : {"mA", "level"} or None
        What its amounts mean.
    safe_amount, stop_amount : float
        Where it goes when its lease ends, and where a stop takes it.
    amount_max, slew_per_s : float or None
        Its highest amount and the fastest change.
    amount_tolerance : float or None
        How far what it gives may be from what it says.
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

    def tolerance(self, told: float | None = None) -> float:
        """Return how far an amount may be off and still count as the same.

        Parameters
        ----------
        told : float, optional
            What the device says of itself; more than a tenth of its maximum does not count.
        """
        highest = self.amount_max or 0.0
        given = told if told is not None else self.amount_tolerance
        if given is None:
            given = _TOLERANCE_UNTOLD * highest
        # What comes over the wire as a decimal fraction need not be the nearest number again.
        return min(max(given, 0.0), _TOLERANCE_MAX * highest) + 1e-9


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
        How long a device goes on without a word from the service.
    signing : SigningConfig, optional
        Whether what is said is signed, and where the keys are.
    """

    name: str
    broker: BrokerConfig
    devices: tuple[KnownDevice, ...] = ()
    lease_s: float = 0.25
    signing: SigningConfig | None = None

    @property
    def wait_s(self) -> float:
        """How long to wait until devices must have come to rest: lease, way down, and 2 s."""
        ways_s = [device.way_down_s for device in self.devices]
        return self.lease_s + max(ways_s, default=_WAY_DOWN_S) + _MARGIN_S

    def device(self, name: str) -> KnownDevice:
        """Return a device of the configuration; of another nothing but its name is known."""
        return next((each for each in self.devices if each.id == name), KnownDevice(id=name))
