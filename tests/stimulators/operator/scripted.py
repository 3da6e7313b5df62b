"""Devices and services that send what a test wants, true or not."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import msgspec

from stimulators.operator.known_rig import KnownDevice, KnownRig
from stimulators.wire.keys.keys import Keys, NoKeys
from stimulators.wire.messages import (
    Ack,
    Control,
    DeviceInfo,
    DeviceLimits,
    DeviceStatus,
    Status,
    Stop,
)
from stimulators.wire.mqtt import BrokerConfig, MqttLink
from stimulators.wire.payload import from_payload

ROOT = "stimloop/rig-1/"
#: As `streamer.clock.new_session_id` makes them.
SESSION, OTHER_SESSION = "00000000000000000002-0000000b", "00000000000000000003-0000000c"
_PERIOD_S = 0.1


def known(broker: BrokerConfig, *devices: KnownDevice, lease_s: float = 0.25) -> KnownRig:
    """Return rig-1; without devices it has the one that `ScriptedDevice` is."""
    return KnownRig(
        name="rig-1", broker=broker, devices=devices or (known_device(),), lease_s=lease_s
    )


def known_device(name: str = "stn", **keys: Any) -> KnownDevice:
    """Return a device whose way down takes a quarter of a second, where nothing else is said."""
    given: dict[str, Any] = {"unit": "mA", "amount_max": 3.0, "slew_per_s": 12.0}
    return KnownDevice(id=name, **(given | keys))


class _Talker:
    """A link that says something ten times a second, until it is cancelled."""

    def __init__(self, broker: BrokerConfig, heard: str, client_id: str) -> None:
        self.is_up = asyncio.Event()
        self.keys: Keys = NoKeys()
        self._link = MqttLink(broker, client_id=client_id, subscriptions=[(f"{ROOT}{heard}", 1)])

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.feed(self.hear, self._change))
            while True:
                if self.is_up.is_set():
                    self.beat()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PERIOD_S):
                        await asyncio.Event().wait()

    def beat(self) -> None:
        raise NotImplementedError

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:
        raise NotImplementedError

    def publish(self, topic: str, message: msgspec.Struct, *, qos: int, retain: bool) -> None:
        address = f"{ROOT}{topic}"
        payload = self.keys.seal(address, msgspec.json.encode(message))
        self._link.publish(address, payload, qos=qos, retain=retain)

    def _change(self, is_up: bool, _: str) -> None:
        if is_up:
            self.is_up.set()
            self.beat()
        else:
            self.is_up.clear()


class ScriptedDevice(_Talker):
    """A device that gives what it is set to give, and answers stops as `at_stop` has it.

    Parameters
    ----------
    at_stop : callable
        Given this device and the number of the stop, from 1: changes what it gives. False
        where it does not answer.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        name: str = "stn",
        *,
        instance: str = "boot-1",
        amount: float | None = 0.0,
        state: str = "safe",
        at_stop: Callable[["ScriptedDevice", int], object] = lambda device, _: device.go("stopped"),
        tolerance: float | None = None,
        is_talkative: bool = True,
    ) -> None:
        super().__init__(broker, "stop", f"device-{name}-{instance}")
        self.name, self.instance = name, instance
        self.amount, self.state, self.tolerance = amount, state, tolerance
        self.program = "adbs"
        self.session: str | None = None
        self.stops: list[Stop] = []
        self.word = 0
        self._at_stop = at_stop
        self._is_talkative = is_talkative

    def go(self, state: str, amount: float | None = 0.0) -> None:
        self.state, self.amount = state, amount

    def beat(self) -> None:
        if self.word == 0:
            self.publish(f"device/{self.name}/info", self._info(), qos=1, retain=True)
        if self._is_talkative:
            said = DeviceStatus(**self._said(), session=self.session, state=self.state)  # type: ignore[arg-type]
            self.publish(f"device/{self.name}/state", said, qos=0, retain=False)

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: ARG002 the link's shape
        stop = from_payload(self.keys.open(topic, payload), Stop)
        self.stops.append(stop)
        if self._at_stop(self, len(self.stops)) is False:
            return
        ack = Ack(
            **self._said(),
            session=self.session or "",
            received_us=0,
            applied_us=0,
            request_id=stop.request_id,
        )
        self.publish(f"device/{self.name}/ack", ack, qos=1, retain=False)

    def _info(self) -> DeviceInfo:
        return DeviceInfo(
            **self._said(),
            device=self.name,
            state=self.state,  # type: ignore[arg-type]
            session=self.session,
            amount_tolerance=self.tolerance,
            limits=DeviceLimits(amplitude_ma_max=3.0),
            safe_ma=0.0,
        )

    def _said(self) -> dict[str, Any]:
        self.word += 1
        return {
            "instance": self.instance,
            "word": self.word,
            "last_seq": 0,
            "applied_ma": self.amount,
            "program": self.program,
        }


class ScriptedService(_Talker):
    """A service that answers requests as `at_request` has it.

    Parameters
    ----------
    at_request : callable
        Given this service and the request: changes what it says, and returns why it refuses;
        None where it does not answer at all.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        session: str = SESSION,
        state: str = "idle",
        drives: tuple[str, ...] = (),
        at_request: Callable[["ScriptedService", Control], str | None] = lambda *_: "",
    ) -> None:
        super().__init__(broker, "control", f"service-{session}")
        self.said = Status(state=state, session=session, drives=drives, now_us=1_000_000)
        self.requests: list[Control] = []
        self._at_request = at_request

    def set(self, **changes: Any) -> None:
        self.said = msgspec.structs.replace(self.said, **changes)

    def beat(self) -> None:
        self.set(now_us=self.said.now_us + round(_PERIOD_S * 1e6))
        self.publish("status", self.said, qos=1, retain=True)

    def hear(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: ARG002 the link's shape
        asked = from_payload(self.keys.open(topic, payload), Control)
        if asked.session != self.said.session:
            return
        self.requests.append(asked)
        refused = self._at_request(self, asked)
        if refused is not None:
            self.set(answered=asked.request_id, refused=refused)
            self.beat()
