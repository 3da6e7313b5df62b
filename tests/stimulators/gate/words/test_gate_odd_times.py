"""Times that no clock shows: the gate refuses them, and never raises."""

import math

import pytest

from stimulators.gate.remedies import of_future
from stimulators.gate.usage.on_time import OnTime
from stimulators.targets import Observation
from tests.stimulators.gate.gate_rig import GateRig


@pytest.mark.parametrize("ahead_s", [math.inf, 1e306, 20.0])
def test_data_of_a_far_future_are_of_another_clock(ahead_s: float) -> None:
    assert "of another clock" in of_future(ahead_s, ahead_s, 0.0)


def test_a_device_that_says_it_is_above_safe_is_in_no_break_that_is_over() -> None:
    on_time = OnTime(5.0)
    on_time.presume(4.0)
    assert on_time.wait_s == 5.0
    on_time.pass_time(0.01, is_on=False)
    assert on_time.on_s == 4.0
    on_time.pass_time(7.0, is_on=False)
    assert (on_time.on_s, on_time.wait_s) == (0.0, 0.0)


@pytest.mark.parametrize("now_s", [0.0, math.nan, math.inf])
def test_an_estimate_at_a_time_that_no_clock_says_is_a_fault(now_s: float) -> None:
    rig = GateRig().be_active()
    newest = Observation(sample=1, time_s=rig.now_s, valid=True)
    rig.take(rig.gate.observe("stn", newest, now_s))
    assert rig.state == "safe"
    assert rig.gate.reason.startswith("the clock of the service went from")
