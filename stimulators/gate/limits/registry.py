"""Every limit there is, in the order in which they are asked."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from stimulators.decisions import Refusal
from stimulators.device_config import DeviceConfig
from stimulators.gate.limits.amount import AmountLimit, ChargeDensityLimit, ShannonLimit
from stimulators.gate.limits.limit import Asked, Limit, Limited
from stimulators.gate.limits.rates import CommandsLimit, RisesLimit
from stimulators.gate.limits.room import ChargeLimit, OnTimeLimit
from stimulators.gate.limits.slew import SlewLimit
from stimulators.gate.limits.triggers import RefractoryLimit, TriggersLimit
from stimulators.wire.messages import DeviceLimits

_L = TypeVar("_L", bound=Limit)

#: The first that refuses gives the reason.
LIMITS: tuple[type[Limit], ...] = (
    AmountLimit,
    ChargeDensityLimit,
    ShannonLimit,
    SlewLimit,
    RefractoryLimit,
    TriggersLimit,
    CommandsLimit,
    RisesLimit,
    OnTimeLimit,
    ChargeLimit,
)


class Limits:
    """All limits of one device.

    Parameters
    ----------
    device : Limited
        The device.
    """

    def __init__(self, device: Limited) -> None:
        self._device = device
        self._limits = tuple(limit(device) for limit in LIMITS)

    def __getitem__(self, kind: type[_L]) -> _L:
        """Return the limit of this class."""
        return next(each for each in self._limits if isinstance(each, kind))

    def check(self, asked: Asked) -> Refusal | None:
        """Return the first refusal of what is asked, or None; changes nothing."""
        refusals = (limit.check(asked) for limit in self._limits)
        return next((each for each in refusals if each is not None), None)

    def count(self, asked: Asked) -> None:
        """Count a command that goes."""
        for limit in self._limits:
            limit.count(asked)

    def advance(self, now_s: float) -> None:
        """Let time pass."""
        for limit in self._limits:
            limit.advance(now_s)

    def reached(self, now_s: float) -> str | None:
        """Return the key of what allows nothing more but the way to the safe amount, or None."""
        reached = (each for each in self._limits if each.is_reached(now_s))
        return next((each.key_of(self._device.config) for each in reached), None)

    def waits(self, now_s: float) -> Iterator[Refusal]:
        """Yield what has to wait before the device may be driven, once it said what it gives."""
        if self._device.belief.is_known:
            for limit in self._limits:
                yield from limit.waits(now_s)


def narrower_limits(config: DeviceConfig, its: DeviceLimits) -> Iterator[tuple[str, str]]:
    """Yield what a device's own limits say and what is expected, in the order it says them."""
    fields = [field.name for field in msgspec.structs.fields(DeviceLimits)]
    told = [(limit.told, limit) for limit in LIMITS if limit.told is not None]
    for _, limit in sorted(told, key=lambda each: fields.index(each[0].ma)):
        if (found := limit.narrower(config, its)) is not None:
            yield found
