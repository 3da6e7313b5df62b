"""A small device, written for tests: it gives an amount, follows leases and sends messages."""

from typing import Any, TypeAlias

from stimulators.device_config import DeviceConfig
from stimulators.wire.messages import (
    Ack,
    Command,
    DeviceInfo,
    DeviceState,
    DeviceStatus,
    Lease,
    Stop,
)
from tests.stimulators.gate.gate_rig import info_of

Said: TypeAlias = Ack | DeviceInfo | DeviceStatus
_TINY = 1e-9


class SmallDevice:
    """One device on the service's own clock, written from the wire contract alone.

    Attributes
    ----------
    given : float
        What it gives now: the electrode.
    goal : float
        Where it is going, by its own slew.
    clip : float
        What it gives at most, whatever it is asked for.
    refuses : str
        A reason for which it refuses every command; empty where it refuses none.
    charge_uc, on_s : float
        What it has given since it was switched on, and how long it has been above safe.
    """

    def __init__(self, config: DeviceConfig, now_s: float, *, instance: str = "b00t") -> None:
        self.config = config
        self.instance = instance
        self.given = self.goal = config.safe_amount
        self.program = self.to_program = config.safe_program
        self.state: DeviceState = "safe"
        self.session = ""
        self.last_seq = 0
        self.clip = config.amount_max
        self.refuses = ""
        self.charge_uc = self.on_s = 0.0
        self.keys: dict[str, Any] = {}
        self._word = 0
        self._newest_seq = 0
        self._end_s = 0.0
        self._stopped_s = 0.0
        self._boot_s = self._now_s = self._told_s = now_s
        self._is_moving = False

    def hear(self, message: Command | Lease | Stop, now_s: float) -> list[Said]:
        """Do what a message asks for, or answer with the reason why not."""
        said = self.advance(now_s)
        if isinstance(message, Lease):
            return said + self._take_lease(message)
        if isinstance(message, Stop):
            return said + self._stop(message)
        refused = self._refusal(message)
        if refused is None:
            self._newest_seq = message.seq
        if refused is None and message.kind == "amplitude":
            self.last_seq = message.seq
            given = message.level if message.amplitude_ma is None else message.amplitude_ma
            self._go(min(given or 0.0, self.clip), message.program)
        ack = Ack(
            session=message.session,
            seq=message.seq,
            received_us=0,
            applied_us=0,
            refused=refused,
            **self._words(),
        )
        return [*said, ack]

    def advance(self, now_s: float) -> list[Said]:
        """Let time pass, in steps that none of its limits would miss."""
        said: list[Said] = []
        while self._now_s < now_s - _TINY:
            said += self._step(min(0.005, now_s - self._now_s))
        return said

    def info(self, **keys: Any) -> DeviceInfo:
        """Send its description."""
        told = {"state": self.state, "session": self.session or None, **self._words()}
        return info_of(self.config, **(told | self.keys | keys))

    def status(self) -> DeviceStatus:
        """Send its report."""
        self._told_s = self._now_s
        return DeviceStatus(
            session=self.session or None,
            state=self.state,
            charge_uc=self.charge_uc,
            on_s=self.on_s,
            counted_since_s=self._now_s - self._boot_s,
            **self._words(),
        )

    def _step(self, passed_s: float) -> list[Said]:
        self._now_s += passed_s
        said: list[Said] = []
        if self.state == "live" and self._now_s >= self._end_s:
            self.state = "safe"
            self._go(self.config.safe_amount, self.config.safe_program)
            said.append(self.info(reason="the lease ended"))
        was_moving = self._is_moving
        self._move(passed_s)
        config = self.config
        self.charge_uc += self.given * config.charge_uc_per_s(self.program) * passed_s
        self.on_s = self.on_s + passed_s if self.given > config.safe_amount + _TINY else 0.0
        if (was_moving and not self._is_moving) or self._now_s - self._told_s >= 1.0 - _TINY:
            said.append(self.status())
        return said

    def _move(self, passed_s: float) -> None:
        goal = self.goal if self.program == self.to_program else 0.0
        most = self.config.slew_per_s_max * passed_s
        self.given = max(self.given - most, min(self.given + most, goal))
        if self.given == goal and self.program != self.to_program:
            self.program = self.to_program
        self._is_moving = self.given != self.goal

    def _go(self, goal: float, program: str) -> None:
        self.goal, self.to_program = goal, program
        self._is_moving = self.given != goal or self.program != program

    def _words(self) -> dict[str, Any]:
        self._word += 1
        unit = "applied_ma" if self.config.unit == "ma" else "applied_level"
        return {
            "instance": self.instance,
            "word": self._word,
            "last_seq": self.last_seq,
            "program": self.program,
            unit: self.given,
        }

    def _take_lease(self, lease: Lease) -> list[Said]:
        end_s = (lease.issued_us + lease.valid_us) / 1e6
        if end_s <= self._now_s or lease.session < self.session:
            return []
        if self.state == "live":
            if lease.session == self.session:
                self._end_s = max(self._end_s, end_s)
            return []
        if self.state == "stopped" and lease.armed_us / 1e6 <= self._stopped_s:
            return []
        self._go(self.config.safe_amount, self.config.safe_program)
        if self._is_moving:
            return []
        if lease.session != self.session:
            self.last_seq = self._newest_seq = 0
        self.state, self.session, self._end_s = "live", lease.session, end_s
        return [self.info(reason="leased")]

    def _stop(self, stop: Stop) -> list[Said]:
        self.state, self._stopped_s = "stopped", self._now_s
        self.given = min(self.given, self.config.stop_amount)
        self._go(self.given, self.program)
        ack = Ack(
            session=self.session,
            request_id=stop.request_id,
            received_us=0,
            applied_us=0,
            **self._words(),
        )
        return [ack, self.info(reason="stop")]

    def _refusal(self, command: Command) -> str | None:
        amount = command.level if command.amplitude_ma is None else command.amplitude_ma
        is_within = amount is not None and 0.0 <= amount <= self.config.amount_max
        is_other = command.kind == "amplitude" and command.program != self.program
        reasons = {
            "stopped": self.state == "stopped",
            "session": command.session != self.session,
            "lease": self.state != "live",
            "order": command.seq <= self._newest_seq,
            "expired": self._now_s >= command.expires_us / 1e6,
            "limit": not is_within,
            "program": is_other and self.given > 0.0,
            self.refuses: bool(self.refuses),
        }
        return next((reason for reason, holds in reasons.items() if holds), None)
