"""HOLD, PAUSED and lapses at their limits: when each begins, what it counts, and what ends it."""

import pytest

from stimulators.decisions import Refusal, Send, StateChanged
from stimulators.gate_config import GateConfig
from stimulators.wire.received import InfoHeard
from tests.stimulators.gate.gate_rig import (
    GateRig,
    amounts,
    device_of,
    leases_in,
)
from tests.stimulators.gate.states.step_rig import (
    ARMED_S,
    StepRig,
    T,
    bad_data,
    changes,
    device_of_slew_8,
)


def test_a_flaw_right_after_the_activation_is_a_hold_of_full_length() -> None:
    rig = StepRig().be_armed()
    rig.step(T + 4.0, data=rig.report)
    rig.observe()
    assert rig.state == "active"
    rig.observe(valid=False)
    rig.step(T + 6.0, data=bad_data(rig))
    assert rig.state == "hold"
    rig.step(T + 6.125, data=bad_data(rig))
    assert rig.state == "safe"


def test_one_stream_that_is_late_holds_however_good_the_others_are() -> None:
    for late in ("LFP", "EMG"):
        rig = StepRig().watch("LFP", "EMG")

        def both(rig: GateRig = rig) -> None:
            rig.report()
            rig.report(stream="EMG")

        rig.connect()
        rig.run(2.1, hop=both)
        rig.control("arm")
        rig.observe()
        rig.now_s = ARMED_S
        both()
        rig.observe()
        rig.tick()
        assert rig.state == "active"
        rig.now_s += 0.125
        rig.report(stream="EMG" if late == "LFP" else "LFP")
        rig.observe()
        assert (rig.state, rig.gate.reason) == (
            "hold",
            "data of 0.126 s ago, expected at most 0.1 s",
        )


def test_a_report_of_a_stream_that_nobody_watches_changes_nothing() -> None:
    rig = StepRig().be_active_at(T)
    rig.report(stream="other", problem="frozen")
    assert rig.state == "active"


def test_a_hold_ends_with_its_time_of_good_data_from_the_first_good_tick_on() -> None:
    rig = StepRig().be_active_at(T)
    rig.step(T + 0.125, data=bad_data(rig))
    assert rig.state == "hold"
    # The first good one comes at T + 0.25.
    rig.step(T + 0.625)
    assert rig.state == "hold"
    decided = len(rig.log)
    rig.step(T + 0.75)
    assert (rig.state, rig.gate.reason) == ("active", "good data for 0.5 s")
    assert changes([each for _, each in rig.log[decided:]]) == ["active"]


def test_a_hold_without_a_time_of_good_data_ends_on_good_data_alone() -> None:
    rig = StepRig(timing=GateConfig(resume_s=0.0)).be_active_at(T)
    rig.step(T + 1.0, data=bad_data(rig))
    assert rig.state == "hold"
    rig.step(T + 1.125)
    assert rig.state == "active"


def test_a_hold_lasts_as_long_as_it_may_and_not_longer() -> None:
    rig = StepRig().be_active_at(T)
    rig.step(T + 2.0, data=bad_data(rig))
    assert rig.state == "hold"
    rig.step(T + 2.125, data=bad_data(rig))
    found = "an estimate that is not valid, expected valid estimates"
    assert (rig.state, rig.gate.reason) == ("safe", f"held for more than 2 s: {found}")


def test_a_lapse_of_no_length_is_a_hold_however_short_holds_are() -> None:
    rig = StepRig(timing=GateConfig(hold_s_max=0.75)).be_active_at(T)
    rig.hear(InfoHeard("stn", rig.obedient["stn"].lapse(), retained=False))
    assert (rig.state, rig.gate.reason) == ("hold", "device stn let its lease end")


@pytest.mark.parametrize("begin", ["hold", "paused"])
def test_lapses_count_in_hold_and_in_a_pause_too(begin: str) -> None:
    rig = StepRig(timing=GateConfig(lapses_per_min_max=0)).be_active_at(T)
    if begin == "hold":
        rig.observe(valid=False)
    else:
        rig.control("pause")
    rig.stand_still(0.5)
    assert (rig.state, rig.gate.reason) == (
        "safe",
        "the machine slept for 0.5 s, after 0 lapses within a minute",
    )


def test_a_lapse_begins_the_good_data_and_the_hold_anew_and_drops_what_was_wished() -> None:
    rig = StepRig().be_active_at(T, amount=2.0)
    rig.step(T + 1.5, data=bad_data(rig))
    rig.stand_still(0.5)
    rig.step(T + 2.5, data=bad_data(rig))
    assert rig.state == "hold"
    before = len(rig.commands)
    rig.step(T + 3.25)
    assert rig.state == "active"
    assert set(amounts(rig.commands[before:])) <= {2.0}
    rig = StepRig().be_active_at(T)
    rig.observe(valid=False)
    rig.step(T + 0.5)
    rig.stand_still(0.5)
    rig.step(T + 0.75)
    assert rig.state == "hold"


def test_a_sleep_is_a_lapse_that_counts_as_charge() -> None:
    rig = StepRig().be_active_at(T, amount=2.0)
    before_uc, _ = rig.gate.counted("stn", rig.now_s)
    decided = rig.stand_still(1.0)
    assert decided == (StateChanged("active", "hold", "the machine slept for 1.0 s"),)
    after_uc, _ = rig.gate.counted("stn", rig.now_s)
    assert after_uc - before_uc == pytest.approx(2.0 * 0.06 * 130.0, rel=1e-6)
    rig.stand_still(2.5)
    assert rig.state == "safe"
    assert rig.gate.reason == "the machine slept for 2.5 s, longer than hold_s_max (2 s)"


def test_a_stall_is_seen_before_the_sleep_that_ended_it() -> None:
    rig = StepRig().be_active_at(T)
    rig.stand_still(0.5, T + 1.0)
    assert (rig.state, rig.gate.reason) == ("hold", "the service stood still for 1.00 s")


def test_a_resume_is_the_beginning_of_the_time_that_a_hold_may_last() -> None:
    rig = StepRig().be_active_at(T)
    rig.control("pause")
    rig.step(T + 5.0)
    rig.control("resume")
    rig.observe(valid=False)
    rig.step(T + 7.0, data=bad_data(rig))
    assert rig.state == "hold"
    rig.step(T + 7.125, data=bad_data(rig))
    assert rig.state == "safe"


def test_a_pause_gives_the_slowest_device_a_hold_a_lease_and_its_way() -> None:
    rig = StepRig(device_of_slew_8("a"), device_of_slew_8("b")).be_active()
    rig.run(1.0, amount=2.0)
    rig.now_s = paused_s = 1003.25
    rig.report()
    rig.observe()
    rig.answers = False
    rig.control("pause")
    # Of device a, which gives 2 mA, no word comes: 2 s, a lease of 0.25 s, and 2 mA at 8 mA/s.
    rig.step(paused_s + 2.5)
    assert rig.state == "paused"
    rig.step(paused_s + 2.625)
    found = "paused, and a did not come to its safe amount in time"
    assert (rig.state, rig.gate.reason) == ("safe", found)


def test_a_pause_lasts_where_the_driven_devices_rest_whatever_the_others_do() -> None:
    stopped = device_of("b", safe_ma=0.5, stop_ma=1.0)
    rig = StepRig(device_of("a"), stopped)
    rig.obedient["b"].state, rig.obedient["b"].amount = "stopped", 1.0
    rig.be_ready()
    rig.control("arm")
    rig.observe("a")
    assert rig.state == "active"

    def hop() -> None:
        rig.report()
        rig.observe("a")

    rig.step(T, data=hop)
    rig.control("pause")
    rig.step(T + 4.0, data=hop)
    assert (rig.state, rig.gate.driven) == ("paused", ("a",))
    assert leases_in([each for now_s, each in rig.log if now_s > T + 3.5])


def test_only_an_engaged_device_is_leased_in_hold_and_in_a_pause() -> None:
    for action in ("hold", "paused"):
        rig = StepRig(device_of("a"), device_of("b")).be_ready()
        rig.control("arm")
        rig.observe("a")
        if action == "hold":
            rig.observe("a", valid=False)
        else:
            rig.control("pause")
        assert rig.state == action
        before = len(rig.log)
        rig.step(ARMED_S + 0.5, data=rig.report)
        leased = [each.device for _, each in rig.log[before:] if isinstance(each, Send)]
        assert set(leased) == {"a"}


def test_a_resume_right_after_a_lapse_says_that_nothing_has_been_good_yet() -> None:
    rig = StepRig().be_active_at(T)
    rig.control("pause")
    rig.step(T + 1.0)
    rig.stand_still(0.5)
    decided = rig.control("resume")
    (refused,) = [each for each in decided if isinstance(each, Refusal)]
    assert (refused.reason, refused.found) == ("data", "good for 0.00 s")


def test_what_was_wished_before_a_lapse_is_not_followed_after_it() -> None:
    rig = StepRig().be_active_at(T, amount=1.0)
    rig.want(3.0)
    highest = max(amounts(rig.commands))
    rig.stand_still(0.5)
    rig.step(T + 1.5)
    assert rig.state == "active"
    assert max(amounts(rig.commands)) == highest
