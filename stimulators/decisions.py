"""What the gate decides, as data: everything here is journalled, only `Send` leaves the house."""

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
    """The service itself presses stop."""

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
    """Something an operator should know that changes no state by itself."""

    kind: str
    text: str
    device: str = ""


class EndRun(Decided, frozen=True, gc=False):
    """The service is to end: another one of the same rig is there."""

    reason: str


Decision: TypeAlias = Send | SendStop | Refusal | StateChanged | Notice | EndRun
