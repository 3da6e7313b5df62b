"""The service's connection to its devices over MQTT: it sends commands and receives answers."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

from stimulators.wire import topics
from stimulators.wire.display_messages import (
    DecisionMessage,
    DetectorInfo,
    EstimateMessage,
    EventMessage,
    Shown,
)
from stimulators.wire.flood import StopLimit
from stimulators.wire.flood_limits import FloodLimits
from stimulators.wire.keys.keys import Keys, NoKeys
from stimulators.wire.messages import (
    ClockReply,
    ClockRequest,
    Command,
    Lease,
    Status,
    Stop,
    Wire,
)
from stimulators.wire.mqtt import BrokerConfig, MqttLink, Will
from stimulators.wire.payload import to_payload
from stimulators.wire.received import (
    ClockAsked,
    ControlHeard,
    LinkChanged,
    Received,
    StopHeard,
    Unreadable,
)
from stimulators.wire.service_reader import ServiceReader
from stimulators.wire.topics import Topic

#: Our own stops, which the broker sends back to us: this many are remembered.
_N_OWN_STOPS = 64
_N_TOPIC_MAX = 200
#: Texts in a stop of others are cut to this, as stops are journalled even in a flood.
_N_STOP_TEXT_MAX = 200
_REPORT_S = 1.0
_SHOWN_ON: Mapping[type[Shown], Topic] = {
    EstimateMessage: topics.ESTIMATE,
    DetectorInfo: topics.DETECTOR_INFO,
    EventMessage: topics.EVENT,
    DecisionMessage: topics.DECISION,
}


class MqttTransport:
    """A `Transport` over MQTT, for one service and one session.

    Parameters
    ----------
    broker : BrokerConfig
        Where the broker is.
    rig : str
        Name of the rig: a level of every topic.
    session : str
        Session of this service, which its Last Will reports as ``offline``.
    now_s : callable
        The service's clock.
    keys : Keys
        Sign messages, and check received ones: without a valid signature only a stop acts.
    devices : mapping of str to float
        The devices that are driven, with the commands that each takes in a second at most.

    Notes
    -----
    Expected answers always pass. Of everything else a limited number of messages a second passes
    for each kind and topic; the others are dropped unread, and counted in a report once a second.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        rig: str,
        session: str,
        now_s: Callable[[], float],
        keys: Keys = NoKeys(),  # noqa: B008 it holds nothing
        devices: Mapping[str, float] = {},
    ) -> None:
        self._rig = rig
        self._session = session
        self._now_s = now_s
        self._keys = keys
        self._emit: Callable[[Received], None] = lambda _: None
        self._own_stops: deque[str] = deque(maxlen=_N_OWN_STOPS)
        self._addresses: dict[tuple[Topic, str], str] = {}
        self._flood = FloodLimits(rig=rig, session=session, devices=devices)
        self._stop_limit = StopLimit()
        self._report_timer: asyncio.TimerHandle | None = None
        self._reader = ServiceReader(rig=rig, session=session, keys=keys)
        self._stop_topic = self._reader.stop_topic
        status_topic = self._reader.status_topic
        gone = Status(state="offline", session=session, reason="the service is gone")
        self._link = MqttLink(
            broker,
            client_id=f"stimloop-service-{session}",
            subscriptions=[
                (each.at(rig=rig, device="+"), each.qos)
                for each in (
                    topics.INFO,
                    topics.ACK,
                    topics.DEVICE_STATUS,
                    topics.CLOCK_REQUEST,
                    topics.STOP,
                    topics.CONTROL,
                    topics.STATUS,
                )
            ],
            will=Will(
                status_topic,
                keys.seal(status_topic, to_payload(gone)),
                topics.STATUS.qos,
                topics.STATUS.retain,
            ),
        )

    async def feed(self, emit: Callable[[Received], None]) -> None:
        """Connect, stay connected with back-off, and hand over events, until cancelled."""
        self._emit = emit
        try:
            await self._link.feed(self._hear, self._note_link)
        finally:
            if self._report_timer is not None:
                self._report_timer.cancel()

    def send(self, device: str, message: Command | Lease) -> bool:
        """Hand one message to the network; False where there is no link."""
        if isinstance(message, Lease):
            self._stop_limit.grant()
            return self._publish(topics.LEASE, device, message)
        self._flood.ask(device, message.seq)
        topic = topics.TRIGGER if message.kind == "trigger" else topics.COMMAND
        return self._publish(topic, device, message)

    def stop(self, message: Stop) -> bool:
        """Publish a stop to every device; False where there is no link."""
        self._own_stops.append(message.request_id)
        self._flood.ask_all(message.request_id)
        payload = self._keys.seal(self._stop_topic, to_payload(message))
        # Commands that wait for their PUBACK must not hold back a stop: then it is sent with QoS 0.
        return self._link.publish(
            self._stop_topic, payload, qos=topics.STOP.qos
        ) or self._link.publish(self._stop_topic, payload, qos=0)

    def announce(self, status: Status) -> None:
        """Publish the service's status, retained; dropped where there is no link."""
        self._publish(topics.STATUS, "", status)

    def show(self, name: str, message: Shown) -> bool:
        """Publish a message of a detector or device for displays; False where there is no link."""
        return self._publish(_SHOWN_ON[type(message)], name, message)

    def _publish(self, topic: Topic, name: str, message: Wire) -> bool:
        address = self._addresses.get((topic, name))
        if address is None:
            address = topic.at(rig=self._rig, device=name, detector=name)
            self._addresses[topic, name] = address
        payload = self._keys.seal(address, to_payload(message))
        return self._link.publish(address, payload, qos=topic.qos, retain=topic.retain)

    def _note_link(self, is_up: bool, reason: str) -> None:
        self._emit(LinkChanged(is_up=is_up, reason=reason))

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        now_s = self._now_s()
        received: Received | None
        if topic == self._stop_topic and payload:
            received = self._hear_stop(payload, now_s, retained=retained)
        else:
            try:
                received = self._reader.read(topic, payload, retained=retained)
            except ValueError as error:
                received = Unreadable(topic=topic[:_N_TOPIC_MAX], problem=str(error))
            if received is not None and not self._flood.admits(
                received, topic, n_bytes=len(payload), now_s=now_s
            ):
                received = None
        if received is not None:
            self._act(received, now_s)
        if self._report_timer is None and (self._flood.has_dropped or self._stop_limit.is_holding):
            loop = asyncio.get_running_loop()
            self._report_timer = loop.call_later(_REPORT_S, self._report_dropped)

    def _act(self, received: Received, now_s: float) -> None:
        if isinstance(received, ClockAsked):
            self._answer(received.device, received.message, round(now_s * 1e6))
        elif isinstance(received, ControlHeard):
            self._stop_limit.grant()
        self._emit(received)

    def _hear_stop(self, payload: bytes, now_s: float, *, retained: bool) -> StopHeard | None:
        """Return the stop that is passed on at once; None where it is our own, or has to wait."""
        stop, verified = self._reader.read_stop(payload)
        if verified and stop.request_id in self._own_stops:
            return None
        heard = StopHeard(message=_shortened(stop), verified=verified, retained=retained)
        if not self._stop_limit.passes(heard, now_s):
            return None
        self._flood.ask_all(stop.request_id)
        return heard

    def _answer(self, device: str, asked: ClockRequest, received_us: int) -> None:
        reply = ClockReply(
            request_seq=asked.request_seq,
            sent_us=asked.sent_us,
            nonce=asked.nonce,
            session=self._session,
            received_us=received_us,
            replied_us=round(self._now_s() * 1e6),
        )
        # Not by `_publish`, which remembers each topic: a flood may ask under any number of names.
        topic = topics.CLOCK_REPLY.at(rig=self._rig, device=device)
        payload = self._keys.seal(topic, to_payload(reply))
        self._link.publish(topic, payload, qos=topics.CLOCK_REPLY.qos)

    def _report_dropped(self) -> None:
        self._report_timer = None
        stop, n_others = self._stop_limit.take_waiting(self._now_s())
        if n_others:
            self._flood.drop(self._stop_topic, n_others)
        if stop is not None:
            self._flood.ask_all(stop.message.request_id)
            self._emit(stop)
        for each in self._flood.take_dropped():
            self._emit(each)


def _shortened(stop: Stop) -> Stop:
    return Stop(
        request_id=stop.request_id[:_N_STOP_TEXT_MAX],
        operator=stop.operator[:_N_STOP_TEXT_MAX],
        reason=stop.reason[:_N_STOP_TEXT_MAX],
    )
