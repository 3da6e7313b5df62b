"""The line to a device over a real broker: retained messages, and a client id taken over."""

import asyncio

from stimulators.conformance.line import BrokerMessage
from stimulators.conformance.mqtt_line import MqttLine, mqtt_line
from stimulators.device.device_link import DeviceLink
from stimulators.wire import topics
from stimulators.wire.keys.keys import NoKeys
from stimulators.wire.messages import DeviceInfo
from stimulators.wire.mqtt import BrokerConfig
from stimulators.wire.payload import from_payload
from stimulators.wire.topics import device_client_id
from streamer.clock import now_s
from tests.stimulators.device.device_bench import stimulator
from tests.stimulators.wire.listening import Ears, running

_SESSION = "00000000000000000002-0000000b"


def test_a_device_whose_place_is_taken_says_its_last_will_and_comes_back(
    broker: BrokerConfig,
) -> None:
    async def run() -> None:
        line = MqttLine(
            broker, rig="demo", device="stn", session=_SESSION, keys=NoKeys(), now_s=now_s
        )
        ears: Ears[BrokerMessage] = Ears()
        line.listen(ears.take)
        info = topics.INFO.at(rig="demo", device="stn")

        def states(heard: list[BrokerMessage]) -> list[str]:
            said = [from_payload(each.payload, DeviceInfo) for each in heard if each.topic == info]
            return [each.state for each in said]

        async with mqtt_line(line):
            link = DeviceLink(stimulator(), broker=broker, rig="demo", now_s=now_s)
            async with running(link.run()):
                await ears.until(lambda heard: states(heard) == ["safe"])
                assert await line.kept(info) is not None
                assert await line.displace(device_client_id("demo", "stn"))
                await ears.until(lambda heard: states(heard)[:3] == ["safe", "offline", "safe"])

    asyncio.run(run())
