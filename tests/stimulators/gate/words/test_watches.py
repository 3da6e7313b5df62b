"""What is remembered of a stream that was not good, its remedy, and how calibrations go."""

import math
from typing import Any

import pytest

from stimulators.gate import remedies
from stimulators.gate.freshness import Flaw, HopWatch, StreamReport, StreamWatch
from stimulators.gate.states.drive_group import DriveGroup
from stimulators.gate_config import GateConfig
from stimulators.targets import Observation
from tests.stimulators.gate.gate_rig import GateRig, device_of

_TIMING = GateConfig(data_age_s_max=0.5, clock_uncertainty_s_max=1 / 256)


def reported(watch: StreamWatch, now_s: float, **keys: Any) -> Flaw | None:
    settings: dict[str, Any] = {"newest_time_s": now_s, "uncertainty_s": 0.0, "problem": None}
    return watch.report(StreamReport("LFP", **(settings | keys)), now_s)


def test_what_broke_a_row_is_remembered_until_the_next_is_two_seconds_long() -> None:
    watch = StreamWatch("LFP", _TIMING)
    frozen = reported(watch, 64.0, problem="frozen")
    assert frozen is not None
    assert watch.broken_by is None
    reported(watch, 64.25)
    frozen = reported(watch, 64.5, problem="frozen")
    assert (watch.broken_by, watch.good_s(64.5)) == (frozen, 0.0)
    saturated = reported(watch, 64.75, problem="saturated")
    assert watch.broken_by == saturated
    for index in range(8):
        reported(watch, 65.0 + index / 4)
        assert watch.broken_by == saturated
    reported(watch, 67.0)
    assert watch.broken_by is None


def test_a_stream_that_begins_anew_was_broken_by_nothing() -> None:
    for forget in (StreamWatch.restart, StreamWatch.forget):
        watch = StreamWatch("LFP", _TIMING)
        reported(watch, 64.0)
        reported(watch, 64.25, problem="frozen")
        told = [watch.broken_by is not None]
        forget(watch)
        assert [*told, watch.broken_by is not None] == [True, False]
        assert watch.good_s(64.25) == 0.0


@pytest.mark.parametrize(
    ("keys", "after_s", "found"),
    [
        ({"newest_time_s": 63.0}, 0.5, remedies.of_late(1.5)),
        ({"newest_time_s": 63.0}, 0.75, remedies.OF_SILENCE),
        ({"newest_time_s": 64.25}, 0.0, remedies.of_future(0.25, 64.25, 64.0)),
        ({"newest_time_s": 5e9}, 9.0, remedies.of_future(5e9 - 64.0, 5e9, 64.0)),
        ({"uncertainty_s": None}, 9.0, remedies.OF_CLOCK),
        ({"problem": "frozen"}, 0.0, remedies.of_problem("frozen")),
    ],
)
def test_each_flaw_of_a_stream_has_its_remedy(
    keys: dict[str, Any], after_s: float, found: str
) -> None:
    watch = StreamWatch("LFP", _TIMING)
    flaw = reported(watch, 64.0, **keys)
    assert flaw is not None
    assert watch.remedy(flaw, 64.0 + after_s) == found


def test_the_remedy_of_a_flaw_that_is_over_is_of_what_was_found_then() -> None:
    watch = StreamWatch("LFP", _TIMING)
    reported(watch, 64.0)
    reported(watch, 64.25, newest_time_s=63.5)
    reported(watch, 64.5)
    assert watch.broken_by is not None
    assert watch.remedy(watch.broken_by, 64.5) == remedies.of_late(0.75)


def test_a_stream_that_was_never_there_is_silent() -> None:
    watch = StreamWatch("LFP", _TIMING)
    flaw = watch.check(64.0)
    assert flaw is not None
    assert watch.remedy(flaw, 64.0) == remedies.OF_SILENCE
    assert watch.remedy(Flaw("clock", "", ""), 64.0) == remedies.OF_SILENCE


def hop(time_s: float, *, calibrating: bool) -> Observation:
    return Observation(
        sample=1,
        time_s=time_s,
        valid=not calibrating,
        calibrating=calibrating,
    )


def test_a_calibration_lasts_from_its_first_hop_to_its_newest() -> None:
    hops = HopWatch(_TIMING)
    assert hops.calibrates_for_s == 0.0
    for time_s, calibrating, lasted_s in (
        (64.0, True, 0.0),
        (66.0, True, 2.0),
        (66.5, True, 2.5),
        (67.0, False, 0.0),
        (68.0, True, 0.0),
        (67.5, True, 0.0),
        (70.0, True, 2.0),
    ):
        hops.observe(hop(time_s, calibrating=calibrating))
        assert hops.calibrates_for_s == lasted_s


def test_the_status_says_how_long_the_longest_calibration_still_takes() -> None:
    rig = GateRig(device_of("a"), device_of("b"), calibration_s=2.0).be_armed()
    told = []
    for index in range(3):
        rig.report()
        rig.observe("a", valid=False, calibrating=True)
        if index:
            rig.observe("b", valid=False, calibrating=True)
        rig.tick()
        told.append(rig.gate.status_text.partition("calibrates, ")[2].partition(")")[0])
        rig.now_s += 1.0
    assert told == ["2 s to go", "1 s to go", "until enough of it is valid"]


def test_a_row_that_was_broken_is_told_before_an_arming() -> None:
    rig = GateRig().be_ready()
    rig.report(problem="frozen")
    rig.run(0.5, hop=rig.report)
    rig.tick()
    expected = f"expected good data: {remedies.of_problem('frozen')}"
    found = f"stream LFP: frozen, good for 0.5 s since, {expected}"
    assert rig.gate.status_text == f"not armed; not ready to be armed: {found}"
    rig.report(uncertainty_s=None)
    rig.control("arm")
    assert rig.refusals == ["clock"]


def test_a_clock_that_nobody_knows_is_uncertain_without_end() -> None:
    watch = StreamWatch("LFP", _TIMING)
    assert watch.uncertainty_s == math.inf
    reported(watch, 64.0, uncertainty_s=None)
    assert watch.uncertainty_s == math.inf
    reported(watch, 64.25, uncertainty_s=0.001)
    assert watch.uncertainty_s == 0.001


def test_of_several_streams_the_worst_clock_counts() -> None:
    watches = [StreamWatch(name, _TIMING) for name in ("LFP", "EMG")]
    for watch, uncertainty_s in zip(watches, (0.001, 0.002), strict=True):
        reported(watch, 64.0, uncertainty_s=uncertainty_s)
    assert DriveGroup([], watches).stream_uncertainty_s == 0.002
    assert DriveGroup([], []).stream_uncertainty_s == 0.0
