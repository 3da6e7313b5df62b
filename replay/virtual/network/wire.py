"""A service's end of the wire in virtual time: the shape of a `Transport`, without bytes."""

from collections import deque
from collections.abc import Callable

from replay.virtual.network.broker import Broker, Client, Post
from stimulators.wire import topics
from stimulators.wire.display_messages import Shown
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    Control,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Status,
    Stop,
    Wire,
)
from stimulators.wire.received import (
    ClockAsked,
    ControlHeard,
    LinkChanged,
    Received,
    StatusHeard,
    StopHeard,
    heard_of_device,
)

_HEARS = (
    topics.STATUS,
    topics.INFO,
    topics.ACK,
    topics.DEVICE_STATUS,
    topics.CLOCK_REQUEST,
    topics.STOP,
    topics.CONTROL,
)


class ServiceWire:
    """One service's connection.

    Parameters
    ----------
    broker : Broker
        Where it connects.
    session : str
        Of the service; the Last Will says ``offline`` for it.
    emit : callable
        Takes what is heard.

    Attributes
    ----------
    client : Client
        The connection.
    leased_us : dict of str to int
        When the newest lease of each device was issued, in virtual time.
    said : Status or None
        The newest status.
    """

    def __init__(self, broker: Broker, session: str, emit: Callable[[Received], None]) -> None:
        self.leased_us: dict[str, int] = {}
        self.said: Status | None = None
        self._schedule = broker.schedule
        self._session = session
        self._emit = emit
        self._own_stops: deque[str] = deque(maxlen=64)
        self.client = Client(
            broker,
            topics=_HEARS,
            hear=self._hear,
            change_link=lambda is_up, reason: emit(LinkChanged(is_up=is_up, reason=reason)),
            will=lambda: Post(topics.STATUS, "", self._gone()),
        )

    async def feed(self, emit: Callable[[Received], None]) -> None:
        """Take whoever listens from now on; the schedule does the rest."""
        self._emit = emit

    def send(self, device: str, message: Command | Lease) -> bool:
        """Hand one message to the network; False where there is no link."""
        if isinstance(message, Lease):
            self.leased_us[device] = self._schedule.now_us
            return self.client.publish(topics.LEASE, message, device)
        topic = topics.TRIGGER if message.kind == "trigger" else topics.COMMAND
        return self.client.publish(topic, message, device)

    def stop(self, message: Stop) -> bool:
        """Publish a stop to every device; False where there is no link."""
        self._own_stops.append(message.request_id)
        return self.client.publish(topics.STOP, message)

    def announce(self, status: Status) -> None:
        """Publish the service's status, retained; dropped where there is no link."""
        self.said = status
        self.client.publish(topics.STATUS, status)

    def show(self, name: str, message: Shown) -> bool:  # noqa: ARG002 nobody looks
        """Nobody looks."""
        return True

    def leave(self) -> None:
        """Disconnect once what was said last has arrived; with a goodbye there is no Last Will."""
        self.client.will = None
        self._schedule.after(100_000, lambda: self.die("ended"))

    def die(self, reason: str = "killed") -> None:
        """Be gone for ever."""
        self.client.disconnect(reason, back_after_us=None)

    def _gone(self) -> Status:
        return Status(state="offline", session=self._session, reason="the service is gone")

    def _hear(self, post: Post, is_kept: bool) -> None:
        received = self._received(post, is_kept=is_kept)
        if received is not None:
            self._emit(received)

    def _received(self, post: Post, *, is_kept: bool) -> Received | None:
        message = post.message
        if isinstance(message, Status):
            is_other = message.session != self._session and message.state != "offline"
            return StatusHeard(message) if is_other and not is_kept else None
        if isinstance(message, Stop):
            return None if message.request_id in self._own_stops else StopHeard(message)
        if isinstance(message, Control):
            return ControlHeard(message, retained=is_kept)
        return _of_device(post.name, message, is_kept=is_kept)

    def answer_clock(self, asked: ClockAsked, now_us: int) -> None:
        """Answer a device that asked for the time."""
        reply = ClockReply(
            request_seq=asked.message.request_seq,
            sent_us=asked.message.sent_us,
            nonce=asked.message.nonce,
            session=self._session,
            received_us=now_us,
            replied_us=now_us,
        )
        self.client.publish(topics.CLOCK_REPLY, reply, asked.device)


def _of_device(device: str, message: Wire, *, is_kept: bool) -> Received | None:
    if isinstance(message, Ack | DeviceInfo | DeviceStatus | ClockRequest):
        return heard_of_device(device, message, retained=is_kept)
    return None
