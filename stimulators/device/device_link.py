"""A device on MQTT: the reference device, its topics, its Last Will and its memory."""

import asyncio
from collections.abc import Callable, Iterable

import msgspec

from stimulators.device.device import ReferenceDevice, Said
from stimulators.limits import DeviceConfig
from stimulators.wire import topics
from stimulators.wire.messages import (
    UNREADABLE_STOP,
    Ack,
    ClockReply,
    Command,
    DeviceInfo,
    Lease,
    Stop,
    Wire,
)
from stimulators.wire.mqtt import BrokerConfig, MqttLink, Will
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.topics import Topic

_TICK_S = 0.005
_KINDS: dict[Topic, type[Command | Lease | ClockReply | Stop]] = {
    topics.COMMAND: Command,
    topics.LEASE: Lease,
    topics.CLOCK_REPLY: ClockReply,
    topics.STOP: Stop,
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
        The device's own clock.
    newest_session : str
        What it remembers of its former life; see `session_file`.
    keep_session : callable, optional
        Given each session it adopts, before anybody is told; raises OSError where it cannot.
    watch : callable, optional
        Called after anything was heard or said, and when the link changed.

    Attributes
    ----------
    device : ReferenceDevice
        The device.
    is_up, problem : bool, str
        Whether there is a link, and why not.
    n_unreadable : int
        Payloads on its topics that were not what the contract says.

    Notes
    -----
    What the broker had kept is not acted on, but for a stop. A payload on the stop topic stops
    even if it cannot be read: whoever wrote it by hand wanted nothing else. An empty one does
    not: that is how a kept message is removed.
    """

    def __init__(
        self,
        config: DeviceConfig,
        *,
        broker: BrokerConfig,
        rig: str,
        now_s: Callable[[], float],
        newest_session: str = "",
        keep_session: Callable[[str], None] = lambda _: None,
        watch: Callable[["DeviceLink"], None] = lambda _: None,
    ) -> None:
        self.device = ReferenceDevice(config, newest_session=newest_session)
        self.is_up = False
        self.problem = "not yet connected"
        self.n_unreadable = 0
        self._kept_session = newest_session
        self._keep_session = keep_session
        self._now_s = now_s
        self._watch = watch
        names = {"rig": rig, "device": config.id}
        self._kinds = {topic.at(**names): kind for topic, kind in _KINDS.items()}
        self._ack, self._info, self._clock_request = (
            topic.at(**names) for topic in (topics.ACK, topics.INFO, topics.CLOCK_REQUEST)
        )
        self._link = MqttLink(
            broker,
            client_id=f"stimloop-device-{rig}-{config.id}",
            subscriptions=[(topic.at(**names), topic.qos) for topic in _KINDS],
            will=Will(
                self._info,
                to_payload(self._gone("the connection was lost")),
                topics.INFO.qos,
                topics.INFO.retain,
            ),
        )

    async def run(self) -> None:
        """Be the device until cancelled; then say that it is switched off.

        Raises
        ------
        ValueError
            Where the broker's configuration names a file that cannot be used.
        OSError
            Where a session that was adopted cannot be stored.
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
            self._publish(topics.INFO, self._info, self._gone("switched off"))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            self._say(self.device.tick(self._now_us()))
            await asyncio.sleep(_TICK_S)

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        kind = self._kinds.get(topic)
        if kind is None or (retained and kind is not Stop):
            return
        try:
            message = from_payload(payload, kind)
        except ValueError:
            self.n_unreadable += 1
            if kind is not Stop or not payload:
                self._watch(self)
                return
            message = UNREADABLE_STOP
        self._say(self.device.hear(message, self._now_us()))
        self._watch(self)

    def _change_link(self, is_up: bool, problem: str) -> None:
        self.is_up = is_up
        self.problem = problem
        if is_up:
            self._publish(topics.INFO, self._info, self.device.info)
        self._watch(self)

    def _say(self, said: Iterable[Said]) -> None:
        newest = self.device.newest_session
        if newest != self._kept_session:
            self._keep_session(newest)
            self._kept_session = newest
        is_news = False
        for message in said:
            if isinstance(message, Ack):
                self._publish(topics.ACK, self._ack, message)
            elif isinstance(message, DeviceInfo):
                self._publish(topics.INFO, self._info, message)
            else:
                self._publish(topics.CLOCK_REQUEST, self._clock_request, message)
                continue
            is_news = True
        if is_news:
            self._watch(self)

    def _publish(self, topic: Topic, address: str, message: Wire) -> None:
        self._link.publish(address, to_payload(message), qos=topic.qos, retain=topic.retain)

    def _gone(self, reason: str) -> DeviceInfo:
        return msgspec.structs.replace(self.device.info, state="offline", reason=reason)

    def _now_us(self) -> int:
        return round(self._now_s() * 1e6)
