"""What the gate does with a target at each limit, and the text of its refusal."""

from typing import Any

import pytest

from stimulators.decisions import Refusal
from stimulators.gate.freshness import HopWatch, StreamReport, StreamWatch
from stimulators.gate.limits.slew import Slew
from stimulators.gate.usage.on_time import OnTime
from stimulators.gate.usage.past import DevicePast
from stimulators.gate_config import GateConfig
from stimulators.targets import Observation
from stimulators.wire.received import InfoHeard, LinkChanged
from tests.stimulators.gate.gate_rig import GateRig, amounts, device_of, feedback_of, limits_of
from tests.stimulators.gate.limits.trigger_limits import TriggerBudget

#: Where a rig is that was active and goes on at a binary fraction of a second.
_NOW_S = 1002.25
_TIMING = GateConfig(
    data_age_s_max=0.125, clock_uncertainty_s_max=1 / 256, command_valid_s=0.125, resume_s=0.5
)


def active(**keys: Any) -> GateRig:
    rig = GateRig(timing=_TIMING, **keys).be_active()
    rig.now_s = _NOW_S
    rig.report()
    rig.observe()
    rig.tick()
    assert rig.state == "active"
    return rig


def limited(**limits: Any) -> GateRig:
    rig = GateRig(device_of(limits=limits_of(**limits)), timing=_TIMING).be_active()
    rig.now_s = _NOW_S
    rig.report()
    rig.observe()
    return rig


def refusals(rig: GateRig) -> list[tuple[str, str, str]]:
    found = [each for each in rig.decided if isinstance(each, Refusal)]
    assert all(each.policy == "adbs" and each.device and each.sample >= 0 for each in found)
    return [(each.reason, each.found, each.expected) for each in found]


# Amount, state, program.


def test_an_amount_is_from_nothing_to_the_limit() -> None:
    for amount in (3.0, 0.0, -0.0):
        rig = active()
        rig.want(amount)
        assert (rig.state, refusals(rig)) == ("active", [])
    for amount, found in ((-0.5, "-0.5"), (3.5, "3.5"), (float("nan"), "nan")):
        rig = active()
        rig.want(amount)
        assert refusals(rig) == [("limit", found, "from 0 to 3")]
        assert (rig.state, rig.gate.reason) == ("safe", f"policy adbs wants {found} of stn")


def test_a_target_is_refused_in_every_state_but_active_whatever_was_wished() -> None:
    rig = active()
    rig.want(1.0)
    rig.observe(valid=False)
    rig.want(1.0)
    assert refusals(rig) == [("hold", "hold", "active, on valid estimates")]
    rig = GateRig().be_ready()
    rig.want(1.0)
    assert refusals(rig) == [("idle", "idle", "active, on valid estimates")]


def test_what_is_under_way_costs_nothing_however_late_it_is_asked_for() -> None:
    rig = active()
    rig.want(1.0)
    before = len(rig.log)
    rig.want(1.0, age_s=5.0)
    assert len(rig.log) == before
    rig.want(1.5, age_s=5.0)
    assert refusals(rig) == [("late", "5 s old", "at most 0.125 s")]
    rig.want(1.5, age_s=5.0)
    assert len(refusals(rig)) == 1
    rig.want(1.25, age_s=5.0)
    assert len(refusals(rig)) == 2


def test_a_device_is_asked_once_it_is_live_on_valid_estimates() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_ready()
    rig.control("arm")
    rig.observe("a")
    rig.want(1.0, device="b")
    rig.observe("b")
    rig.observe("b", valid=False, calibrating=True)
    rig.want(1.0, device="b")
    expected = "active, on valid estimates"
    assert refusals(rig) == [
        ("active", "a device that is not live", expected),
        ("active", "no valid estimate", expected),
    ]


def test_a_target_for_no_device_is_refused() -> None:
    rig = active()
    rig.want(1.0, device="other")
    assert refusals(rig) == [("device", "other", "stn")]


@pytest.mark.parametrize("program", ["other", ""])
def test_a_program_is_one_of_the_device_s(program: str) -> None:
    rig = active()
    rig.want(1.0, program=program)
    assert refusals(rig) == [("program", program, "adbs")]


def test_a_feedback_device_has_no_program() -> None:
    rig = GateRig(feedback_of()).be_active()
    rig.want(0.3, program="other")
    assert refusals(rig) == [("program", "other", "")]
    rig.want(0.3, program="")
    assert len(refusals(rig)) == 1


# Times and numbers.


@pytest.mark.parametrize(
    ("age_s", "is_well"),
    [(0.125, True), (0.125 + 2**-20, False), (-1 / 256, True), (-1 / 256 - 2**-20, False)],
)
def test_a_target_is_as_old_as_data_may_be(age_s: float, *, is_well: bool) -> None:
    rig = active()
    rig.want(1.0, age_s=age_s)
    assert [reason for reason, *_ in refusals(rig)] == ([] if is_well else ["late"])


@pytest.mark.parametrize(
    ("keys", "is_well"),
    [
        ({"onset_s": 8.9e9}, True),
        ({"onset_s": 9e9}, False),
        ({"onset_s": -9e9}, False),
        ({"value": float("inf")}, False),
        ({"threshold": float("nan")}, False),
    ],
)
def test_the_numbers_of_a_target_fit_a_message(keys: dict[str, float], *, is_well: bool) -> None:
    rig = active()
    rig.want(1.0, **keys)
    assert [reason for reason, *_ in refusals(rig)] == ([] if is_well else ["number"])


@pytest.mark.parametrize(
    ("ahead_s", "is_well"), [(0.0, True), (0.0625, True), (0.125, False), (-(2**-10), False)]
)
def test_a_trigger_fires_while_its_command_is_valid(ahead_s: float, *, is_well: bool) -> None:
    rig = active()
    rig.trigger(fire_at_s=_NOW_S + ahead_s)
    found = ("fire_at", f"{ahead_s:g} s ahead", "from now to 0.125 s ahead")
    assert refusals(rig) == ([] if is_well else [found])


# Limits.


def test_a_rise_is_refused_by_the_name_of_its_limit() -> None:
    rig = limited(rises_per_min_max=0)
    rig.want(1.0)
    kept = "rises_per_min_max of stn kept: 0"
    assert refusals(rig) == [("rises", "one rise more", kept)]
    rig.trigger()
    assert len(refusals(rig)) == 1
    rig = limited(on_time_s_max=0.3)
    rig.want(1.0)
    assert refusals(rig) == [("on_time", "one rise more", "on_time_s_max of stn kept: 0.3")]


def test_a_rise_is_refused_where_its_charge_does_not_fit() -> None:
    rig = limited(slew_ma_per_s_max=1000.0, charge_uc_per_10_min_max=3.0)
    rig.want(3.0)
    kept = "charge_uc_per_10_min_max of stn kept: 3"
    assert refusals(rig) == [("charge", "one rise more", kept)]


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({"refractory_s": 0.5}, ("refractory", "refractory_s of stn kept: 0.5")),
        (
            {"refractory_s": 0.0, "triggers_per_min_max": 1},
            ("triggers", "triggers_per_min_max of stn kept: 1"),
        ),
        (
            {"refractory_s": 0.0, "commands_per_s_max": 2.0},
            ("commands", "commands_per_s_max of stn kept: 2"),
        ),
    ],
)
def test_a_trigger_is_refused_by_the_name_of_its_limit(
    limits: dict[str, Any], found: tuple[str, str]
) -> None:
    rig = limited(**limits)
    rig.trigger()
    rig.trigger()
    reason, expected = found
    assert refusals(rig) == [(reason, "one trigger more", expected)]


def test_a_trigger_is_refused_where_its_charge_does_not_fit() -> None:
    limits = {"refractory_s": 0.0, "charge_uc_per_10_min_max": 3.0}
    rig = limited(slew_ma_per_s_max=1000.0, commands_per_s_max=2000.0, **limits)
    for _ in range(60):
        rig.trigger(3.0)
    kept = "charge_uc_per_10_min_max of stn kept: 3"
    assert set(refusals(rig)) == {("charge", "one trigger more", kept)}


def test_of_several_targets_the_newest_counts() -> None:
    rig = active()
    first, same, last = (rig.target(amount) for amount in (0.1, 0.2, 0.2))
    decided = rig.take(rig.gate.admit([first, same, last], rig.now_s))
    assert refusals(rig) == [("superseded", "an older target", "the newest")]
    assert amounts(rig.commands) == [0.2]
    assert decided[0] == next(each for each in rig.decided if isinstance(each, Refusal))


# Conditions of arming.


def _asked(rig: GateRig) -> list[tuple[str, str, str]]:
    decided = rig.control("arm")
    return [
        (each.reason, each.found, each.expected) for each in decided if isinstance(each, Refusal)
    ]


def test_data_are_good_for_two_seconds_before_an_arming() -> None:
    rig = GateRig(timing=_TIMING)
    rig.connect()
    found = []
    for index in range(33):
        rig.now_s = 1000.0 + index / 16
        rig.report()
        if index in {0, 16, 31, 32}:
            found.append(_asked(rig))
    said = [
        [("data", f"stream LFP: good for {good} s, {left} s to wait", "at least 2 s")]
        for good, left in (("0.00", "2.00"), ("1.00", "1.00"), ("1.94", "0.06"))
    ]
    assert found == [*said, []]


def test_blocks_come_at_least_as_often_as_data_may_be_old() -> None:
    for step_s, is_well in ((0.125, True), (0.15625, False)):
        rig = GateRig(timing=_TIMING)
        rig.connect()
        for index in range(24):
            rig.now_s = 1000.0 + index * step_s
            rig.report()
        found = _asked(rig)
        expected = "at most data_age_s_max, 0.125 s"
        assert (found == []) is is_well
        if not is_well:
            assert found[0][:2] == ("interval", "stream LFP: blocks every 0.156 s")
            assert found[0][2].startswith(f"{expected}: let its sender send more often")


def test_a_device_says_that_it_is_at_rest_before_an_arming() -> None:
    expected = "its report that it is safe at 0, or stopped"
    rig = GateRig().be_ready()
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(state="live", session=None), retained=False))
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(applied_ma=1.0), retained=False))
    assert _asked(rig)[-1] == ("rest", "safe, 1", expected)
    rig = GateRig()
    rig.hear(LinkChanged(is_up=True))
    rig.run(2.1, hop=rig.report)
    info = rig.obedient["stn"].info(applied_ma=None)
    rig.hear(InfoHeard("stn", info, retained=False))
    assert _asked(rig) == [("rest", "no report of its amount", expected)]
    rig = GateRig().be_active(1.0)
    rig.answers = False
    rig.control("disarm")
    assert ("rest", "no report since the last command", expected) in _asked(rig)


def test_no_device_is_no_rig() -> None:
    rig = GateRig()
    rig.devices = ()
    gate = type(rig.gate)(
        timing=_TIMING,
        arm="operator",
        devices=(),
        streams=(),
        tick_s=1 / 64,
        session="s",
        calibration_s=0.0,
    )
    gate.receive(LinkChanged(is_up=True), 1.0)
    gate.tick(1.0)
    expected = "no device, expected at least one device: a rig without [[devices]] only watches"
    assert gate.status_text == f"not armed; not ready to be armed: {expected}"


def test_a_paused_rig_is_resumed_once_every_device_is_live() -> None:
    rig = GateRig(timing=_TIMING).be_paused()
    rig.hear(InfoHeard("stn", rig.obedient["stn"].lapse(), retained=False))
    rig.adopts = False
    rig.run(1.0)
    found = [
        (each.reason, each.device, each.found, each.expected)
        for each in rig.control("resume")
        if isinstance(each, Refusal)
    ]
    assert found[-1] == ("device", "stn", "safe", "a device that is live")


# Small counts.


def test_time_above_safe_is_counted_from_the_rise_to_the_end_of_a_break() -> None:
    on_time = OnTime(2.0)

    def counted() -> tuple[float, float, float, float]:
        return on_time.on_s, on_time.off_s, on_time.if_rising_s, on_time.wait_s

    assert counted() == (0.0, float("inf"), 0.0, 0.0)
    for passed_s, is_on, found in (
        (0.5, True, (0.5, 0.0, 0.5, 2.0)),
        (0.25, False, (0.5, 0.25, 0.75, 1.75)),
        (0.5, True, (1.25, 0.0, 1.25, 2.0)),
        (1.75, False, (1.25, 1.75, 3.0, 0.25)),
        (0.25, False, (0.0, 2.0, 0.0, 0.0)),
    ):
        on_time.pass_time(passed_s, is_on=is_on)
        assert counted() == found
    assert DevicePast(device="stn", known_age_s=1.0).on_s == 0.0


def test_there_is_nothing_to_wait_for_where_no_time_is_above_safe_or_the_break_is_over() -> None:
    on_time = OnTime(2.0)
    on_time.presume(0.0)
    assert (on_time.off_s, on_time.wait_s) == (0.0, 0.0)
    # As where a device's own count is taken over, long after it was at rest.
    on_time = OnTime(2.0)
    on_time.on_s = 5.0
    assert on_time.wait_s == 0.0


def test_what_an_earlier_service_knew_grows_older_and_stays_the_same_otherwise() -> None:
    past = DevicePast(
        device="stn",
        known_age_s=1.0,
        charges=((600.0, 4.0), (2.0, 7.0)),
        unknown=(1,),
        charges_lowest=((600.0, 3.0), (0.0, 5.0)),
        on_s=2.5,
    )
    assert past.aged(10.0) == DevicePast(
        device="stn",
        known_age_s=11.0,
        charges=((610.0, 4.0), (12.0, 7.0)),
        unknown=(1,),
        charges_lowest=((610.0, 3.0), (10.0, 5.0)),
        on_s=2.5,
    )
    # One that says nothing of what was sure means all of it, however old it gets.
    assert DevicePast(device="stn", known_age_s=1.0).aged(10.0).charges_lowest is None


def test_a_step_may_use_the_right_to_move_to_its_end() -> None:
    def slew_of() -> Slew:
        slew = Slew(slew_per_s_max=8.0, amount_max=3.0, tick_s=1 / 64)
        slew.tolerate(0.125)
        return slew

    assert (slew_of().step_min, slew_of().spare) == (0.25, 0.375)
    # The right was a quarter before the tolerance was known: as much as the smallest step.
    assert slew_of().up(0.0, 1.0) == 0.25
    assert slew_of().down(2.0, 2.0, 0.0) == 1.75
    assert slew_of().up(0.0, 0.25 + 1e-9) == 0.25 + 1e-9
    assert slew_of().down(0.2, 0.25 + 1e-9, 0.0) == 0.0


def test_a_refractory_time_is_over_at_its_end() -> None:
    for since_s, found in ((0.05 - 1e-9, None), (0.05 - 2e-9, "refractory"), (-1.0, "refractory")):
        budget = TriggerBudget(0.05, 9)
        budget.take(0.0, 0.0)
        assert budget.refusal(since_s, since_s) == found


def test_a_stream_is_good_since_its_first_good_report() -> None:
    watch = StreamWatch("LFP", _TIMING)
    assert watch.good_s(64.0) == 0.0
    good = StreamReport("LFP", 64.0, 0.0, None)
    watch.report(good, 64.0)
    assert watch.good_s(65.5) == 1.5
    assert watch.check(64.25) is not None
    assert watch.good_s(64.25) == 0.0


def test_a_calibration_that_never_was_valid_is_as_old_as_the_clock() -> None:
    hops = HopWatch(_TIMING)
    hops.observe(Observation(sample=1, time_s=64.0, valid=False, calibrating=True))
    flaw = hops.flaw(64.0)
    assert flaw is not None
    assert (flaw.reason, flaw.found) == ("late", "an estimate of 64 s ago")
