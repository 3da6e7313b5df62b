"""The blocks of "From a paper to a rig" are rigs, and its picture and table show what these did."""

from typing import Any

import numpy as np
import pytest

from benchmarks.figures import drawing
from benchmarks.figures.policies import picture, rigs
from benchmarks.figures.policies import table as policy_table
from benchmarks.figures.policies.course import Course
from benchmarks.figures.policies.patients import PATIENTS, movements_s
from benchmarks.figures.policies.runs import GUIDE, Case, blocks, run, tables
from replay.patient.patient import PatientConfig
from stimloop import config as configuration
from stimulators.policies.registry import POLICIES

_BLOCKS = blocks()


@pytest.mark.parametrize("name", _BLOCKS)
def test_every_block_is_a_rig_behind_the_simulated_patient(name: str) -> None:
    (policy,) = configuration.from_tables("guide", tables(_BLOCKS[name])).policies
    assert policy.__struct_config__.tag == name


def test_the_guide_walks_every_policy() -> None:
    guide = GUIDE.read_text("utf-8")
    alone = set(POLICIES.kinds) - set(_BLOCKS)
    assert alone == {"off", "constant"}
    assert [name for name in alone if f"`{name}`" not in guide] == []


@pytest.mark.parametrize("name", rigs.negative_controls() | rigs.variants())
def test_every_variant_is_a_rig(name: str) -> None:
    rig = (rigs.negative_controls() | rigs.variants())[name]
    assert configuration.from_tables("guide", rig.tables).policies


def _course(**others: Any) -> Course:
    """Return four seconds in which 3 mA were given for one and 1 mA for one."""
    hops_s = np.arange(-1.0, 4.0, 0.02)
    course = Course(
        raw_uv=(hops_s, np.zeros(hops_s.size)),
        beta_uv2=(hops_s, np.where(hops_s < 0.0, 99.0, 5.0)),
        decided=(hops_s, np.full(hops_s.size, 4.0)),
        thresholds=((hops_s, np.full(hops_s.size, 3.0)),),
        applied_ma=(np.array([-2.0, 1.0, 2.0, 3.0]), np.array([0.0, 3.0, 1.0, 0.0])),
        others_ma=(np.array([]), np.array([])),
        withheld_ma=(np.array([]), np.array([])),
        triggers_s=np.array([]),
        bursts_s=np.array([[-1.0, 1.0], [1.0, 1.5], [2.0, 2.7]]),
        end_s=4.0,
        lowest_ma=0.0,
        therapy={"mean_amount": 1.0, "switches_per_h": 1800.0},
        safe_because="",
    )
    return course._replace(**others)


def test_figures_are_of_the_time_in_which_the_loop_was_closed() -> None:
    course = _course()
    assert course.power_uv2 == 5.0
    assert course.on_percent == 50.0
    assert _course(lowest_ma=1.0).on_percent == 25.0
    assert course.mean_square_ma2 == (9.0 + 1.0) / 4.0
    assert course.long_bursts_per_min == 15.0  # the last one
    assert policy_table.row("`x`", course, 10.0) == (
        "| `x` | 50 % | 1.00 mA | 67 % | 28 % | 1800 | 50 % | 15.0 |"
    )
    triggers = _course(triggers_s=np.array([1.0, 2.0]))
    assert policy_table.row("`x`", triggers, 10.0) == (
        "| `x` |  | 30 triggers a minute |  |  |  | 50 % | 15.0 |"
    )


def test_a_run_is_closed_loop_and_drawn_with_its_threshold_and_what_was_given() -> None:
    rig = tables(_BLOCKS["threshold"])
    rig["detectors"][1]["threshold"]["calibrate_s"] = 2.0
    course = run(Case(rig), 3.0, before_s=5.0)
    assert course.end_s > 2.0
    decided_s, decided = course.decided
    assert course.safe_because == ""
    assert course.applied_ma[1].max() == 3.0
    assert decided[decided_s > 0.0].max() > course.thresholds[0][1].max()
    with drawing.house_style():
        figure = picture.draw({"threshold": course})
        figure.canvas.draw()
    above, below = figure.axes[0], figure.axes[2]
    assert above.get_ylabel() == "beta\n(µV²)"
    assert below.get_ylabel() == "given\n(mA)"
    assert [axis.get_legend() for axis in figure.axes] == [None] * 4


def test_the_mean_while_the_patient_moves_is_told_apart_from_the_mean_at_rest() -> None:
    # The first movement is from 36 to 66 s, which is 2 s after the loop was closed at 34 s.
    course = _course(raw_uv=(np.array([-34.0]), np.zeros(1)))
    assert policy_table.moving_and_resting_ma(course) == pytest.approx((0.5, 1.5))
    assert policy_table.moving_and_resting_ma(_course(raw_uv=(np.array([-65.0]), np.zeros(1)))) == (
        pytest.approx((0.0, 4.0 / 3.0))
    )
    assert movements_s(0.0, 100.0).tolist() == [[36.0, 66.0], [96.0, 100.0]]


def test_a_patient_who_moves_has_less_beta_meanwhile_and_as_much_noise() -> None:
    config = PatientConfig(rate_hz=250.0, channels=("z",), gains=(1.0,), pink_uv=0.0, line_uv=0.0)
    usual, moving = PATIENTS["usual"](config), PATIENTS["moves"](config)
    chunks_uv = [(usual.generate(5, 0.0), moving.generate(5, 0.0)) for _ in range(50 * 66)]
    usual_uv, moving_uv = (np.concatenate(each)[:, 0] for each in zip(*chunks_uv, strict=True))
    still, moves = slice(0, 36 * 250), slice(40 * 250, 66 * 250)
    np.testing.assert_allclose(moving_uv[still], usual_uv[still], atol=1e-4)
    np.testing.assert_allclose(moving_uv[moves], 0.3 * usual_uv[moves], atol=1e-3)


def test_an_artifact_rings_at_beta_after_each_step_of_the_amplitude_alone() -> None:
    config = PatientConfig(rate_hz=250.0, channels=("z",), gains=(1.0,))
    usual, heard = PATIENTS["usual"](config), PATIENTS["artifact"](config)
    added_uv = np.concatenate(
        [
            heard.generate(25, each) - usual.generate(25, each)
            for each in [0.0, 1.0, 1.0, *[1.0] * 20]
        ]
    )[:, 0]
    assert np.abs(added_uv[:25]).max() == 0.0
    time_s = np.arange(1, 51) / 250.0
    expected_uv = 50.0 * np.exp(-time_s / 0.15) * np.sin(2.0 * np.pi * 20.0 * time_s)
    np.testing.assert_allclose(added_uv[25:75], expected_uv, atol=1e-3)
    assert np.abs(added_uv[-25:]).max() < 1e-3


def test_the_guide_tells_what_says_that_less_is_as_good_beside_what_does_not() -> None:
    rows = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("| ")]
    (less,) = [place for place, line in enumerate(rows) if "AAN 2024-002824" in line]
    assert "10.1101/2025.09.07.25335282" in rows[less + 1]
