"""The interface of the checks to a device over its real broker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from stimulators.conformance.line import BrokerMessage
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import Status
from stimulators.wire.mqtt import BrokerConfig, MqttLink, Will
from stimulators.wire.payload import to_payload

_UP_S_MAX = 5.0
_KEPT_S_MAX = 1.0


class LostBrokerError(Exception):
    """There is no link to the broker, or none any more; the text says why."""


class MqttLine:
    """A `Line` over MQTT, for one device; use `mqtt_line`."""

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        rig: str,
        device: str,
        session: str,
        keys: Keys,
        now_s: Callable[[], float],
    ) -> None:
        self._broker = broker
        self._now_s = now_s
        self._session = session
        self._hear: Callable[[BrokerMessage], None] = lambda _: None
        self._kept: dict[str, bytes] = {}
        self._is_up = asyncio.Event()
        self._problem = ""
        status = topics.STATUS.at(rig=rig)
        gone = to_payload(Status(state="offline", session=session, reason="a device was tried"))
        heard = (topics.INFO, topics.ACK, topics.DEVICE_STATUS, topics.CLOCK_REQUEST, topics.STATUS)
        self._link = MqttLink(
            broker,
            client_id=f"stimloop-service-{session}",
            subscriptions=[(each.at(rig=rig, device=device), each.qos) for each in heard],
            will=Will(status, keys.seal(status, gone), topics.STATUS.qos, retain=False),
        )

    async def feed(self) -> None:
        """Connect and hand over messages, until cancelled."""
        await self._link.feed(self._take, self._change_link)

    async def wait_for_link(self) -> None:
        """Return once there is a link; raise LostBrokerError where there is none in time."""
        try:
            async with asyncio.timeout(_UP_S_MAX):
                await self._is_up.wait()
        except TimeoutError:
            raise LostBrokerError(self._problem) from None

    def listen(self, hear: Callable[[BrokerMessage], None]) -> None:
        """Call `hear` with every message from now on."""
        self._hear = hear

    def now_us(self) -> int:
        """Return the time of the service's clock, in microseconds."""
        return round(self._now_s() * 1e6)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        """Publish a message now; raise LostBrokerError where that cannot be."""
        if not self._link.publish(topic, payload, qos=qos, retain=retain):
            raise LostBrokerError(self._problem or "the broker takes no message")

    async def wait(self, passed_s: float) -> None:
        """Let time pass."""
        await asyncio.sleep(passed_s)

    async def kept(self, topic: str) -> bytes | None:
        """Return the message that the broker keeps on a topic, or None."""
        if self._broker.username is not None:
            # A second link with this user may end the first one.
            return self._kept.get(topic)
        found: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def take(_: str, payload: bytes, retained: bool) -> None:
            if retained and payload and not found.done():
                found.set_result(payload)

        link = MqttLink(
            self._broker,
            client_id=f"stimloop-service-{self._session}-kept",
            subscriptions=[(topic, 1)],
        )
        task = asyncio.create_task(link.feed(take, lambda _is_up, _problem: None))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_KEPT_S_MAX):
                await asyncio.shield(found)
        await _ended(task)
        return found.result() if found.done() else None

    async def displace(self, client_id: str) -> bool:
        """Connect with a client's id for a moment."""
        if self._broker.username is not None:
            return False
        is_up = asyncio.Event()
        link = MqttLink(self._broker, client_id=client_id, subscriptions=[])
        task = asyncio.create_task(
            link.feed(lambda *_: None, lambda up, _: is_up.set() if up else None)
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_UP_S_MAX):
                await is_up.wait()
        # Disconnect before the device comes back, or the two would end each other's link in turn.
        await _ended(task)
        return True

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        if retained:
            self._kept[topic] = payload
        self._hear(BrokerMessage(topic, payload, retained))

    def _change_link(self, is_up: bool, problem: str) -> None:
        self._problem = problem
        if is_up:
            self._is_up.set()


@contextlib.asynccontextmanager
async def mqtt_line(line: MqttLine) -> AsyncIterator[MqttLine]:
    """Return a line to a device that is connected while the context is open.

    Raises
    ------
    LostBrokerError
        Where there is no broker.
    ValueError
        Where a file that the configuration names cannot be used; begins with the key.
    """
    task = asyncio.create_task(line.feed(), name="conformance line")
    ready = asyncio.create_task(line.wait_for_link())
    try:
        await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        await ready
        yield line
    finally:
        ready.cancel()
        await _ended(task)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
