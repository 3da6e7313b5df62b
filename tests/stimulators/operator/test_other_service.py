"""A service listens before it starts whether another one runs the same rig."""

import asyncio

import pytest

from stimulators.operator.other_service import other_service
from stimulators.wire.messages import Status
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import to_payload
from tests.stimulators.conftest import quick
from tests.stimulators.operator.scripted import ROOT, SESSION, ScriptedService, known
from tests.stimulators.wire.listening import peer, running
from tests.support.mosquitto import free_port

pytestmark = pytest.mark.broker


def test_a_service_that_speaks_is_heard_and_ends_the_listening(
    either_broker: BrokerConfig,
) -> None:
    async def run() -> Status | None:
        async with running(ScriptedService(either_broker, state="active").run()):
            return await other_service(known(either_broker), listen_s=60.0)

    said = asyncio.run(run())
    assert said is not None
    assert (said.session, said.state) == (SESSION, "active")


@pytest.mark.parametrize(("state", "retain"), [("active", True), ("offline", False)])
def test_what_the_broker_kept_and_a_goodbye_are_nobody(
    broker: BrokerConfig, state: str, *, retain: bool
) -> None:
    async def run() -> Status | None:
        said = to_payload(Status(state=state, session=SESSION))
        async with peer(broker) as hand:
            if retain:
                assert hand.link.publish(f"{ROOT}status", said, qos=1, retain=True)
                await hand.hears(f"{ROOT}status")
                return await other_service(known(broker), listen_s=0.4)
            listening = asyncio.create_task(other_service(known(broker), listen_s=0.4))
            await asyncio.wait([listening], timeout=0.2)
            assert hand.link.publish(f"{ROOT}status", said, qos=1)
            return await listening

    assert asyncio.run(run()) is None


def test_a_service_of_another_rig_is_not_ours(broker: BrokerConfig) -> None:
    async def run() -> Status | None:
        async with peer(broker) as hand:
            said = to_payload(Status(state="active", session=SESSION))
            listening = asyncio.create_task(other_service(known(broker), listen_s=0.4))
            await asyncio.wait([listening], timeout=0.2)
            assert hand.link.publish("stimloop/rig-2/status", said, qos=1)
            return await listening

    assert asyncio.run(run()) is None


def test_a_broker_that_is_not_there_keeps_nobody_from_starting() -> None:
    assert asyncio.run(other_service(known(quick(free_port())), listen_s=0.3)) is None
