"""Rows of what the loop was told: by devices, operators, sources, the broker and the machine."""

from collections.abc import Iterator
from functools import singledispatch

from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from stimulators.wire.received import (
    AckHeard,
    ControlHeard,
    DeviceStatusHeard,
    Flooded,
    InfoHeard,
    LinkChanged,
    StopHeard,
    Unreadable,
)
from streamer.events import Event, Fault, RecorderChanged, Slept, StreamChanged
from streamer.tables.row import Row, amount, row


@singledispatch
def heard(_event: Event) -> Iterator[Row]:
    """Yield the row of an event, if it has one; samples and markers have theirs elsewhere.

    Time that passes, requests for the clock, what is known of the past and other services have
    none: what follows from them is a decision.
    """
    yield from ()


@heard.register
def _(event: AckHeard) -> Iterator[Row]:
    ack = event.message
    kind = "done" if ack.refused is None else "refused"
    yield _of_device(
        "ack", kind, event.device, ack, ack.applied_us, seq=ack.seq, text=ack.refused or ""
    )


@heard.register
def _(event: DeviceStatusHeard) -> Iterator[Row]:
    said = event.message
    yield _of_device("report", said.state, event.device, said, said.said_us or 0)


@heard.register
def _(event: InfoHeard) -> Iterator[Row]:
    said = event.message
    yield _of_device("report", said.state, event.device, said, 0, text=said.reason)


@heard.register
def _(event: ControlHeard) -> Iterator[Row]:
    asked = event.message
    yield row("operator", asked.action, operator=asked.operator, text=asked.text)


@heard.register
def _(event: StopHeard) -> Iterator[Row]:
    yield row("operator", "stop", operator=event.message.operator, text=event.message.reason)


@heard.register
def _(event: StreamChanged) -> Iterator[Row]:
    yield row("stream", event.what, stream=event.stream, text=event.detail)


@heard.register
def _(event: LinkChanged) -> Iterator[Row]:
    yield row("link", "up" if event.is_up else "down", text=event.reason)


@heard.register
def _(event: Unreadable) -> Iterator[Row]:
    yield row("link", "unreadable", text=f"{event.topic}: {event.problem}")


@heard.register
def _(event: Flooded) -> Iterator[Row]:
    yield row("link", "flooded", text=f"{event.topic}: {event.n_dropped} messages dropped unread")


@heard.register
def _(event: Fault) -> Iterator[Row]:
    yield row("fault", "fault", text=event.reason)


@heard.register
def _(event: RecorderChanged) -> Iterator[Row]:
    text = f"{event.detail}: {event.remedy}" if event.remedy else event.detail
    yield row("recorder", "recording" if event.is_recording else "lost", text=text)


@heard.register
def _(event: Slept) -> Iterator[Row]:
    yield row("machine", "slept", duration_s=event.lasted_s)


def _of_device(
    event: str,
    kind: str,
    device: str,
    message: Ack | DeviceInfo | DeviceStatus,
    said_us: int,
    **columns: object,
) -> Row:
    """Return the row of a device's word, at the time it says, where it knows the service's."""
    applied = amount(message.applied_ma, message.applied_level)
    columns |= {"time_s": said_us / 1e6} if said_us else {}
    return row(event, kind, device=device, program=message.program, **applied, **columns)
