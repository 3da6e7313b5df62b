"""A broker and a device in virtual time, on which the conformance checks are tested."""

from collections import deque
from collections.abc import Callable

from stimulators.conformance.line import BrokerMessage
from tests.stimulators.device.ends import End, Said

#: How far the service's clock is ahead of the device's.
_AHEAD_US = 7_000_000_000
_TICK_US = 10_000
_AWAY_US = 400_000


class VirtualLine:
    """A `Line` to one device. Nothing is late or lost, but for a link that another takes over."""

    def __init__(self, end: End) -> None:
        self.end = end
        self._now_us = 0
        self._kept: dict[str, bytes] = {}
        self._listen: Callable[[BrokerMessage], None] = lambda _: None
        self._back_us: int | None = 0
        self._on_their_way: deque[BrokerMessage] = deque()
        self._is_delivering = False
        self.greatest = 0.0
        self.n_published = 0

    def listen(self, hear: Callable[[BrokerMessage], None]) -> None:
        self._listen = hear
        self._tick()
        for topic, payload in self._kept.items():
            hear(BrokerMessage(topic, payload, retained=True))

    def now_us(self) -> int:
        return self._now_us + _AHEAD_US

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> None:
        assert qos in {0, 1}
        self.n_published += 1
        self._keep(topic, payload, retain)
        if self._back_us is None and topic in dict(self.end.subscriptions()):
            self._hear(topic, payload, retained=False)

    async def wait(self, passed_s: float) -> None:
        until_us = self._now_us + round(passed_s * 1e6)
        while self._now_us < until_us:
            self._now_us = min(until_us, self._now_us + _TICK_US)
            self._tick()

    async def kept(self, topic: str) -> bytes | None:
        return self._kept.get(topic)

    async def displace(self, client_id: str) -> bool:
        if client_id == self.end.client_id:
            self.interrupt()
        return True

    def interrupt(self) -> None:
        """End the device's link, as another one of its id or a switch does; it comes back."""
        self._back_us = self._now_us + _AWAY_US
        self._say_on(*self.end.will())

    def switch(self, end: End) -> None:
        """Switch the device off and on: it is another boot then."""
        self.interrupt()
        self.end = end

    def _tick(self) -> None:
        said = self.end.tick(self._now_us)
        if self._back_us is not None and self._now_us >= self._back_us:
            self._back_us = None
            for topic, payload in list(self._kept.items()):
                if topic in dict(self.end.subscriptions()):
                    self._hear(topic, payload, retained=True)
            said = [*said, *self.end.describe()]
        self._say(said)

    def _hear(self, topic: str, payload: bytes, *, retained: bool) -> None:
        self._say(self.end.hear(topic, payload, retained, self._now_us))

    def _say(self, said: Said) -> None:
        self.greatest = max(self.greatest, self.end.given)
        if self._back_us is None:
            for topic, payload, _, retain in said:
                self._keep(topic, payload, retain)
                self._on_their_way.append(BrokerMessage(topic, payload, retained=False))
            self._deliver()

    def _say_on(self, topic: str, payload: bytes, _qos: int, retain: bool) -> None:
        self._keep(topic, payload, retain)
        self._on_their_way.append(BrokerMessage(topic, payload, retained=False))
        self._deliver()

    def _deliver(self) -> None:
        """Hand over all messages in order, also those that the listener causes in turn."""
        if self._is_delivering:
            return
        self._is_delivering = True
        while self._on_their_way:
            self._listen(self._on_their_way.popleft())
        self._is_delivering = False

    def _keep(self, topic: str, payload: bytes, retain: bool) -> None:
        if retain and payload:
            self._kept[topic] = payload
        elif retain:
            self._kept.pop(topic, None)
