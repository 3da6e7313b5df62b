"""What a device gives is known by its words alone: late, refused, lying, never sent."""

from collections.abc import Callable

import msgspec
import pytest

from stimulators.wire.messages import Ack, Command, DeviceInfo
from tests.stimulators.gate.gate_rig import SESSION, device_of, limits_of
from tests.stimulators.gate.small_device import Said
from tests.stimulators.gate.wired_rig import Told, WiredRig, is_ack, is_status


def late_commands(by_s: float) -> Callable[[Told], float | None]:
    return lambda message: by_s if isinstance(message, Command) else 0.002


def late_acks(by_s: float) -> Callable[[Said], float | None]:
    return lambda said: by_s if is_ack(said) else 0.002


def lying(**keys: float) -> Callable[[Said], Said]:
    return lambda said: msgspec.structs.replace(said, **keys) if is_ack(said) else said


def test_late_answers_and_then_expired_commands_leave_the_device_where_the_policy_is() -> None:
    limits = limits_of(on_time_s_max=20.0, charge_uc_per_10_min_max=1000.0)
    rig = WiredRig(device_of(limits=limits)).be_active()
    rig.up = late_acks(0.45)
    rig.run(0.6, amount=3.0)
    rig.up = late_acks(0.002)
    rig.down = late_commands(0.11)
    rig.run(0.6, amount=0.0)
    rig.down = late_commands(0.002)
    rig.run(3.0, amount=0.0)
    since_s = rig.now_s
    rig.run(60.0, amount=0.0)
    assert rig.peak(since_s) == 0.0
    assert rig.state == "active"
    belief = rig.gate.beliefs(rig.now_s)["stn"]
    assert (belief.lowest, belief.highest, belief.certain) == (0.0, 0.0, True)


def test_a_ramp_whose_every_answer_is_late_ends_within_its_limits() -> None:
    limits = limits_of(on_time_s_max=4.0, charge_uc_per_10_min_max=60.0)
    rig = WiredRig(device_of(limits=limits)).be_active()
    rig.up = late_acks(0.2)
    rig.run(30.0, amount=3.0)
    device = rig.small["stn"]
    assert rig.state == "safe"
    assert device.given == 0.0
    assert 20.0 < device.charge_uc <= 60.0
    assert rig.gate.counted("stn", rig.now_s)[0] >= device.charge_uc


def test_an_amount_is_said_again_until_a_word_shows_it_and_not_at_every_tick() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    before = len(rig.commands)
    rig.down = lambda message: None if isinstance(message, Command) else 0.002
    rig.run(1.0, amount=0.0)
    assert 2 <= len(rig.commands) - before <= 1.0 / rig.timing.ack_s_max + 1
    rig.down = late_commands(0.002)
    rig.run(1.5, amount=0.0)
    assert (rig.state, rig.given) == ("active", 0.0)


def test_a_disarm_and_an_arming_at_once_with_a_late_safe_command_end_at_safe() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    rig.down = late_commands(0.4)
    rig.control("disarm")
    rig.control("arm")
    assert rig.refusals[-1] == "rest"
    rig.run(0.3, amount=0.0)
    rig.control("arm")
    rig.down = late_commands(0.002)
    since_s = rig.now_s + 1.0
    rig.run(60.0, amount=0.0)
    assert rig.peak(since_s) == 0.0


def test_a_rig_is_not_armed_while_a_device_says_that_it_gives_more_than_safe() -> None:
    rig = WiredRig()
    device = rig.small["stn"]
    device.given = device.goal = 3.0
    rig.be_ready()
    rig.control("arm")
    assert (rig.state, rig.refusals) == ("idle", ["rest"])
    device.goal = 0.0
    rig.run(2.0, hop=rig.report)
    rig.control("arm")
    assert rig.state == "armed"


@pytest.mark.parametrize("applied_ma", [3.0, 2.0, 0.6])
def test_a_device_that_answers_with_more_than_was_commanded_is_stopped(applied_ma: float) -> None:
    rig = WiredRig().be_active()
    rig.run(0.5, amount=0.2)
    device = rig.small["stn"]
    device.given = device.goal = applied_ma  # what it says is what it gives
    rig.run(1.5, amount=0.2)
    assert (rig.state, len(rig.stops)) == ("safe", 1)
    assert (device.state, device.given) == ("stopped", 0.0)


def test_a_device_that_says_more_than_it_gives_is_stopped_all_the_same() -> None:
    rig = WiredRig().be_active()
    rig.lie = lying(applied_ma=3.0)
    rig.run(0.2, amount=0.2)
    assert (rig.state, len(rig.stops)) == ("safe", 1)


def test_an_answer_to_a_command_that_was_never_sent_is_a_stop() -> None:
    rig = WiredRig().be_active()
    rig.run(0.5, amount=1.0)
    ghost = rig.small["stn"].hear(
        msgspec.structs.replace(
            rig.commands[-1], seq=99, amplitude_ma=3.0, expires_us=round(rig.now_s * 1e6) + 100_000
        ),
        rig.now_s,
    )
    rig.say("stn", ghost)
    rig.run(0.1, amount=1.0)
    assert (rig.state, len(rig.stops)) == ("safe", 1)
    assert rig.given == 0.0
    # Overdue, repeated, foreign and stop answers are not that.
    rig = WiredRig().be_active()
    rig.run(0.5, amount=1.0)
    answer = rig.small["stn"].hear(rig.commands[-1], rig.now_s)[-1]
    assert isinstance(answer, Ack)
    for keys in (
        {},
        {"session": "00001700000000000000-00000000", "seq": 500, "last_seq": 0},
        {"seq": None, "request_id": "r", "session": SESSION},
    ):
        rig.say("stn", [msgspec.structs.replace(answer, word=answer.word, **keys)])
    rig.run(0.5, amount=1.0)
    assert (rig.state, rig.stops) == ("active", [])


def test_an_info_of_more_than_is_wanted_is_a_stop() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=0.0)
    device = rig.small["stn"]
    device.given = device.goal = 2.71
    rig.say("stn", [device.info()])
    rig.run(0.5, amount=0.0)
    assert (rig.state, rig.given) == ("safe", 0.0)
    assert [each.reason for each in rig.stops] == ["stn gives 2.71, more than was asked for"]


def test_an_older_word_changes_nothing_whatever_it_says() -> None:
    rig = WiredRig().be_active()
    old: list[Said] = []
    rig.lie = lambda said: old.append(said) or said  # type: ignore[func-returns-value]
    rig.run(0.5, amount=2.0)
    rig.run(0.5, amount=0.0)
    rig.say("stn", [each for each in old if not isinstance(each, DeviceInfo)])
    rig.run(0.5, amount=0.0)
    belief = rig.gate.beliefs(rig.now_s)["stn"]
    assert (rig.state, belief.highest, rig.given) == ("active", 0.0, 0.0)


def test_a_device_that_clips_is_told_believed_and_not_asked_again() -> None:
    rig = WiredRig().be_active()
    rig.small["stn"].clip = 1.0
    rig.run(3.0, amount=2.5)
    before = len(rig.commands)
    rig.run(5.0, amount=2.5)
    belief = rig.gate.beliefs(rig.now_s)["stn"]
    assert (rig.notices, len(rig.commands) - before) == (["clipped"], 0)
    assert (belief.lowest, belief.highest, rig.given) == (1.0, 1.0, 1.0)
    rig.run(0.5, amount=0.5)
    assert rig.given == 0.5
    rig.small["stn"].clip = 3.0
    rig.run(1.0, amount=2.5)
    assert (rig.state, rig.given) == ("active", 2.5)


def test_a_device_that_is_still_on_its_way_is_not_taken_for_one_that_clips() -> None:
    rig = WiredRig().be_active()
    rig.up = lambda said: 0.002 if is_status(said) else 0.06
    rig.down = late_commands(0.06)
    for _ in range(20):
        rig.run(0.4, amount=3.0)
        rig.run(0.4, amount=0.0)
    assert (rig.state, rig.notices, rig.stops) == ("active", [], [])


def test_steps_of_a_tenth_of_a_milliampere_are_no_fault() -> None:
    device = device_of(amount_tolerance=0.05)
    rig = WiredRig(device)
    rig.small["stn"].keys = {"amount_tolerance": 0.05}
    rig.be_active()
    rig.lie = lambda said: msgspec.structs.replace(said, applied_ma=round(said.applied_ma or 0, 1))
    for amount in (1.23, 0.04, 2.96, 0.0):
        rig.run(1.0, amount=amount)
        assert rig.state == "active"
        assert rig.given == pytest.approx(amount, abs=0.051)
    assert (rig.stops, rig.notices) == ([], [])
