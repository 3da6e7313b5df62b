"""An operator's connection to a rig: it publishes, and remembers what services and devices send."""

import asyncio
from collections.abc import Callable, Sequence
from secrets import token_hex
from types import TracebackType
from typing import Self

import msgspec

from stimulators.operator.device_words import DeviceWords
from stimulators.operator.known_rig import KnownRig
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, ListenerKeys, UnverifiedError
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus, Status
from stimulators.wire.mqtt import MqttLink
from stimulators.wire.payload import from_payload
from stimulators.wire.topics import Topic

#: A rig has few devices and one service; beyond these numbers others are not remembered.
_N_DEVICES_MAX = 256
_N_SESSIONS_MAX = 16


class OperatorError(Exception):
    """The broker or a service cannot be reached; the text says which."""


class SaidStatus(msgspec.Struct, frozen=True):
    """A service's status, and when it was received, by the operator's clock."""

    status: Status
    heard_s: float


class OperatorLink:
    """A context manager that is connected to a rig's broker while it is open.

    Parameters
    ----------
    rig : KnownRig
        The rig and its broker.
    heard : sequence of Topic
        The topics to subscribe to: of status, infos, states and acks.
    first : (Topic, bytes), optional
        Published at once on every new link: it may have been lost with the one before.
    now_s : callable, optional
        Any clock that never goes back, for ages and `service_now_us`.
    keys : Keys, optional
        Sign what is published; a message whose signature they do not accept is counted and
        dropped. Without any, nothing is signed and signatures are not checked.

    Attributes
    ----------
    services : dict of str to SaidStatus
        By session, the last status of each service that is running.
    kept_status : Status or None
        A status that the broker had kept, or the ``offline`` of a service that ended.
    devices : dict of str to DeviceWords
        The words of each device; those of the configuration are there from the start.
    n_heard, n_unverified : int
        Messages read, and messages dropped because their signature does not fit.
    """

    def __init__(
        self,
        rig: KnownRig,
        heard: Sequence[Topic],
        *,
        first: tuple[Topic, bytes] | None = None,
        now_s: Callable[[], float] = lambda: 0.0,
        keys: Keys | None = None,
    ) -> None:
        self.rig = rig
        self.services: dict[str, SaidStatus] = {}
        self.kept_status: Status | None = None
        self.devices: dict[str, DeviceWords] = {each.id: DeviceWords() for each in rig.devices}
        self.n_heard = 0
        self.n_unverified = 0
        self._first = first
        self._now_s = now_s
        self._keys = ListenerKeys() if keys is None else keys
        self._is_up = False
        broker = rig.broker.for_operators
        self._problem = f"{broker.host}:{broker.port}: no answer"
        self._has_news = asyncio.Event()
        self._feeding: asyncio.Task[None] | None = None
        self._device_level = topics.INFO.address.split("/").index("{device}")
        self._link = MqttLink(
            broker,
            client_id=f"stimloop-operator-{token_hex(8)}",
            subscriptions=[(topic.at(rig=rig.name, device="+"), topic.qos) for topic in heard],
        )

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        feeding = self._link.feed(self._hear, self._change_link)
        self._feeding = asyncio.create_task(feeding, name="operator link")
        self._feeding.add_done_callback(lambda _: self._has_news.set())
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
        """The devices that are not known to be offline."""
        return {name for name, words in self.devices.items() if words.is_present}

    def service_now_us(self, session: str) -> int:
        """Return the time by a service's clock, from its last status and the time since."""
        said = self.services[session]
        return said.status.now_us + round((self._now_s() - said.heard_s) * 1e6)

    def publish(self, topic: Topic, payload: bytes) -> None:
        """Publish a message to the rig.

        Raises
        ------
        OperatorError
            Where there is no link.
        """
        if not self.offer(topic, payload):
            raise OperatorError(f"no broker: {self._problem}")

    def offer(self, topic: Topic, payload: bytes) -> bool:
        """Publish a message to the rig; return False where there is no link."""
        address = topic.at(rig=self.rig.name)
        return self._link.publish(address, self._keys.seal(address, payload), qos=topic.qos)

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
        """Wait until `holds` returns true for the messages received; False where it does not."""
        try:
            async with asyncio.timeout(wait_s):
                while not holds():
                    if self._feeding is not None and self._feeding.done():
                        self._feeding.result()
                    await self._has_news.wait()
                    self._has_news.clear()
        except TimeoutError:
            return holds()
        return True

    async def listen(self, seconds: float) -> None:
        """Receive messages for this many seconds."""
        await self.until(lambda: False, seconds)

    def _change_link(self, is_up: bool, problem: str) -> None:
        self._is_up = is_up
        self._problem = problem
        if is_up and self._first is not None:
            self.offer(*self._first)
        self._has_news.set()

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        try:
            self._read(topic, self._keys.open(topic, payload), retained=retained)
        except UnverifiedError:
            self.n_unverified += 1
        except ValueError:
            return
        self._has_news.set()

    def _read(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Remember a message, or raise ValueError where it is not what the contract says."""
        levels = topic.split("/")
        name, what = levels[min(self._device_level, len(levels) - 1)], levels[-1]
        self.n_heard += 1
        if what == "status":
            self._hear_status(from_payload(payload, Status), retained=retained)
            return
        if name not in self.devices and len(self.devices) >= _N_DEVICES_MAX:
            return
        order, now_s = self.n_heard, self._now_s()
        if what == "info":
            info = from_payload(payload, DeviceInfo)
            self._words(name).hear_info(info, retained=retained, order=order, heard_s=now_s)
        elif retained:
            return  # no device asks a broker to keep these
        elif what == "ack":
            self._words(name).hear_ack(from_payload(payload, Ack), order=order, heard_s=now_s)
        elif what == "state":
            said = from_payload(payload, DeviceStatus)
            self._words(name).hear_status(said, order=order, heard_s=now_s)

    def _words(self, device: str) -> DeviceWords:
        return self.devices.setdefault(device, DeviceWords())

    def _hear_status(self, status: Status, *, retained: bool) -> None:
        if status.state == "offline":
            self.services.pop(status.session, None)
        if retained or status.state == "offline":
            self.kept_status = status
        elif status.session in self.services or len(self.services) < _N_SESSIONS_MAX:
            self.services[status.session] = SaidStatus(status, self._now_s())
