"""A reference device on an MQTT broker: its topics, signatures, timer and memory."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable

import msgspec

from stimulators.device.counts.counts import Counts
from stimulators.device.counts.memory import DeviceMemory
from stimulators.device.device import FromDevice, ReferenceDevice, ToDevice
from stimulators.device_config import DeviceConfig
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, NoKeys, UnverifiedError
from stimulators.wire.messages import (
    UNREADABLE_STOP,
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    DeviceInfo,
    DeviceStatus,
    Lease,
    Stop,
    Wire,
)
from stimulators.wire.mqtt import BrokerConfig, MqttLink, Will
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.topics import Topic

_TICK_S = 0.005
#: How late a timer of the event loop may be, on a machine that has nothing else to do.
_TIMER_S = 0.0015
_KEEP_COUNTS_S = 1.0
_N_INSTANCE_BYTES = 8
_N_NONCE_BYTES = 16
_HEARD: dict[Topic, type[ToDevice]] = {
    topics.COMMAND: Command,
    topics.LEASE: Lease,
    topics.CLOCK_REPLY: ClockReply,
    topics.STOP: Stop,
}
_SAID: dict[type[Wire], Topic] = {
    Ack: topics.ACK,
    DeviceInfo: topics.INFO,
    DeviceStatus: topics.DEVICE_STATUS,
    ClockRequest: topics.CLOCK_REQUEST,
}


class DeviceLink:
    """Runs one reference device on a broker.

    Parameters
    ----------
    config : DeviceConfig
        The device.
    broker : BrokerConfig
        Where the broker is.
    rig : str
        Name of the rig.
    now_s : callable
        The device's own clock: one that is never set.
    memory : DeviceMemory, optional
        Its memory over a restart. A session is kept before any message that shows its adoption is
        published; charge and on-time about once a second, and at the end.
    watch : callable, optional
        Called after each message received or published, and when the link changed.
    keys : Keys, optional
        Sign what is published, and check what is received.

    Attributes
    ----------
    device : ReferenceDevice
        The device; its instance is random.
    is_up, problem : bool, str
        Whether there is a link to the broker, and why not.
    n_unreadable, n_unverified : int
        Payloads on its topics that could not be decoded, or have no signature of a known key.

    Notes
    -----
    Of messages that the broker had kept only a stop is acted on. A payload on the stop topic stops
    even if it cannot be decoded, and whoever signed it: who wrote it by hand wanted nothing else.
    An empty one does not: that is how a kept message is removed. Everything else is acted on only
    with a valid signature, where signing is on.
    """

    def __init__(
        self,
        config: DeviceConfig,
        *,
        broker: BrokerConfig,
        rig: str,
        now_s: Callable[[], float],
        memory: DeviceMemory | None = None,
        watch: Callable[["DeviceLink"], None] = lambda _: None,
        keys: Keys = NoKeys(),  # noqa: B008 it has no state
    ) -> None:
        self.device = ReferenceDevice(
            config,
            instance=secrets.token_hex(_N_INSTANCE_BYTES),
            new_nonce=lambda: secrets.token_hex(_N_NONCE_BYTES),
            newest_session="" if memory is None else memory.session(),
            counts=Counts() if memory is None else memory.counts(),
        )
        self.is_up = False
        self.problem = "not yet connected"
        self.n_unreadable = 0
        self.n_unverified = 0
        self._memory = memory
        self._kept_session = self.device.newest_session
        self._now_s = now_s
        self._has_new_trigger = asyncio.Event()
        self._watch = watch
        self._keys = keys
        names = {"rig": rig, "device": config.id}
        self._kinds = {topic.at(**names): kind for topic, kind in _HEARD.items()}
        self._addresses = {topic: topic.at(**names) for topic in _SAID.values()}
        info = self._addresses[topics.INFO]
        gone = self._gone("the connection was lost", word=0)
        self._link = MqttLink(
            broker,
            client_id=f"stimloop-device-{rig}-{config.id}",
            subscriptions=[(topic.at(**names), topic.qos) for topic in _HEARD],
            will=Will(info, keys.seal(info, to_payload(gone)), topics.INFO.qos, topics.INFO.retain),
        )

    async def run(self) -> None:
        """Run the device until cancelled; then publish that it is switched off.

        Raises
        ------
        ValueError
            Where the broker's configuration names a file that cannot be used.
        OSError
            Where the memory cannot be written.
        """
        tasks = [
            asyncio.create_task(self._link.feed(self._hear, self._change_link), name="device link"),
            asyncio.create_task(self._tick(), name="device tick"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._publish(self._gone("switched off", word=self.device.describe().word))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._keep_counts(self.device.switch_off(self._now_us()), is_end=True)

    async def _tick(self) -> None:
        keep_due_s = self._now_s()
        while True:
            self._say(self.device.tick(self._now_us()))
            if self._now_s() >= keep_due_s:
                keep_due_s = self._now_s() + _KEEP_COUNTS_S
                self._keep_counts(self.device.counts, is_end=False)
            await self._until_next_look()

    async def _until_next_look(self) -> None:
        """Wait for a tick; less where a trigger is due, or one comes that is due before.

        A timer of the event loop is late by up to a millisecond: shortly before a trigger is due
        the device looks again and again.
        """
        self._has_new_trigger.clear()
        fires_in_us = self.device.fires_in_us
        wait_s = _TICK_S
        if fires_in_us is not None:
            wait_s = min(_TICK_S, max(0.0, fires_in_us / 1e6 - _TIMER_S))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._has_new_trigger.wait()

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        kind = self._kinds.get(topic)
        if kind is None or (retained and kind is not Stop):
            return
        body, verified = self._opened(topic, payload)
        if verified or kind is Stop:
            message = self._read(body, kind)
            if message is None and kind is Stop and payload:
                message = UNREADABLE_STOP
            if message is not None:
                self._say(self.device.hear(message, self._now_us(), verified=verified))
        if self.device.fires_in_us is not None:
            self._has_new_trigger.set()
        self._watch(self)

    def _read(self, body: bytes, kind: type[ToDevice]) -> ToDevice | None:
        try:
            return from_payload(body, kind)
        except ValueError:
            self.n_unreadable += 1
            return None

    def _opened(self, topic: str, payload: bytes) -> tuple[bytes, bool]:
        """Return the message of a payload, and whether a known key signed it."""
        try:
            return self._keys.open(topic, payload), True
        except UnverifiedError as error:
            self.n_unverified += 1
            return error.body, False

    def _change_link(self, is_up: bool, problem: str) -> None:
        self.is_up = is_up
        self.problem = problem
        if is_up:
            self._publish(self.device.describe())
        else:
            self._say(self.device.lose_link(self._now_us()))
        self._watch(self)

    def _say(self, said: Iterable[FromDevice]) -> None:
        newest = self.device.newest_session
        if newest != self._kept_session:
            if self._memory is not None:
                self._memory.keep_session(newest)
            self._kept_session = newest
        is_news = False
        for message in said:
            self._publish(message)
            is_news = is_news or not isinstance(message, ClockRequest)
        if is_news:
            self._watch(self)

    def _publish(self, message: FromDevice) -> None:
        topic = _SAID[type(message)]
        address = self._addresses[topic]
        payload = self._keys.seal(address, to_payload(message))
        self._link.publish(address, payload, qos=topic.qos, retain=topic.retain)

    def _keep_counts(self, counts: Counts, *, is_end: bool) -> None:
        if self._memory is not None:
            self._memory.keep_counts(counts, is_end=is_end)

    def _gone(self, reason: str, *, word: int) -> DeviceInfo:
        return msgspec.structs.replace(self.device.info, word=word, state="offline", reason=reason)

    def _now_us(self) -> int:
        return round(self._now_s() * 1e6)
