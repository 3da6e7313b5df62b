"""The blocks of "From a paper to a rig" are rigs, and its picture and table show what these did."""

from typing import Any

import numpy as np
import pytest

from benchmarks.figures import drawing
from benchmarks.figures.policies import picture as policies
from benchmarks.figures.policies.runs import GUIDE, Course, blocks, run, tables
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
    assert alone == {"on_event", "ceiling", "ganged", "off", "constant", "sham", "yoked"}
    assert [name for name in alone if f"`{name}`" not in guide] == []


@pytest.mark.parametrize("name", policies.negative_controls() | policies.variants())
def test_every_variant_is_a_rig(name: str) -> None:
    rig = (policies.negative_controls() | policies.variants())[name]
    assert configuration.from_tables("guide", rig).policies


def _course(**others: Any) -> Course:
    """Return four seconds in which 3 mA were given for one and 1 mA for one."""
    hops_s = np.arange(-1.0, 4.0, 0.02)
    course = Course(
        raw_uv=(hops_s, np.zeros(hops_s.size)),
        beta_uv2=(hops_s, np.where(hops_s < 0.0, 99.0, 5.0)),
        decided=(hops_s, np.full(hops_s.size, 4.0)),
        thresholds=((hops_s, np.full(hops_s.size, 3.0)),),
        applied_ma=(np.array([-2.0, 1.0, 2.0, 3.0]), np.array([0.0, 3.0, 1.0, 0.0])),
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
    assert policies.row("`x`", course, 10.0) == (
        "| `x` | 50 % | 1.00 mA | 67 % | 28 % | 1800 | 50 % | 15.0 |"
    )
    triggers = _course(triggers_s=np.array([1.0, 2.0]))
    assert policies.row("`x`", triggers, 10.0) == (
        "| `x` |  | 30 triggers a minute |  |  |  | 50 % | 15.0 |"
    )


def test_a_run_is_closed_loop_and_drawn_with_its_threshold_and_what_was_given() -> None:
    rig = tables(_BLOCKS["threshold"])
    rig["detectors"][1]["threshold"]["calibrate_s"] = 2.0
    course = run(rig, 3.0, before_s=5.0)
    assert course.end_s > 2.0
    decided_s, decided = course.decided
    assert course.safe_because == ""
    assert course.applied_ma[1].max() == 3.0
    assert decided[decided_s > 0.0].max() > course.thresholds[0][1].max()
    with drawing.house_style():
        figure = policies.draw({"threshold": course})
        figure.canvas.draw()
    above, below = figure.axes[0], figure.axes[2]
    assert above.get_ylabel() == "beta\n(µV²)"
    assert below.get_ylabel() == "given\n(mA)"
    assert [axis.get_legend() for axis in figure.axes] == [None] * 4
