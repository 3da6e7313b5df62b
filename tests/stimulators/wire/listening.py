"""What the MQTT tests share: waiting for messages, and links that run in the background."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

from stimulators.wire.mqtt import BrokerConfig, MqttLink, Will

WAIT_S = 10.0
T = TypeVar("T")


class Ears(Generic[T]):
    """All messages that were received, in order."""

    def __init__(self) -> None:
        self.heard: list[T] = []
        self._stirred = asyncio.Event()

    def take(self, each: T) -> None:
        self.heard.append(each)
        self._stirred.set()

    async def until(self, holds: Callable[[list[T]], object], within_s: float = WAIT_S) -> None:
        """Wait until a condition holds for all messages received."""
        try:
            async with asyncio.timeout(within_s):
                while not holds(self.heard):
                    await self._stirred.wait()
                    self._stirred.clear()
        except TimeoutError:
            raise AssertionError(f"heard only {self.heard}") from None

    async def one(self, kind: type[Any]) -> Any:
        """Wait for the first of a kind."""
        await self.until(lambda heard: any(isinstance(each, kind) for each in heard))
        return next(each for each in self.heard if isinstance(each, kind))

    def of(self, kind: type[Any]) -> list[Any]:
        return [each for each in self.heard if isinstance(each, kind)]


Message = tuple[str, bytes, bool]


class Peer:
    """A bare link to a broker, with the messages and the link changes that it got."""

    def __init__(
        self,
        broker: BrokerConfig,
        subscriptions: Sequence[tuple[str, int]] = (("#", 1),),
        *,
        client_id: str = "peer",
        will: Will | None = None,
    ) -> None:
        self.messages: Ears[Message] = Ears()
        self.changes: Ears[tuple[bool, str]] = Ears()
        self.link = MqttLink(broker, client_id=client_id, subscriptions=subscriptions, will=will)

    async def feed(self) -> None:
        await self.link.feed(
            lambda *message: self.messages.take(message),
            lambda is_up, reason: self.changes.take((is_up, reason)),
        )

    async def is_up(self) -> None:
        await self.changes.until(lambda changes: changes and changes[-1][0])

    async def is_down(self) -> str:
        await self.changes.until(lambda changes: changes and not changes[-1][0])
        return self.changes.heard[-1][1]

    async def hears(self, topic: str) -> Message:
        """Wait for the newest message on a topic."""
        await self.messages.until(lambda heard: any(each[0] == topic for each in heard))
        return next(each for each in reversed(self.messages.heard) if each[0] == topic)

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for each, payload, _ in self.messages.heard if each == topic]


@contextlib.asynccontextmanager
async def running(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these in the background; what one of them raised is raised at the end."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


@contextlib.asynccontextmanager
async def peer(broker: BrokerConfig, *arguments: Any, **keys: Any) -> AsyncIterator[Peer]:
    """Give a peer that is connected."""
    made = Peer(broker, *arguments, **keys)
    async with running(made.feed()):
        await made.is_up()
        yield made
