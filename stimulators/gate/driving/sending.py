"""Sends commands to one device: each is counted, remembered, and its answer awaited."""

import math

from stimulators.decisions import Refusal, Send
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommand, OpenCommands
from stimulators.gate.driving.maker import Maker
from stimulators.gate.limits.limit import Asked
from stimulators.gate.limits.registry import Limits
from stimulators.gate.usage.account import Account
from stimulators.gate_config import GateConfig
from stimulators.reasons import SendReason
from stimulators.targets import Target
from stimulators.wire.messages import Command, CommandKind

_TINY = 1e-9


class Sending:
    """Sends commands to one device, at most as many a second as its limit allows.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    timing : GateConfig
        How long an answer may take.
    maker : Maker
        Makes the commands.
    belief, account, limits, commands
        What the device may give, what it has given and may still give, and its commands without
        an answer.

    Attributes
    ----------
    said : tuple of float and str, or None
        Amount and program of the newest amplitude command, since the device was last leased anew.
    said_s : float
        When that went.
    is_cancel_due : bool
        Whether triggers that wait at the device are to be taken back, or one that lasts cut short.
    """

    def __init__(
        self,
        config: DeviceConfig,
        timing: GateConfig,
        maker: Maker,
        *,
        belief: Belief,
        account: Account,
        limits: Limits,
        commands: OpenCommands,
    ) -> None:
        self.said: tuple[float, str] | None = None
        self.said_s = -math.inf
        self.is_cancel_due = False
        self._config = config
        self._timing = timing
        self._maker = maker
        self._belief = belief
        self._account = account
        self._limits = limits
        self._commands = commands
        self._ends_s = -math.inf
        self._cancel_seq = 0

    def send_amplitude(
        self, asked: Asked, reason: SendReason, *, wish: Target | None, channel: str
    ) -> Send:
        """Return an amplitude command to be sent now, for a policy or by the gate itself."""
        bounds = self._limits.bounds(asked)
        command = self._send("amplitude", asked, wish=wish, channel=channel)
        self._account.note_sent(self._belief, asked.now_s)
        self._belief.send(command.seq, asked.amount, asked.program, asked.now_s)
        self.said, self.said_s = (asked.amount, asked.program), asked.now_s
        # With each amount the device ends its triggers; this command may be lost, or refused.
        if self.is_cancel_due:
            self._cancel_seq = command.seq
        self.is_cancel_due = False
        return Send(self._config.id, command, reason, bounds)

    def send_trigger(self, target: Target, now_s: float) -> Send | Refusal:
        """Return the trigger's command, or why it may not be sent; it is not kept for later."""
        asked = Asked(
            "trigger",
            target.amount,
            target.program,
            now_s,
            time_s=target.time_s,
            fire_at_s=now_s if target.fire_at_s is None else target.fire_at_s,
            until_s=now_s + self._timing.command_valid_s + self._config.trigger_s(target.program),
        )
        if (refusal := self._limits.check(asked)) is not None:
            return refusal
        if target.fire_at_s is not None or self._config.trigger_s(target.program):
            self._ends_s = max(self._ends_s, self._latest_s(target, asked))
        bounds = self._limits.bounds(asked)
        command = self._send("trigger", asked, wish=target, channel=target.channel)
        return Send(self._config.id, command, SendReason.WANTED, bounds)

    def cancel_triggers(self, now_s: float) -> None:
        """Cancel triggers that wait in the device for their time, or whose pulses go on."""
        self.is_cancel_due = self._ends_s >= now_s

    def note_refused(self, seq: int, now_s: float) -> None:
        """Cancel triggers anew where the command that was to do so was refused."""
        if seq == self._cancel_seq:
            self.cancel_triggers(now_s)

    def forget_said(self) -> None:
        """Assume the amount to which the device went by itself, whatever was sent before."""
        self.said = None

    def forget(self) -> None:
        """Forget everything that was sent: no command is open and no trigger is to be cancelled."""
        self.said = None
        self.is_cancel_due = False

    def _latest_s(self, target: Target, asked: Asked) -> float:
        """Return until when the device may wait for a trigger's time, or give its pulses."""
        if target.fire_uncertainty_s_max is None:
            return asked.until_s
        fired_s = asked.fire_at_s + target.fire_uncertainty_s_max
        return min(asked.until_s, fired_s + self._config.trigger_s(target.program))

    def _send(
        self, kind: CommandKind, asked: Asked, *, wish: Target | None, channel: str
    ) -> Command:
        amount, now_s = asked.amount, asked.now_s
        command = self._maker.make_command(
            kind, amount, asked.program, wish=wish, channel=channel, now_s=now_s
        )
        self._limits.count(asked)
        is_way_down = kind == "amplitude" and amount < self._belief.highest - _TINY
        # A waiting trigger is answered only when it fires.
        acts_s = now_s if command.fire_at_us is None else command.fire_at_us / 1e6
        self._commands.expect(
            OpenCommand(
                command=command,
                amount=amount,
                is_way_down=is_way_down,
                sample=-1 if wish is None else wish.sample,
                due_s=acts_s + self._timing.ack_s_max,
            )
        )
        return command
