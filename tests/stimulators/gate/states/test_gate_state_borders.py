"""The state table at its borders: what ends a state, at which moment, and what the status says.

Times are binary fractions, so that a border is met to the last bit.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

import pytest

from stimulators.decisions import Decision, Refusal, Send, StateChanged
from stimulators.device_config import DeviceConfig
from stimulators.gate.gate import SafetyGate
from stimulators.gate_config import GateConfig
from stimulators.wire.received import InfoHeard
from tests.stimulators.gate.gate_rig import (
    SESSION,
    TICK_S,
    GateRig,
    amounts,
    commands_in,
    device_of,
    leases_in,
    limits_of,
)

#: Armed, and active or what follows, begin here.
ARMED_S = 1002.125
T = 1004.0


class StepRig(GateRig):
    """A rig that goes on in steps of an eighth of a second, with good data unless it is told."""

    def step(
        self, until_s: float, *, data: Callable[[], None] | None = None, step_s: float = 0.125
    ) -> Self:
        """Let time pass up to a moment."""
        while self.now_s < until_s:
            self.now_s = min(until_s, self.now_s + step_s)
            self.live()
            if data is None:
                self.report()
                self.observe()
            else:
                data()
            self.tick()
        return self

    def be_active_at(self, now_s: float = T, *, amount: float | None = None) -> Self:
        """Be active, with a tick on good data just then."""
        self.be_active(amount)
        while now_s - self.now_s > 0.125:
            self.run(0.1)
        return self.step(now_s)

    def be_armed_then(self) -> Self:
        """Be armed at a binary fraction."""
        self.be_ready()
        self.now_s = ARMED_S
        self.report()
        self.control("arm")
        assert self.state == "armed", self.refusals
        return self

    def stand_still(self, lasted_s: float, now_s: float | None = None) -> tuple[Decision, ...]:
        """Let the machine sleep, while the service's clock stands still."""
        tell = self.gate.sleep
        return self.take(tell(lasted_s, self.now_s if now_s is None else now_s))

    def watch(self, *streams: str) -> Self:
        """Watch other streams than the one."""
        self.gate = SafetyGate(
            timing=self.timing,
            arm="operator",
            devices=self.devices,
            streams=streams,
            tick_s=TICK_S,
            session=SESSION,
            calibration_s=0.0,
        )
        return self


def _bad(rig: GateRig) -> Callable[[], None]:
    """Return hops of good data whose estimate is not valid."""

    def hop() -> None:
        rig.report()
        rig.observe(valid=False)

    return hop


def _changes(decisions: Sequence[Decision]) -> list[str]:
    return [each.after for each in decisions if isinstance(each, StateChanged)]


# The clock of the service.


def test_a_small_step_back_of_the_service_clock_stands_still_and_a_larger_one_is_a_fault() -> None:
    rig = StepRig(timing=GateConfig(clock_step_s_max=1 / 64)).be_active_at(T)
    sent = rig.gate.admit([rig.target(1.0)], T - 1 / 64)
    assert [command.issued_us for command in commands_in(sent)] == [round(T * 1e6)]
    assert rig.state == "active"
    rig.gate.tick(T - 1 / 32)
    assert (rig.state, rig.gate.reason) == (
        "safe",
        "the clock of the service went from 1004 to 1003.97",
    )


@pytest.mark.parametrize("now_s", [float("inf"), float("nan"), -float("inf")])
def test_a_time_that_is_none_is_a_fault(now_s: float) -> None:
    rig = StepRig().be_active_at(T)
    rig.gate.tick(now_s)
    assert rig.state == "safe"
    decided = rig.gate.tick(T + 0.5)
    assert [each for each in decided if isinstance(each, StateChanged)] == []


def test_in_idle_no_clock_latches() -> None:
    rig = GateRig().be_ready()
    rig.gate.tick(rig.now_s - 1.0)
    assert rig.state == "idle"


@pytest.mark.parametrize(
    "event",
    [
        lambda gate, now_s: gate.fail("a fault", now_s),
        lambda gate, now_s: gate.clock_moved("LFP", 0.02, now_s),
        lambda gate, now_s: gate.sender_changed("LFP", "another sender", now_s),
    ],
)
def test_what_was_asked_before_the_rig_went_safe_does_not_arm_it(
    event: Callable[[SafetyGate, float], Sequence[Decision]],
) -> None:
    rig = StepRig().be_active_at(T)
    rig.take(event(rig.gate, T + 0.125))
    assert rig.state == "safe"
    rig.now_s = T + 0.125
    late = {"issued_us": round((T + 0.0625) * 1e6)}
    rig.control("arm", **late)
    assert rig.refusals[0] == "late"


# Armed.


def test_an_arming_says_what_it_waits_for_and_ends_after_a_minute() -> None:
    rig = StepRig(calibration_s=20.0).be_armed_then()
    assert rig.gate.status_text == "armed by o"
    rig.step(ARMED_S + 0.125, data=rig.report)
    assert rig.gate.status_text == "armed by o; waits for a valid estimate, at most 60 s"
    rig.step(ARMED_S + 60.0, data=rig.report, step_s=0.9375)
    assert rig.gate.status_text == "armed by o; waits for a valid estimate, at most 0 s"
    rig.step(ARMED_S + 60.25, data=rig.report)
    assert (rig.state, rig.gate.reason) == ("idle", "no valid estimate within 60 s")
    rig.run(2.1, hop=rig.report)
    rig.control("arm")
    assert rig.gate.status_text == "armed by o"


def test_a_rig_that_armed_itself_does_so_once() -> None:
    rig = StepRig(arm="auto").be_ready()
    assert rig.state == "armed"
    rig.step(ARMED_S + 64.0, data=rig.report, step_s=0.0625)
    assert (rig.state, rig.gate.reason) == ("idle", "no valid estimate within 60 s")
    assert rig.gate.status_text.endswith("; ready to be armed")


def test_an_arming_lasts_a_calibration_longer_where_one_estimate_calibrates() -> None:
    rig = StepRig(device_of("a"), device_of("b"), calibration_s=20.0).be_armed_then()
    rig.observe("b", valid=False, calibrating=True)
    rig.step(ARMED_S + 0.125, data=rig.report)
    waits = "waits for a valid estimate (it calibrates, 20 s to go), at most 80 s"
    assert rig.gate.status_text == f"armed by o; {waits}"
    rig.step(ARMED_S + 80.0, data=rig.report, step_s=0.9375)
    assert rig.state == "armed"
    rig.step(ARMED_S + 80.25, data=rig.report)
    assert (rig.state, rig.gate.reason) == ("idle", "no valid estimate within 80 s")


def test_an_arming_names_the_devices_that_take_no_lease() -> None:
    rig = StepRig(device_of("a"), device_of("b"), device_of("c")).be_armed_then()
    rig.adopts = False

    def hop() -> None:
        rig.report()
        rig.observe("a")
        rig.observe("c")

    rig.step(ARMED_S + 0.125, data=hop)
    waits = "waits for a, c to reach the safe amount and take a lease, at most 60 s"
    assert rig.gate.status_text == f"armed by o; {waits}"
    rig.step(ARMED_S + 60.25, data=hop, step_s=0.9375)
    assert (rig.state, rig.gate.reason) == ("idle", "a, c did not take a lease within 60 s")


def test_the_first_valid_estimate_is_answered_with_a_lease_at_once() -> None:
    rig = GateRig().be_armed()
    rig.adopts = False
    rig.observe()
    assert len(rig.leases) == 1


@pytest.mark.parametrize(("data_age_s", "estimate_age_s"), [(0.001, 0.2), (0.2, 0.001)])
def test_old_data_or_an_old_estimate_engage_nothing(
    data_age_s: float, estimate_age_s: float
) -> None:
    rig = GateRig().be_armed()
    rig.report(age_s=data_age_s)
    rig.observe(age_s=estimate_age_s)
    assert rig.leases == []
    rig.report()
    rig.observe()
    assert len(rig.leases) == 1


def test_a_device_that_has_not_said_that_it_is_live_does_not_activate() -> None:
    rig = GateRig().be_armed()
    rig.adopts = False
    rig.observe()
    device = rig.obedient["stn"]
    for state, session in (("safe", SESSION), ("live", "00001700000000000000-00000000")):
        said = device.info(state=state, session=session)
        rig.gate.receive(InfoHeard("stn", said, retained=False), rig.now_s)
        assert rig.state != "active"


def test_a_flaw_right_after_the_activation_is_a_hold_of_full_length() -> None:
    rig = StepRig().be_armed()
    rig.step(T + 4.0, data=rig.report)
    rig.observe()
    assert rig.state == "active"
    rig.observe(valid=False)
    rig.step(T + 6.0, data=_bad(rig))
    assert rig.state == "hold"
    rig.step(T + 6.125, data=_bad(rig))
    assert rig.state == "safe"


def test_a_second_device_is_engaged_while_the_first_is_driven_and_never_in_idle() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_armed()
    rig.observe("a")
    rig.report()
    assert rig.state == "active"
    driven = [rig.gate.driven]
    rig.observe("b", valid=False)
    driven.append(rig.gate.driven)
    rig.observe("b")
    assert [*driven, rig.gate.driven] == [("a",), ("a",), ("a", "b")]
    rig.control("disarm")
    rig.run(0.5)
    assert rig.state == "idle"
    assert not rig.gate.driven


# Hold.


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
    rig.step(T + 0.125, data=_bad(rig))
    assert rig.state == "hold"
    # The first good one comes at T + 0.25.
    rig.step(T + 0.625)
    assert rig.state == "hold"
    decided = len(rig.log)
    rig.step(T + 0.75)
    assert (rig.state, rig.gate.reason) == ("active", "good data for 0.5 s")
    assert _changes([each for _, each in rig.log[decided:]]) == ["active"]


def test_a_hold_without_a_time_of_good_data_ends_on_good_data_alone() -> None:
    rig = StepRig(timing=GateConfig(resume_s=0.0)).be_active_at(T)
    rig.step(T + 1.0, data=_bad(rig))
    assert rig.state == "hold"
    rig.step(T + 1.125)
    assert rig.state == "active"


def test_a_hold_lasts_as_long_as_it_may_and_not_longer() -> None:
    rig = StepRig().be_active_at(T)
    rig.step(T + 2.0, data=_bad(rig))
    assert rig.state == "hold"
    rig.step(T + 2.125, data=_bad(rig))
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
    rig.step(T + 1.5, data=_bad(rig))
    rig.stand_still(0.5)
    rig.step(T + 2.5, data=_bad(rig))
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


# Paused.


def test_a_resume_is_the_beginning_of_the_time_that_a_hold_may_last() -> None:
    rig = StepRig().be_active_at(T)
    rig.control("pause")
    rig.step(T + 5.0)
    rig.control("resume")
    rig.observe(valid=False)
    rig.step(T + 7.0, data=_bad(rig))
    assert rig.state == "hold"
    rig.step(T + 7.125, data=_bad(rig))
    assert rig.state == "safe"


def _high(name: str, **keys: Any) -> DeviceConfig:
    return device_of(name, limits=limits_of(slew_ma_per_s_max=8.0), **keys)


def test_a_pause_gives_the_slowest_device_a_hold_a_lease_and_its_way() -> None:
    rig = StepRig(_high("a"), _high("b")).be_active()
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


# Safe.


def test_a_fault_presses_no_stop_by_itself() -> None:
    rig = StepRig().be_active_at(T, amount=2.0)
    rig.take(rig.gate.fail("a fault", rig.now_s))
    rig.step(T + 2.0)
    assert (rig.state, rig.stops) == ("safe", [])


def test_a_device_that_stopped_by_itself_is_told_to_be_safe_where_an_answer_is_missing() -> None:
    rig = StepRig().be_active_at(T, amount=2.0)
    rig.answers = False
    rig.want(2.5)
    device = rig.obedient["stn"]
    device.state, device.amount = "stopped", 0.0
    decided = rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert rig.state == "safe"
    assert amounts(commands_in(decided)) == [0.0]


def test_a_device_that_stopped_by_itself_low_enough_is_told_so_all_the_same() -> None:
    rig = StepRig().be_active_at(T, amount=0.125)
    rig.answers = False
    assert amounts(commands_in(rig.want(0.0))) == [0.0]
    device = rig.obedient["stn"]
    device.state, device.amount = "stopped", 0.0
    decided = rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert rig.state == "safe"
    assert amounts(commands_in(decided)) == [0.0]


def test_a_stop_is_pressed_anew_after_an_arming() -> None:
    rig = StepRig().be_active_at(T, amount=1.0)
    for place in (1, 2):
        device = rig.obedient["stn"]
        device.amount = 3.0
        rig.hear(InfoHeard("stn", device.info(), retained=False))
        assert (rig.state, len(rig.stops)) == ("safe", place)
        device.amount, device.state = 0.0, "stopped"
        rig.hear(InfoHeard("stn", device.info(), retained=False))
        rig.run(2.1, hop=rig.report)
        rig.control("arm")
        rig.run(0.1)
        assert rig.state == "active", rig.refusals
    assert [each.request_id for each in rig.stops] == [f"{SESSION}-stop-1", f"{SESSION}-stop-2"]


# The gate itself.


def test_a_tick_is_at_most_a_third_of_a_lease() -> None:
    keys: dict[str, Any] = {
        "arm": "operator",
        "devices": (device_of(),),
        "streams": (),
        "session": SESSION,
        "calibration_s": 0.0,
    }
    timing = GateConfig(lease_s=0.75)
    SafetyGate(timing=timing, tick_s=0.25, **keys)
    with pytest.raises(ValueError, match=r"rig\.tick_s: expected at most a third of gate\.lease_s"):
        SafetyGate(timing=timing, tick_s=0.2500001, **keys)


def test_commands_and_leases_are_numbered_from_one() -> None:
    rig = StepRig().be_active_at(T, amount=1.0)
    assert [lease.lease_seq for lease in rig.leases[:2]] == [1, 2]
    assert [command.seq for command in rig.commands[:2]] == [1, 2]


def test_a_rig_with_one_real_device_does_not_arm_itself() -> None:
    rig = GateRig(device_of("a"), device_of("b", simulated=False), arm="auto").be_ready()
    assert rig.state == "idle"
    assert GateRig(device_of("a"), arm="auto").be_ready().state == "armed"
    assert GateRig(device_of("a")).be_ready().state == "idle"


def test_the_way_down_that_is_told_is_the_longest_of_those_under_way() -> None:
    rig = StepRig(_high("a"), _high("b"), _high("c")).be_active()
    rig.run(1.0, amount=2.0)
    assert rig.gate.way_down_s == 0.0
    rig.answers = False
    rig.control("disarm")
    assert rig.gate.way_down_s == 0.5


def test_a_rig_is_safe_for_its_first_reason_until_a_stop_comes() -> None:
    rig = StepRig(timing=GateConfig(data_age_s_max=0.25)).be_active_at(T)
    rig.take(rig.gate.fail("the first", T))
    assert rig.take(rig.gate.fail("the second", T + 0.0625)) == ()
    assert (rig.state, rig.gate.reason) == ("safe", "the first")
    rig.now_s = T + 0.0625
    rig.report()
    rig.control("arm", issued_us=round((T + 0.03125) * 1e6))
    assert rig.state == "armed", rig.refusals
    rig.take(rig.gate.fail("the third", rig.now_s))
    assert rig.stop() == ()
    assert (rig.state, rig.gate.reason) == ("safe", "stop by o: enough")
    # Who asked before the stop does not arm it.
    rig.control("arm")
    assert rig.refusals == ["late"]


# Leases.


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


def test_an_armed_rig_leases_on_good_data_alone() -> None:
    rig = StepRig().be_armed_then()
    rig.adopts = False
    rig.observe()
    rig.step(ARMED_S + 0.25)
    n_leases = len(rig.leases)

    def bad() -> None:
        rig.report(problem="frozen")
        rig.observe()

    rig.step(ARMED_S + 0.75, data=bad)
    assert len(rig.leases) == n_leases
    rig.step(ARMED_S + 1.25)
    assert (len(rig.leases) > n_leases, rig.state) == (True, "armed")


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


def test_after_a_stop_every_device_may_be_at_its_stop_amount() -> None:
    devices = (device_of(name, safe_ma=0.5, stop_ma=0.25) for name in ("a", "b"))
    rig = StepRig(*devices).be_active_at(T, amount=2.0)
    rig.answers = False
    rig.stop()
    beliefs = rig.gate.beliefs(rig.now_s)
    assert [beliefs[name].lowest for name in ("a", "b")] == [0.25, 0.25]
