"""The safe amount is commanded until a word shows it; where a word shows more, a stop is sent."""

from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest

from stimulators.wire.messages import Command, Lease
from stimulators.wire.received import LinkChanged
from tests.stimulators.gate.gate_rig import amounts, device_of
from tests.stimulators.gate.small_device import Said
from tests.stimulators.gate.wired_rig import Told, WiredRig, in_time


def _fail(rig: WiredRig) -> None:
    rig.take(rig.gate.fail("no space left", rig.now_s))


def _disarm(rig: WiredRig) -> None:
    rig.control("disarm")


_ENDS = [_fail, _disarm]


def no_commands(message: Told) -> float | None:
    return None if isinstance(message, Command) else 0.002


def no_words(_: Said) -> float | None:
    return None


@pytest.mark.parametrize("safe_ma", [0.0, 0.5])
@pytest.mark.parametrize("end", _ENDS)
def test_the_device_is_at_its_safe_amount_within_the_way_at_its_slew(
    end: Callable[[WiredRig], None], safe_ma: float
) -> None:
    rig = WiredRig(device_of(safe_ma=safe_ma)).be_active()
    rig.run(1.0, amount=3.0)
    end(rig)
    rig.run(0.3)
    assert rig.given == safe_ma
    rig.run(1.0)
    assert not rig.gate.driven


@pytest.mark.parametrize("end", _ENDS)
def test_safe_is_said_every_ack_time_slowing_to_once_a_second(
    end: Callable[[WiredRig], None],
) -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    before = len(rig.commands)
    rig.up = no_words
    end(rig)
    rig.run(4.9)
    sent = rig.commands[before:]
    assert set(amounts(sent)) == {0.0}
    gaps_s = [(after.issued_us - earlier.issued_us) / 1e6 for earlier, after in pairwise(sent)]
    assert gaps_s[:2] == pytest.approx([0.25, 0.5], abs=0.03)
    assert gaps_s[2:] == pytest.approx([1.0] * len(gaps_s[2:]), abs=0.03)
    assert rig.gate.driven == ("stn",)


@pytest.mark.parametrize("end", _ENDS)
def test_a_way_down_of_which_no_command_arrives_is_the_lease_that_ends(
    end: Callable[[WiredRig], None],
) -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    rig.down = no_commands
    ended_s = rig.now_s
    end(rig)
    rig.run(0.7)
    assert rig.given == 0.0
    rig.run(5.0)
    assert rig.peak(ended_s + rig.timing.lease_s + 3.0 / 12.0 + 0.02) == 0.0
    assert rig.stops == []


@pytest.mark.parametrize("end", _ENDS)
def test_a_device_that_stays_up_is_stopped_once_its_way_must_be_over(
    end: Callable[[WiredRig], None],
) -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    device = rig.small["stn"]
    device.refuses = "limit"
    ended_s = rig.now_s
    end(rig)
    device._end_s = ended_s + 60.0  # its lease timer stands still
    rig.run(1.2)
    assert (rig.stops, device.given) == ([], 2.0)  # no word yet that is late enough
    rig.run(2.0)
    assert rig.state == "safe"
    assert len(rig.stops) == 1
    assert (device.state, device.given) == ("stopped", 0.0)


def test_silence_is_no_reason_for_a_stop() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    _fail(rig)
    rig.up = no_words
    for _ in range(800):
        rig.now_s += 0.01
        rig.deliver()
        rig.report()
        rig.tick()
    assert rig.stops == []
    assert "device_silent" in rig.notices
    assert rig.given == 0.0


def test_a_stop_is_said_again_until_the_device_shows_it() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    lost: list[Told] = []

    def lose_two(message: Told) -> float | None:
        if isinstance(message, Command | Lease):
            return 0.002
        lost.append(message)
        return None if len(lost) <= 2 else 0.002

    rig.down = lose_two
    rig.stop()
    rig.run(5.0)
    assert rig.small["stn"].state == "stopped"
    assert len(rig.stops) == 2
    rig.run(5.0)
    assert len(rig.stops) == 2


def test_the_descent_goes_on_when_the_link_comes_back() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    rig.down = no_commands
    rig.hear(LinkChanged(is_up=False, reason="gone"))
    before = len(rig.commands)
    rig.small["stn"]._end_s = rig.now_s + 60.0  # a lease timer that stands still
    rig.up = no_words
    for _ in range(300):
        rig.now_s += 0.01
        rig.deliver()
        rig.tick()
    assert len(rig.commands) == before
    rig.down = in_time
    rig.up = in_time
    rig.connect()
    rig.run(1.0)
    assert rig.given == 0.0


def test_a_stop_that_never_reached_a_device_does_not_keep_it_from_being_driven() -> None:
    rig = WiredRig(device_of(safe_ma=0.5)).be_active()
    rig.run(1.0, amount=2.0)
    rig.down = lambda message: 0.002 if isinstance(message, Command | Lease) else None
    rig.stop()
    rig.run(1.0)
    assert (rig.small["stn"].state, rig.given) == ("safe", 0.5)
    rig.control("arm")
    rig.run(2.0, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)


def test_a_stop_never_raises_the_current() -> None:
    rig = WiredRig(device_of(safe_ma=2.0, stop_ma=1.5)).be_active()
    rig.run(1.0, amount=0.0)
    stopped_s = rig.now_s
    rig.stop()
    rig.run(10.0)
    assert rig.peak(stopped_s) == 0.0
    assert rig.stops == []


def test_after_a_stop_at_more_than_safe_the_rig_can_be_armed_again() -> None:
    rig = WiredRig(device_of(safe_ma=1.0, stop_ma=1.0)).be_active()
    rig.run(1.0, amount=3.0)
    rig.stop()
    rig.run(2.0)
    assert rig.given == 1.0
    rig.control("arm")
    rig.run(2.0, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)


def test_after_a_stop_below_safe_the_rig_arms_through_the_safe_amount() -> None:
    rig = WiredRig(device_of(safe_ma=2.0)).be_active()
    rig.run(1.0, amount=1.0)
    rig.stop()
    rig.run(2.0)
    assert rig.given == 0.0
    rig.control("arm")
    assert rig.state == "armed", rig.refusals
    rig.run(0.1, amount=3.0)
    assert rig.state == "armed"
    assert 0.0 < rig.given < 2.0
    before = len(rig.commands)
    rig.run(0.4, amount=3.0)
    assert rig.state == "active"
    assert len(rig.commands) > before
    rig.run(1.0, amount=3.0)
    assert rig.given == 3.0


def test_a_device_that_goes_up_after_its_stop_is_stopped_again() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=1.0)
    rig.stop()
    rig.run(1.0)
    device = rig.small["stn"]
    device.given = device.goal = 1.0
    rig.run(3.0)
    assert rig.state == "safe"
    assert len(rig.stops) >= 1
    assert device.given == 0.0


def test_a_device_that_goes_up_in_safe_is_stopped_and_in_idle_it_is_told() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=1.0)
    _fail(rig)
    rig.run(3.0)
    device = rig.small["stn"]
    device.given = device.goal = 2.0
    rig.run(2.0)
    assert (device.state, device.given, len(rig.stops)) == ("stopped", 0.0, 1)
    rig = WiredRig().be_ready()
    device = rig.small["stn"]
    device.given = device.goal = 2.0
    rig.run(2.0)
    assert (rig.state, rig.stops, rig.notices) == ("idle", [], ["unasked"])


def test_an_answer_of_the_way_down_that_is_late_ends_nothing_early() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    rig.up = lambda _: 0.4
    rig.control("disarm")
    rig.run(0.39)
    assert rig.gate.driven == ("stn",)
    rig.run(3.0)
    assert rig.given == 0.0
    assert not rig.gate.driven


def test_words_of_before_the_descent_do_not_count_as_its_end() -> None:
    rig = WiredRig().be_active()
    rig.run(0.5, amount=0.0)
    old = rig.small["stn"].info(state="safe")
    rig.run(1.0, amount=2.0)
    rig.down = no_commands
    rig.control("disarm")
    rig.say("stn", [msgspec.structs.replace(old, applied_ma=0.0)])
    rig.run(0.1)
    assert rig.gate.driven == ("stn",)
