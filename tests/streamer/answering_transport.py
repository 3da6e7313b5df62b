"""A transport with a reference device at its other end, in the loop's time."""

import asyncio
from collections.abc import Callable

from replay.virtual_devices import VirtualDevices
from stimulators.wire.messages import Command, Lease, Stop
from stimulators.wire.received import AckHeard, Received
from tests.streamer.recording_transport import RecordingTransport
from tests.streamer.rigs import CONFIG, SESSION


class AnsweringTransport(RecordingTransport):
    """Carries messages to the rig's device and back, 1 ms each way.

    Parameters
    ----------
    acks : bool
        Whether answers to commands come back at all.

    Attributes
    ----------
    is_mute : bool
        Whether nothing at all comes back any more.
    """

    def __init__(self, *, acks: bool = True) -> None:
        super().__init__()
        self.emit: Callable[[Received], None] | None = None
        self.leased_s: list[float] = []
        self.devices = VirtualDevices(CONFIG.devices, SESSION)
        self.is_mute = False
        self._acks = acks

    async def feed(self, emit: Callable[[Received], None]) -> None:
        self.emit = emit
        await self.devices.feed(self._hear)

    def send(self, device: str, message: Command | Lease) -> bool:
        if isinstance(message, Lease):
            self.leased_s.append(asyncio.get_running_loop().time())
        self.devices.send(device, message)
        return super().send(device, message)

    def stop(self, message: Stop) -> bool:
        self.devices.stop(message)
        return super().stop(message)

    def _hear(self, heard: Received) -> None:
        assert self.emit is not None
        if self.is_mute:
            return
        if self._acks or not isinstance(heard, AckHeard):
            self.emit(heard)

    @property
    def commands(self) -> list[Command]:
        """Every command that was sent."""
        return [message for _, message in self.kept if isinstance(message, Command)]
