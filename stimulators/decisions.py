"""The decisions of the gate, as data: all are journalled, only commands, leases, stops are sent."""

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from stimulators.reasons import NothingReason, SendReason
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Command, Lease

State = Literal["idle", "armed", "active", "hold", "paused", "safe"]


class Decided(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Base of the decisions; tagged so that the journal can read them back."""


class Bound(NamedTuple):
    """Which share of a limit a request uses: 1 where it is used up, at most 1000.

    `limit` is the key of the configuration. A limit that does not concern what is asked has 0.
    """

    limit: str
    share: float


class Send(Decided, frozen=True, gc=False):
    """A command or a lease for one device. Only the gate makes these.

    A command has its reason, and the two limits that bind most: the nearest first.
    """

    device: str
    message: Command | Lease
    reason: SendReason | None = None
    bounds: tuple[Bound, ...] = ()


class NothingSent(Decided, frozen=True, gc=False):
    """Nothing is sent to a device that is driven, and why: once for each stretch of one reason.

    Where a limit is the reason, `bounds` are the two that bind most.
    """

    device: str
    reason: NothingReason
    bounds: tuple[Bound, ...] = ()


class SendStop(Decided, frozen=True, gc=False):
    """A stop that the service itself sends to every device."""

    request_id: str
    reason: str


class Refusal(Decided, frozen=True, gc=False):
    """A target or a request that was not granted, and why.

    Where a limit refuses it, `bounds` are the two that bind most: the nearest first.
    """

    reason: RefusalReason
    device: str = ""
    policy: str = ""
    sample: int = -1
    request_id: str = ""
    found: str = ""
    expected: str = ""
    bounds: tuple[Bound, ...] = ()


class StateChanged(Decided, frozen=True, gc=False):
    """The rig moved from one state of the table to another."""

    before: State
    after: State
    reason: str


class Notice(Decided, frozen=True, gc=False):
    """A message for the operator that changes no state by itself."""

    kind: str
    text: str
    device: str = ""


class EndRun(Decided, frozen=True, gc=False):
    """The service has to end, because another service of the same rig is running."""

    reason: str


Decision: TypeAlias = Send | NothingSent | SendStop | Refusal | StateChanged | Notice | EndRun
