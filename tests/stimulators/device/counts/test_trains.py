"""A trigger of many pulses: what it counts, and what ends it before its time."""

from typing import Any

import msgspec
import pytest

from stimulators.device.trigger_output import TriggerOutput
from stimulators.device_config import DeviceConfig
from stimulators.limits import ProgramConfig
from tests.stimulators.device.device_bench import AHEAD_US, Bench, acks, stimulator

OLDER = "00000000000000000001-0000000a"
#: Half a second of pulses.
_TRAIN = ProgramConfig(
    frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598, duration_s=0.5
)
_SINGLE = msgspec.structs.replace(_TRAIN, duration_s=None)


def _of(program: ProgramConfig, **changes: Any) -> DeviceConfig:
    limits = msgspec.structs.replace(stimulator().limits, refractory_s=0.6)
    return stimulator(limits=limits, programs={"adbs": program}, **changes)


def _fired(program: ProgramConfig = _TRAIN) -> Bench:
    """Return a device that has just fired, whose hardware has been told of all before."""
    bench = Bench(_of(program)).leased()
    ack = bench.ask(bench.command(1.0, kind="trigger"))
    assert ack.refused is None
    assert len(bench.device.triggers.take_fired()) == 1
    assert not bench.device.triggers.take_cut()
    return bench


def test_how_long_a_trigger_lasts_is_said_by_its_program() -> None:
    assert _of(_TRAIN).trigger_s("adbs") == 0.5
    assert _of(_SINGLE).trigger_s("adbs") == 0.0
    assert _of(_TRAIN).trigger_s("other") == 0.0


def test_a_stop_ends_the_pulses_of_a_trigger_each_time_it_is_said() -> None:
    bench = _fired()
    for verified in (True, False):
        bench.stop(verified=verified)
        assert bench.device.triggers.take_cut()
        assert not bench.device.triggers.take_cut()


def test_a_lease_that_ends_ends_them() -> None:
    bench = _fired()
    bench.wait(240_000)
    assert not bench.device.triggers.take_cut()
    bench.wait(20_000)
    assert bench.state == "safe"
    assert bench.device.triggers.take_cut()
    bench.wait(20_000)
    assert not bench.device.triggers.take_cut()


def test_the_end_of_the_link_ends_them_whether_or_not_others_wait() -> None:
    bench = _fired()
    assert bench.device.lose_link(bench.now_us) == ()
    assert bench.device.triggers.take_cut()


def test_an_amplitude_ends_them_until_they_are_surely_over() -> None:
    bench = _fired()
    assert bench.refusal(bench.command(0.5)) is None
    assert bench.device.triggers.take_cut()
    assert bench.refusal(bench.command(0.6)) is None
    assert not bench.device.triggers.take_cut()


@pytest.mark.parametrize(
    ("changes", "reason", "is_cut"),
    [
        ({"amplitude_ma": 99.0}, "limit", True),
        ({"expires_us": AHEAD_US}, "expired", True),
        ({"seq": 1}, None, False),
        ({"seq": 0}, "order", False),
        ({"session": OLDER}, "session", False),
        ({"kind": "trigger"}, "refractory", False),
    ],
)
def test_of_those_that_are_refused_only_a_newer_amplitude_of_its_session_ends_them(
    changes: dict[str, Any], reason: str | None, *, is_cut: bool
) -> None:
    bench = _fired()
    command = msgspec.structs.replace(bench.command(0.5), **changes)
    assert bench.refusal(command) == reason
    assert bench.device.triggers.take_cut() is is_cut


@pytest.mark.parametrize(("after_us", "is_cut"), [(540_000, True), (550_000, False)])
def test_its_hardware_may_be_50_ms_late(after_us: int, *, is_cut: bool) -> None:
    bench = _fired()
    bench.drive(after_us)
    assert bench.refusal(bench.command(0.5)) is None
    assert bench.device.triggers.take_cut() is is_cut


def test_a_single_pulse_is_over_at_once() -> None:
    bench = _fired(_SINGLE)
    assert bench.refusal(bench.command(0.5)) is None
    assert not bench.device.triggers.take_cut()


def test_what_was_ended_stays_answered_and_counted() -> None:
    bench = Bench(_of(_TRAIN)).leased()
    command = bench.command(1.0, kind="trigger")
    bench.ask(command)
    before_fc = sum(bench.device.counts.bins_fc)
    said = bench.stop()
    assert [each.refused for each in acks(said)] == [None]
    assert sum(bench.device.counts.bins_fc) == before_fc
    assert before_fc / 1e9 == pytest.approx(0.06 * _TRAIN.n_trigger_pulses, rel=0.01)


def test_a_train_that_waits_is_dropped_and_one_that_was_given_at_its_time_is_ended() -> None:
    bench = Bench(_of(_TRAIN)).leased()
    bench.tell(bench.command(1.0, kind="trigger", fire_at_us=bench.now_us + AHEAD_US + 60_000))
    bench.wait(70_000)
    assert bench.device.triggers.n_given == 1
    bench.ask(bench.command(0.5))
    assert bench.device.triggers.take_cut()


def test_a_trigger_of_which_nobody_says_how_long_it_lasts_is_over_at_once() -> None:
    triggers = TriggerOutput(stimulator().limits)
    triggers.give(Bench().command(1.0, kind="trigger"), 1_000_000)
    assert not triggers.may_last(1_000_000)


def test_where_the_clock_may_have_been_set_forward_pulses_may_last_as_much_longer() -> None:
    triggers = TriggerOutput(stimulator().limits)
    triggers.give(Bench().command(1.0, kind="trigger"), 1_000_000, 500_000)
    assert triggers.may_last(1_549_999)
    assert not triggers.may_last(1_550_000)
    triggers.doubt(30_000)
    assert triggers.may_last(1_579_999)
    assert not triggers.may_last(1_580_000)
    triggers.cut()
    assert not triggers.may_last(0)
