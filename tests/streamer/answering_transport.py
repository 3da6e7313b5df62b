"""A transport with one device at its other end that does what it is told, on the loop's time."""

import asyncio
from collections.abc import Callable

from stimulators.wire.messages import Ack, ClockRequest, Command, DeviceInfo, DeviceLimits, Lease
from stimulators.wire.received import AckHeard, ClockAsked, InfoHeard, LinkChanged, Received
from tests.streamer.recording_transport import RecordingTransport

_WAY_S = 0.003
_CLOCK_S = 1.0


class AnsweringTransport(RecordingTransport):
    """Acknowledges every command after 3 ms, and asks for the time each second.

    Parameters
    ----------
    acks : bool
        Whether commands are answered at all.
    """

    def __init__(self, *, acks: bool = True) -> None:
        super().__init__()
        self.emit: Callable[[Received], None] | None = None
        self.leased_s: list[float] = []
        self.is_fed = False
        self._acks = acks

    async def feed(self, emit: Callable[[Received], None]) -> None:
        self.emit = emit
        self.is_fed = True
        emit(LinkChanged(is_up=True))
        info = DeviceInfo(
            device="stn",
            state="safe",
            simulated=True,
            programs=("adbs",),
            limits=DeviceLimits(amplitude_ma_max=5.0, slew_ma_per_s_max=50.0),
            safe_ma=0.0,
        )
        emit(InfoHeard("stn", info, retained=False))
        loop = asyncio.get_running_loop()
        try:
            while True:
                due: asyncio.Future[None] = loop.create_future()
                loop.call_later(_CLOCK_S, due.set_result, None)
                await due
                emit(ClockAsked("stn", ClockRequest(request_seq=0, sent_us=0)))
        finally:
            self.is_fed = False

    def send(self, device: str, message: Command | Lease) -> bool:
        loop = asyncio.get_running_loop()
        if isinstance(message, Lease):
            self.leased_s.append(loop.time())
        elif self._acks:
            loop.call_later(_WAY_S, self._answer, message)
        return super().send(device, message)

    def _answer(self, command: Command) -> None:
        assert self.emit is not None
        if not self.is_fed:
            return
        now_us = round(asyncio.get_running_loop().time() * 1e6)
        ack = Ack(
            session=command.session,
            received_us=now_us,
            applied_us=now_us,
            seq=command.seq,
            applied_ma=command.amplitude_ma,
        )
        self.emit(AckHeard("stn", ack))

    @property
    def commands(self) -> list[Command]:
        """Every command that was sent."""
        return [message for _, message in self.kept if isinstance(message, Command)]
