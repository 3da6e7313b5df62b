"""A reference device in virtual time, with its own clock, power, memory and misbehaviour."""

import math
from collections.abc import Callable, Iterable

import msgspec

from replay.virtual.electrode import Electrodes, Given, Pulses
from replay.virtual.machine import KEPT_ALIVE_US
from replay.virtual.misbehaviour import HONEST
from replay.virtual.network.broker import RECONNECT_US, Broker, Client, Post
from stimulators.device.counts.counts import Counts
from stimulators.device.device import ReferenceDevice
from stimulators.device_config import DeviceConfig
from stimulators.wire import topics
from stimulators.wire.messages import (
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

_HEARS = (topics.COMMAND, topics.LEASE, topics.CLOCK_REPLY, topics.STOP)
_TOPIC_OF = {
    Ack: topics.ACK,
    DeviceInfo: topics.INFO,
    DeviceStatus: topics.DEVICE_STATUS,
    ClockRequest: topics.CLOCK_REQUEST,
}
_TICK_US = 10_000


class VirtualDevice:
    """One device of the rig.

    Parameters
    ----------
    config : DeviceConfig
        What it is; its limits may be wider than the service's.
    broker : Broker
        Where it connects.
    electrodes : Electrodes
        Where what it gives is noted.
    offset_us, drift_ppm : int
        Of its own clock against the virtual time.
    step, ceiling : float
        It gives whole multiples of this, and no more than that: see `ReferenceDevice`.

    Attributes
    ----------
    device : ReferenceDevice
        The device itself; a new one after each power-on.
    misbehaviour : Misbehaviour
        What it makes of its messages.
    n_boots : int
        How often it was switched on.
    client : Client
        Its connection.
    stepped_us : int
        When its clock was set last, in virtual time.
    n_clock_sets : int
        How often that was.
    is_on : bool
        Whether it has power, and its computer does not sleep.
    is_asleep : bool
        Whether its computer sleeps.
    """

    def __init__(
        self,
        config: DeviceConfig,
        broker: Broker,
        electrodes: Electrodes,
        *,
        offset_us: int = 0,
        drift_ppm: int = 0,
        step: float = 0.0,
        ceiling: float = math.inf,
    ) -> None:
        self.config = config
        self.misbehaviour = HONEST
        self.n_boots = 0
        self.is_on = self.is_asleep = False
        self._broker = broker
        self._schedule = broker.schedule
        self._electrodes = electrodes
        self._offset_us = offset_us
        self._drift_ppm = drift_ppm
        self._newest_session = ""
        self._counts = Counts()
        self._step, self._ceiling = step, ceiling
        self._n_triggers = 0
        self._waiting: list[Callable[[], None]] = []
        self.stepped_us = self.n_clock_sets = 0
        self._look_us = -1
        self.client = self._make_client()
        self.device = self._boot()
        self._switch_on()

    def cycle_power(self, off_us: int) -> None:
        """Be without power for a while, and boot anew; it gives nothing meanwhile."""
        if not self.is_on:
            return
        self.is_on = False
        self._newest_session = self.device.newest_session
        # Of its last moment too, from its last look at its clock on: it gave its amount until now.
        self._counts = self.device.switch_off(self.own_us).after(off_us)
        self.client.disconnect("no power", back_after_us=None)
        self._note()
        self._schedule.after(off_us, self._restart)

    def suspend(self, for_us: int) -> None:
        """Let its computer sleep: it gives nothing, its clock goes on, and what comes waits."""
        if not self.is_on:
            return
        self.is_on, self.is_asleep = False, True
        self._note()
        self._schedule.after(for_us, self._wake)
        if for_us > KEPT_ALIVE_US:
            back_us = for_us - KEPT_ALIVE_US + RECONNECT_US
            self._schedule.after(
                KEPT_ALIVE_US,
                lambda: self.client.disconnect("its keep-alive ended", back_after_us=back_us),
            )

    def _wake(self) -> None:
        self.is_on, self.is_asleep = True, False
        self.stepped_us = self._schedule.now_us
        self.n_clock_sets += 1
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each()
        self._tick(self.n_boots)

    def step_clock(self, by_us: int) -> None:
        """Set its own clock forward or back."""
        self._offset_us += by_us
        self.stepped_us = self._schedule.now_us
        self.n_clock_sets += 1

    @property
    def own_us(self) -> int:
        """Its own clock."""
        now_us = self._schedule.now_us
        return now_us + now_us * self._drift_ppm // 1_000_000 + self._offset_us

    @property
    def amount(self) -> float:
        """What it gives, in its unit."""
        if not self.is_on:
            return 0.0
        device = self.device
        amount = device.applied_ma if self.config.unit == "ma" else device.applied_level
        return amount or 0.0

    def _boot(self) -> ReferenceDevice:
        self.n_boots += 1
        random = self._broker.random
        return ReferenceDevice(
            self.config,
            instance=f"{random.getrandbits(64):016x}",
            newest_session=self._newest_session,
            counts=self._counts,
            new_nonce=lambda: f"{random.getrandbits(64):016x}",
            step=self._step,
            ceiling=self._ceiling,
        )

    def _restart(self) -> None:
        self.device = self._boot()
        self._n_triggers = 0
        self.client = self._make_client()
        self._switch_on()

    def _switch_on(self) -> None:
        self.is_on = True
        self._note()
        self.client.connect()
        boot = self.n_boots
        self._schedule.after(_TICK_US, lambda: self._tick(boot))

    def _make_client(self) -> Client:
        return Client(
            self._broker,
            topics=_HEARS,
            name=self.config.id,
            hear=self._hear,
            change_link=self._change_link,
            will=lambda: Post(topics.INFO, self.config.id, self._gone()),
        )

    def _gone(self) -> DeviceInfo:
        return msgspec.structs.replace(
            self.device.info, word=0, state="offline", reason="the connection was lost"
        )

    def _tick(self, boot: int) -> None:
        if boot != self.n_boots or not self.is_on:
            return
        self._say(self.device.tick(self.own_us))
        self._schedule.after(_TICK_US, lambda: self._tick(boot))

    def _hear(self, post: Post, is_kept: bool) -> None:
        if self.is_asleep:
            self._waiting.append(lambda: self._hear(post, is_kept))
            return
        if not self.is_on or (is_kept and post.topic is not topics.STOP):
            return
        message = self.misbehaviour.asked(post.message, self.config, self.amount)
        if isinstance(message, Command | Lease | Stop | ClockReply):
            self._say(self.device.hear(message, self.own_us))

    def _change_link(self, is_up: bool, reason: str) -> None:
        if self.is_asleep:
            self._waiting.append(lambda: self._change_link(is_up, reason))
        elif is_up and self.is_on:
            self._publish(self.device.describe())
        elif self.is_on:
            self._say(self.device.lose_link(self.own_us))

    def _say(self, said: Iterable[Wire]) -> None:
        self._note()
        for message in said:
            self._publish(message)
        self._look_when_due()

    def _look_when_due(self) -> None:
        """Look at its clock when the next trigger is due, and not only with the next tick."""
        fires_in_us, boot = self.device.fires_in_us, self.n_boots
        if fires_in_us is None or fires_in_us >= _TICK_US:
            return
        # By its own clock, which drifts, it may be a microsecond short.
        due_us = self._schedule.now_us + fires_in_us + 1
        if self._schedule.now_us <= self._look_us <= due_us:
            return
        self._look_us = due_us

        def look() -> None:
            self._look_us = -1
            if boot == self.n_boots and self.is_on:
                self._say(self.device.tick(self.own_us))

        self._schedule.at(due_us, look)

    def _publish(self, message: Wire) -> None:
        told = self.misbehaviour.said(message, self.config)
        if told is not None:
            self.client.publish(_TOPIC_OF[type(message)], told, self.config.id)

    def _note(self) -> None:
        given = Given(self._schedule.now_us, self.amount, self.device.program, self.is_on)
        self._electrodes.note(self.config.id, given)
        triggers = self.device.triggers
        if triggers.n_given != self._n_triggers and triggers.last is not None:
            n_given = triggers.n_given - self._n_triggers
            self._n_triggers = triggers.n_given
            last = triggers.last
            amount = last.amplitude_ma if self.config.unit == "ma" else last.level
            lasts_us = round(self.config.trigger_s(last.program) * 1e6)
            self._electrodes.pulse(
                self.config.id,
                Pulses(self._schedule.now_us, n_given, amount or 0.0, last.program, lasts_us),
            )
        if triggers.take_cut() or not self.is_on:
            self._electrodes.cut(self.config.id, self._schedule.now_us)
