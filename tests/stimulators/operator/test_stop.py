"""A stop is done only when the devices' own messages show it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stimulators.operator.operator_link import OperatorError
from stimulators.operator.stopping import StopResult, stop
from stimulators.wire.keys.keys import UnverifiedError
from stimulators.wire.messages import Ack, DeviceInfo, DeviceState
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import to_payload
from tests.stimulators.conftest import quick
from tests.stimulators.operator.scripted import ROOT, ScriptedDevice, known, known_device
from tests.stimulators.wire.listening import peer, running
from tests.support.mosquitto import Mosquitto, free_port

pytestmark = pytest.mark.broker


async def _stopped(
    broker: BrokerConfig, *devices: ScriptedDevice, wait_s: float = 0.2, names: str = "stn"
) -> StopResult:
    """Stop a rig of these devices as soon as they are connected."""
    async with running(*(each.run() for each in devices)):
        for each in devices:
            await each.is_up.wait()
        rig = known(broker, *(known_device(each) for each in names.split()))
        return await stop(rig, operator="me", reason="test", wait_s=wait_s)


def _texts(result: StopResult) -> dict[str, str]:
    return {each.device: each.text for each in result.devices}


def test_a_stop_reports_each_devices_answer(either_broker: BrokerConfig) -> None:
    one, two = ScriptedDevice(either_broker), ScriptedDevice(either_broker, "gpi")
    result = asyncio.run(_stopped(either_broker, one, two, names="stn gpi"))
    assert result.is_so
    assert _texts(result) == {"stn": "stopped at 0 mA", "gpi": "stopped at 0 mA"}
    assert {each.reason for each in (*one.stops, *two.stops)} == {"test"}


def test_stopped_at_3_ma_is_not_stopped(broker: BrokerConfig) -> None:
    device = ScriptedDevice(
        broker, amount=3.0, state="live", at_stop=lambda device, _: device.go("stopped", 3.0)
    )
    result = asyncio.run(_stopped(broker, device))
    assert not result.is_so
    assert _texts(result) == {"stn": "NOT STOPPED: it gives 3 mA, expected at most 0"}


def test_a_device_that_comes_down_at_the_third_stop_is_told_three_times(
    broker: BrokerConfig,
) -> None:
    def come_down(device: ScriptedDevice, number: int) -> None:
        device.go("stopped", 3.0 if number < 3 else 0.0)

    device = ScriptedDevice(broker, amount=3.0, state="live", at_stop=come_down)
    result = asyncio.run(_stopped(broker, device, wait_s=8.0))
    assert result.is_so
    assert len(device.stops) == 3
    assert len({each.request_id for each in device.stops}) == 1


def test_a_device_that_answers_late_is_waited_for(broker: BrokerConfig) -> None:
    device = ScriptedDevice(
        broker,
        at_stop=lambda device, number: device.go("stopped") if number > 2 else False,
        is_talkative=False,
    )
    told: list[tuple[float, str]] = []

    async def run() -> StopResult:
        async with running(device.run()):
            await device.is_up.wait()
            return await stop(
                known(broker),
                operator="me",
                reason="",
                wait_s=8.0,
                countdown=lambda left_s, missing: told.append((left_s, missing)),
            )

    assert asyncio.run(run()).is_so
    assert told[:2] == [(7.5, "stn"), (7.0, "stn")]


def test_a_device_that_never_answers_is_silent_though_it_says_that_it_gives_nothing(
    broker: BrokerConfig,
) -> None:
    device = ScriptedDevice(broker, at_stop=lambda *_: False)
    result = asyncio.run(_stopped(broker, device, wait_s=0.6))
    assert not result.is_so
    assert _texts(result)["stn"].startswith("NO ANSWER (the last that it said: safe, 0 mA)")
    assert len(device.stops) >= 2


def test_two_devices_of_one_name_are_both_named(broker: BrokerConfig) -> None:
    one = ScriptedDevice(broker, instance="boot-1", at_stop=lambda d, _: d.go("stopped"))
    two = ScriptedDevice(broker, instance="boot-2", at_stop=lambda d, _: d.go("stopped", 3.0))
    result = asyncio.run(_stopped(broker, one, two))
    assert [each.kind for each in result.devices] == ["two devices"]
    assert "instance boot-1 gives 0 mA" in _texts(result)["stn"]
    assert "instance boot-2 gives 3 mA" in _texts(result)["stn"]


def test_two_devices_of_one_name_are_noticed_where_only_one_of_them_hears_the_stop(
    broker: BrokerConfig,
) -> None:
    deaf = ScriptedDevice(
        broker, instance="boot-2", amount=3.0, state="live", at_stop=lambda *_: False
    )
    result = asyncio.run(_stopped(broker, ScriptedDevice(broker), deaf))
    assert [each.kind for each in result.devices] == ["two devices"]


def test_a_device_that_was_restarted_is_one(broker: BrokerConfig) -> None:
    async def run() -> StopResult:
        async with peer(broker) as hand:
            device = ScriptedDevice(broker, instance="boot-2")
            async with running(device.run()):
                await device.is_up.wait()

                async def restart() -> None:
                    await hand.hears(f"{ROOT}stop")
                    old = DeviceInfo(device="stn", instance="boot-1", word=9, state="live")
                    gone = DeviceInfo(device="stn", instance="boot-1", word=0, state="offline")
                    for each in (old, gone):
                        topic = f"{ROOT}device/stn/info"
                        assert hand.link.publish(topic, to_payload(each), qos=1)

                async with running(restart()):
                    return await stop(known(broker), operator="me", reason="", wait_s=2.0)

    assert asyncio.run(run()).is_so


@pytest.mark.parametrize(
    ("state", "since"),
    [("live", "it is driven again"), ("safe", "it was armed again since")],
)
def test_a_device_that_is_armed_again_after_its_answer_is_not_stopped(
    broker: BrokerConfig, state: DeviceState, since: str
) -> None:
    async def run() -> StopResult:
        device = ScriptedDevice(broker)
        async with running(device.run()), peer(broker) as hand:
            await device.is_up.wait()

            async def drive() -> None:
                await hand.hears(f"{ROOT}device/stn/ack")
                device.go(state, 0.0)

            async with running(drive()):
                return await stop(known(broker), operator="me", reason="", wait_s=0.2)

    result = asyncio.run(run())
    assert _texts(result) == {"stn": f"NOT STOPPED: {since}"}


def test_a_device_of_the_configuration_that_is_gone_is_not_stopped(broker: BrokerConfig) -> None:
    async def run() -> StopResult:
        async with peer(broker) as hand:
            for name in ("gone", "stranger"):
                gone = DeviceInfo(device=name, instance="boot-1", word=0, state="offline")
                topic = f"{ROOT}device/{name}/info"
                assert hand.link.publish(topic, to_payload(gone), qos=1, retain=True)
                await hand.hears(topic)
            return await _stopped(broker, ScriptedDevice(broker), names="stn gone missing")

    result = asyncio.run(run())
    assert not result.is_so
    assert {each.device: each.kind for each in result.devices} == {
        "gone": "offline",
        "missing": "no answer",
        "stn": "so",
    }


def test_a_device_that_the_configuration_does_not_name_is_stopped_and_told(
    broker: BrokerConfig,
) -> None:
    stranger = ScriptedDevice(
        broker, "stranger", amount=2.0, state="live", at_stop=lambda d, _: d.go("stopped", 2.0)
    )
    result = asyncio.run(_stopped(broker, ScriptedDevice(broker), stranger))
    assert {each.device: each.kind for each in result.devices} == {
        "stn": "so",
        "stranger": "not so",
    }


def test_an_ack_of_another_stop_is_no_answer_to_this_one(broker: BrokerConfig) -> None:
    async def run() -> StopResult:
        async with peer(broker) as hand:

            async def answer_another() -> None:
                await hand.hears(f"{ROOT}stop")
                old = Ack(
                    session="",
                    instance="boot-1",
                    word=3,
                    last_seq=0,
                    received_us=0,
                    applied_us=0,
                    applied_ma=0.0,
                    request_id="old",
                )
                assert hand.link.publish(f"{ROOT}device/stn/ack", to_payload(old), qos=1)

            async with running(answer_another()):
                return await stop(known(broker), operator="me", reason="", wait_s=0.2)

    result = asyncio.run(run())
    assert [each.kind for each in result.devices] == ["no answer"]


def test_an_answer_is_not_lost_among_answers_to_commands(broker: BrokerConfig) -> None:
    async def run() -> StopResult:
        device = ScriptedDevice(broker)
        async with running(device.run()), peer(broker) as hand:
            await device.is_up.wait()

            async def talk() -> None:
                await hand.hears(f"{ROOT}device/stn/ack")
                said = Ack(
                    session="s",
                    seq=1,
                    instance="boot-1",
                    word=1,
                    last_seq=1,
                    received_us=1,
                    applied_us=1,
                    applied_ma=2.0,
                )
                for _ in range(300):
                    assert hand.link.publish(f"{ROOT}device/stn/ack", to_payload(said), qos=0)

            async with running(talk()):
                return await stop(known(broker), operator="me", reason="", wait_s=0.5)

    assert asyncio.run(run()).is_so


def test_a_stop_that_was_lost_with_the_broker_is_said_again(mosquitto: Mosquitto) -> None:
    async def run() -> StopResult:
        broker = quick(mosquitto.port)
        mosquitto.kill()
        async with running(ScriptedDevice(broker).run()):
            pressed = asyncio.create_task(
                stop(known(broker), operator="me", reason="", broker_wait_s=5.0, wait_s=5.0)
            )
            mosquitto.start()
            return await pressed

    assert asyncio.run(run()).is_so


def test_rubbish_from_the_rig_does_not_end_a_stop(broker: BrokerConfig) -> None:
    async def run() -> StopResult:
        async with peer(broker) as hand:
            for topic in ("device/odd/info", "device/odd/state", "device/odd/ack"):
                for payload in (b"{", b"\xff", b"1" * 70_000):
                    assert hand.link.publish(f"{ROOT}{topic}", payload, qos=1)
            return await _stopped(broker, ScriptedDevice(broker), wait_s=5.0)

    assert asyncio.run(run()).is_so


def test_every_stop_is_a_request_of_its_own(broker: BrokerConfig) -> None:
    device = ScriptedDevice(broker)
    for _ in range(2):
        assert asyncio.run(_stopped(broker, device, wait_s=5.0)).is_so
    assert len({each.request_id for each in device.stops}) == 2


@contextlib.contextmanager
def _process(module: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    child = subprocess.Popen([sys.executable, "-m", f"tests.stimulators.{module}", *arguments])
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.mark.skipif(os.name != "posix", reason="needs SIGSTOP")
def test_a_stop_reaches_the_reference_device_with_the_service_frozen(
    broker: BrokerConfig, tmp_path: Path
) -> None:
    async def run(service: "subprocess.Popen[bytes]") -> None:
        async with peer(broker) as one:
            await one.hears(f"{ROOT}status")
            await one.hears(f"{ROOT}device/stn/info")
            os.kill(service.pid, signal.SIGSTOP)
            result = await stop(known(broker), operator="me", reason="test")
            assert result.is_so
            assert _texts(result) == {"stn": "stopped at 0 mA"}

    port = str(broker.port)
    with (
        _process("operator.service_process", port) as service,
        _process("device.device_process", port, str(tmp_path / "memory")),
    ):
        asyncio.run(run(service))


def test_without_a_broker_a_stop_fails_with_its_address() -> None:
    broker = quick(free_port())
    with pytest.raises(OperatorError, match=f"no broker: 127.0.0.1:{broker.port}: .*refused"):
        asyncio.run(stop(known(broker), operator="me", reason="", broker_wait_s=0.3))


def test_a_broker_that_never_answers_is_told_as_well(mosquitto: Mosquitto) -> None:
    mosquitto.freeze()
    with pytest.raises(OperatorError, match="no broker"):
        asyncio.run(stop(known(quick(mosquitto.port)), operator="me", reason="", broker_wait_s=0.3))


class _Marked:
    """Keys that put a mark with the topic before each payload."""

    def seal(self, topic: str, payload: bytes) -> bytes:
        return topic.encode() + b"!" + payload

    def open(self, topic: str, payload: bytes) -> bytes:
        mark, _, body = payload.partition(b"!")
        if mark != topic.encode():
            raise UnverifiedError("not marked", payload)
        return body

    def owner(self, topic: str, payload: bytes) -> str:  # noqa: ARG002 the seam's shape
        return ""


def test_a_stop_is_sealed_and_only_sealed_words_of_devices_count(broker: BrokerConfig) -> None:
    async def run(device: ScriptedDevice) -> StopResult:
        async with running(device.run()):
            await device.is_up.wait()
            return await stop(known(broker), operator="me", reason="", wait_s=0.2, keys=_Marked())

    signing = ScriptedDevice(broker)
    signing.keys = _Marked()
    assert asyncio.run(run(signing)).is_so
    assert signing.stops

    class Opening(_Marked):
        def seal(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
            return payload

    forging = ScriptedDevice(broker, instance="boot-2")
    forging.keys = Opening()
    assert [each.kind for each in asyncio.run(run(forging)).devices] == ["no answer"]
    assert forging.stops
