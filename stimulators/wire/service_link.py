"""The service's end of the wire: commands out, answers in, over MQTT."""

from collections import deque
from collections.abc import Callable

from stimulators.wire import topics
from stimulators.wire.messages import (
    UNREADABLE_STOP,
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    Control,
    DeviceInfo,
    EstimateMessage,
    EventMessage,
    Lease,
    Status,
    Stop,
    Wire,
)
from stimulators.wire.mqtt import BrokerConfig, MqttLink, Will
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    InfoHeard,
    LinkChanged,
    Received,
    StopHeard,
    Unreadable,
)
from stimulators.wire.topics import Topic

#: Our own stops come back to us; more are not on their way at once.
_N_OWN_STOPS = 64


class MqttTransport:
    """A `Transport` over MQTT, for one service and one session.

    Parameters
    ----------
    broker : BrokerConfig
        Where the broker is.
    rig : str
        Name of the rig: a level of every topic.
    session : str
        Of this service; the Last Will says ``offline`` for it.
    now_s : callable
        The service's clock.
    """

    def __init__(
        self, broker: BrokerConfig, *, rig: str, session: str, now_s: Callable[[], float]
    ) -> None:
        self._rig = rig
        self._now_s = now_s
        self._emit: Callable[[Received], None] = lambda _: None
        self._own_stops: deque[str] = deque(maxlen=_N_OWN_STOPS)
        self._addresses: dict[tuple[Topic, str], str] = {}
        gone = Status(state="offline", session=session, reason="the service is gone")
        self._link = MqttLink(
            broker,
            client_id=f"stimloop-service-{session}",
            subscriptions=[
                (each.at(rig=rig, device="+"), each.qos)
                for each in (
                    topics.INFO,
                    topics.ACK,
                    topics.CLOCK_REQUEST,
                    topics.STOP,
                    topics.CONTROL,
                )
            ],
            will=Will(
                topics.STATUS.at(rig=rig), to_payload(gone), topics.STATUS.qos, topics.STATUS.retain
            ),
        )
        self._stop_topic = topics.STOP.at(rig=rig)
        self._control_topic = topics.CONTROL.at(rig=rig)
        self._devices_root = topics.INFO.at(rig=rig, device="").removesuffix("/info")

    async def feed(self, emit: Callable[[Received], None]) -> None:
        """Connect, stay connected with back-off, and hand over what is heard, until cancelled."""
        self._emit = emit
        await self._link.feed(self._hear, self._tell_link)

    def send(self, device: str, message: Command | Lease) -> bool:
        """Hand one message to the network; False where there is no link."""
        if isinstance(message, Lease):
            topic = topics.LEASE
        else:
            topic = topics.TRIGGER if message.kind == "trigger" else topics.COMMAND
        return self._publish(topic, device, message)

    def stop(self, message: Stop) -> bool:
        """Publish a stop to every device; False where there is no link."""
        self._own_stops.append(message.request_id)
        payload = to_payload(message)
        # Commands that wait for their PUBACK must not keep a stop back: then it goes without one.
        return self._link.publish(
            self._stop_topic, payload, qos=topics.STOP.qos
        ) or self._link.publish(self._stop_topic, payload, qos=0)

    def announce(self, status: Status) -> None:
        """Publish the service's status, retained; dropped where there is no link."""
        self._publish(topics.STATUS, "", status)

    def show(self, detector: str, message: EstimateMessage | EventMessage) -> None:
        """Publish an estimate or an event for displays; dropped where there is no link."""
        is_event = isinstance(message, EventMessage)
        self._publish(topics.EVENT if is_event else topics.ESTIMATE, detector, message)

    def _publish(self, topic: Topic, name: str, message: Wire) -> bool:
        address = self._addresses.get((topic, name))
        if address is None:
            address = topic.at(rig=self._rig, device=name, detector=name)
            self._addresses[topic, name] = address
        return self._link.publish(address, to_payload(message), qos=topic.qos, retain=topic.retain)

    def _tell_link(self, is_up: bool, reason: str) -> None:
        self._emit(LinkChanged(is_up=is_up, reason=reason))

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        try:
            received = self._read(topic, payload, retained=retained)
        except ValueError as error:
            if topic == self._stop_topic and payload:
                # The devices have stopped: whoever wrote that by hand wanted nothing else.
                received = StopHeard(message=UNREADABLE_STOP)
            else:
                received = Unreadable(topic=topic[:200], problem=str(error))
        if received is not None:
            self._emit(received)

    def _read(self, topic: str, payload: bytes, *, retained: bool) -> Received | None:
        """Return what was said, None where that was our own stop, or raise ValueError."""
        if topic == self._stop_topic:
            stop = from_payload(payload, Stop)
            return None if stop.request_id in self._own_stops else StopHeard(message=stop)
        if topic == self._control_topic:
            return ControlHeard(message=from_payload(payload, Control), retained=retained)
        device, _, what = topic.removeprefix(self._devices_root).partition("/")
        if what == "ack":
            return AckHeard(device=device, message=from_payload(payload, Ack))
        if what == "info":
            info = from_payload(payload, DeviceInfo)
            if info.device != device:
                raise ValueError(f"device: expected {device!r} as in the topic, found another")
            return InfoHeard(device=device, message=info, retained=retained)
        if what == "clock/request":
            asked = from_payload(payload, ClockRequest)
            self._answer(device, asked)
            return ClockAsked(device=device, message=asked)
        raise ValueError("expected a topic that was subscribed to")

    def _answer(self, device: str, asked: ClockRequest) -> None:
        received_us = round(self._now_s() * 1e6)
        reply = ClockReply(
            request_seq=asked.request_seq,
            sent_us=asked.sent_us,
            received_us=received_us,
            replied_us=round(self._now_s() * 1e6),
        )
        # Not by `_publish`, which remembers topics: anybody may ask, under any name.
        topic = topics.CLOCK_REPLY.at(rig=self._rig, device=device)
        self._link.publish(topic, to_payload(reply), qos=topics.CLOCK_REPLY.qos)
