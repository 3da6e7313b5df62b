"""All limits of a device, in the order in which they are checked."""

import math
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

import msgspec

from stimulators.decisions import Bound, Refusal
from stimulators.device_config import DeviceConfig
from stimulators.gate.limits.limit import ASKED_KINDS, Asked, Limit, Limited
from stimulators.own_classes import own_classes
from stimulators.wire.messages import DeviceLimits

#: A limit that allows nothing at all has no share that is a number.
_SHARE_MAX = 1000.0
_L = TypeVar("_L", bound=Limit)


def find() -> tuple[type[Limit], ...]:
    """Return the limit classes of the modules beside this one, in the order of checking.

    Raises
    ------
    ValueError
        Where two have the same place: which of them gives the reason would be chance.
    """
    found: dict[int, type[Limit]] = {}
    for each in own_classes("stimulators.gate.limits", without=__name__):
        if not issubclass(each, Limit) or each is Limit:
            continue
        other = found.setdefault(each.place, each)
        if other is not each:
            raise ValueError(
                f"{each.__qualname__}: expected a place of its own, found that of "
                f"{other.__qualname__}, {each.place}"
            )
    return tuple(found[place] for place in sorted(found))


#: The first limit that refuses gives the reason.
LIMITS: Final[tuple[type[Limit], ...]] = find()


class Limits:
    """All limits of one device, checked one after the other.

    Parameters
    ----------
    device : Limited
        The device.

    Attributes
    ----------
    onlooker : callable or None
        Shown all that is asked, before it is answered; it must change nothing.
    """

    def __init__(self, device: Limited) -> None:
        self.onlooker: Callable[[Asked], None] | None = None
        self._device = device
        self._limits = tuple(limit(device) for limit in LIMITS)
        asked = [each for each in self._limits if each.is_asked]
        # On the way of every command, so only limits for this kind of command are asked.
        self._checks = {
            kind: tuple(each.check for each in asked if kind in each.kinds) for kind in ASKED_KINDS
        }
        counting = [each for each in asked if type(each).count is not Limit.count]
        self._counts = {
            kind: tuple(each.count for each in counting if kind in each.kinds)
            for kind in ASKED_KINDS
        }
        self._shares = {
            kind: tuple(
                (each.key_of(device.config), each.share) for each in asked if kind in each.kinds
            )
            for kind in ASKED_KINDS
        }
        self._highest = tuple(
            each.highest for each in asked if type(each).highest is not Limit.highest
        )
        self._advances = tuple(
            each.advance for each in asked if type(each).advance is not Limit.advance
        )

    def __getitem__(self, kind: type[_L]) -> _L:
        """Return the limit of a class."""
        return next(each for each in self._limits if isinstance(each, kind))

    def answers(self, asked: Asked) -> Iterator[tuple[type[Limit], Refusal | None]]:
        """Yield each limit that checks this kind of request, in order, with its refusal or None."""
        for limit in self._limits:
            if limit.is_asked and asked.kind in limit.kinds:
                yield type(limit), limit.check(asked)

    def check(self, asked: Asked) -> Refusal | None:
        """Return the first refusal of a request, or None; changes nothing."""
        if self.onlooker is not None:
            self.onlooker(asked)
        for check in self._checks[asked.kind]:
            if (refusal := check(asked)) is not None:
                return msgspec.structs.replace(refusal, bounds=self.bounds(asked))
        return None

    def bounds(self, asked: Asked) -> tuple[Bound, ...]:
        """Return the two limits that bind most of what is asked: the nearest first."""
        first_key = second_key = ""
        first = second = -1.0
        for key, share in self._shares[asked.kind]:
            used = share(asked)
            if used > first:
                second_key, second = first_key, first
                first_key, first = key, used
            elif used > second:
                second_key, second = key, used
        nearest = Bound(first_key, min(_SHARE_MAX, first))
        if not second_key:
            return (nearest,) if first_key else ()
        return nearest, Bound(second_key, min(_SHARE_MAX, second))

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""
        for count in self._counts[asked.kind]:
            count(asked)

    def highest(self, now_s: float) -> float:
        """Return the highest amount that an amplitude may go up to now."""
        lowest = math.inf
        for highest in self._highest:
            lowest = min(lowest, highest(now_s))
        return lowest

    def advance(self, now_s: float) -> None:
        """Let time pass up to `now_s`."""
        for advance in self._advances:
            advance(now_s)

    def sleep(self, lasted_s: float) -> None:
        """Count time in which the clock of the service stood still."""
        for limit in self._limits:
            limit.sleep(lasted_s)

    def reached(self, now_s: float) -> str | None:
        """Return the key of a limit that allows only the way to the safe amount, or None."""
        for limit in self._limits:
            if limit.is_reached(now_s):
                return limit.key_of(self._device.config)
        return None

    def waits(self, now_s: float) -> Iterator[Refusal]:
        """Yield a refusal for each wait until a device that reported its amount may be driven."""
        if self._device.belief.is_known:
            for limit in self._limits:
                yield from limit.waits(now_s)


def narrower_limits(config: DeviceConfig, its: DeviceLimits) -> Iterator[tuple[str, str]]:
    """Yield what the device's own limits are and what is expected, in the order of its report."""
    fields = [field.name for field in msgspec.structs.fields(DeviceLimits)]
    told = [(limit.told, limit) for limit in LIMITS if limit.told is not None]
    for _, limit in sorted(told, key=lambda each: fields.index(each[0].ma)):
        if (found := limit.narrower(config, its)) is not None:
            yield found
