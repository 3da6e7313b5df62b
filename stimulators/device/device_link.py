"""A reference device on an MQTT broker: its timer, its memory and its hardware."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable

import msgspec

from stimulators.device.command_check import amount_of
from stimulators.device.counts.counts import Counts
from stimulators.device.counts.memory import DeviceMemory
from stimulators.device.device import FromDevice, ReferenceDevice
from stimulators.device.device_topics import DeviceTopics
from stimulators.device.hardware.hardware import Hardware, NoHardware
from stimulators.device_config import DeviceConfig
from stimulators.wire.keys.keys import Keys, NoKeys
from stimulators.wire.messages import ClockRequest, DeviceInfo
from stimulators.wire.mqtt import BrokerConfig, MqttLink, Will
from stimulators.wire.topics import device_client_id

_TICK_S = 0.005
#: How late a timer of the event loop may be, on a machine that has nothing else to do.
_TIMER_S = 0.0015
_KEEP_COUNTS_S = 1.0
_N_INSTANCE_BYTES = 8
_N_NONCE_BYTES = 16


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
    hardware : Hardware, optional
        What gives the amount; without, the device is a simulation. It is told each amount before
        anybody else is. Where it fails, the device says that it is gone, and ends.

    Raises
    ------
    TypeError
        Where the hardware lacks a method: it must not show only when that is needed.

    Attributes
    ----------
    device : ReferenceDevice
        The device; its instance is random.
    topics : DeviceTopics
        Its topics, and how many payloads on them could not be read or verified.
    is_up, problem : bool, str
        Whether there is a link to the broker, and why not.
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
        hardware: Hardware = NoHardware(),  # noqa: B008 it has no state
    ) -> None:
        if not isinstance(hardware, Hardware):
            found = type(hardware).__name__
            raise TypeError(f"{config.id}: expected hardware with give, fire, cut and close, found "
                            f"{found}, which lacks one")  # fmt: skip
        self.device = ReferenceDevice(
            config,
            instance=secrets.token_hex(_N_INSTANCE_BYTES),
            new_nonce=lambda: secrets.token_hex(_N_NONCE_BYTES),
            newest_session="" if memory is None else memory.session(),
            counts=Counts() if memory is None else memory.counts(),
        )
        self.is_up = False
        self.problem = "not yet connected"
        self.topics = DeviceTopics(rig=rig, device=config.id, keys=keys)
        self._hardware = hardware
        self._fault: OSError | None = None
        self._memory = memory
        self._kept_session = self.device.newest_session
        self._now_s = now_s
        self._has_new_trigger = asyncio.Event()
        self._watch = watch
        gone = self.topics.write(self._gone("the connection was lost", word=0))
        self._link = MqttLink(
            broker,
            client_id=device_client_id(rig, config.id),
            subscriptions=self.topics.subscriptions,
            will=Will(gone.address, gone.payload, gone.qos, gone.retain),
        )

    async def run(self) -> None:
        """Run the device until cancelled; then publish that it is switched off.

        Raises
        ------
        ValueError
            Where the broker's configuration names a file that cannot be used.
        OSError
            Where the memory cannot be written, or the hardware does not do as it is told.
        """
        tasks = [
            asyncio.create_task(self._link.feed(self._hear, self._change_link), name="device link"),
            asyncio.create_task(self._tick(), name="device tick"),
        ]
        reason = "switched off"
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except OSError as error:
            reason = str(error)
            raise
        finally:
            with contextlib.suppress(OSError):
                self._hardware.close()
            self._publish(self._gone(reason, word=self.device.describe().word))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._keep_counts(self.device.switch_off(self._now_us()), is_end=True)

    async def _tick(self) -> None:
        keep_due_s = self._now_s()
        while True:
            self._say(self.device.tick(self._now_us()))
            if self._fault is not None:
                raise self._fault
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
        heard = self.topics.read(topic, payload, retained=retained)
        if heard is not None:
            said = self.device.hear(heard.message, self._now_us(), verified=heard.verified)
            self._say(said)
        if self.device.fires_in_us is not None:
            self._has_new_trigger.set()
        self._watch(self)

    def _change_link(self, is_up: bool, problem: str) -> None:
        self.is_up = is_up
        self.problem = problem
        if is_up:
            self._publish(self.device.describe())
        else:
            self._say(self.device.lose_link(self._now_us()))
        self._watch(self)

    def _say(self, said: Iterable[FromDevice]) -> None:
        if not self._drive():
            return
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

    def _drive(self) -> bool:
        """Tell the hardware what the device gives; without that nobody may be told that it does."""
        device = self.device
        try:
            for command in device.triggers.take_fired():
                self._hardware.fire(amount_of(command), command.program)
            if device.triggers.take_cut():
                self._hardware.cut(device.applied, device.program)
            self._hardware.give(device.applied, device.program)
        except OSError as error:
            # Raised by the next tick, while there still is a link on which to say why.
            self._fault = error
        return self._fault is None

    def _publish(self, message: FromDevice) -> None:
        address, payload, qos, retain = self.topics.write(message)
        self._link.publish(address, payload, qos=qos, retain=retain)

    def _keep_counts(self, counts: Counts, *, is_end: bool) -> None:
        if self._memory is not None:
            self._memory.keep_counts(counts, is_end=is_end)

    def _gone(self, reason: str, *, word: int) -> DeviceInfo:
        return msgspec.structs.replace(self.device.info, word=word, state="offline", reason=reason)

    def _now_us(self) -> int:
        return round(self._now_s() * 1e6)
