"""The reference device: every rule that a stimulator has to keep, without I/O and clock."""

import math
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from stimulators.device.command_check import amount_of
from stimulators.device.counts.counts import Counts
from stimulators.device.parts import DeviceParts
from stimulators.device_config import DeviceConfig
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    DeviceInfo,
    DeviceState,
    DeviceStatus,
    Lease,
    Stop,
)

#: Commands remembered as done, since the broker may deliver one twice.
_N_DONE = 256

ToDevice: TypeAlias = Command | Lease | Stop | ClockReply
FromDevice: TypeAlias = Ack | DeviceInfo | DeviceStatus | ClockRequest


class ReferenceDevice:
    """One device, which keeps every rule of the wire contract from its side.

    Parameters
    ----------
    config : DeviceConfig
        The limits that it keeps by itself: amount, slew, triggers, charge, on-time.
    instance : str
        The name of this boot: a new one each time it is switched on.
    firmware : str
        The firmware that it reports.
    newest_session : str
        The newest session it has stored: `newest_session` of its last boot.
    counts : Counts
        Charge and on-time from before it was switched on: `counts` of its last boot.
    new_nonce : callable, optional
        Gives a text that nobody can guess, for each clock request.
    off_when_unpowered : bool
        Whether it reports that it gives nothing without power.
    step : float
        It gives whole multiples of this, as many stimulators do; 0 where it gives any amount.
    ceiling : float
        It gives no more than this, whatever its limits say: a device that clips.

    Attributes
    ----------
    triggers : TriggerOutput
        The triggers that were fired, and those that wait for their time.

    Notes
    -----
    Methods that take a time take the device's own clock in microseconds and return the messages
    to publish, in order. None raises on a message; a command that is not done is answered with a
    reason of one word, from the table of this package.

    A session is adopted with its first valid lease, at the safe amount only, and only if it is
    newer than every one before; after power-on the newest again, by an arming begun since.
    Without a lease the device moves to its safe amount by its own slew, and is driven again only
    once it has arrived. A stop takes it to its stop amount at once, but never up, whoever sends
    it, and holds until a lease of a later arming; then it first goes to the safe amount. A
    program changes at 0 only, or to one of the same contacts.
    Where charge or on-time are used up it goes safe by itself, while its way down still fits.
    What a trigger still gives ends at a stop, with the lease, with the link, and at a newer
    amplitude command, refused or not. It counts in full from its beginning.

    Acks, infos and reports are its words: each carries the next number of one count. A command
    that comes again after it was done is answered again, as done, with the amount of now and a new
    number; one that was refused is checked anew, so that nobody can use up a number.

    Stamps in answers are of the service's clock; 0 where the device does not know it.
    """

    def __init__(
        self,
        config: DeviceConfig,
        *,
        instance: str = "1",
        firmware: str = "reference",
        newest_session: str = "",
        counts: Counts = Counts(),  # noqa: B008 frozen
        new_nonce: Callable[[], str] | None = None,
        off_when_unpowered: bool = True,
        step: float = 0.0,
        ceiling: float = math.inf,
    ) -> None:
        self.config = config
        parts = DeviceParts(
            config,
            instance=instance,
            firmware=firmware,
            newest_session=newest_session,
            counts=counts,
            new_nonce=new_nonce,
            off_when_unpowered=off_when_unpowered,
            step=step,
            ceiling=ceiling,
        )
        self.triggers = parts.triggers
        self._clocks = parts.clocks
        self._tenancy = parts.tenancy
        self._output = parts.output
        self._budgets = parts.budgets
        self._delivery = parts.delivery
        self._check = parts.check
        self._reporter = parts.reporter
        self._done: deque[int] = deque(maxlen=_N_DONE)
        self._newest_seq = 0

    @property
    def state(self) -> DeviceState:
        """``live`` with a lease, ``safe`` at or on the way to the safe amount, or ``stopped``."""
        return self._delivery.state

    @property
    def session(self) -> str | None:
        """The session it has adopted since it was switched on."""
        return self._tenancy.session

    @property
    def newest_session(self) -> str:
        """The newest session it ever adopted, to be stored for its next boot."""
        return self._tenancy.newest_session

    @property
    def counts(self) -> Counts:
        """Charge and on-time up to its last look at its clock, to be stored for its next boot."""
        return self._budgets.kept(self._delivery.now_us)

    @property
    def applied(self) -> float:
        """The amount that it gives, in its unit."""
        return self._output.given

    @property
    def applied_ma(self) -> float | None:
        """The amplitude that it gives, in mA; None for a device of level."""
        return self._output.given if self.config.unit == "ma" else None

    @property
    def applied_level(self) -> float | None:
        """The level that it gives, from 0 to 1; None for a device of milliampere."""
        return self._output.given if self.config.unit == "level" else None

    @property
    def program(self) -> str:
        """The program that is in effect."""
        return self._output.program

    @property
    def info(self) -> DeviceInfo:
        """Its description of itself, not to be published: it has no number of its own."""
        return self._reporter.info

    def describe(self) -> DeviceInfo:
        """Return its description of itself, numbered as a new word, to be published."""
        return self._reporter.describe()

    def hear(
        self, message: ToDevice, now_us: int, *, verified: bool = True
    ) -> tuple[FromDevice, ...]:
        """Act on a message, and return the answer and whatever else is new.

        Parameters
        ----------
        message : Command, Lease, Stop or ClockReply
            From the device's topics; only a stop may be one that the broker had kept.
        now_us : int
            The device's own clock.
        verified : bool
            False for a stop whose signature does not fit: only a stop is passed on unverified.
        """
        said = self._pass_time(now_us)
        if isinstance(message, Command):
            said += self._answer(message)
        elif isinstance(message, Lease):
            self._take_lease(message)
        elif isinstance(message, Stop):
            said += self._stop(message, verified=verified)
        elif self._tenancy.may_tell_time(message.session):
            self._clocks.learn(message, self._delivery.now_us)
            self._reporter.note_clock()
        return (*said, *self._reporter.take_news())

    def tick(self, now_us: int) -> tuple[FromDevice, ...]:
        """Let time pass; to be called every few milliseconds."""
        said = self._pass_time(now_us)
        request = self._clocks.ask(self._delivery.now_us)
        if request is not None:
            said.append(request)
        return (*said, *self._reporter.take_news())

    @property
    def fires_in_us(self) -> int | None:
        """How long after its newest look at its clock the next trigger is due.

        None where none waits. Whoever runs it calls `tick` then: a trigger is given when the device
        looks, not before, and not later than its command allows.
        """
        service = self._clocks.time_of(self.session or "", self._delivery.now_us)
        due_us = self.triggers.next_due_us
        if due_us is None or service is None:
            return None
        return max(0, due_us - service.offset_us - self._delivery.now_us)

    def lose_link(self, now_us: int) -> tuple[FromDevice, ...]:
        """End all triggers, those that wait and those that last: nobody could any more."""
        said = self._pass_time(now_us)
        self.triggers.cut()
        return (*said, *self._drop_triggers(RefusalReason.DROPPED))

    def switch_off(self, now_us: int) -> Counts:
        """Return what is to be stored where it is switched off now: all that it gave until then.

        It says nothing more, and gives no more triggers. What it gave since it last looked at its
        clock counts too: `counts` alone would leave that out.
        """
        self._delivery.pass_time(now_us)
        return self.counts

    def _pass_time(self, clock_us: int) -> list[FromDevice]:
        was_live = self.state == "live"
        self._delivery.pass_time(clock_us)
        if self._delivery.doubtful_us:
            self.triggers.doubt(self._delivery.doubtful_us)
        self._tenancy.begin(self._delivery.now_us)
        said: list[FromDevice] = []
        if was_live and self.state != "live":
            self.triggers.cut()
            # Even if the next lease has come already: the amount may have moved since then.
            said.append(self.describe())
        return [*said, *self._fire_due()]

    def _take_lease(self, lease: Lease) -> None:
        was_live = self.state == "live"
        now_us = self._delivery.now_us
        refused = self._tenancy.sender_refusal(lease, is_simulated=self.config.simulated)
        service = self._clocks.time_of(lease.session, now_us)
        if refused is None and service is None:
            self._clocks.hurry(now_us)
            refused = RefusalReason.CLOCK
        elif refused is None and service is not None:
            refused = self._tenancy.lease_refusal(lease, now_us, service)
            if refused is None and not was_live:
                self._tenancy.resume(lease)
                refused = self._delivery.get_ready()
            if refused is None:
                if lease.session != self.session:
                    self._newest_seq = self._reporter.last_seq = 0
                    self._done.clear()
                self._tenancy.grant(lease, service)
                self._delivery.reason = "leased"
        # While it is stopped the reason stays who stopped it, which says more.
        if refused is not None and not was_live and refused != RefusalReason.STOPPED:
            self._delivery.reason = f"lease refused: {refused}"

    def _stop(self, stop: Stop, *, verified: bool) -> list[FromDevice]:
        is_change = not self._tenancy.is_stopped
        self._delivery.stop()
        self.triggers.cut()
        said: list[FromDevice] = self._drop_triggers(RefusalReason.STOPPED)
        answer = self._reporter.answer_stop(stop, verified=verified, is_change=is_change)
        return said if answer is None else [*said, answer]

    def _answer(self, command: Command) -> list[FromDevice]:
        if command.session == self.session and command.seq in self._done:
            return [self._reporter.answer(command, None)]
        if self.triggers.is_waiting(command):
            return []
        self._end_train(command)
        refused = self._check.refusal(command, self._newest_seq, self._delivery.now_us)
        if refused is not None:
            return [self._reporter.answer(command, refused)]
        self._newest_seq = command.seq
        if command.kind == "trigger":
            self.triggers.waiting.append(command)
            return self._fire_due()
        if command.program in self.config.programs:
            self._output.switch(command.program)
        self._output.go(amount_of(command))
        self._reporter.last_seq = command.seq
        self._done.append(command.seq)
        return [*self._drop_triggers(RefusalReason.DROPPED), self._reporter.answer(command, None)]

    def _end_train(self, command: Command) -> None:
        """End a train at each newer amplitude command, though it be too late to be done.

        It may have been sent for just this, and ending a train is never too much.
        """
        is_newer = command.session == self.session and command.seq > self._newest_seq
        is_lasting = self.triggers.may_last(self._delivery.now_us)
        if command.kind == "amplitude" and is_newer and is_lasting:
            self.triggers.cut()

    def _fire_due(self) -> list[FromDevice]:
        """Fire the triggers whose time has come; without a lease or a known clock, drop all."""
        if not self.triggers.waiting:
            return []
        now_us = self._delivery.now_us
        service = self._clocks.time_of(self.session or "", now_us)
        if self.state != "live" or service is None:
            return self._drop_triggers(
                RefusalReason.LEASE if self.state != "live" else RefusalReason.CLOCK
            )
        said: list[FromDevice] = []
        service_now_us = now_us + service.offset_us
        for command in self.triggers.take_due(service_now_us):
            refused = self._check.fire_refusal(command, service_now_us, now_us)
            if refused is None:
                lasts_us = round(self.config.trigger_s(command.program) * 1e6)
                self.triggers.give(command, now_us, lasts_us)
                self._budgets.count_trigger(amount_of(command), command.program, now_us)
                self._done.append(command.seq)
            said.append(self._reporter.answer(command, refused))
        return said

    def _drop_triggers(self, why: RefusalReason) -> list[FromDevice]:
        return [self._reporter.answer(command, why) for command in self.triggers.drop()]
