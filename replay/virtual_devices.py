"""The reference devices of a rig in virtual time, behind a wire of constant delay."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from replay.virtual_time import pass_time
from stimulators.device.device import ReferenceDevice
from stimulators.device_config import DeviceConfig
from stimulators.wire.display_messages import Shown
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Status,
    Stop,
)
from stimulators.wire.received import (
    ClockAsked,
    InfoHeard,
    LinkChanged,
    Received,
    heard_of_device,
)

_Said: TypeAlias = Ack | DeviceInfo | DeviceStatus | ClockRequest
_Told: TypeAlias = Command | Lease | Stop | ClockReply

#: How long a message takes each way.
_WIRE_S = 0.001
#: How often the devices look at their clocks.
_TICK_S = 0.01


class VirtualDevices:
    """A `Transport` to reference devices that live on the running loop's time.

    Parameters
    ----------
    configs : sequence of DeviceConfig
        The devices.
    session : str
        Of the service that they are connected to: its clock is the one they are told.

    Notes
    -----
    Messages are not put into bytes. Each takes 1 ms and none overtakes another; a device's own
    clock is the loop's. What is for displays is dropped.
    """

    def __init__(self, configs: Sequence[DeviceConfig], session: str = "") -> None:
        self.devices = {config.id: ReferenceDevice(config) for config in configs}
        self._session = session
        self._to_devices: deque[tuple[str, _Told]] = deque()
        self._from_devices: deque[Received] = deque()
        self._emit: Callable[[Received], None] | None = None
        self._looks: dict[str, asyncio.TimerHandle] = {}

    async def feed(self, emit: Callable[[Received], None]) -> None:
        """Emit the link and every device's words, and let the devices run, until cancelled."""
        self._emit = emit
        try:
            emit(LinkChanged(is_up=True))
            for name, device in self.devices.items():
                emit(InfoHeard(device=name, message=device.describe(), retained=False))
            if not self.devices:
                await asyncio.get_running_loop().create_future()
            while True:
                for name, device in self.devices.items():
                    self._say(name, device.tick(_now_us()))
                await pass_time(_TICK_S)
        finally:
            self._emit = None

    def send(self, device: str, message: Command | Lease) -> bool:
        """Send one message to a device that is there."""
        if self._emit is None or device not in self.devices:
            return False
        self._tell(device, message)
        return True

    def stop(self, message: Stop) -> bool:
        """Stop every device."""
        if self._emit is None:
            return False
        for name in self.devices:
            self._tell(name, message)
        return True

    def announce(self, status: Status) -> None:
        """Nobody listens."""

    def show(self, name: str, message: Shown) -> bool:  # noqa: ARG002 nobody looks
        """Nobody looks."""
        return True

    def _tell(self, device: str, message: _Told) -> None:
        self._to_devices.append((device, message))
        asyncio.get_running_loop().call_later(_WIRE_S, self._reach_device)

    def _reach_device(self) -> None:
        name, message = self._to_devices.popleft()
        self._say(name, self.devices[name].hear(message, _now_us()))

    def _say(self, device: str, said: Iterable[_Said]) -> None:
        # All messages take as long, so each call finds its own at the front.
        for message in said:
            self._from_devices.append(heard_of_device(device, message))
            asyncio.get_running_loop().call_later(_WIRE_S, self._reach_service)
        self._look_when_due(device)

    def _look_when_due(self, device: str) -> None:
        """Let a device look at its clock when its next trigger is due, between two ticks too."""
        if (before := self._looks.pop(device, None)) is not None:
            before.cancel()
        if not self.devices[device].triggers.waiting:
            return
        fires_in_us = self.devices[device].fires_in_us
        if fires_in_us is not None and fires_in_us < _TICK_S * 1e6:
            # One more, as a time in seconds may be rounded down.
            wait_s = (fires_in_us + 1) / 1e6
            self._looks[device] = asyncio.get_running_loop().call_later(wait_s, self._look, device)

    def _look(self, device: str) -> None:
        if self._emit is not None:
            self._say(device, self.devices[device].tick(_now_us()))

    def _reach_service(self) -> None:
        received = self._from_devices.popleft()
        if self._emit is None:
            return
        if isinstance(received, ClockAsked):
            asked, now_us = received.message, _now_us()
            reply = ClockReply(
                request_seq=asked.request_seq,
                sent_us=asked.sent_us,
                nonce=asked.nonce,
                session=self._session,
                received_us=now_us,
                replied_us=now_us,
            )
            self._tell(received.device, reply)
        self._emit(received)


def _now_us() -> int:
    return round(asyncio.get_running_loop().time() * 1e6)
