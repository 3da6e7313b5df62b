"""The status of a rig: its devices' own reports, and what is unknown."""

import asyncio
from typing import Any

import pytest

from stimulators.operator.operator_link import OperatorError
from stimulators.operator.rig_report import RigReport, look
from stimulators.wire.messages import DeviceInfo, Status
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import to_payload
from streamer.clock import now_s
from tests.stimulators.conftest import quick
from tests.stimulators.operator.scripted import (
    OTHER_SESSION,
    ROOT,
    SESSION,
    ScriptedDevice,
    ScriptedService,
    known,
    known_device,
)
from tests.stimulators.wire.listening import peer, running
from tests.support.mosquitto import free_port

pytestmark = pytest.mark.broker


async def _looked(broker: BrokerConfig, *others: Any, wait_s: float = 0.6) -> RigReport:
    async with running(*(each.run() for each in others)):
        for each in others:
            await each.is_up.wait()
        return await look(known(broker), now_s=now_s, wait_s=wait_s)


def test_the_status_is_what_service_and_devices_say_now(either_broker: BrokerConfig) -> None:
    device = ScriptedDevice(either_broker, amount=2.04, state="live")
    device.session = SESSION
    found = asyncio.run(_looked(either_broker, ScriptedService(either_broker), device))
    assert [each.state for each in found.services] == ["idle"]
    (said,) = found.devices["stn"]
    assert (said.state, said.amount, said.unit) == ("live", 2.04, "mA")
    assert (said.program, said.session, said.is_speaking) == ("adbs", SESSION, True)
    assert said.age_s is not None
    assert 0.0 <= said.age_s < 1.0


def test_a_device_that_is_silent_is_what_the_broker_kept_and_of_no_age(
    broker: BrokerConfig,
) -> None:
    async def run() -> RigReport:
        async with peer(broker) as hand:
            info = DeviceInfo(device="stn", instance="boot-1", word=7, state="live", applied_ma=3.0)
            topic = f"{ROOT}device/stn/info"
            assert hand.link.publish(topic, to_payload(info), qos=1, retain=True)
            await hand.hears(topic)
            return await look(
                known(broker, known_device(), known_device("missing")), now_s=now_s, wait_s=0.4
            )

    found = asyncio.run(run())
    (said,) = found.devices["stn"]
    assert (said.is_speaking, said.age_s, said.amount) == (False, None, 3.0)
    assert found.devices["missing"] == ()
    assert found.services == ()


def test_both_of_two_services_and_both_of_two_devices_are_shown(broker: BrokerConfig) -> None:
    services = [ScriptedService(broker, session=each) for each in (SESSION, OTHER_SESSION)]
    devices = [
        ScriptedDevice(broker, instance="boot-1", amount=0.0),
        ScriptedDevice(broker, instance="boot-2", amount=3.0),
    ]
    found = asyncio.run(_looked(broker, *services, *devices))
    assert [each.session for each in found.services] == [SESSION, OTHER_SESSION]
    assert {each.instance: each.amount for each in found.devices["stn"]} == {
        "boot-1": 0.0,
        "boot-2": 3.0,
    }


def test_a_service_that_said_goodbye_is_not_there(broker: BrokerConfig) -> None:
    async def run() -> RigReport:
        async with peer(broker) as hand:
            looking = asyncio.create_task(look(known(broker), now_s=now_s, wait_s=1.0))
            for state in ("idle", "offline"):
                said = to_payload(Status(state=state, session=SESSION))
                assert hand.link.publish(f"{ROOT}status", said, qos=1, retain=True)
            return await looking

    found = asyncio.run(run())
    assert found.services == ()
    assert found.kept_status is not None
    assert found.kept_status.state == "offline"


def test_rubbish_does_not_end_the_looking(broker: BrokerConfig) -> None:
    async def run() -> RigReport:
        async with peer(broker) as hand:
            for topic in ("status", "device/odd/info"):
                for payload in (b"{", b"\xff"):
                    assert hand.link.publish(f"{ROOT}{topic}", payload, qos=1, retain=True)
            return await _looked(broker, wait_s=0.3)

    assert asyncio.run(run()).services == ()


def test_without_a_broker_there_is_nothing_to_look_at() -> None:
    broker = quick(free_port())
    with pytest.raises(OperatorError, match=f"no broker: 127.0.0.1:{broker.port}: .*refused"):
        asyncio.run(_looked(broker, wait_s=0.3))


def test_a_password_file_that_is_not_there_is_the_configurations_fault() -> None:
    broker = BrokerConfig(username="lab", password_file="nowhere")  # noqa: S106 a file's name
    with pytest.raises(ValueError, match="password_file"):
        asyncio.run(_looked(broker))
