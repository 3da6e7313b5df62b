"""An operator's end of the wire: what the rig says, remembered while a question is open."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from secrets import token_hex
from types import TracebackType
from typing import Self

from stimulators.wire import topics
from stimulators.wire.messages import Ack, DeviceInfo, Status
from stimulators.wire.mqtt import BrokerConfig, MqttLink
from stimulators.wire.payload import from_payload
from stimulators.wire.topics import Topic

#: A rig has few devices; what else claims to be one is not remembered.
_N_DEVICES_MAX = 256


class OperatorError(Exception):
    """There is nobody to talk to; the text says who is missing."""


class OperatorLink:
    """A context manager around one conversation with a rig.

    Parameters
    ----------
    broker : BrokerConfig
        Where the broker is.
    rig : str
        Name of the rig.
    heard : sequence of Topic
        What to listen to: of status, infos and acks.
    first : (Topic, bytes), optional
        Said at once on every new link: it may have been lost with the one before.
    now_s : callable, optional
        Any clock that runs on, for `service_now_us`.

    Attributes
    ----------
    session : str or None
        Whose status counts; anybody's until it is set.
    status, kept_status : Status or None
        What the service said since we listen, and what the broker had kept of it.
    infos : dict of str to DeviceInfo
        What devices last said of themselves.
    acks : deque of (str, Ack)
        What devices answered to stops, the newest last.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        rig: str,
        heard: Sequence[Topic],
        *,
        first: tuple[Topic, bytes] | None = None,
        now_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.session: str | None = None
        self.status: Status | None = None
        self.kept_status: Status | None = None
        self.infos: dict[str, DeviceInfo] = {}
        self.acks: deque[tuple[str, Ack]] = deque(maxlen=_N_DEVICES_MAX)
        self._broker = broker
        self._rig = rig
        self._first = first
        self._now_s = now_s
        self._status_s = 0.0
        self._is_up = False
        self._problem = f"{broker.host}:{broker.port}: no answer"
        self._stirred = asyncio.Event()
        self._feeding: asyncio.Task[None] | None = None
        self._device_level = topics.INFO.address.split("/").index("{device}")
        self._link = MqttLink(
            broker,
            client_id=f"stimloop-operator-{token_hex(8)}",
            subscriptions=[(topic.at(rig=rig, device="+"), topic.qos) for topic in heard],
        )

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        feeding = self._link.feed(self._hear, self._change_link)
        self._feeding = asyncio.create_task(feeding, name="operator link")
        self._feeding.add_done_callback(lambda _: self._stirred.set())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect."""
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.gather(self._feeding, return_exceptions=True)

    @property
    def present(self) -> set[str]:
        """The devices that are not known to be gone."""
        return {device for device, info in self.infos.items() if info.state != "offline"}

    @property
    def answered(self) -> str:
        """The newest request that the service says it has acted on."""
        return "" if self.status is None else self.status.answered

    @property
    def service_now_us(self) -> int:
        """The service's clock, from its last status and what has passed here since."""
        said_us = 0 if self.status is None else self.status.now_us
        return said_us + round((self._now_s() - self._status_s) * 1e6)

    def publish(self, topic: Topic, payload: bytes) -> None:
        """Say something to the rig.

        Raises
        ------
        OperatorError
            Where there is no link.
        """
        if not self._link.publish(topic.at(rig=self._rig), payload, qos=topic.qos):
            raise OperatorError(f"no broker: {self._problem}")

    async def require(self, wait_s: float) -> None:
        """Wait for the link.

        Raises
        ------
        OperatorError
            Where there is none in time.
        ValueError
            Where the broker's configuration names a file that cannot be used.
        """
        if not await self.until(lambda: self._is_up, wait_s):
            raise OperatorError(f"no broker: {self._problem}")

    async def until(self, holds: Callable[[], bool], wait_s: float) -> bool:
        """Wait until something holds of what was heard; False where it does not in time."""
        try:
            async with asyncio.timeout(wait_s):
                while not holds():
                    if self._feeding is not None and self._feeding.done():
                        self._feeding.result()
                    await self._stirred.wait()
                    self._stirred.clear()
        except TimeoutError:
            return holds()
        return True

    def _change_link(self, is_up: bool, problem: str) -> None:
        self._is_up = is_up
        self._problem = problem
        if is_up and self._first is not None:
            self.publish(*self._first)
        self._stirred.set()

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        levels = topic.split("/")
        device, what = levels[min(self._device_level, len(levels) - 1)], levels[-1]
        try:
            if what == "status":
                self._hear_status(from_payload(payload, Status), retained=retained)
            elif what == "ack":
                ack = from_payload(payload, Ack)
                # Answers to commands are many, and would push those to the stop out.
                if ack.request_id is not None:
                    self.acks.append((device, ack))
            elif device in self.infos or len(self.infos) < _N_DEVICES_MAX:
                self.infos[device] = from_payload(payload, DeviceInfo)
        except ValueError:
            return
        self._stirred.set()

    def _hear_status(self, status: Status, *, retained: bool) -> None:
        if retained or status.state == "offline":
            self.kept_status = status
            return
        if self.session not in {None, status.session}:
            return
        self._status_s = self._now_s()
        self.status = status
