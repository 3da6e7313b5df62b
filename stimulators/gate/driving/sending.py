"""What goes out to one device: each command is counted, remembered, and its answer awaited."""

import math

from stimulators.decisions import Send
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommand, OpenCommands
from stimulators.gate.driving.maker import Maker
from stimulators.gate.limits.account import Account
from stimulators.gate.limits.budgets import RateBudget, TriggerBudget
from stimulators.gate_config import GateConfig
from stimulators.refusals import RefusalReason
from stimulators.targets import Target
from stimulators.wire.messages import Command, CommandKind

_TINY = 1e-9
#: One command in this many a second is kept for the way down.
_SHARE_FOR_DOWN = 5


class Sending:
    """Sends one device its commands, within its commands a second.

    Parameters
    ----------
    config : DeviceConfig
        The device and its limits.
    timing : GateConfig
        How long an answer may take.
    maker : Maker
        Makes the commands.
    belief, account, commands
        What the device may give, what it has given, and its commands without an answer.

    Attributes
    ----------
    said : tuple of float and str, or None
        Amount and program of the newest amplitude command, since the device was last leased anew.
    said_s : float
        When that went.
    is_cancel_due : bool
        Whether triggers wait at the device that are to be taken back.
    """

    def __init__(
        self,
        config: DeviceConfig,
        timing: GateConfig,
        maker: Maker,
        *,
        belief: Belief,
        account: Account,
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
        self._commands = commands
        limits = config.limits
        self._rate = RateBudget(int(limits.commands_per_s_max), 1.0)
        self._n_for_down = int(limits.commands_per_s_max) // _SHARE_FOR_DOWN
        self._triggers = TriggerBudget(limits.refractory_s, limits.triggers_per_min_max)
        self._scheduled_s = -math.inf

    def has_room(self, now_s: float, *, is_up: bool) -> bool:
        """Say whether one command more may go; on the way up some are kept for the way down."""
        return self._rate.has_room(now_s, leaving=self._n_for_down if is_up else 0)

    def send_amplitude(
        self, amount: float, program: str, now_s: float, *, wish: Target | None, channel: str
    ) -> Send:
        """Return an amplitude command that goes now: for a wish, or by the gate itself."""
        command = self._send("amplitude", amount, program, now_s, wish=wish, channel=channel)
        self._account.note_sent(self._belief, now_s)
        self._belief.send(command.seq, amount, program, now_s)
        self.said, self.said_s = (amount, program), now_s
        # The device drops what waits there with each new amount.
        self.is_cancel_due = False
        self._scheduled_s = -math.inf
        return Send(self._config.id, command)

    def send_trigger(self, target: Target, now_s: float) -> Send | RefusalReason:
        """Return the trigger, or in one word why it may not go; it is never kept for later."""
        reason = self._triggers.refusal(target.time_s, now_s, target.fire_at_s)
        if reason is not None:
            return reason
        if not self._rate.has_room(now_s):
            return RefusalReason.COMMANDS
        charge_uc = target.amount * self._config.charge_uc(target.program)
        if not self._account.room.has_room(charge_uc, self._belief, now_s):
            return RefusalReason.CHARGE
        self._account.add_trigger(charge_uc, now_s, now_s + self._timing.command_valid_s)
        self._triggers.take(target.time_s, now_s, target.fire_at_s)
        self._scheduled_s = max(self._scheduled_s, target.fire_at_s or -math.inf)
        amount, channel = target.amount, target.channel
        command = self._send("trigger", amount, target.program, now_s, wish=target, channel=channel)
        return Send(self._config.id, command)

    def cancel_triggers(self, now_s: float) -> None:
        """Take back triggers that wait at the device for their time."""
        self.is_cancel_due = self._scheduled_s >= now_s

    def forget_said(self) -> None:
        """Take it that the device is where it went by itself, whatever was said."""
        self.said = None

    def forget(self) -> None:
        """Begin anew: nothing was said, and nothing is to be taken back."""
        self.said = None
        self.is_cancel_due = False

    def _send(
        self,
        kind: CommandKind,
        amount: float,
        program: str,
        now_s: float,
        *,
        wish: Target | None,
        channel: str,
    ) -> Command:
        command = self._maker.make_command(
            kind, amount, program, wish=wish, channel=channel, now_s=now_s
        )
        self._rate.take(now_s)
        is_way_down = kind == "amplitude" and amount < self._belief.highest - _TINY
        self._commands.expect(
            OpenCommand(
                command=command,
                amount=amount,
                is_way_down=is_way_down,
                sample=-1 if wish is None else wish.sample,
                due_s=now_s + self._timing.ack_s_max,
            )
        )
        return command
