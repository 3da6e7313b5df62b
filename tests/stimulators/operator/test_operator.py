"""An operator learns what became of a request, and can stop whatever the service does."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stimulators.device.device_link import DeviceLink
from stimulators.operator.operator import OperatorError, request, status, stop
from stimulators.wire.messages import Ack, Control, DeviceInfo, Status
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import from_payload, to_payload
from streamer.clock import now_s
from tests.mosquitto import Mosquitto, free_port
from tests.stimulators.conftest import quick
from tests.stimulators.device.device_bench import stimulator
from tests.stimulators.operator.service_process import SESSION, TalkingService
from tests.stimulators.wire.listening import peer, running

pytestmark = pytest.mark.broker

_ROOT = "stimloop/rig-1/"


def _device(broker: BrokerConfig, name: str = "stn") -> DeviceLink:
    return DeviceLink(stimulator(id=name), broker=broker, rig="rig-1", now_s=now_s)


async def _are_known(broker: BrokerConfig, *names: str) -> None:
    """Wait until the broker keeps what these devices say of themselves."""
    async with peer(broker, [(f"{_ROOT}device/+/info", 1)], client_id="waits") as one:
        await one.messages.until(
            lambda heard: {topic.split("/")[3] for topic, _, _ in heard} >= set(names)
        )


@contextlib.contextmanager
def _process(module: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    child = subprocess.Popen([sys.executable, "-m", f"tests.stimulators.{module}", *arguments])
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("ahead_s", [0.0, -5_000.0, 1e6])
def test_a_request_is_made_in_the_services_session_and_time(
    either_broker: BrokerConfig, ahead_s: float
) -> None:
    async def run() -> None:
        service = TalkingService(either_broker.port, ahead_s=ahead_s)
        async with running(service.run()):
            result = await request(either_broker, "rig-1", "arm", operator="me", now_s=now_s)
        assert (result.is_answered, result.refused) == (True, "")
        assert (result.state, result.reason) == ("armed", "asked by me")
        (heard,) = service.requests
        asked = heard.message
        assert (heard.retained, asked.session, asked.action) == (False, SESSION, "arm")
        assert abs(service.now_s() - asked.issued_us / 1e6) < 2.0
        assert asked.expires_us - asked.issued_us == 2_000_000

    asyncio.run(run())


def test_a_refusal_comes_with_its_reasons(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with running(TalkingService(broker.port).run()):
            result = await request(broker, "rig-1", "arm", operator="nobody", now_s=now_s)
        assert (result.is_answered, result.state) == (True, "idle")
        assert result.refused == "data (expected good, found none)"

    asyncio.run(run())


def test_a_request_without_an_answer_says_so(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with running(TalkingService(broker.port).run()):
            result = await request(broker, "rig-1", "arm", operator="mute", now_s=now_s, wait_s=1.0)
        assert (result.is_answered, result.refused, result.state) == (False, "", "idle")

    asyncio.run(run())


def test_another_services_refusal_is_no_answer(broker: BrokerConfig) -> None:
    async def run() -> None:
        service = TalkingService(broker.port)
        async with peer(broker, [(f"{_ROOT}control", 1)]) as other:

            async def refuse() -> None:
                _, payload, _ = await other.hears(f"{_ROOT}control")
                said = Status(
                    state="idle",
                    session="00000000000000000003-c",
                    answered=from_payload(payload, Control).request_id,
                    refused="session",
                )
                assert other.link.publish(f"{_ROOT}status", to_payload(said), qos=1)

            async with running(service.run(), refuse()):
                result = await request(
                    broker, "rig-1", "arm", operator="mute", now_s=now_s, wait_s=1.0
                )
        assert (result.is_answered, result.refused) == (False, "")

    asyncio.run(run())


def test_a_mark_carries_its_text(broker: BrokerConfig) -> None:
    async def run() -> None:
        service = TalkingService(broker.port)
        async with running(service.run()):
            await request(broker, "rig-1", "mark", operator="me", now_s=now_s, text="coffee")
        assert [each.message.text for each in service.requests] == ["coffee"]

    asyncio.run(run())


def test_what_the_broker_had_kept_of_a_service_is_nobody_to_ask(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as one:
            said = to_payload(Status(state="active", session=SESSION))
            assert one.link.publish(f"{_ROOT}status", said, qos=1, retain=True)
            await one.hears(f"{_ROOT}status")
            with pytest.raises(OperatorError, match="rig-1: no service says anything"):
                await request(broker, "rig-1", "arm", operator="me", now_s=now_s, wait_s=0.3)
            assert one.payloads(f"{_ROOT}control") == []
            told = await status(broker, "rig-1", wait_s=0.3)
            assert told.status is not None
            assert (told.status.state, told.is_fresh) == ("active", False)

    asyncio.run(run())


def test_without_a_broker_every_question_fails_with_its_address() -> None:
    broker = quick(free_port())
    for question in (
        request(broker, "rig-1", "arm", operator="me", now_s=now_s, wait_s=0.3),
        stop(broker, "rig-1", operator="me", reason="", wait_s=0.3),
        status(broker, "rig-1", wait_s=0.3),
    ):
        with pytest.raises(OperatorError, match=f"no broker: 127.0.0.1:{broker.port}: .*refused"):
            asyncio.run(question)


def test_a_broker_that_never_answers_is_told_as_well(mosquitto: Mosquitto) -> None:
    mosquitto.freeze()
    with pytest.raises(OperatorError, match="no broker"):
        asyncio.run(stop(quick(mosquitto.port), "rig-1", operator="me", reason="", wait_s=0.3))


def test_a_password_file_that_is_not_there_is_the_configurations_fault() -> None:
    broker = BrokerConfig(username="lab", password_file="nowhere")  # noqa: S106 a file's name
    with pytest.raises(ValueError, match="password_file"):
        asyncio.run(status(broker, "rig-1"))


def test_a_stop_reports_each_devices_answer(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        one, two = _device(either_broker), _device(either_broker, "gpi")
        async with running(one.run(), two.run()):
            await _are_known(either_broker, "stn", "gpi")
            result = await stop(either_broker, "rig-1", operator="me", reason="test")
            assert (result.silent, result.offline) == ((), ())
            assert {name: ack.applied_ma for name, ack in result.acks.items()} == {
                "stn": 0.0,
                "gpi": 0.0,
            }
            assert {one.device.state, two.device.state} == {"stopped"}

    asyncio.run(run())


def test_a_device_that_does_not_answer_or_is_gone_is_named(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as hand:
            for name, state in (("deaf", "live"), ("gone", "offline")):
                info = DeviceInfo(device=name, state=state)  # type: ignore[arg-type]
                topic = f"{_ROOT}device/{name}/info"
                assert hand.link.publish(topic, to_payload(info), qos=1, retain=True)
                await hand.hears(topic)
            async with running(_device(broker).run()):
                await _are_known(broker, "stn")
                result = await stop(
                    broker,
                    "rig-1",
                    operator="me",
                    reason="test",
                    devices=("stn", "missing"),
                    wait_s=0.6,
                )
            assert set(result.acks) == {"stn"}
            assert result.silent == ("deaf", "missing")
            assert result.offline == ("gone",)

    asyncio.run(run())


def test_an_ack_of_another_stop_is_no_answer_to_this_one(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as hand:
            info = to_payload(DeviceInfo(device="deaf", state="live"))
            assert hand.link.publish(f"{_ROOT}device/deaf/info", info, qos=1, retain=True)
            await hand.hears(f"{_ROOT}device/deaf/info")

            async def answer_another() -> None:
                await hand.hears(f"{_ROOT}stop")
                old = b'{"session":"","received_us":0,"applied_us":0,"request_id":"old"}'
                assert hand.link.publish(f"{_ROOT}device/deaf/ack", old, qos=1)

            async with running(answer_another()):
                result = await stop(broker, "rig-1", operator="me", reason="", wait_s=0.5)
            assert (result.acks, result.silent) == ({}, ("deaf",))

    asyncio.run(run())


def test_an_answer_is_not_lost_among_answers_to_commands(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with running(_device(broker).run()), peer(broker) as hand:
            await _are_known(broker, "stn")

            async def talk() -> None:
                await hand.hears(f"{_ROOT}device/stn/ack")
                said = to_payload(Ack(session="s", seq=1, received_us=1, applied_us=1))
                for _ in range(300):
                    assert hand.link.publish(f"{_ROOT}device/stn/ack", said, qos=0)

            async with running(talk()):
                result = await stop(broker, "rig-1", operator="me", reason="", wait_s=0.5)
            assert (list(result.acks), result.silent) == (["stn"], ())

    asyncio.run(run())


@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
def test_a_stop_works_with_the_service_frozen(broker: BrokerConfig, tmp_path: Path) -> None:
    async def run(service: "subprocess.Popen[bytes]") -> None:
        async with peer(broker) as one:
            await one.messages.until(
                lambda heard: any(each == f"{_ROOT}status" for each, _, _ in heard)
            )
            await _are_known(broker, "stn")
            os.kill(service.pid, signal.SIGSTOP)
            result = await stop(broker, "rig-1", operator="me", reason="test")
            assert result.acks["stn"].applied_ma == 0.0
            with pytest.raises(OperatorError, match="no service"):
                await request(broker, "rig-1", "disarm", operator="me", now_s=now_s, wait_s=0.3)
            told = await status(broker, "rig-1", wait_s=0.3)
            assert (told.is_fresh, told.devices["stn"].state) == (False, "stopped")

    port = str(broker.port)
    with (
        _process("operator.service_process", port) as service,
        _process("device.device_process", port, str(tmp_path / "memory")),
    ):
        asyncio.run(run(service))


def test_the_status_tells_of_the_service_and_every_device(either_broker: BrokerConfig) -> None:
    async def run() -> None:
        service = TalkingService(either_broker.port)
        async with running(service.run(), _device(either_broker).run()):
            await _are_known(either_broker, "stn")
            told = await status(either_broker, "rig-1")
        assert told.status is not None
        assert (told.status.state, told.is_fresh) == ("idle", True)
        assert told.devices["stn"].state == "safe"

    asyncio.run(run())


def test_a_stop_that_was_lost_with_the_broker_is_said_again(mosquitto: Mosquitto) -> None:
    async def run() -> None:
        broker = quick(mosquitto.port)
        mosquitto.kill()
        async with running(_device(broker).run()):
            pressed = asyncio.create_task(
                stop(broker, "rig-1", operator="me", reason="", devices=("stn",), wait_s=5.0)
            )
            mosquitto.start()
            assert set((await pressed).acks) == {"stn"}

    asyncio.run(run())


def test_rubbish_from_the_rig_ends_no_question(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as hand, running(_device(broker).run()):
            for topic in ("status", "device/odd/info"):
                for payload in (b"{", b"\xff"):
                    assert hand.link.publish(f"{_ROOT}{topic}", payload, qos=1, retain=True)
            await _are_known(broker, "stn")
            assert set((await stop(broker, "rig-1", operator="me", reason="")).acks) == {"stn"}
            assert (await status(broker, "rig-1", wait_s=0.3)).status is None

    asyncio.run(run())


def test_every_stop_is_a_request_of_its_own(broker: BrokerConfig) -> None:
    async def run() -> None:
        async with peer(broker) as one, running(_device(broker).run()):
            await _are_known(broker, "stn")
            for _ in range(2):
                await stop(broker, "rig-1", operator="me", reason="", wait_s=0.5)
            stops = one.payloads(f"{_ROOT}stop")
            assert len(set(stops)) == len(stops) == 2

    asyncio.run(run())
