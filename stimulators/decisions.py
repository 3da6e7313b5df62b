"""The decisions of the gate, as data: all are journalled, only commands, leases, stops are sent."""

from typing import Literal, TypeAlias

import msgspec

from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Command, Lease

State = Literal["idle", "armed", "active", "hold", "paused", "safe"]


class Decided(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Base of the decisions; tagged so that the journal can read them back."""


class Send(Decided, frozen=True, gc=False):
    """A command or a lease for one device. Only the gate makes these."""

    device: str
    message: Command | Lease


class SendStop(Decided, frozen=True, gc=False):
    """A stop that the service itself sends to every device."""

    request_id: str
    reason: str


class Refusal(Decided, frozen=True, gc=False):
    """A target or a request that was not granted, and why."""

    reason: RefusalReason
    device: str = ""
    policy: str = ""
    sample: int = -1
    request_id: str = ""
    found: str = ""
    expected: str = ""


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


Decision: TypeAlias = Send | SendStop | Refusal | StateChanged | Notice | EndRun
