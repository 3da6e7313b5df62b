"""A staircase gives its amounts in order through whatever becomes of the rig, or is refused."""

from typing import Any

import pytest

from stimulators.device_config import DeviceConfig
from stimulators.policies.titration.staircase import Staircase, StaircaseConfig
from stimulators.policies.titration.step import Step
from tests.stimulators.gate.gate_rig import device_of, feedback_of, limits_of
from tests.stimulators.policies.driven import Driven


def staircase(*amounts: float, device: DeviceConfig | None = None, **keys: Any) -> Driven:
    settings: dict[str, Any] = {"after_s": 1.0, "repeats_max": 1}
    steps = tuple(Step(amplitude_ma=each, duration_s=1.0, settle_s=0.5) for each in amounts)
    config = StaircaseConfig(
        **({"id": "s", "of": "beta", "device": "stn", "steps": steps} | settings | keys)
    )
    return Driven(config, device)


def course_of(driven: Driven) -> Any:
    assert isinstance(driven.policy, Staircase)
    return driven.policy.course


def follow(driven: Driven, n_hops: int) -> list[Any]:
    """Let the device give at once what is wanted."""
    wanted = []
    for _ in range(n_hops):
        wanted += driven.wants([1.0])
        driven.tell("applied", wanted[-1])
    return wanted


def test_amounts_come_in_order_and_then_the_safe_one_for_good() -> None:
    driven = staircase(0.0, 1.0, 2.0)
    assert follow(driven, 3) == [0.0] * 3  # not engaged: nothing begins
    driven.tell("engaged", 0.0)
    assert follow(driven, 60) == [0.0] * 10 + [1.0] * 10 + [2.0] * 10 + [0.0] * 30
    assert course_of(driven).is_over


def test_a_ramp_is_followed_at_its_own_rate() -> None:
    driven = staircase(0.0, 1.0, 0.0, ramp_ma_per_s=2.5)
    driven.tell("engaged", 0.0)
    assert follow(driven, 14)[9:] == [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("change", ["held", "paused"])
def test_after_a_hold_or_a_pause_the_step_is_begun_anew(change: Any) -> None:
    driven = staircase(0.0, 1.0, 2.0)
    driven.tell("engaged", 0.0)
    follow(driven, 18)
    driven.tell(change, 1.0)
    assert follow(driven, 5) == [1.0] * 5  # it stays; the gate sends nothing of it
    assert course_of(driven).ended.broken_by == change
    driven.tell("resumed", 1.0 if change == "held" else 0.0)
    assert follow(driven, 11) == [1.0] * 10 + [2.0]


def test_a_disarm_ends_it_and_armed_again_it_begins_at_the_first_step() -> None:
    driven = staircase(0.5, 1.0, 2.0)
    driven.tell("engaged", 0.0)
    follow(driven, 18)
    driven.tell("released", 0.0)
    assert course_of(driven).ended.broken_by == "released"
    assert follow(driven, 2) == [0.0, 0.0]
    driven.tell("engaged", 0.0)
    assert follow(driven, 11) == [0.5] * 10 + [1.0]


def test_at_safe_all_is_forgotten_and_a_resume_does_not_go_on_in_the_middle() -> None:
    driven = staircase(0.5, 1.0, 2.0)
    driven.tell("engaged", 0.0)
    follow(driven, 25)
    driven.policy.reset()
    driven.tell("safe", 0.0)
    assert follow(driven, 2) == [0.0, 0.0]
    driven.tell("resumed", 0.0)
    assert follow(driven, 1) == [0.5]


def test_a_step_counts_only_where_the_device_certainly_gave_its_amount() -> None:
    driven = staircase(0.0, 1.0, 2.0, repeats_max=0)
    driven.tell("engaged", 0.0)
    follow(driven, 11)
    driven.tell("applied", 0.0, 1.0)  # a command is under way
    driven.wants([1.0] * 6)
    assert course_of(driven).ended.broken_by == "amount"
    driven.tell("applied", 1.9)  # a device that rounds
    driven.wants([1.0] * 6)
    assert (course_of(driven).ended.step, course_of(driven).ended.broken_by) == (2, "amount")


def test_a_feedback_device_is_titrated_in_levels() -> None:
    steps = tuple(
        Step(amplitude_level=each, duration_s=1.0, settle_s=0.5) for each in (0.1, 0.4, 0.8)
    )
    config = StaircaseConfig(id="s", of="beta", device="band", steps=steps, after_s=0.0)
    driven = Driven(config, feedback_of())
    driven.tell("engaged", 0.1)
    assert follow(driven, 31) == [0.1] * 10 + [0.4] * 10 + [0.8] * 10 + [0.1]


def _step(ma: float | None = 1.0, duration_s: float = 1.0, settle_s: float = 0.5) -> Step:
    return Step(amplitude_ma=ma, duration_s=duration_s, settle_s=settle_s)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"steps": (_step(0.0), _step(1.0))}, "steps: expected at least 3 steps, found 2"),
        (
            {"steps": (_step(0.0), _step(3.5), _step(1.0))},
            "steps[1].amplitude_ma: expected from 0 to 3 (the limit of device 'stn'), found 3.5",
        ),
        (
            {"steps": (_step(0.0), _step(None), _step(1.0))},
            "steps[1].amplitude_ma: expected an amount (it has no default), found none",
        ),
        (
            {"steps": (_step(0.0), _step(1.0, 1.0, 1.5), _step(1.0))},
            "steps[1].settle_s: expected less than duration_s (1), found 1.5",
        ),
        (
            {"steps": (_step(0.0), _step(1.0, 1.0, 0.9), _step(1.0))},
            "steps[1].duration_s: expected at least 1.1 (settle_s and 2 hops of 0.1 s), found 1",
        ),
        (
            {"steps": (_step(0.0), _step(3.0, 1.0, 0.2), _step(0.0))},
            (
                "steps[1].settle_s: expected at least 0.25 (the way from 0 to 3 mA at 12 a "
                "second), found 0.2"
            ),
        ),
        (
            {"steps": (_step(0.0), _step(2.0), _step(2.0)), "ramp_ma_per_s": 1.0, "after_s": 0.0},
            (
                "steps[1].settle_s: expected at least 2 (the way from 0 to 2 mA at 1 a second), "
                "found 0.5"
            ),
        ),
        (
            {"steps": (_step(1.0), _step(1.0), _step(1.0))},
            "steps: expected at least two amounts, found 1 at every step",
        ),
        (
            {"steps": (_step(0.0), _step(1.0, 40.0), _step(2.0, 40.0))},
            (
                "steps: expected less than on_time_s_max (60 s) of device 'stn' above its safe "
                "amount (0) without a break, the way down included, found 80 s: put a step at "
                "the safe amount between, or make steps shorter"
            ),
        ),
        (
            {"after_s": 0.5},
            "after_s: expected 0 or more than settle_s of the last step (0.5), found 0.5",
        ),
        (
            {"ramp_level_per_s": 0.1},
            "ramp_level_per_s: expected ramp_ma_per_s for device 'stn', found 0.1",
        ),
        ({"program": "other"}, "program: expected one of adbs, found 'other'"),
    ],
)
def test_what_does_not_fit_is_a_line_with_its_key(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match="expected") as raised:
        staircase(0.0, 1.0, 2.0, **keys)
    assert str(raised.value) == text


def test_a_level_of_a_stimulator_is_told() -> None:
    steps = (_step(0.0), Step(amplitude_level=0.5, duration_s=1.0, settle_s=0.5), _step(1.0))
    text = r"steps\[1\].amplitude_level: expected amplitude_ma for device 'stn', found 0.5"
    with pytest.raises(ValueError, match=text):
        staircase(0.0, steps=steps)


def test_more_charge_than_ten_minutes_may_have_is_told() -> None:
    device = device_of(limits=limits_of(on_time_s_max=3600.0, charge_uc_per_10_min_max=7000.0))
    long = tuple(_step(each, 200.0) for each in (0.0, 2.0, 3.0))
    with pytest.raises(ValueError, match="charge_uc_per_10_min_max") as raised:
        staircase(0.0, steps=long, device=device)
    # 0.06 uC a pulse and mA, 130 a second: 7.8 uC/s a mA, for 2 * 200 + 3 * 200 mA s.
    assert str(raised.value).endswith(", found 7800 uC: make steps lower or shorter")
