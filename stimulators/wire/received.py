"""The messages that a service receives, as events of the loop, and changes of its link."""

from typing import TypeAlias

import msgspec

from stimulators.wire.messages import (
    Ack,
    ClockRequest,
    Control,
    DeviceInfo,
    DeviceStatus,
    Status,
    Stop,
)


class TransportEvent(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Base of the transport's events; tagged so that the journal can read them back."""


class AckHeard(TransportEvent, frozen=True, gc=False):
    """A device answered."""

    device: str
    message: Ack


class InfoHeard(TransportEvent, frozen=True, gc=False):
    """A device described itself; `retained` where the broker had kept the message."""

    device: str
    message: DeviceInfo
    retained: bool


class DeviceStatusHeard(TransportEvent, frozen=True, gc=False):
    """A device reported its amount and its counts."""

    device: str
    message: DeviceStatus


class StatusHeard(TransportEvent, frozen=True, gc=False):
    """Another service of the same rig sent its status just now: neither kept nor our own."""

    message: Status


class ClockAsked(TransportEvent, frozen=True, gc=False):
    """A device asked for the time; the transport has answered: a sign of life."""

    device: str
    message: ClockRequest


class ControlHeard(TransportEvent, frozen=True, gc=False):
    """An operator sent a request."""

    message: Control
    retained: bool


class StopHeard(TransportEvent, frozen=True, gc=False):
    """Somebody sent a stop; it acts whether or not its signature was verified.

    `retained` where the broker had kept it: then it stops every device that connects, again.
    """

    message: Stop
    verified: bool = True
    retained: bool = False


class LinkChanged(TransportEvent, frozen=True, gc=False):
    """The link to the broker is up, or lost, with the reason."""

    is_up: bool
    reason: str = ""


class Unreadable(TransportEvent, frozen=True, gc=False):
    """A payload on one of our topics that is not what the contract says; nothing is done."""

    topic: str
    problem: str


class Flooded(TransportEvent, frozen=True, gc=False):
    """More messages came on a topic than the limit: `n_dropped` of them were not read."""

    topic: str
    n_dropped: int


Received: TypeAlias = (
    AckHeard
    | InfoHeard
    | DeviceStatusHeard
    | StatusHeard
    | ClockAsked
    | ControlHeard
    | StopHeard
    | LinkChanged
    | Unreadable
    | Flooded
)


def heard_of_device(
    device: str, message: Ack | DeviceInfo | DeviceStatus | ClockRequest, *, retained: bool = False
) -> Received:
    """Return the event of a message that a device sent; `retained` where the broker kept it."""
    if isinstance(message, Ack):
        return AckHeard(device=device, message=message)
    if isinstance(message, DeviceInfo):
        return InfoHeard(device=device, message=message, retained=retained)
    if isinstance(message, DeviceStatus):
        return DeviceStatusHeard(device=device, message=message)
    return ClockAsked(device=device, message=message)
