"""The service with keys and under floods, on a real broker: which messages it accepts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, NoKeys
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Control,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Status,
    Stop,
    Wire,
)
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    DeviceStatusHeard,
    Flooded,
    InfoHeard,
    LinkChanged,
    Received,
    StatusHeard,
    StopHeard,
    Unreadable,
)
from stimulators.wire.service_link import MqttTransport
from stimulators.wire.topics import Topic
from streamer.clock import now_s
from tests.stimulators.wire.keys.signing import DEVICE, OPERATOR, RIG, SignedRig
from tests.stimulators.wire.listening import Ears, Peer, peer, running
from tests.stimulators.wire.test_payload import COMMAND

pytestmark = pytest.mark.broker

_SESSION = "0001-a"
_LEASE = Lease(session=_SESSION, lease_seq=1, issued_us=1, valid_us=2, armed_us=0, simulated=True)
_STOP = Stop(request_id="r", operator="me", reason="why")
_ACK = Ack(session="s", instance="b", word=1, last_seq=0, received_us=1, applied_us=1, seq=1)
_INFO = DeviceInfo(device=DEVICE, instance="b", word=2, state="safe")
_GIVES = DeviceStatus(instance="b", word=3, session="s", state="safe", last_seq=0)
_ASKED = ClockRequest(request_seq=1, sent_us=1, nonce="n", instance="b")
_CONTROL = Control(
    request_id="c", session="s", operator=OPERATOR, issued_us=1, expires_us=2, action="arm"
)
_OTHER = Status(state="idle", session="0002-b")
_SAID: list[tuple[Topic, Wire, type[Received]]] = [
    (topics.ACK, _ACK, AckHeard),
    (topics.INFO, _INFO, InfoHeard),
    (topics.DEVICE_STATUS, _GIVES, DeviceStatusHeard),
    (topics.CLOCK_REQUEST, _ASKED, ClockAsked),
    (topics.CONTROL, _CONTROL, ControlHeard),
    (topics.STATUS, _OTHER, StatusHeard),
]


def _at(topic: Topic, device: str = DEVICE) -> str:
    return topic.at(rig=RIG, device=device)


class FedTransport:
    """A running transport of a service, and every message that it received."""

    def __init__(self, broker: BrokerConfig, keys: Keys) -> None:
        self.ears: Ears[Received] = Ears()
        self.transport = MqttTransport(
            broker, rig=RIG, session=_SESSION, now_s=now_s, keys=keys, devices={DEVICE: 50.0}
        )

    async def feed(self) -> None:
        await self.transport.feed(self.ears.take)


@contextlib.asynccontextmanager
async def _service(broker: BrokerConfig, keys: Keys) -> AsyncIterator[FedTransport]:
    made = FedTransport(broker, keys)
    async with running(made.feed()):
        assert await made.ears.one(LinkChanged) == LinkChanged(is_up=True)
        yield made


@pytest.fixture
def rig(tmp_path: Path) -> SignedRig:
    return SignedRig(tmp_path / "keys")


def _speaker(rig: SignedRig, topic: Topic) -> Keys:
    """Return the keys of a party that may publish on this topic."""
    if topic is topics.CONTROL:
        return rig.operator
    return rig.service if topic is topics.STATUS else rig.device


async def _say_all(one: Peer, topic: str, payloads: list[bytes]) -> None:
    """Publish them, as fast as the broker takes them."""
    loop = asyncio.get_running_loop()
    for payload in payloads:
        while not one.link.publish(topic, payload, qos=1):
            taken = asyncio.Event()
            loop.call_later(0.002, taken.set)
            await taken.wait()


def _patient(broker: BrokerConfig) -> BrokerConfig:
    """Return a broker with long time-outs: a flood must not end the link on a busy machine."""
    return msgspec.structs.replace(broker, puback_s_max=30.0)


def test_every_message_is_signed_for_its_topic_and_its_listener_can_tell(
    broker: BrokerConfig, rig: SignedRig
) -> None:
    async def run() -> None:
        async with _service(broker, rig.service) as service, peer(broker, [("#", 1)]) as one:
            assert service.transport.send(DEVICE, COMMAND)
            assert service.transport.send(DEVICE, _LEASE)
            assert service.transport.stop(_STOP)
            service.transport.announce(Status(state="idle", session=_SESSION))
            for topic, listener, kind in (
                (topics.COMMAND, rig.device, type(COMMAND)),
                (topics.LEASE, rig.device, Lease),
                (topics.STOP, rig.device, Stop),
                (topics.STATUS, rig.operator, Status),
            ):
                _, payload, _ = await one.hears(_at(topic))
                assert from_payload(listener.open(_at(topic), payload), kind)

    asyncio.run(run())


def test_a_last_will_is_signed_beforehand(broker: BrokerConfig, rig: SignedRig) -> None:
    async def run() -> None:
        async with peer(broker) as one, _service(broker, rig.service) as service:
            connection = service.transport._link._connection
            assert connection is not None
            connection.abandon()
            _, payload, _ = await one.hears(_at(topics.STATUS))
            gone = from_payload(rig.operator.open(_at(topics.STATUS), payload), Status)
            assert (gone.state, gone.session) == ("offline", _SESSION)

    asyncio.run(run())


@pytest.mark.parametrize(("topic", "message", "kind"), _SAID)
def test_what_is_signed_by_whom_may_say_it_is_heard(
    broker: BrokerConfig, rig: SignedRig, topic: Topic, message: Wire, kind: type[Received]
) -> None:
    async def run() -> None:
        async with _service(broker, rig.service) as service, peer(broker) as one:
            sealed = _speaker(rig, topic).seal(_at(topic), to_payload(message))
            assert one.link.publish(_at(topic), sealed, qos=1)
            assert (await service.ears.one(kind)).message == message

    asyncio.run(run())


def test_a_request_is_journalled_with_the_owner_of_its_key(
    broker: BrokerConfig, rig: SignedRig
) -> None:
    async def run() -> None:
        async with _service(broker, rig.service) as service, peer(broker) as one:
            asked = msgspec.structs.replace(_CONTROL, operator="somebody else")
            at = _at(topics.CONTROL)
            assert one.link.publish(at, rig.operator.seal(at, to_payload(asked)), qos=1)
            heard = await service.ears.one(ControlHeard)
            assert heard.message.operator == OPERATOR

    asyncio.run(run())


@pytest.mark.parametrize(("topic", "message", "kind"), _SAID)
def test_what_is_unsigned_forged_or_said_elsewhere_is_told_as_unreadable_and_does_nothing(
    broker: BrokerConfig, rig: SignedRig, topic: Topic, message: Wire, kind: type[Received]
) -> None:
    address, payload = _at(topic), to_payload(message)
    sealed = _speaker(rig, topic).seal(address, payload)
    elsewhere = rig.device.seal(_at(topics.STOP), payload)
    forged = sealed.replace(b'"', b"'", 1)
    assert forged != sealed

    async def run() -> None:
        async with _service(broker, rig.service) as service, peer(broker) as one:
            for each in (payload, elsewhere, forged, sealed[:-1], sealed[1:]):
                assert one.link.publish(address, each, qos=1)
            await service.ears.until(lambda heard: len(heard) == 6)
            told = service.ears.of(Unreadable)
            assert len(told) == 5
            assert {each.topic for each in told} == {address}
            assert all(each.problem.startswith("signature: ") for each in told)
            assert service.ears.of(kind) == []
            assert one.payloads(_at(topics.CLOCK_REPLY)) == []

    asyncio.run(run())


def test_the_time_is_told_with_a_signature(broker: BrokerConfig, rig: SignedRig) -> None:
    async def run() -> None:
        async with _service(broker, rig.service), peer(broker) as one:
            request = _at(topics.CLOCK_REQUEST)
            assert one.link.publish(request, rig.device.seal(request, to_payload(_ASKED)), qos=0)
            reply = _at(topics.CLOCK_REPLY)
            _, payload, _ = await one.hears(reply)
            told = from_payload(rig.device.open(reply, payload), ClockReply)
            assert (told.nonce, told.session) == ("n", _SESSION)

    asyncio.run(run())


def test_a_stop_stops_whoever_signed_it_and_is_told_as_what_it_is(
    broker: BrokerConfig, rig: SignedRig
) -> None:
    address, payload = _at(topics.STOP), to_payload(_STOP)
    signed = rig.operator.seal(address, payload)
    wrong = signed[:9] + bytes(64).hex().encode()[:64] + signed[73:]
    for sealed, verified, operator in (
        (signed, True, "me"),
        (rig.device.seal(address, payload), True, "me"),
        (payload, False, "me"),
        (wrong, False, "me"),
        (rig.operator.seal(_at(topics.CONTROL), payload), False, "me"),
        (b"now!", False, "somebody"),
        (rig.operator.seal(address, b"now!"), True, "somebody"),
    ):

        async def run(sealed: bytes, expected: tuple[bool, str]) -> None:
            async with _service(broker, rig.service) as service, peer(broker) as one:
                assert one.link.publish(address, sealed, qos=1)
                told = await service.ears.one(StopHeard)
                assert (told.verified, told.message.operator) == expected

        asyncio.run(run(sealed, (verified, operator)))


def test_somebody_elses_stop_in_the_name_of_our_own_stops_too(
    broker: BrokerConfig, rig: SignedRig
) -> None:
    async def run() -> None:
        async with _service(broker, rig.service) as service, peer(broker) as one:
            assert service.transport.stop(_STOP)
            await one.hears(_at(topics.STOP))
            assert one.link.publish(_at(topics.STOP), to_payload(_STOP), qos=1)
            assert await service.ears.one(StopHeard) == StopHeard(message=_STOP, verified=False)
            assert len(service.ears.of(StopHeard)) == 1

    asyncio.run(run())


def test_a_flood_of_answers_is_not_handed_over_and_what_was_asked_for_is(
    broker: BrokerConfig,
) -> None:
    ack = _at(topics.ACK)
    foreign = to_payload(msgspec.structs.replace(_ACK, session="another"))
    made_up = msgspec.structs.replace(_ACK, session=_SESSION, seq=10**6)
    asked = msgspec.structs.replace(_ACK, session=_SESSION, seq=COMMAND.seq)

    async def run() -> None:
        patient = _patient(broker)
        async with _service(patient, NoKeys()) as service, peer(patient, []) as one:
            assert service.transport.send(DEVICE, COMMAND)
            await _say_all(one, ack, [foreign] * 600)
            await _say_all(one, ack, [to_payload(made_up), to_payload(asked)])
            await service.ears.until(
                lambda heard: any(isinstance(e, AckHeard) and e.message == asked for e in heard)
            )
            heard = [each.message for each in service.ears.of(AckHeard)]
            assert made_up in heard
            assert len(heard) < 100
            told = await service.ears.one(Flooded)
            assert told.topic == ack
            assert told.n_dropped > 100

    asyncio.run(run())


def test_of_a_flood_of_stops_the_first_is_told_and_one_more_as_soon_as_a_lease_was_sent(
    broker: BrokerConfig, rig: SignedRig
) -> None:
    stop = _at(topics.STOP)

    async def run() -> None:
        patient = _patient(broker)
        async with _service(patient, rig.service) as service, peer(patient, []) as one:
            stops = [
                to_payload(msgspec.structs.replace(_STOP, request_id=f"{n}")) for n in range(200)
            ]
            await _say_all(one, stop, stops[:100])
            assert (await service.ears.one(StopHeard)).message.request_id == "0"
            # Those still on their way were pressed before the lease, and may follow it.
            assert service.transport.send(DEVICE, _LEASE)
            await _say_all(one, stop, stops[100:])
            await service.ears.until(lambda heard: _n_stops(heard) == 200)
            told = service.ears.of(StopHeard)
            assert 3 <= len(told) < 20
            assert told[-1].message.request_id == "199"
            assert not any(each.verified for each in told)

    asyncio.run(run())


def _n_stops(heard: list[Received]) -> int:
    """Return how many stops were reported, one by one or as a count."""
    return sum(
        each.n_dropped if isinstance(each, Flooded) else isinstance(each, StopHeard)
        for each in heard
    )
