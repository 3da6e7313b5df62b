"""The base class of a limit: what it reads, refuses and counts, and how it is described."""

import math
from collections.abc import Iterator
from typing import ClassVar, Literal, NamedTuple, TypeAlias, get_args

from stimulators.decisions import Refusal
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.usage.account import Account
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import DeviceLimits

#: A `target` as a policy wants it, before anything else; a `wish`, the first step on its way up;
#: an `amplitude` or a `trigger`, a command that is about to go.
AskedKind: TypeAlias = Literal["target", "wish", "amplitude", "trigger"]
ASKED_KINDS: frozenset[AskedKind] = frozenset(get_args(AskedKind))


class Asked(NamedTuple):
    """A request to a limit: may this go? Once it went, the limit counts the same.

    Parameters
    ----------
    kind : str
        What it is, an `AskedKind`.
    amount : float
        In the device's unit.
    program : str
        In which program.
    now_s : float
        Time of the service.
    is_up : bool
        Whether it goes above the lowest that the device may give.
    is_rise : bool
        Whether it leaves the safe amount.
    moved : float
        How far it moves, up or down.
    time_s : float
        When the sample was taken that a trigger was decided at.
    fire_at_s : float
        When a trigger is given.
    until_s : float
        When it is given at the latest.
    """

    kind: AskedKind
    amount: float
    program: str
    now_s: float
    is_up: bool = False
    is_rise: bool = False
    moved: float = 0.0
    time_s: float = 0.0
    fire_at_s: float = 0.0
    until_s: float = 0.0

    @property
    def gives_more(self) -> bool:
        """Whether more is given; only the commands a second hold up what lowers the amount."""
        return self.is_up or self.kind == "trigger"


class Limited(NamedTuple):
    """The device that a limit belongs to, with the gate's knowledge of it.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    belief : Belief
        What it may give.
    account : Account
        What it has given.
    tick_s : float
        Time from one look at the limits to the next.
    """

    config: DeviceConfig
    belief: Belief
    account: Account
    tick_s: float


class Told(NamedTuple):
    """How a device reports this limit, if it has it too: fields of `DeviceLimits`.

    Parameters
    ----------
    what : str
        In the words of a refusal.
    ma, level : str
        The field, of a device that speaks milliampere and of one that speaks level.
    is_needed : bool
        Whether a device without it is not driven.
    divisor : float
        What the configured limit is divided by to be in the unit of the field.
    """

    what: str
    ma: str
    level: str
    is_needed: bool = False
    divisor: float = 1.0


class Limit:
    """One limit of one device in the gate; each subclass is one limit.

    Parameters
    ----------
    device : Limited
        Whose limit it is.

    Attributes
    ----------
    place : int
        When it is asked: one of a lower place is asked before, and gives the reason if both refuse.
    keys : tuple of str
        The fields of `LimitsConfig` that it reads; no other limit reads them. The first that is
        written is the one that a refusal names.
    reason : RefusalReason
        What it refuses with.
    text : str
        What it does, in a line: a row of the table in the guide.
    is_optional : bool
        Whether it is asked only where its key is written.
    told : Told or None
        How a device says that it has this limit, too.
    kinds : frozenset of str
        What it is asked about and told of; of any other kind it refuses nothing and counts
        nothing.

    Notes
    -----
    It is asked before anything goes (`check`) and told of all that goes (`count`), also of the way
    to safety, which it is not asked about. What grows with time grows in `advance`.
    """

    place: ClassVar[int]
    keys: ClassVar[tuple[str, ...]]
    reason: ClassVar[RefusalReason]
    text: ClassVar[str]
    told: ClassVar[Told | None] = None
    kinds: ClassVar[frozenset[AskedKind]] = ASKED_KINDS
    is_optional: ClassVar[bool] = False

    def __init__(self, device: Limited) -> None:
        self.config = device.config

    @property
    def is_asked(self) -> bool:
        """Whether this device has it: always, unless it is optional and not configured."""
        return not self.is_optional or self.value_of(self.config) is not None

    def check(self, asked: Asked) -> Refusal | None:
        """Return why the request is refused, or None; changes nothing."""
        raise NotImplementedError

    def share(self, asked: Asked) -> float:
        """Return how much of the limit is used with what is asked: above 1 it is refused."""
        raise NotImplementedError

    def highest(self, now_s: float) -> float:
        """Return the highest amount that an amplitude may go up to now; a way up ends there."""
        del now_s
        return math.inf

    def count(self, asked: Asked) -> None:
        """Count a command that is sent."""

    def advance(self, now_s: float) -> None:
        """Let time pass up to `now_s`."""

    def sleep(self, lasted_s: float) -> None:
        """Count time in which the clock of the service stood still."""

    def is_reached(self, now_s: float) -> bool:
        """Return whether the limit allows nothing more than the way to the safe amount."""
        del now_s
        return False

    def waits(self, now_s: float) -> Iterator[Refusal]:
        """Yield a refusal for each wait until a known device may be driven."""
        del now_s
        yield from ()

    @classmethod
    def key_of(cls, config: DeviceConfig) -> str:
        """Return the key of this limit that the device's table has."""
        written = [key for key in cls.keys if getattr(config.limits, key) is not None]
        return (written or cls.keys)[0]

    @classmethod
    def value_of(cls, config: DeviceConfig) -> float | None:
        """Return the limit as configured; None where it is not."""
        value: float | None = getattr(config.limits, cls.key_of(config))
        return value

    @classmethod
    def narrower(cls, config: DeviceConfig, its: DeviceLimits) -> tuple[str, str] | None:
        """Return what the device reports and what is expected, where its own limit is narrower."""
        told = cls.told
        if told is None:
            return None
        limit = getattr(its, told.ma if config.unit == "ma" else told.level)
        asked = (cls.value_of(config) or 0.0) / told.divisor
        if limit is None and not told.is_needed:
            return None
        if limit is not None and asked <= limit:
            return None
        found = f"{told.what} {limit}" if told.is_needed else f"{told.what} {limit:g}"
        return found, f"at least {asked:g}"

    def refusal(self, found: str, expected: str) -> Refusal:
        """Return a refusal with the reason of this limit."""
        return Refusal(self.reason, device=self.config.id, found=found, expected=expected)

    def one_more(self, asked: Asked) -> Refusal:
        """Return the refusal of one trigger or rise too many."""
        found = "one trigger more" if asked.kind == "trigger" else "one rise more"
        config = self.config
        limit = f"{self.value_of(config):g}"
        return self.refusal(found, f"{self.key_of(config)} of {config.id} kept: {limit}")
