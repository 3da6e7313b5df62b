"""The device of the latency benchmark: records when commands arrive, and answers them."""

import secrets
from typing import NamedTuple

import msgspec
import pylsl

from benchmarks.raw_mqtt import RawMqtt
from stimulators.device.device import FromDevice, ReferenceDevice, ToDevice
from stimulators.device_config import DeviceConfig
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    Command,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Stop,
)

_TICK_S = 0.02
_HEARD: dict[str, type[ToDevice]] = {
    "command": Command,
    "lease": Lease,
    "clock/reply": ClockReply,
    "stop": Stop,
}


class Arrival(NamedTuple):
    """A trigger command: when it arrived, and the onset that it names, both on the LSL clock."""

    received_s: float
    onset_s: float


class BenchDevice:
    """The reference device behind a plain socket, in the process that measures.

    Parameters
    ----------
    port : int
        The broker's.
    rig : str
        Name of the rig.
    config : DeviceConfig
        The device.
    """

    def __init__(self, port: int, rig: str, config: DeviceConfig) -> None:
        self._client = RawMqtt(port, f"device-{config.id}")
        self._root = f"stimloop/{rig}/"
        self._own = f"{self._root}device/{config.id}/"
        self._device = ReferenceDevice(config, instance=secrets.token_hex(8), firmware="bench")
        self._tick_due_s = 0.0
        for topic in (f"{self._own}+", f"{self._own}clock/reply", f"{self._root}stop"):
            self._client.subscribe(topic)
        self._answer((self._device.describe(),))

    @property
    def is_live(self) -> bool:
        """Whether the device has a lease of the service, which then sends triggers."""
        return self._device.state == "live"

    def receive(self, timeout_s: float) -> Arrival | None:
        """Handle messages for up to `timeout_s`; return the first trigger, if one came."""
        deadline_s = pylsl.local_clock() + timeout_s
        while (now_s := pylsl.local_clock()) < deadline_s:
            if now_s >= self._tick_due_s:
                self._tick_due_s = now_s + _TICK_S
                self._answer(self._device.tick(round(now_s * 1e6)))
            message = self._client.receive(min(deadline_s, self._tick_due_s) - now_s)
            received_s = pylsl.local_clock()
            if message is None:
                continue
            kind = message.topic.removeprefix(self._own).removeprefix(self._root)
            if kind not in _HEARD:
                continue
            heard = msgspec.json.decode(message.payload, type=_HEARD[kind])
            self._answer(self._device.hear(heard, round(received_s * 1e6)))
            if isinstance(heard, Command) and heard.kind == "trigger":
                return Arrival(received_s, heard.onset_us * 1e-6)
        return None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _answer(self, messages: tuple[FromDevice, ...]) -> None:
        for each in messages:
            payload = msgspec.json.encode(each)
            if isinstance(each, Ack):
                self._client.publish(f"{self._own}ack", payload)
            elif isinstance(each, DeviceInfo):
                self._client.publish(f"{self._own}info", payload, retain=True)
            elif isinstance(each, DeviceStatus):
                self._client.publish(f"{self._own}state", payload)
            else:
                self._client.publish(f"{self._own}clock/request", payload)
