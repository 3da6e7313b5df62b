"""What a device refuses: a hold, then safe without leases; never a device left where it is."""

from collections.abc import Callable

import pytest

from stimulators.decisions import Notice
from stimulators.gate.states.drive_group import DriveGroup
from stimulators.gate.states.lease_wait import LeaseWait
from stimulators.gate_config import GateConfig
from stimulators.wire.messages import Command
from stimulators.wire.received import InfoHeard
from tests.stimulators.gate.driving.bench import Bench
from tests.stimulators.gate.gate_rig import GateRig, device_of, leases_in
from tests.stimulators.gate.states.step_rig import StepRig
from tests.stimulators.gate.wired_rig import WiredRig


@pytest.mark.parametrize("refused", ["limit", "order", "clock"])
def test_a_device_that_refuses_its_way_down_is_held_then_safe_without_leases(
    refused: str,
) -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    device = rig.small["stn"]
    device.refuses = refused
    begun_s = rig.now_s
    rig.run(0.2, amount=0.0)
    assert (rig.state, rig.gate.reason) == (
        "hold",
        "stn refused the way down, expected a way down that is taken",
    )
    rig.run(rig.timing.hold_s_max, amount=0.0)
    assert rig.state == "safe"
    decided = rig.run(60.0, amount=0.0)
    assert leases_in(decided) == []
    assert rig.peak(begun_s + 0.2 + rig.timing.hold_s_max + 1.0) == 0.0
    assert len(rig.commands) < 100


def test_a_way_down_that_is_taken_after_all_ends_the_hold() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    rig.small["stn"].refuses = "limit"
    rig.run(0.4, amount=0.0)
    assert rig.state == "hold"
    rig.small["stn"].refuses = ""
    rig.run(2.0, amount=0.0)
    assert (rig.state, rig.given) == ("active", 0.0)


def test_five_refusals_in_a_row_are_a_hold_and_then_safe() -> None:
    rig = WiredRig().be_active()
    rig.small["stn"].refuses = "limit"
    rig.run(0.9, amount=2.0)
    assert rig.state == "active"
    rig.run(1.0, amount=2.0)
    assert (rig.state, rig.refusals.count("refused")) == ("hold", 5)
    rig.run(2.0, amount=2.0)
    assert rig.state == "safe"


def test_one_that_is_taken_begins_the_row_anew() -> None:
    rig = WiredRig().be_active()
    for _ in range(4):
        rig.small["stn"].refuses = "limit"
        rig.run(0.8, amount=1.0)
        rig.small["stn"].refuses = ""
        rig.run(0.5, amount=1.0)
        rig.run(0.5, amount=0.0)
    assert rig.state == "active"


@pytest.mark.parametrize("refused", ["lease", "session"])
def test_refusals_of_before_the_device_said_live_do_not_count(refused: str) -> None:
    rig = GateRig().be_active(2.0)
    rig.answers = False
    rig.control("disarm")
    old = rig.commands[-1]
    rig.settle()
    for _ in range(8):
        rig.answer(old, refused=refused)
    rig.run(1.0, hop=rig.report)
    rig.answers = True
    rig.run(1.0, hop=rig.report)
    rig.settle()
    rig.control("arm")
    assert rig.state == "armed", rig.refusals
    rig.run(1.0, amount=2.0)
    assert rig.state == "active"


def test_two_hundred_and_fifty_forged_answers_do_not_block_the_way_down() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    forged = rig.small["stn"].hear(rig.commands[-1], rig.now_s)[-1]
    for _ in range(250):
        rig.say("stn", [forged])
    rig.run(0.5, amount=0.0)
    assert rig.given == 0.0


def test_expired_commands_are_said_again_within_the_commands_a_second() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    before = len(rig.commands)
    rig.down = lambda message: 0.11 if isinstance(message, Command) else 0.002
    rig.run(60.0, amount=0.0)
    assert rig.given == 0.0
    assert len(rig.commands) - before < 100


_WAITS = "a valid estimate, and a device that is live; waits for b{} to take a lease"
_TOLD = (
    "b did not take a lease within 60 s (it says: lease refused: clock); to begin anew: disarm, "
)


def _without_b() -> tuple[StepRig, float, Callable[[], None]]:
    """Return a rig that drives `a`, while `b` refuses its leases, and since when."""
    timing = GateConfig(data_age_s_max=0.5)
    rig = StepRig(device_of("a"), device_of("b"), timing=timing).be_armed_then()
    rig.observe("a")
    rig.adopts = False

    def hop() -> None:
        rig.report()
        rig.observe("a")
        rig.observe("b")

    since_s = rig.now_s + 0.125
    rig.step(since_s, data=hop)
    return rig, since_s, hop


def test_a_driven_rig_says_which_device_takes_no_lease_and_what_that_device_says() -> None:
    rig, since_s, hop = _without_b()
    assert (rig.state, rig.gate.status_text) == ("active", _WAITS.format(""))
    rig.hear(InfoHeard("b", rig.obedient["b"].info(reason="lease refused: clock"), retained=False))
    rig.step(since_s + 0.25, data=hop)
    assert rig.gate.status_text == _WAITS.format(" (it says: lease refused: clock)")
    rig.adopts = True
    rig.step(since_s + 1.0, data=hop)
    assert rig.gate.status_text == "a valid estimate, and a device that is live"


def test_a_device_that_takes_no_lease_for_a_minute_is_told_once_and_the_others_go_on() -> None:
    rig, since_s, hop = _without_b()
    rig.hear(InfoHeard("b", rig.obedient["b"].info(reason="lease refused: clock"), retained=False))
    rig.step(since_s + 60.0, data=hop)
    assert rig.notices == []
    rig.step(since_s + 60.125, data=hop)
    (told,) = (each for each in rig.decided if isinstance(each, Notice))
    assert told == Notice("no_lease", f"{_TOLD}then arm", "b")
    rig.step(since_s + 130.0, data=hop)
    assert (rig.state, rig.notices) == ("active", ["no_lease"])


def test_a_device_that_takes_no_lease_after_another_arming_is_told_again() -> None:
    rig, since_s, hop = _without_b()
    rig.step(since_s + 60.125, data=hop)
    rig.control("disarm")
    assert rig.gate.status_text == "disarmed by o"
    rig.step(rig.now_s + 3.0, data=rig.report)
    assert rig.gate.status_text == "disarmed by o; ready to be armed"
    rig.control("arm")
    rig.adopts = True
    rig.observe("a")
    rig.adopts = False
    since_s = rig.now_s
    rig.step(since_s + 60.0, data=hop)
    assert (rig.state, rig.notices) == ("active", ["no_lease"])
    rig.step(since_s + 60.5, data=hop)
    assert rig.notices == ["no_lease", "no_lease"]


def test_a_paused_rig_says_which_device_let_its_lease_end_and_takes_no_other() -> None:
    rig = StepRig(device_of("a"), device_of("b")).be_active_at()
    rig.control("pause")
    rig.adopts = False
    rig.hear(InfoHeard("b", rig.obedient["b"].lapse(), retained=False))
    rig.step(rig.now_s + 0.125)
    assert rig.state == "paused"
    assert rig.gate.status_text.endswith("waits for b (it says: the lease ended) to take a lease")


def test_what_a_device_says_of_itself_is_cut_to_a_hundred_characters() -> None:
    rig, since_s, hop = _without_b()
    rig.hear(InfoHeard("b", rig.obedient["b"].info(reason="x" * 150), retained=False))
    rig.step(since_s + 0.25, data=hop)
    assert rig.gate.status_text == _WAITS.format(f" (it says: {'x' * 100})")


def test_in_hold_a_device_that_takes_no_lease_is_waited_for_on() -> None:
    rig, since_s, _ = _without_b()
    rig.observe("a", valid=False)
    rig.step(since_s + 0.25, data=rig.report)
    assert rig.state == "hold"
    assert rig.gate.status_text.endswith("waits for b to take a lease")


def test_only_an_engaged_device_of_a_driven_rig_is_waited_for_and_it_may_say_nothing() -> None:
    bench = Bench()
    wait = LeaseWait(DriveGroup([bench.drive], []))
    for now_s in (0.0, 61.0):
        assert list(wait.pass_time(now_s, is_driven=True)) == []
    assert wait.text == ""
    bench.drive.engage()
    assert list(wait.pass_time(100.0, is_driven=False)) == []
    assert wait.text == ""
    assert list(wait.pass_time(200.0, is_driven=True)) == []
    assert wait.text == "waits for stn to take a lease"
    assert [each.text for each in wait.pass_time(260.5, is_driven=True)] == [
        "stn did not take a lease within 60 s; to begin anew: disarm, then arm"
    ]
