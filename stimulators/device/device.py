"""The reference device: what a stimulator has to do with what it hears. No I/O, no clock."""

from collections import OrderedDict
from typing import TypeAlias

from stimulators.device.command_check import unfit, untimely
from stimulators.device.device_clock import ServiceClock
from stimulators.device.output import Output
from stimulators.device.tenancy import Tenancy
from stimulators.device.trigger_output import TriggerOutput
from stimulators.limits import DeviceConfig
from stimulators.wire.messages import (
    Ack,
    ClockReply,
    ClockRequest,
    Command,
    DeviceInfo,
    DeviceLimits,
    DeviceState,
    Lease,
    Stop,
)

#: Answers remembered for commands that the broker delivers twice.
_N_ANSWERS = 256
#: Reasons that came over the network are cut to this.
_N_REASON_MAX = 300

Heard: TypeAlias = Command | Lease | Stop | ClockReply
Said: TypeAlias = Ack | DeviceInfo | ClockRequest


class ReferenceDevice:
    """One device of design and of deed: every rule of the wire contract from its side.

    Parameters
    ----------
    config : DeviceConfig
        What it is and the limits it keeps to by itself: amount, slew, triggers.
    firmware : str
        What it says it runs.
    newest_session : str
        The newest session it has stored (`newest_session` of its former life).

    Attributes
    ----------
    triggers : TriggerOutput
        The triggers it gave, and those that wait for their time.

    Notes
    -----
    Every method takes the device's own clock in microseconds and returns what to publish, in
    order. None raises on what it hears; what is not done is answered with a reason of one word:

    ===========  =====================================================================
    session      not of the session that holds the device
    stopped      a stop came, and no lease of a later arming since
    lease        no lease is running
    clock        the service's clock is not known well enough, or is behind the message
    expired      too late, or its time to fire is over or after its own expiry
    order        older than what was already heard
    simulated    a simulated command for a real device, or the reverse
    unit, limit  not this device's unit; not a number from 0 to its limit
    program      not one of its programs
    refractory   a trigger too soon after the last
    triggers     too many triggers in a minute, or waiting for their time
    ===========  =====================================================================

    A session is adopted with its first valid lease, at the safe amount only, and only if it is
    newer than every one before. Without a lease the device moves to its safe amount by its own
    slew, and is driven again only once it has arrived. A stop takes it to its stop amount at
    once, whoever sends it, and holds until a lease of a later arming; then it first goes to the
    safe amount. Real and simulated devices each refuse commands that were meant for the other.

    Stamps in answers are of the service's clock; 0 where the device does not know it.
    """

    def __init__(
        self, config: DeviceConfig, *, firmware: str = "reference", newest_session: str = ""
    ) -> None:
        self.config = config
        self.triggers = TriggerOutput(config.limits)
        self._firmware = firmware
        self._clock = ServiceClock()
        self._tenancy = Tenancy(newest_session)
        self._output = Output(config.safe_amount, config.slew_per_s_max)
        self._answers: OrderedDict[tuple[str, int], Ack] = OrderedDict()
        self._newest_seq = 0
        self._now_us = 0
        self._reason = "switched on"
        self._told: tuple[DeviceState, str] = (self.state, self._reason)
        self._told_amount = config.safe_amount

    @property
    def state(self) -> DeviceState:
        """Driven (``live``), at or on the way to the safe amount, or stopped."""
        if self._tenancy.is_stopped:
            return "stopped"
        return "live" if self._tenancy.end_us is not None else "safe"

    @property
    def session(self) -> str | None:
        """The session it has adopted since it was switched on."""
        return self._tenancy.session

    @property
    def newest_session(self) -> str:
        """The newest session it ever adopted: to be stored for its next life."""
        return self._tenancy.newest_session

    @property
    def applied_ma(self) -> float | None:
        """What it gives, where it speaks milliampere."""
        return self._output.amount if self.config.unit == "ma" else None

    @property
    def applied_level(self) -> float | None:
        """What it gives, where it speaks level."""
        return self._output.amount if self.config.unit == "level" else None

    @property
    def info(self) -> DeviceInfo:
        """What it says of itself."""
        config, limits = self.config, self.config.limits
        return DeviceInfo(
            device=config.id,
            state=self.state,
            reason=self._reason,
            simulated=config.simulated,
            firmware=self._firmware,
            programs=tuple(config.programs),
            limits=DeviceLimits(
                amplitude_ma_max=limits.amplitude_ma_max,
                slew_ma_per_s_max=limits.slew_ma_per_s_max,
                level_max=limits.level_max,
                level_slew_per_s_max=limits.level_slew_per_s_max,
                triggers_per_s_max=limits.triggers_per_min_max / 60.0,
            ),
            safe_ma=config.safe_ma,
            applied_ma=self.applied_ma,
            applied_level=self.applied_level,
            session=self.newest_session or None,
        )

    def hear(self, message: Heard, now_us: int) -> tuple[Said, ...]:
        """Do what a message asks for, or say why not.

        Parameters
        ----------
        message : Command, Lease, Stop or ClockReply
            From the device's topics; never a message that the broker had kept, but for a stop.
        now_us : int
            The device's own clock.
        """
        said = self._pass_time(now_us)
        if isinstance(message, Command):
            said += self._answer(message)
        elif isinstance(message, Lease):
            self._take_lease(message)
        elif isinstance(message, Stop):
            said += self._stop(message)
        else:
            self._clock.learn(message, self._now_us)
        return (*said, *self._news())

    def tick(self, now_us: int) -> tuple[Said, ...]:
        """Let time pass; to be called every few milliseconds."""
        said = self._pass_time(now_us)
        request = self._clock.ask(self._now_us)
        if request is not None:
            said.append(request)
        return (*said, *self._news())

    def _pass_time(self, now_us: int) -> list[Said]:
        """Move to `now_us`: the lease ends exactly when it does, however late we look."""
        self._now_us = max(self._now_us, now_us)
        said: list[Said] = []
        end_us = self._tenancy.end_us
        if end_us is not None and end_us <= self._now_us:
            self._output.advance(end_us)
            self._output.go(self.config.safe_amount)
            self._tenancy.end()
            self._reason = "the lease ended"
            # Even if the next lease is there already: the amount is not what was asked for.
            said.append(self._describe())
        self._output.advance(self._now_us)
        return [*said, *self._fire_due()]

    def _news(self) -> tuple[Said, ...]:
        """Return the info where the state changed, or a movement ended that nobody was told of."""
        is_moved = not self._output.is_moving and self._output.amount != self._told_amount
        if is_moved or (self.state, self._reason) != self._told:
            return (self._describe(),)
        return ()

    def _describe(self) -> DeviceInfo:
        self._told = (self.state, self._reason)
        self._told_amount = self._output.amount
        return self.info

    def _stamp_us(self) -> int:
        offset_us = self._clock.offset_us(self._now_us)
        return 0 if offset_us is None else self._now_us + offset_us

    def _ack(self, command: Command, refused: str | None) -> Ack:
        ack = Ack(
            session=command.session,
            seq=command.seq,
            received_us=self._stamp_us(),
            applied_us=self._stamp_us(),
            applied_ma=self.applied_ma,
            applied_level=self.applied_level,
            refused=refused,
        )
        self._told_amount = self._output.amount
        self._answers[command.session, command.seq] = ack
        if len(self._answers) > _N_ANSWERS:
            self._answers.popitem(last=False)
        return ack

    def _take_lease(self, lease: Lease) -> None:
        offset_us = self._clock.offset_us(self._now_us)
        uncertainty_us = self._clock.uncertainty_us(self._now_us)
        was_live = self.state == "live"
        if offset_us is None or uncertainty_us is None:
            refused: str | None = "clock"
        else:
            refused = self._tenancy.refusal(
                lease, self._now_us, offset_us=offset_us, uncertainty_us=uncertainty_us
            )
            if refused is None and not was_live and not self._stands_at_safe(lease):
                refused = "on the way to the safe amount"
            if refused is None:
                if lease.session != self.session:
                    self._newest_seq = 0
                self._tenancy.grant(lease, offset_us=offset_us, uncertainty_us=uncertainty_us)
                self._reason = "leased"
        if refused is not None and not was_live:
            self._reason = f"lease refused: {refused}"

    def _stands_at_safe(self, lease: Lease) -> bool:
        """Whether it may be driven from here; a device that was stopped elsewhere sets off."""
        self._tenancy.resume(lease)
        self._output.go(self.config.safe_amount)
        return not self._output.is_moving

    def _stop(self, stop: Stop) -> list[Said]:
        self._tenancy.stop(self._now_us)
        self._output.jump(self.config.stop_amount)
        self._reason = f"stop by {stop.operator}: {stop.reason}"[:_N_REASON_MAX]
        return [
            *(self._ack(command, "stopped") for command in self.triggers.drop()),
            Ack(
                session=self.session or "",
                request_id=stop.request_id,
                received_us=self._stamp_us(),
                applied_us=self._stamp_us(),
                applied_ma=self.applied_ma,
                applied_level=self.applied_level,
            ),
        ]

    def _answer(self, command: Command) -> list[Said]:
        answered = self._answers.get((command.session, command.seq))
        if answered is not None:
            return [answered]
        if any(each.seq == command.seq for each in self.triggers.waiting):
            return []
        refused = self._refusal(command)
        if refused is not None:
            return [self._ack(command, refused)]
        self._newest_seq = command.seq
        if command.kind == "trigger" and command.fire_at_us is not None:
            self.triggers.waiting.append(command)
            return self._fire_due()
        if command.kind == "trigger":
            self.triggers.give(command, self._now_us)
        else:
            self._output.go(_amount(command))
        return [self._ack(command, None)]

    def _refusal(self, command: Command) -> str | None:
        """Return why a command may not be done, or None; changes nothing."""
        offset_us = self._clock.offset_us(self._now_us)
        uncertainty_us = self._clock.uncertainty_us(self._now_us)
        refused = self._no_standing(command)
        if refused is None and (offset_us is None or uncertainty_us is None):
            refused = "clock"
        if refused is not None or offset_us is None or uncertainty_us is None:
            return refused
        refused = unfit(command, self.config)
        refused = refused or untimely(command, self._now_us + offset_us, uncertainty_us)
        if refused is not None or command.kind == "amplitude":
            return refused
        if command.fire_at_us is None:
            return self.triggers.refusal(self._now_us)
        return "triggers" if self.triggers.is_full else None

    def _no_standing(self, command: Command) -> str | None:
        """Return why nothing from where the command comes would be done, or None."""
        if self._tenancy.is_stopped:
            return "stopped"
        if command.session != self.session:
            return "session"
        if self.state != "live":
            return "lease"
        return "order" if command.seq <= self._newest_seq else None

    def _fire_due(self) -> list[Said]:
        """Give the triggers whose time has come; without a lease or the clock none is given."""
        if not self.triggers.waiting:
            return []
        offset_us = self._clock.offset_us(self._now_us)
        if self.state != "live" or offset_us is None:
            why = "clock" if offset_us is None else "lease"
            return [self._ack(command, why) for command in self.triggers.drop()]
        said: list[Said] = []
        for command in self.triggers.take_due(self._now_us + offset_us):
            refused = self.triggers.refusal(self._now_us)
            if self._now_us + offset_us >= command.expires_us:
                refused = "expired"
            if refused is None:
                self.triggers.give(command, self._now_us)
            said.append(self._ack(command, refused))
        return said


def _amount(command: Command) -> float:
    given = command.level if command.amplitude_ma is None else command.amplitude_ma
    return 0.0 if given is None else given
