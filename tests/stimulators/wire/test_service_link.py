"""The service on the wire: what it publishes on which topic, and how it reads messages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from stimulators.wire.display_messages import (
    DetectorInfo,
    EstimateColumn,
    EstimateMessage,
    EventMessage,
)
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
)
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    DeviceStatusHeard,
    InfoHeard,
    LinkChanged,
    Received,
    StatusHeard,
    StopHeard,
    Unreadable,
)
from stimulators.wire.service_link import MqttTransport
from streamer.clock import now_s
from tests.stimulators.conftest import quick
from tests.stimulators.wire.listening import Ears, Peer, peer, running
from tests.stimulators.wire.test_payload import COMMAND
from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

_ROOT = "stimloop/rig-1/"
_DEVICE = f"{_ROOT}device/stn/"
_LEASE = Lease(session="s", lease_seq=1, issued_us=1, valid_us=2, armed_us=0, simulated=True)
_INFO = DeviceInfo(device="stn", instance="b00", word=1, state="safe")
_ACK = Ack(
    session="s",
    instance="b00",
    word=2,
    last_seq=1,
    received_us=1,
    applied_us=2,
    seq=1,
    applied_ma=0.5,
)
_GIVES = DeviceStatus(instance="b00", word=3, session="s", state="live", last_seq=1)
_ASKED = ClockRequest(request_seq=7, sent_us=123, nonce="n0", instance="b00")
_CONTROL = Control(
    request_id="r", session="s", operator="me", issued_us=1, expires_us=2, action="arm"
)
_STOP = Stop(request_id="r", operator="me", reason="why")


class FedTransport:
    """A running transport of a service, and every message that it received."""

    def __init__(self, broker: BrokerConfig, session: str) -> None:
        self.ears: Ears[Received] = Ears()
        self.transport = MqttTransport(broker, rig="rig-1", session=session, now_s=now_s)

    async def feed(self) -> None:
        await self.transport.feed(self.ears.take)

    async def hears(self, kind: type[Any]) -> Any:
        return await self.ears.one(kind)


@contextlib.asynccontextmanager
async def _service(broker: BrokerConfig, session: str = "0001-a") -> AsyncIterator[FedTransport]:
    made = FedTransport(broker, session)
    async with running(made.feed()):
        assert await made.hears(LinkChanged) == LinkChanged(is_up=True)
        yield made


def _qualities(one: Peer) -> list[int]:
    """Return a list that grows by the QoS of every message the peer hears from now on."""
    connection = one.link._connection
    assert connection is not None
    paho = connection._paho
    hear, heard = paho.on_message, []
    assert hear is not None

    def note(client: Any, userdata: Any, message: Any) -> None:
        heard.append(message.qos)
        hear(client, userdata, message)

    paho.on_message = note
    return heard


def test_every_message_goes_where_the_contract_says_and_as_it_says(broker: BrokerConfig) -> None:
    trigger = msgspec.structs.replace(COMMAND, seq=2, kind="trigger")
    estimate = EstimateMessage(sample=1, time_us=2, values=(1.0,), valid=(True,))
    event = EventMessage(kind="onset", channel="c", sample=1, onset_us=2, strength=3.0)
    column = EstimateColumn(channel="c", measure="power", unit="µV²")
    columns = DetectorInfo(session="0001-a", columns=(column,))
    status = Status(state="idle", session="0001-a")

    async def run() -> None:
        async with _service(broker) as service, peer(broker, [("#", 2)]) as one:
            transport = service.transport
            qualities = _qualities(one)
            assert transport.send("stn", COMMAND)
            assert transport.send("stn", trigger)
            assert transport.send("stn", _LEASE)
            assert transport.stop(_STOP)
            transport.announce(status)
            assert transport.show("beta", columns)
            assert transport.show("beta", estimate)
            assert transport.show("burst", event)
            await one.hears(f"{_ROOT}event/burst")
            assert [(topic, payload) for topic, payload, _ in one.messages.heard] == [
                (f"{_DEVICE}command", to_payload(COMMAND)),
                (f"{_DEVICE}command", to_payload(trigger)),
                (f"{_DEVICE}lease", to_payload(_LEASE)),
                (f"{_ROOT}stop", to_payload(_STOP)),
                (f"{_ROOT}status", to_payload(status)),
                (f"{_ROOT}detector/beta/info", to_payload(columns)),
                (f"{_ROOT}estimate/beta", to_payload(estimate)),
                (f"{_ROOT}event/burst", to_payload(event)),
            ]
            assert qualities == [1, 0, 0, 1, 1, 1, 0, 1]
            async with peer(broker, client_id="late") as late:
                assert one.link.publish("end", b"", qos=1)
                await late.hears("end")
                *kept, end = [(topic, is_kept) for topic, _, is_kept in late.messages.heard]
                assert sorted(kept) == [
                    (f"{_ROOT}detector/beta/info", True),
                    (f"{_ROOT}status", True),
                ]
                assert end == ("end", False)

    asyncio.run(run())


def test_acks_infos_controls_and_stops_become_events(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(either_broker) as one, _service(either_broker) as service:
            for topic, message in (
                (f"{_DEVICE}ack", _ACK),
                (f"{_DEVICE}info", _INFO),
                (f"{_DEVICE}state", _GIVES),
                (f"{_ROOT}control", _CONTROL),
                (f"{_ROOT}stop", _STOP),
            ):
                assert one.link.publish(topic, to_payload(message), qos=1)
            assert await service.hears(AckHeard) == AckHeard(device="stn", message=_ACK)
            gives = DeviceStatusHeard(device="stn", message=_GIVES)
            assert await service.hears(DeviceStatusHeard) == gives
            info = InfoHeard(device="stn", message=_INFO, retained=False)
            assert await service.hears(InfoHeard) == info
            control = ControlHeard(message=_CONTROL, retained=False)
            assert await service.hears(ControlHeard) == control
            assert await service.hears(StopHeard) == StopHeard(message=_STOP)

    asyncio.run(run())


def test_what_the_broker_had_kept_is_told_as_such(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as one:
            for topic, message in ((f"{_DEVICE}info", _INFO), (f"{_ROOT}control", _CONTROL)):
                assert one.link.publish(topic, to_payload(message), qos=1, retain=True)
                await one.hears(topic)
            async with _service(broker) as service:
                assert (await service.hears(InfoHeard)).retained
                assert (await service.hears(ControlHeard)).retained

    asyncio.run(run())


@pytest.mark.parametrize("word", ["ack", "state", "clock/request"])
def test_what_is_said_just_now_and_was_kept_is_not_believed(
    broker: BrokerConfig, word: str
) -> None:
    said = {"ack": _ACK, "state": _GIVES, "clock/request": _ASKED}[word]

    async def run() -> None:
        async with peer(broker) as one:
            assert one.link.publish(f"{_DEVICE}{word}", to_payload(said), qos=1, retain=True)
            await one.hears(f"{_DEVICE}{word}")
            async with _service(broker) as service:
                assert "kept" in (await service.hears(Unreadable)).problem
                assert len(service.ears.heard) == 2

    asyncio.run(run())


def test_another_service_is_heard_and_neither_itself_nor_a_goodbye_nor_what_was_kept(
    broker: BrokerConfig,
) -> None:
    topic = f"{_ROOT}status"
    other = Status(state="idle", session="0002-b")

    async def run() -> None:
        async with peer(broker) as one:
            assert one.link.publish(topic, to_payload(other), qos=1, retain=True)
            await one.hears(topic)
            async with _service(broker) as service:
                service.transport.announce(Status(state="idle", session="0001-a"))
                gone = msgspec.structs.replace(other, state="offline")
                assert one.link.publish(topic, to_payload(gone), qos=1)
                said = msgspec.structs.replace(other, state="active")
                assert one.link.publish(topic, to_payload(said), qos=1)
                assert await service.hears(StatusHeard) == StatusHeard(message=said)
                assert len(service.ears.of(StatusHeard)) == 1

    asyncio.run(run())


def test_the_time_is_told_at_once_and_by_the_services_clock(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with _service(broker) as service, peer(broker) as one:
            before_us = round(now_s() * 1e6)
            assert one.link.publish(f"{_DEVICE}clock/request", to_payload(_ASKED), qos=0)
            _, payload, retained = await one.hears(f"{_DEVICE}clock/reply")
            after_us = round(now_s() * 1e6)
            told = from_payload(payload, ClockReply)
            assert (told.request_seq, told.sent_us, retained) == (7, 123, False)
            assert (told.nonce, told.session) == ("n0", "0001-a")
            assert before_us <= told.received_us <= told.replied_us <= after_us
            assert await service.hears(ClockAsked) == ClockAsked(device="stn", message=_ASKED)

    asyncio.run(run())


def test_its_own_stop_is_not_heard_again_but_that_of_another_service_is(
    broker: BrokerConfig,
) -> None:
    async def run() -> None:
        async with _service(broker) as service, _service(broker, "0002-b") as other:
            own = Stop(request_id="own", operator="service", reason="a limit")
            assert service.transport.stop(own)
            assert (await other.hears(StopHeard)).message == own
            assert other.transport.stop(Stop(request_id="o", operator="service", reason=""))
            assert (await service.hears(StopHeard)).message.request_id == "o"
            assert len(service.ears.of(StopHeard)) == 1

    asyncio.run(run())


def test_a_stop_goes_where_no_more_commands_do(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with _service(broker) as service, _service(broker, "0002-b") as other:
            while service.transport.send("stn", COMMAND):
                pass
            assert service.transport.stop(_STOP)
            assert (await other.hears(StopHeard)).message == _STOP

    asyncio.run(run())


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (f"{_DEVICE}ack", b""),
        (f"{_DEVICE}ack", b"{"),
        (f"{_DEVICE}ack", b"\xff\xfe"),
        (f"{_DEVICE}ack", b'{"session":"s","received_us":"soon","applied_us":1}'),
        (f"{_DEVICE}info", b"null"),
        (f"{_DEVICE}info", to_payload(msgspec.structs.replace(_INFO, device="another"))),
        (f"{_DEVICE}clock/request", b"[]"),
        (f"{_DEVICE}state", b"{}"),
        (f"{_ROOT}status", b"[]"),
        (f"{_ROOT}control", b'{"action":"fire"}'),
        (f"{_ROOT}control", b"x" * 100_000),
        (f"{_ROOT}stop", b""),
    ],
)
def test_what_is_not_as_the_contract_says_is_told_and_ends_nothing(
    broker: BrokerConfig, topic: str, payload: bytes
) -> None:
    async def run() -> None:
        async with peer(broker) as one, _service(broker) as service:
            assert one.link.publish(topic, payload, qos=1)
            told = await service.hears(Unreadable)
            assert told.topic == topic
            assert 0 < len(told.problem) <= 200
            assert one.link.publish(f"{_ROOT}stop", to_payload(_STOP), qos=1)
            assert await service.hears(StopHeard) == StopHeard(message=_STOP)

    asyncio.run(run())


@pytest.mark.parametrize("payload", [b"now!", b"{}", b"\xff", b"x" * 100_000])
def test_anything_written_on_the_stop_topic_by_hand_is_a_stop_to_the_service_too(
    broker: BrokerConfig, payload: bytes
) -> None:
    async def run() -> None:
        async with peer(broker) as one, _service(broker) as service:
            assert one.link.publish(f"{_ROOT}stop", payload, qos=1)
            assert (await service.hears(StopHeard)).message.operator == "somebody"
            assert service.ears.of(Unreadable) == []

    asyncio.run(run())


def test_without_a_broker_nothing_is_sent_and_nothing_is_kept(mosquitto: Mosquitto) -> None:
    async def run() -> None:
        async with _service(quick(mosquitto.port)) as service:
            mosquitto.kill()
            await service.ears.until(lambda heard: len(heard) == 2)
            assert not service.ears.heard[-1].is_up  # type: ignore[union-attr]
            assert not service.transport.send("stn", COMMAND)
            assert not service.transport.send("stn", _LEASE)
            assert not service.transport.stop(_STOP)
            service.transport.announce(Status(state="safe", session="0001-a"))
            mosquitto.start()
            witness = Peer(quick(mosquitto.port))
            async with running(witness.feed()):
                await witness.is_up()
                await service.ears.until(lambda heard: len(heard) == 3)
                assert service.transport.send("stn", _LEASE)
                await witness.hears(f"{_DEVICE}lease")
                assert len(witness.messages.heard) == 1

    asyncio.run(run())


def test_a_service_that_is_gone_without_a_word_is_offline(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        topic = f"{_ROOT}status"
        async with peer(either_broker) as one, _service(either_broker) as service:
            service.transport.announce(Status(state="active", session="0001-a"))
            await one.hears(topic)
            connection = service.transport._link._connection
            assert connection is not None
            connection.abandon()
            await one.messages.until(
                lambda heard: any(
                    each == topic and from_payload(payload, Status).state == "offline"
                    for each, payload, _ in heard
                )
            )

    asyncio.run(run())
