"""A device on a real broker: driven, stopped, left without a service, killed and restarted."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stimulators.device.counts.memory import DeviceMemory
from stimulators.device.device_link import DeviceLink
from stimulators.wire.keys.keys import UnverifiedError
from stimulators.wire.messages import Ack, Command, DeviceInfo, Lease, Stop
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.received import AckHeard, ClockAsked, InfoHeard, LinkChanged, Received
from stimulators.wire.service_link import MqttTransport
from streamer.clock import now_s, unix_us
from tests.stimulators.conftest import quick
from tests.stimulators.device.device_bench import stimulator
from tests.stimulators.wire.listening import WAIT_S, Ears, peer, running
from tests.stimulators.wire.test_payload import COMMAND
from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.broker

_ROOT = "stimloop/rig-1/"
_DEVICE = f"{_ROOT}device/stn/"
SESSION = "00000000000000000002-0000000b"


class HandDriver:
    """Drives a device as a service does: a test says which lease, command and stop it sends."""

    def __init__(
        self, broker: BrokerConfig, session: str = SESSION, *, rig: str = "rig-1", to: str = "stn"
    ) -> None:
        self.ears: Ears[Received] = Ears()
        self.session = session
        self.to = to
        self.transport = MqttTransport(broker, rig=rig, session=session, now_s=now_s)
        self._n = 0
        self._armed_us = 0

    async def feed(self) -> None:
        await self.transport.feed(self.ears.take)

    async def is_ready(self) -> None:
        """Wait until the device knows our time."""
        await self.ears.until(
            lambda _: any(each.message.uncertainty_us for each in self.ears.of(ClockAsked))
        )

    def lease(self, valid_us: int = 2_000_000) -> None:
        self._n += 1
        self._armed_us = self._armed_us or _now_us()
        lease = Lease(
            session=self.session,
            lease_seq=self._n,
            issued_us=_now_us(),
            valid_us=valid_us,
            armed_us=self._armed_us,
            simulated=True,
        )
        assert self.transport.send(self.to, lease)

    def command(self, amplitude_ma: float | None = None, **changes: Any) -> int:
        self._n += 1
        made = msgspec.structs.replace(
            COMMAND,
            session=self.session,
            seq=self._n,
            program="adbs",
            issued_us=_now_us(),
            expires_us=_now_us() + 1_000_000,
            amplitude_ma=amplitude_ma,
        )
        command = msgspec.structs.replace(made, **changes)
        assert self.transport.send(self.to, command)
        return self._n

    async def answer(self, seq: int) -> Ack:
        def acks() -> list[Ack]:
            heard = [each.message for each in self.ears.of(AckHeard)]
            return [ack for ack in heard if (ack.session, ack.seq) == (self.session, seq)]

        await self.ears.until(lambda _: acks())
        return acks()[0]

    async def hears_info(
        self, holds: Callable[[DeviceInfo], bool], *, or_kept: bool = False
    ) -> DeviceInfo:
        """Wait for an info that fulfils a condition: a new one, unless an old one is enough."""

        def infos() -> list[DeviceInfo]:
            heard = [each for each in self.ears.of(InfoHeard) if or_kept or not each.retained]
            return [each.message for each in heard if holds(each.message)]

        await self.ears.until(lambda _: infos())
        return infos()[-1]


def _now_us() -> int:
    return round(now_s() * 1e6)


def _device(broker: BrokerConfig, **keys: Any) -> DeviceLink:
    return DeviceLink(stimulator(), broker=broker, rig="rig-1", now_s=now_s, **keys)


@contextlib.asynccontextmanager
async def _driven(broker: BrokerConfig, link: DeviceLink) -> AsyncIterator[HandDriver]:
    service = HandDriver(broker)
    async with running(service.feed()):
        await service.ears.one(LinkChanged)
        async with running(link.run()):
            await service.is_ready()
            yield service


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "memory"


@contextlib.contextmanager
def _device_process(port: int, memory: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [
        sys.executable,
        "-m",
        "tests.stimulators.device.device_process",
        str(port),
        str(memory),
    ]
    child = subprocess.Popen(command)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def test_a_device_is_driven_over_the_broker(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        link = _device(either_broker)
        async with _driven(either_broker, link) as service:
            assert (await service.hears_info(lambda info: info.state == "safe")).device == "stn"
            service.lease()
            await service.hears_info(lambda info: info.state == "live")
            ack = await service.answer(service.command(1.0))
            assert (ack.refused, ack.applied_ma) == (None, 1.0)
            assert abs(ack.received_us - _now_us()) < 5_000_000
            assert link.is_up
            assert link.device.applied_ma == 1.0

    asyncio.run(run())


def test_a_device_that_is_not_driven_refuses_and_says_why(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with _driven(broker, _device(broker)) as service:
            assert (await service.answer(service.command(1.0))).refused == "session"

    asyncio.run(run())


def test_a_device_that_loses_the_broker_goes_to_safe_by_itself(mosquitto: Mosquitto) -> None:
    async def run() -> None:
        seen: Ears[tuple[bool, str]] = Ears()
        link = _device(
            quick(mosquitto.port), watch=lambda each: seen.take((each.is_up, each.device.state))
        )
        async with _driven(quick(mosquitto.port), link) as service:
            service.lease(valid_us=1_000_000)
            assert (await service.answer(service.command(1.0))).refused is None
            mosquitto.kill()
            await seen.until(lambda heard: heard[-1] == (False, "live"))
            assert link.problem
            await seen.until(lambda heard: heard[-1] == (False, "safe"))
            mosquitto.start()
            info = await service.hears_info(
                lambda info: info.reason == "the lease ended", or_kept=True
            )
            assert info.state == "safe"

    asyncio.run(run())


def test_a_stop_reaches_a_device_past_the_service(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        async with _driven(either_broker, _device(either_broker)) as service:
            service.lease()
            await service.answer(service.command(1.0))
            async with peer(either_broker, [(f"{_DEVICE}ack", 1)], client_id="me") as operator:
                stop = Stop(request_id="r-1", operator="me", reason="test")
                assert operator.link.publish(f"{_ROOT}stop", to_payload(stop), qos=1)
                _, payload, _ = await operator.hears(f"{_DEVICE}ack")
                ack = from_payload(payload, Ack)
                assert (ack.request_id, ack.applied_ma) == ("r-1", 0.0)
            await service.hears_info(lambda info: info.state == "stopped")

    asyncio.run(run())


@pytest.mark.parametrize(("payload", "is_stop"), [(b"stop!", True), (b"{}", True), (b"", False)])
def test_anything_written_on_the_stop_topic_by_hand_stops_but_nothing_does_not(
    broker: BrokerConfig, payload: bytes, *, is_stop: bool
) -> None:
    async def run() -> None:
        link = _device(broker)
        async with _driven(broker, link) as service:
            service.lease()
            await service.answer(service.command(1.0))
            async with peer(broker) as operator:
                assert operator.link.publish(f"{_ROOT}stop", payload, qos=1)
                await operator.hears(f"{_ROOT}stop")
            refused = (await service.answer(service.command(1.0))).refused
            assert refused == ("stopped" if is_stop else None)
            assert link.topics.n_unreadable == 1

    asyncio.run(run())


def test_what_the_broker_had_kept_is_not_done_but_for_a_stop(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as hand:
            lease = Lease(
                session="z", lease_seq=1, issued_us=1, valid_us=1, armed_us=1, simulated=True
            )
            for topic, message in ((f"{_DEVICE}lease", lease), (f"{_DEVICE}command", COMMAND)):
                assert hand.link.publish(topic, to_payload(message), qos=1, retain=True)
                await hand.hears(topic)
            link = _device(broker)
            async with _driven(broker, link) as service:
                await service.hears_info(lambda info: info.state == "safe")
                assert service.ears.of(AckHeard) == []
                assert link.device.info.reason == "switched on"
            stop = Stop(request_id="kept", operator="me", reason="for good")
            assert hand.link.publish(f"{_ROOT}stop", to_payload(stop), qos=1, retain=True)
            await hand.hears(f"{_ROOT}stop")
            async with _driven(broker, _device(broker)) as service:
                await service.hears_info(lambda info: info.state == "stopped")

    asyncio.run(run())


@pytest.mark.parametrize("payload", [b"", b"{", b"\xff", b"null", b'{"session":1}'])
def test_rubbish_on_its_topics_is_counted_and_changes_nothing(
    broker: BrokerConfig, payload: bytes
) -> None:
    async def run() -> None:
        counts: Ears[int] = Ears()
        link = _device(broker, watch=lambda link: counts.take(link.topics.n_unreadable))
        async with _driven(broker, link) as service, peer(broker, client_id="hand") as hand:
            service.lease()
            await service.answer(service.command(1.0))
            for topic in ("command", "lease", "clock/reply"):
                assert hand.link.publish(f"{_DEVICE}{topic}", payload, qos=1)
            # From another connection: only the count says that all have arrived.
            await counts.until(lambda heard: heard[-1:] == [3])
            assert (await service.answer(service.command(1.1))).applied_ma == 1.1
            assert link.topics.n_unreadable == 3

    asyncio.run(run())


def test_switched_off_it_says_so_and_keeps_its_last_will_to_itself(
    either_broker: BrokerConfig,
) -> None:
    async def run() -> None:
        service = HandDriver(either_broker)
        async with running(service.feed()):
            await service.ears.one(LinkChanged)
            async with running(_device(either_broker).run()):
                await service.is_ready()
            gone = await service.hears_info(lambda info: info.state == "offline")
            assert gone.reason == "switched off"
        async with peer(either_broker, [(f"{_DEVICE}info", 1)]) as late:
            _, payload, retained = await late.hears(f"{_DEVICE}info")
            assert retained
            assert from_payload(payload, DeviceInfo).reason == "switched off"

    asyncio.run(run())


def test_a_device_that_is_killed_is_offline_and_remembers_its_session_when_born_again(
    either_broker: BrokerConfig, memory: Path
) -> None:
    async def run() -> None:
        service = HandDriver(either_broker)
        async with running(service.feed()):
            await service.ears.one(LinkChanged)
            with _device_process(either_broker.port, memory) as child:
                await service.is_ready()
                service.lease()
                assert (await service.hears_info(lambda info: info.state == "live")).session
                child.kill()
                gone = await service.hears_info(lambda info: info.state == "offline")
                assert (gone.reason, gone.device) == ("the connection was lost", "stn")
        assert DeviceMemory(memory, stimulator(), unix_us).session() == SESSION
        older = HandDriver(either_broker, session="00000000000000000001-0000000a")
        async with running(older.feed()):
            await older.ears.one(LinkChanged)
            with _device_process(either_broker.port, memory):
                await older.hears_info(lambda info: info.state == "safe")
                older.lease()
                refused = await older.hears_info(lambda info: "session" in info.reason)
                assert "stimloop device --forget-session --id stn" in refused.reason

    asyncio.run(run())


class _Full(DeviceMemory):
    """A memory that can be read and not written."""

    def keep_session(self, session: str) -> None:
        raise OSError(f"no room for {session}")


def test_a_session_is_kept_before_anybody_is_told_and_a_memory_that_fails_ends_the_device(
    broker: BrokerConfig, memory: Path
) -> None:
    async def run() -> None:
        service = HandDriver(broker)
        async with running(service.feed()):
            await service.ears.one(LinkChanged)
            full = _Full(memory, stimulator(), unix_us)
            device = asyncio.create_task(_device(broker, memory=full).run())
            await service.is_ready()
            service.lease()
            with pytest.raises(OSError, match="no room"):
                await device
            await service.hears_info(lambda info: info.state == "offline")
            assert not [each for each in service.ears.of(InfoHeard) if each.message.state == "live"]

    asyncio.run(run())


def test_a_device_that_is_switched_off_and_on_goes_on_counting(
    broker: BrokerConfig, memory: Path
) -> None:
    async def run() -> float:
        service = HandDriver(broker)
        link = _device(broker, memory=DeviceMemory(memory, stimulator(), unix_us))
        async with running(service.feed()):
            await service.ears.one(LinkChanged)
            async with running(link.run()):
                await service.is_ready()
        return link.device.counts.counted_us / 1e6

    first_s = asyncio.run(run())
    assert asyncio.run(run()) > first_s


def test_what_a_device_gives_up_to_its_very_end_is_kept(broker: BrokerConfig, memory: Path) -> None:
    kept = DeviceMemory(memory, stimulator(), unix_us)

    async def run() -> int:
        later_s, changes = 0.0, Ears[DeviceLink]()
        link = DeviceLink(
            stimulator(),
            broker=broker,
            rig="rig-1",
            now_s=lambda: now_s() + later_s,
            memory=kept,
            watch=changes.take,
        )
        async with running(link.run()):
            await changes.until(lambda heard: heard and heard[-1].is_up)
            seen_us = link.device.counts.counted_us
            # From here to its end it does not look at its clock by itself.
            later_s = 0.5
        return seen_us

    seen_us = asyncio.run(run())
    assert kept.counts().counted_us >= seen_us + 500_000


def test_each_boot_has_another_instance_and_the_last_will_names_it(broker: BrokerConfig) -> None:
    links = [_device(broker) for _ in range(20)]
    assert len({link.device.info.instance for link in links}) == 20
    for link in links:
        will = link._link._will
        assert will is not None
        gone = from_payload(will.payload, DeviceInfo)
        assert (gone.instance, gone.word) == (link.device.info.instance, 0)
        assert gone.state == "offline"


class _Seal:
    """Keys that put a letter before each payload."""

    def seal(self, topic: str, payload: bytes) -> bytes:
        return b"k" + payload if topic else payload

    def open(self, topic: str, payload: bytes) -> bytes:
        if topic and payload[:1] == b"k":
            return payload[1:]
        raise UnverifiedError("expected a seal, found none", payload)

    def owner(self, topic: str, payload: bytes) -> str:  # noqa: ARG002 the seam's shape
        return ""


def test_with_keys_a_device_does_nothing_that_is_not_sealed_but_a_stop(
    broker: BrokerConfig,
) -> None:
    async def run() -> None:
        counts: Ears[int] = Ears()
        link = _device(
            broker, keys=_Seal(), watch=lambda link: counts.take(link.topics.n_unverified)
        )
        subscriptions = [(f"{_DEVICE}{each}", 1) for each in ("ack", "info", "state")]
        async with (
            peer(broker, subscriptions, client_id="hand") as hand,
            running(link.run()),
        ):
            _, info, _ = await hand.hears(f"{_DEVICE}info")
            assert info.startswith(b"k")
            for topic in ("command", "lease", "clock/reply"):
                assert hand.link.publish(f"{_DEVICE}{topic}", to_payload(COMMAND), qos=1)
            await counts.until(lambda heard: heard[-1:] == [3])
            assert (link.device.state, link.topics.n_unreadable) == ("safe", 0)
            stop = Stop(request_id="r-1", operator="me", reason="test")
            assert hand.link.publish(f"{_ROOT}stop", to_payload(stop), qos=1)
            _, payload, _ = await hand.hears(f"{_DEVICE}ack")
            ack = from_payload(payload[1:], Ack)
            assert (ack.request_id, ack.verified, link.device.state) == ("r-1", False, "stopped")

    asyncio.run(run())


def test_mosquitto_sub_receives_what_the_device_does(broker: BrokerConfig) -> None:
    async def run() -> None:
        command = ["mosquitto_sub", "-p", str(broker.port), "-t", f"{_DEVICE}command", "-C", "1"]
        async with _driven(broker, _device(broker)) as service:
            plain = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            printed = asyncio.create_task(plain.communicate())
            async with asyncio.timeout(WAIT_S):
                while not printed.done():
                    service.lease()
                    assert (await service.answer(service.command(1.0))).refused is None
            heard = msgspec.json.decode((await printed)[0], type=Command)
            assert (heard.session, heard.amplitude_ma) == (SESSION, 1.0)

    asyncio.run(run())
