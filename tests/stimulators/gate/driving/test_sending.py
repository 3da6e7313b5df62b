"""The commands that the gate sends to one device: content, rate, and what is remembered."""

from itertools import count
from typing import Any

import msgspec
import pytest

from stimulators.decisions import Refusal, Send
from stimulators.gate.belief import Belief
from stimulators.gate.driving.answers import OpenCommand, OpenCommands
from stimulators.gate.driving.maker import Maker
from stimulators.gate.driving.sending import Sending
from stimulators.gate.limits.limit import Asked, Limited
from stimulators.gate.limits.rates import CommandsLimit
from stimulators.gate.limits.registry import Limits
from stimulators.gate.usage.account import Account
from stimulators.gate.word import Word
from stimulators.gate_config import GateConfig
from stimulators.limits import LimitsConfig, ProgramConfig
from stimulators.reasons import SendReason
from stimulators.wire.messages import Ack, Command, Lease, Reason
from tests.stimulators.gate.gate_rig import GateRig, device_of, feedback_of, info_of, limits_of

_TRAIN = ProgramConfig(
    frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598, duration_s=0.25
)
_TIMING = GateConfig(lease_s=0.5, command_valid_s=0.125, ack_s_max=0.25)


def maker_of(*, is_level: bool = False, simulated: bool = True) -> Maker:
    config = feedback_of() if is_level else device_of(simulated=simulated)
    return Maker(config, _TIMING, session="s", seqs=count(7), lease_seqs=count(5))


class Desk:
    """A `Sending` with its parts, of a device that gives 1 mA."""

    def __init__(self, programs: dict[str, ProgramConfig] | None = None, **limits: Any) -> None:
        keys: dict[str, Any] = {} if programs is None else {"programs": programs}
        limited = limits_of(**({"refractory_s": 0.0} | limits))
        self.config = device_of(limits=limited, **keys)
        self.belief = Belief(self.config, _TIMING.command_valid_s)
        self.belief.learn(info_of(self.config, amount_tolerance=0.0))
        self.account = Account(self.config, lease_s=0.5, tick_s=0.0625)
        self.limits = Limits(Limited(self.config, self.belief, self.account, 0.0625))
        self.commands = OpenCommands()
        maker = Maker(self.config, _TIMING, session="s", seqs=count(1), lease_seqs=count(1))
        self.sending = Sending(
            self.config,
            _TIMING,
            maker,
            belief=self.belief,
            account=self.account,
            limits=self.limits,
            commands=self.commands,
        )
        self.belief.take(Word("boot", 1, 0, 1.0, "adbs", "live", None), 64.0)
        self.account.count(self.belief, 64.0)

    def say(self, amount: float, now_s: float = 64.0) -> OpenCommand:
        """Send an amplitude of the gate itself; return what is remembered of it."""
        asked = Asked("amplitude", amount, "adbs", now_s)
        sent = self.sending.send_amplitude(asked, SendReason.WANTED, wish=None, channel="c")
        return self._opened(sent.message)

    def say_only(self, amount: float) -> None:
        """Send an amplitude and leave its answer open."""
        asked = Asked("amplitude", amount, "adbs", 64.0)
        self.sending.send_amplitude(asked, SendReason.WANTED, wish=None, channel="c")

    def may_send(self, now_s: float, *, is_up: bool) -> bool:
        """Say whether the commands a second leave one more amplitude."""
        asked = Asked("amplitude", 1.0, "adbs", now_s, is_up=is_up)
        return self.limits[CommandsLimit].check(asked) is None

    def trigger(self, now_s: float = 64.0, **keys: Any) -> OpenCommand:
        """Send a trigger."""
        rig = GateRig()
        rig.now_s = now_s
        sent = self.sending.send_trigger(rig.target(0.5, kind="trigger", **keys), now_s)
        assert isinstance(sent, Send), sent
        return self._opened(sent.message)

    def _opened(self, command: Command | Lease) -> OpenCommand:
        assert isinstance(command, Command)
        ack = Ack(
            session="s",
            instance="boot",
            word=1,
            last_seq=0,
            received_us=0,
            applied_us=0,
            seq=command.seq,
        )
        _, found = self.commands.take_answer(ack)
        assert found is not None
        return found


# The content of a command.


def test_a_lease_says_since_when_how_long_and_on_which_arming() -> None:
    for simulated in (True, False):
        sent = maker_of(simulated=simulated).make_lease(32.25, 64.5)
        assert (sent.device, sent.message) == (
            "stn",
            Lease(
                session="s",
                lease_seq=5,
                issued_us=64_500_000,
                valid_us=500_000,
                armed_us=32_250_000,
                simulated=simulated,
            ),
        )


def test_a_command_of_the_gate_itself_names_no_policy() -> None:
    command = maker_of().make_command("amplitude", 3.0, "p", wish=None, channel="c", now_s=64.5)
    assert command == Command(
        session="s",
        seq=7,
        kind="amplitude",
        channel="c",
        program="p",
        onset_us=64_500_000,
        issued_us=64_500_000,
        expires_us=64_625_000,
        reason=Reason(detector="", value=0.0, threshold=0.0, policy=""),
        simulated=True,
        amplitude_ma=3.0,
    )
    level = maker_of(is_level=True).make_command(
        "amplitude", 0.5, "", wish=None, channel="c", now_s=64.5
    )
    assert (level.amplitude_ma, level.level) == (None, 0.5)


def test_a_command_for_a_wish_says_what_for_and_a_trigger_when() -> None:
    rig = GateRig()
    rig.now_s = 64.5
    wish = rig.target(1.0, onset_s=64.25, fire_at_s=64.5625, channel="w")
    maker = maker_of()
    amplitude = maker.make_command("amplitude", 1.0, "p", wish=wish, channel="c", now_s=64.5)
    assert (amplitude.channel, amplitude.onset_us, amplitude.fire_at_us) == ("w", 64_250_000, None)
    reason = Reason(detector="bursts", value=2.0, threshold=1.0, policy="adbs")
    assert (amplitude.reason, amplitude.seq) == (reason, 7)
    trigger = maker.make_command("trigger", 1.0, "p", wish=wish, channel="c", now_s=64.5)
    assert (trigger.fire_at_us, trigger.seq) == (64_562_500, 8)
    at_once = maker.make_command("trigger", 1.0, "p", wish=None, channel="c", now_s=64.5)
    assert at_once.fire_at_us is None


@pytest.mark.parametrize("amount", [-0.5, -1e-6, 3.000001, float("nan")])
def test_no_command_leaves_the_limits(amount: float) -> None:
    with pytest.raises(AssertionError, match=f"stn: {amount} would leave the limits"):
        maker_of().make_command("amplitude", amount, "p", wish=None, channel="c", now_s=64.5)
    for within in (0.0, 3.0):
        maker_of().make_command("amplitude", within, "p", wish=None, channel="c", now_s=64.5)


# The number of commands a second.


def test_a_fifth_of_the_commands_a_second_is_kept_for_the_way_down() -> None:
    desk = Desk(commands_per_s_max=20.0)

    def room() -> tuple[bool, bool]:
        return desk.may_send(64.0, is_up=True), desk.may_send(64.0, is_up=False)

    for n_sent in range(21):
        assert room() == (n_sent < 16, n_sent < 20)
        desk.say(1.0)
    assert not desk.may_send(64.75, is_up=False)
    assert desk.may_send(65.0, is_up=True)


def test_a_trigger_is_one_of_the_commands_a_second() -> None:
    desk = Desk(commands_per_s_max=3.0)
    desk.trigger()
    desk.trigger(64.125)
    rig = GateRig()
    rig.now_s = 64.25
    refused = desk.sending.send_trigger(rig.target(0.5, kind="trigger"), 64.25)
    assert isinstance(refused, Refusal)
    assert refused.reason == "commands"
    # The last one is for taking them back.
    assert desk.may_send(64.25, is_up=False)


def test_of_two_commands_a_second_one_takes_back_what_the_other_began() -> None:
    desk = Desk(commands_per_s_max=2.0)
    assert desk.limits[CommandsLimit].interval_s == 1.0
    desk.trigger()
    assert not desk.may_send(64.25, is_up=True)
    assert desk.may_send(64.25, is_up=False)
    with pytest.raises(msgspec.ValidationError, match=r"commands_per_s_max|>= 2"):
        msgspec.convert(
            {**msgspec.to_builtins(limits_of()), "commands_per_s_max": 1.0}, LimitsConfig
        )


# What is remembered.


def test_what_was_said_is_remembered_until_it_is_forgotten() -> None:
    for forget in (Sending.forget, Sending.forget_said):
        desk = Desk()
        said = [desk.sending.said]
        desk.say(0.5, 64.25)
        said.append(desk.sending.said)
        assert desk.sending.said_s == 64.25
        forget(desk.sending)
        assert [*said, desk.sending.said] == [None, (0.5, "adbs"), None]


def test_a_command_is_on_the_way_down_that_is_below_the_highest() -> None:
    for amount, is_way_down in ((1.0, False), (1.0 - 1e-9, False), (0.999, True), (2.0, False)):
        found = Desk().say(amount)
        assert found.is_way_down is is_way_down
        assert (found.amount, found.sample, found.due_s) == (amount, -1, 64.25)
    assert not Desk().trigger().is_way_down
    assert Desk().trigger(sample=7).sample == 7


def test_what_ran_until_a_command_goes_ran_on_the_belief_before_it() -> None:
    desk = Desk()
    desk.say(3.0, 65.0)
    desk.account.count(desk.belief, 66.0)
    per_ma_uc = 0.06 * 130.0
    # 1 mA for a second, then perhaps 3 mA.
    assert desk.account.charge_uc(66.0) == pytest.approx((1.0 + 3.0) * per_ma_uc, abs=1e-4)


def test_a_trigger_that_waits_is_taken_back_by_the_next_amount() -> None:
    desk = Desk()
    assert not desk.sending.is_cancel_due
    desk.sending.cancel_triggers(64.0)
    assert not desk.sending.is_cancel_due
    desk.trigger()
    desk.sending.cancel_triggers(64.0)
    assert not desk.sending.is_cancel_due
    desk.trigger(64.125, fire_at_s=64.15625)
    desk.trigger(64.125, fire_at_s=64.1875)
    desk.sending.cancel_triggers(64.1875)
    assert desk.sending.is_cancel_due
    # A device that looks late may give it until its command is over.
    desk.sending.cancel_triggers(64.25)
    assert desk.sending.is_cancel_due
    desk.sending.cancel_triggers(64.25 + 1 / 64)
    assert not desk.sending.is_cancel_due
    desk.sending.cancel_triggers(64.1875)
    desk.say(1.0, 64.1875)
    assert not desk.sending.is_cancel_due
    # The command may be lost: triggers that wait are cancelled anew.
    desk.sending.cancel_triggers(64.1875)
    assert desk.sending.is_cancel_due
    desk.trigger(64.25, fire_at_s=64.3125)
    desk.sending.cancel_triggers(64.25)
    desk.sending.forget()
    assert not desk.sending.is_cancel_due


def test_a_trigger_that_lasts_is_ended_by_an_amount_until_its_pulses_are_over() -> None:
    # A quarter of a second of pulses, and a command that is valid for 0.125 s.
    desk = Desk()
    desk.trigger(64.0)
    desk.sending.cancel_triggers(64.375)
    assert not desk.sending.is_cancel_due
    for keys, over_s in (
        ({}, 64.375),
        ({"fire_at_s": 64.0625}, 64.375),
        ({"fire_at_s": 64.0625, "fire_uncertainty_s_max": 1 / 64}, 64.328125),
    ):
        desk = Desk(programs={"adbs": _TRAIN}, refractory_s=0.25)
        desk.trigger(64.0, **keys)
        desk.sending.cancel_triggers(over_s)
        assert desk.sending.is_cancel_due
        desk.sending.cancel_triggers(over_s + 1 / 1024)
        assert not desk.sending.is_cancel_due


def test_a_cancelling_command_that_was_refused_is_due_again_and_no_other() -> None:
    desk = Desk()
    ramp = desk.say(0.5)
    desk.trigger(64.0, fire_at_s=64.09375)
    desk.sending.note_refused(ramp.command.seq, 64.0)
    assert not desk.sending.is_cancel_due
    desk.sending.cancel_triggers(64.0)
    cancelling = desk.say(0.5, 64.0)
    assert not desk.sending.is_cancel_due
    desk.sending.note_refused(cancelling.command.seq, 64.0)
    assert desk.sending.is_cancel_due
    again = desk.say(0.5, 64.0625)
    desk.sending.note_refused(cancelling.command.seq, 64.0625)
    assert not desk.sending.is_cancel_due
    desk.sending.note_refused(again.command.seq, 64.125)
    assert desk.sending.is_cancel_due
    over = desk.say(0.5, 64.125)
    desk.sending.note_refused(over.command.seq, 64.1875)
    assert not desk.sending.is_cancel_due


# Answers.


def _answer(seq: int) -> Ack:
    return Ack(session="s", instance="i", word=1, last_seq=0, received_us=0, applied_us=0, seq=seq)


def test_nothing_was_sent_before_the_first() -> None:
    commands = OpenCommands()
    assert commands.take_answer(_answer(1)) == ("unknown", None)
    desk = Desk()
    desk.say(1.0)
    desk.say(1.0)
    assert [desk.commands.take_answer(_answer(seq))[0] for seq in (0, 1, 2, 3)] == [
        *("unknown", "again"),
        *("again", "unknown"),
    ]


def test_who_forgets_its_commands_misses_no_answer() -> None:
    desk = Desk()
    desk.say_only(1.0)
    missing = desk.commands.give_up_overdue(64.25)
    assert missing is not None
    assert desk.commands.missing_seq == 1
    desk.commands.forget()
    assert desk.commands.missing_seq is None


def test_a_trigger_may_be_given_until_its_command_and_the_clock_have_run_out() -> None:
    for said_s, is_counted in ((64.1875, True), (64.25, False)):
        desk = Desk(charge_uc_per_10_min_max=1e4)
        desk.trigger()
        for now_s in (64.1875, 64.25):
            desk.account.count(desk.belief, now_s)
        steady_uc = (64.25 - said_s) * 0.06 * 130.0
        pulse_uc = 0.5 * 0.06 if is_counted else 0.0
        since_uc = desk.account._charge.since_uc(said_s)
        assert since_uc == pytest.approx(steady_uc + pulse_uc, abs=1e-4)
