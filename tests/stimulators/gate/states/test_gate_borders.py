"""What the gate believes of a device and of data: each rule at its limits."""

import math
from typing import Any

import msgspec
import pytest

from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.driving.descent import Descent
from stimulators.gate.freshness import HopWatch, StreamReport, StreamWatch
from stimulators.gate.limits.slew import Slew
from stimulators.gate.word import Word, word_of
from stimulators.gate_config import GateConfig
from stimulators.limits import ProgramConfig
from stimulators.targets import Observation
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from tests.stimulators.gate.gate_rig import device_of

_PULSES = ProgramConfig(frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598)


def _config(**keys: Any) -> DeviceConfig:
    programs = {"a": _PULSES, "b": _PULSES}
    return device_of(safe_ma=0.5, programs=programs, safe_program="a", **keys)


def _belief(**keys: Any) -> Belief:
    return Belief(_config(**keys), command_valid_s=0.1)


def _word(number: int, amount: float, **keys: Any) -> Word:
    word = Word("boot", number, 0, amount, "a", None, None)
    return word._replace(**keys)


def _live(belief: Belief, amount: float = 1.0, number: int = 1) -> Belief:
    belief.take(_word(number, amount, state="live"), 0.0)
    return belief


def _hull(belief: Belief) -> tuple[float, float]:
    return belief.lowest, belief.highest


# Belief.


def test_of_a_device_that_was_never_heard_all_may_be_given_in_any_program() -> None:
    belief = _belief()
    assert (belief.is_known, belief.is_certain, belief.is_answered, belief.has_open) == (
        *(False, False),
        *(True, False),
    )
    assert (_hull(belief), belief.program) == ((0.0, 3.0), "a")
    assert belief.programs == {"a", "b"}
    assert (belief.state, belief.instance, belief.heard_s) == ("offline", "", None)
    assert belief.tolerance == 0.001 * 3.0
    told = belief.report(5.0)
    assert (told.lowest, told.highest, told.state, told.instance) == (None, None, "offline", "")


def test_the_belief_is_the_hull_of_the_newest_word_and_of_all_that_was_sent_since() -> None:
    belief = _live(_belief())
    assert (_hull(belief), belief.is_known, belief.is_certain) == ((1.0, 1.0), True, True)
    belief.send(1, 1.2, "a", 0.0)
    belief.send(2, 0.8, "b", 0.0)
    assert (_hull(belief), belief.is_certain, belief.has_open) == ((0.8, 1.2), False, True)
    assert (belief.is_answered, belief.program) == (False, "a")
    assert belief.programs == {"a", "b"}
    belief.take(_word(2, 1.1, last_seq=1), 0.5)
    # The first is done: it may still be on its way there.
    assert (_hull(belief), belief.has_open, belief.is_answered) == ((0.8, 1.2), True, False)
    belief.take(_word(3, 1.0, last_seq=2, program="b"), 0.6)
    assert (_hull(belief), belief.has_open, belief.is_answered) == ((0.8, 1.0), False, True)
    assert (belief.program, belief.heard_s, belief.instance) == ("b", 0.6, "boot")
    belief.take(_word(4, 0.8, last_seq=2, program="b", state="safe"), 0.7)
    assert _hull(belief) == (0.5, 0.8)


def test_what_is_certain_differs_by_no_more_than_the_tolerance() -> None:
    belief = _live(_belief())
    belief.tolerance = 0.25
    belief.send(1, 1.25, "a", 0.0)
    assert belief.is_certain
    belief.send(2, 1.25 + 1e-6, "a", 0.0)
    assert not belief.is_certain


def test_an_older_word_or_one_that_was_heard_is_no_news_but_for_another_boot() -> None:
    belief = _live(_belief(), number=0)
    belief.take(_word(0, 2.0), 1.0)
    assert (belief.highest, belief.heard_s) == (1.0, 0.0)
    belief.take(_word(1, 1.5), 1.0)
    belief.take(_word(0, 2.0), 1.1)
    assert (belief.highest, belief.heard_s) == (1.5, 1.0)
    belief.take(_word(0, 2.0, instance="next"), 1.2)
    assert (belief.highest, belief.instance, belief.heard_s) == (2.0, "next", 1.2)


@pytest.mark.parametrize(
    ("amount", "believed"),
    [
        (-0.003, 0.0),
        (-0.0031, 3.0),
        (math.nan, 3.0),
        (math.inf, 3.0),
        (2.5, 2.5),
    ],
)
def test_a_word_that_is_no_amount_is_the_most(amount: float, believed: float) -> None:
    belief = _belief()
    belief.take(_word(1, amount, state="live"), 0.0)
    assert _hull(belief) == (believed, believed)


@pytest.mark.parametrize(
    ("told", "tolerance"),
    [(None, 0.003), (0.0, 0.0), (0.2, 0.2), (-0.1, 0.003), (math.inf, 0.003), (math.nan, 0.003)],
)
def test_a_tolerance_is_taken_if_it_is_a_number_from_0(
    told: float | None, tolerance: float
) -> None:
    belief = _belief()
    belief.learn(_info(amount_tolerance=told))
    assert belief.tolerance == tolerance


def test_what_a_device_may_say_reaches_to_the_highest_it_may_give_and_the_tolerance() -> None:
    belief = _belief()
    assert belief.allows(3.003)
    assert not belief.allows(3.0031)
    assert belief.allows(-0.003)
    assert not belief.allows(-0.0031)
    assert not belief.allows(math.nan)
    _live(belief, 0.2)
    assert belief.allows(0.503)
    assert not belief.allows(0.5031)
    belief.send(1, 1.0, "a", 0.0)
    assert belief.allows(1.003)
    assert not belief.allows(1.0031)


def test_a_device_of_no_word_for_its_program_is_in_that_of_the_command_it_did() -> None:
    belief = _live(_belief())
    belief.send(1, 0.0, "b", 0.0)
    belief.take(_word(2, 0.0, program=""), 0.1)
    assert belief.program == "a"
    belief.take(_word(3, 0.0, program="", last_seq=1), 0.2)
    assert belief.program == "b"


def test_an_answer_to_the_newest_command_answers_though_it_was_refused() -> None:
    belief = _live(_belief())
    belief.send(1, 1.5, "a", 0.0)
    belief.send(2, 2.0, "a", 0.0)
    belief.take(_word(2, 1.0, answers=1, is_refusal=True), 0.1)
    assert (belief.is_answered, _hull(belief)) == (False, (1.0, 2.0))
    belief.take(_word(3, 1.0, answers=2, is_refusal=True), 0.1)
    assert (belief.is_answered, _hull(belief)) == (True, (1.0, 1.0))


def test_the_newest_command_done_never_gets_older() -> None:
    belief = _live(_belief())
    belief.send(5, 2.0, "a", 0.0)
    belief.take(_word(2, 1.5, last_seq=5), 0.1)
    belief.take(_word(3, 1.5, last_seq=0), 0.2)
    assert (belief.has_open, belief.is_answered, _hull(belief)) == (False, True, (1.5, 2.0))


def test_a_command_is_given_up_once_one_that_was_issued_after_its_end_is_answered() -> None:
    belief = _live(_belief())
    belief.send(1, 3.0, "a", 0.0)
    belief.send(2, 1.0, "a", 0.09)
    belief.take(_word(2, 1.0, answers=2, is_refusal=True), 0.2)
    assert belief.highest == 3.0
    belief.send(3, 1.0, "a", 0.1)
    belief.take(_word(3, 1.0, answers=3, is_refusal=True), 0.3)
    assert belief.highest == 1.0


def test_a_command_that_is_done_is_not_given_up_however_old() -> None:
    belief = _live(_belief())
    belief.send(1, 3.0, "a", 0.0)
    belief.send(2, 1.0, "a", 5.0)
    belief.take(_word(2, 1.0, last_seq=1, answers=2, is_refusal=True), 5.1)
    assert belief.highest == 3.0


@pytest.mark.parametrize("state", ["safe", "stopped"])
def test_a_device_at_rest_is_on_its_way_to_no_command_any_more(state: str) -> None:
    belief = _live(_belief(stop_ma=0.2))
    belief.send(1, 2.0, "a", 0.0)
    belief.take(_word(2, 0.5, last_seq=1), 0.1)
    assert belief.highest == 2.0
    belief.take(_word(3, 0.5, last_seq=1, state=state), 0.2)
    assert _hull(belief) == (0.5, 0.5)


def test_after_a_stop_it_may_be_at_its_stop_amount_until_a_word_shows_that_it_is() -> None:
    belief = _live(_belief(stop_ma=0.2))
    belief.note_stop()
    assert _hull(belief) == (0.2, 1.0)
    belief.take(_word(2, 0.1, state="stopped"), 0.1)
    assert _hull(belief) == (0.1, 0.1)
    # That is over: a later word of a device that is live is believed as it is.
    belief.take(_word(3, 1.0, state="live"), 0.2)
    assert _hull(belief) == (1.0, 1.0)


def test_a_stop_is_never_believed_to_raise_the_amount() -> None:
    belief = _live(_belief(stop_ma=0.4), 0.3)
    belief.note_stop()
    assert _hull(belief) == (0.3, 0.3)


def test_leases_may_take_a_stopped_device_to_its_safe_amount() -> None:
    belief = _belief(stop_ma=0.2)
    belief.take(_word(1, 0.2, state="stopped"), 0.0)
    assert _hull(belief) == (0.2, 0.2)
    belief.note_leased()
    assert _hull(belief) == (0.2, 0.5)
    belief.note_stop()
    assert _hull(belief) == (0.2, 0.2)
    belief = _live(_belief(stop_ma=0.2))
    belief.note_stop()
    belief.note_leased()
    assert _hull(belief) == (1.0, 1.0)


def test_a_device_that_clips_is_where_it_says_but_for_what_it_has_not_done_yet() -> None:
    belief = _live(_belief())
    for seq, amount in ((1, 2.0), (2, 2.5)):
        belief.send(seq, amount, "a", 0.0)
    belief.take(_word(2, 1.5, last_seq=1), 0.1)
    belief.clip()
    assert _hull(belief) == (1.5, 2.5)
    belief.take(_word(3, 1.5, last_seq=2), 0.1)
    assert _hull(belief) == (1.5, 2.5)
    belief.clip()
    assert _hull(belief) == (1.5, 1.5)


def test_what_is_believed_is_told_with_the_age_of_the_word() -> None:
    belief = _live(_belief())
    belief.send(1, 2.0, "a", 0.0)
    told = belief.report(3.5)
    assert (told.lowest, told.highest, told.certain) == (1.0, 2.0, False)
    assert (told.state, told.instance, told.word_age_s) == ("live", "boot", 3.5)
    assert belief.report(-1.0).word_age_s == 0.0


# Words.


def _info(**keys: Any) -> DeviceInfo:
    info = DeviceInfo(
        device="stn",
        instance="boot",
        word=7,
        state="live",
        simulated=True,
        firmware="f",
        session="ours",
        last_seq=3,
        applied_ma=1.5,
        program="b",
    )
    return msgspec.structs.replace(info, **keys)


def _ack(**keys: Any) -> Ack:
    ack = Ack(
        session="ours",
        instance="boot",
        word=7,
        last_seq=3,
        received_us=0,
        applied_us=0,
        seq=3,
        applied_ma=1.5,
        program="b",
    )
    return msgspec.structs.replace(ack, **keys)


def test_an_answer_says_an_amount_and_which_of_our_commands_it_answers() -> None:
    expected = Word("boot", 7, 3, 1.5, "b", None, 3, is_refusal=False)
    assert word_of(_ack(), "ours", "ma") == expected
    assert word_of(_ack(refused="limit"), "ours", "ma") == expected._replace(is_refusal=True)
    foreign = expected._replace(last_seq=0, answers=None)
    assert word_of(_ack(session="another"), "ours", "ma") == foreign
    stopped = expected._replace(state="stopped", answers=None)
    assert word_of(_ack(seq=None, request_id="1"), "ours", "ma") == stopped
    assert word_of(_ack(), "ours", "level") is None
    level = word_of(_ack(applied_ma=None, applied_level=0.25), "ours", "level")
    assert level == expected._replace(amount=0.25)


def test_an_info_and_a_report_say_a_state_and_answer_nothing() -> None:
    expected = Word("boot", 7, 3, 1.5, "b", "live", None, is_refusal=False)
    assert word_of(_info(), "ours", "ma") == expected
    assert word_of(_info(session="another"), "ours", "ma") == expected._replace(last_seq=0)
    report = DeviceStatus(
        instance="boot",
        word=7,
        session="ours",
        state="safe",
        last_seq=3,
        applied_ma=1.5,
        program="b",
        charge_uc=0.0,
        on_s=0.0,
        counted_since_s=0.0,
    )
    assert word_of(report, "ours", "ma") == expected._replace(state="safe")


# Slew. Twelve a second and 20 ms a tick are 0.24 a tick; the smallest step of 3 is 0.006.


def _slew(**keys: float) -> Slew:
    return Slew(**({"slew_per_s_max": 12.0, "amount_max": 3.0, "tick_s": 0.02} | keys))


def test_a_step_is_worth_its_share_of_the_limit_or_twice_the_tolerance() -> None:
    slew = _slew()
    assert (slew.step_min, slew.spare) == (0.002 * 3.0, 0.48)
    slew.tolerate(0.002)
    assert slew.step_min == 0.006
    slew.tolerate(0.15)
    assert (slew.step_min, slew.spare) == (0.3, 0.24 + 0.3)
    assert _slew(slew_per_s_max=0.1).spare == pytest.approx(0.002 + 0.006)


def test_the_right_to_move_grows_with_time_up_to_the_spare_and_not_backwards() -> None:
    slew = _slew()
    slew.take(0.48)
    assert slew.up(1.0, 2.0) is None
    slew.advance(5.0)
    assert slew.up(1.0, 2.0) is None
    slew.advance(5.0 + 1 / 64)
    assert slew.up(1.0, 2.0) == pytest.approx(1.0 + 12 / 64)
    slew.advance(5.0)
    assert slew.up(1.0, 2.0) == pytest.approx(1.0 + 12 / 64)
    slew.advance(50.0)
    assert slew.up(1.0, 2.0) == 1.48
    slew.take(-0.18)
    assert slew.up(1.0, 2.0) == pytest.approx(1.3)
    slew.take(9.0)
    slew.advance(50.0 + 1 / 64)
    assert slew.up(1.0, 2.0) == pytest.approx(1.0 + 12 / 64)


def test_a_step_up_goes_from_the_lowest_to_the_goal_if_the_right_reaches_it() -> None:
    slew = _slew()
    assert slew.up(1.0, 1.48) == 1.48
    assert slew.up(1.0, 1.49) == 1.48
    slew.take(0.48 - 0.004)
    assert slew.up(1.0, 1.004) == 1.004
    assert slew.up(1.0, 1.005) is None
    slew = _slew()
    slew.take(0.48 - 0.0061)
    assert slew.up(1.0, 2.0) == pytest.approx(1.0061)


def test_a_step_down_goes_from_the_highest_and_never_above_the_lowest() -> None:
    slew = _slew()
    assert slew.down(1.0, 1.0, 0.52) == 0.52
    assert slew.down(1.0, 1.0, 0.0) == 0.52
    assert slew.down(1.0, 2.0, 0.0) == 1.0
    assert slew.down(0.1, 2.0, 0.5) == 0.5
    slew.take(0.48 - 0.004)
    assert slew.down(1.0, 1.0, 0.996) == 0.996
    assert slew.down(1.0, 1.0, 0.5) is None


# The way down.


def test_the_way_down_is_said_at_once_and_a_second_later_than_it_takes_more_is_a_fault() -> None:
    descent = Descent(10.0, ack_s_max=0.25, way_s=0.5)
    assert descent.deadline_s == 11.5
    assert not descent.is_due(9.99)
    assert descent.is_due(10.0)
    for now_s, next_s in ((10.0, 10.25), (10.25, 10.75), (10.75, 11.75), (11.75, 12.75)):
        descent.note_said(now_s)
        assert not descent.is_due(next_s - 1e-6)
        assert descent.is_due(next_s)
    late = Descent(0.0, ack_s_max=1.5, way_s=0.5)
    late.note_said(0.0)
    assert late.is_due(1.0)


# Freshness.

_TIMING = GateConfig(data_age_s_max=0.25, clock_uncertainty_s_max=0.125)


def _report(time_s: float, uncertainty_s: float | None = 0.0, problem: str | None = None) -> Any:
    return StreamReport("lfp", time_s, uncertainty_s, problem)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (_report(8.0), None),
        (_report(7.75), None),
        (_report(7.74), "late"),
        (_report(math.nan), "late"),
        (_report(8.125), None),
        (_report(8.126), "future"),
        (_report(8.0, 0.125), None),
        (_report(8.0, 0.126), "clock"),
        (_report(8.0, -0.01), "clock"),
        (_report(8.0, math.nan), "clock"),
        (_report(8.0, None), "clock"),
        (_report(8.0, problem="flat"), "suspect"),
        (_report(8.0, problem=""), "suspect"),
    ],
)
def test_data_are_good_within_their_age_and_their_clock_and_no_further(
    report: StreamReport, reason: str | None
) -> None:
    watch = StreamWatch("lfp", _TIMING)
    flaw = watch.report(report, 8.0)
    assert (flaw and flaw.reason) == reason
    assert watch.good_since_s == (8.0 if reason is None else None)


def test_data_are_good_since_the_first_of_an_unbroken_row() -> None:
    watch = StreamWatch("lfp", _TIMING)
    assert (watch.name, watch.good_since_s, watch.interval_s) == ("lfp", None, 0.0)
    assert watch.check(7.0) == ("silent", "no data", "data")
    watch.report(_report(8.0), 8.0)
    watch.report(_report(8.25), 8.25)
    assert (watch.good_since_s, watch.interval_s) == (8.0, 0.25)
    # A pause that is longer than data may be old breaks the row, though the newest are fresh.
    watch.report(_report(8.51), 8.51)
    assert watch.good_since_s == 8.51
    assert watch.interval_s == pytest.approx(0.26)
    watch.restart()
    assert watch.good_since_s is None
    assert watch.check(8.6) is None
    assert watch.good_since_s == 8.6
    watch.forget()
    assert watch.good_since_s is None
    assert watch.check(8.6) == ("silent", "no data", "data")
    watch.report(_report(99.0), 99.0)
    assert watch.interval_s == pytest.approx(0.26)


def test_the_longest_pause_between_reports_is_remembered_for_two_seconds() -> None:
    watch = StreamWatch("lfp", _TIMING)
    for now_s in (0.0, 0.25, 0.375, 2.125, 2.25):
        watch.report(_report(now_s), now_s)
    assert watch.interval_s == 1.75
    watch = StreamWatch("lfp", _TIMING)
    moments = [0.0, 0.25, *[0.25 + index / 8 for index in range(1, 17)]]
    kept = []
    for now_s in moments:
        watch.report(_report(now_s), now_s)
        kept.append(watch.interval_s)
    assert kept == [0.0, *[0.25] * 16, 0.125]
    # As long a one begins the two seconds anew.
    watch = StreamWatch("lfp", _TIMING)
    for now_s in (0.0, 0.25, 0.5, *[0.5 + index / 8 for index in range(1, 16)]):
        watch.report(_report(now_s), now_s)
        assert watch.interval_s == (0.25 if now_s else 0.0)
    watch.report(_report(2.5), 2.5)
    assert watch.interval_s == 0.125


# Estimates.


def _hop(time_s: float, *, valid: bool = True, calibrating: bool = False) -> Observation:
    return Observation(
        sample=0,
        time_s=time_s,
        valid=valid,
        calibrating=calibrating,
    )


@pytest.mark.parametrize(
    ("now_s", "reason"),
    [(8.25, None), (8.26, "late"), (7.875, None), (7.874, "future"), (math.nan, "late")],
)
def test_an_estimate_is_as_old_as_data_may_be(now_s: float, reason: str | None) -> None:
    watch = HopWatch(_TIMING)
    watch.observe(_hop(8.0))
    flaw = watch.flaw(now_s)
    assert (flaw and flaw.reason) == reason


def test_an_estimate_may_be_older_by_what_lies_between_two_of_them() -> None:
    watch = HopWatch(_TIMING)
    watch.observe(_hop(7.5))
    watch.observe(_hop(8.0))
    assert watch.flaw(8.75) is None
    assert watch.flaw(8.76) is not None
    # What goes back in time has no spacing.
    watch.observe(_hop(7.0))
    assert watch.flaw(7.25) is None
    assert watch.flaw(7.26) is not None


def test_an_estimate_that_is_not_valid_is_a_flaw_unless_none_can_be_yet() -> None:
    watch = HopWatch(_TIMING)
    assert watch.flaw(0.0) == ("silent", "no estimate", "estimates")
    assert (watch.is_valid, watch.is_calibrating) == (False, False)
    watch.observe(_hop(8.0))
    assert (watch.is_valid, watch.is_calibrating) == (True, False)
    watch.observe(_hop(8.125, valid=False, calibrating=True))
    assert (watch.is_valid, watch.is_calibrating) == (False, True)
    # While none can be the age is that of the last valid one.
    assert watch.flaw(8.375) is None
    assert watch.flaw(8.376) is not None
    watch.observe(_hop(8.25, valid=False))
    suspect = watch.flaw(8.25)
    assert suspect is not None
    assert suspect.reason == "suspect"
