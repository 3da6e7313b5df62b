"""Limits relative to the clinical amplitude and to the mean of ten minutes: a way up ends there."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from stimulators.decisions import NothingSent, Refusal
from stimulators.gate.limits.limit import Asked
from stimulators.gate.limits.relative import MeanLimit
from stimulators.wire.received import LinkChanged
from tests.stimulators.gate.driving.bench import Bench
from tests.stimulators.gate.gate_rig import (
    GateRig,
    amounts,
    commands_in,
    device_of,
    feedback_of,
    limits_of,
)


def _rig(**limits: Any) -> GateRig:
    wide = {"on_time_s_max": 80_000.0, "charge_uc_per_10_min_max": 1e6}
    return GateRig(device_of(safe_ma=0.5, limits=limits_of(**(wide | limits)))).be_active()


def _clinical() -> GateRig:
    return _rig(clinical_ma=1.6, clinical_share_max=1.25)


def test_a_way_up_ends_at_the_multiple_of_the_clinical_amplitude_and_says_why() -> None:
    rig = _clinical()
    rig.run(1.0, amount=2.9)
    assert rig.obedient["stn"].amount == 2.0
    assert rig.state == "active"
    (nothing,) = [
        each for each in rig.decided if isinstance(each, NothingSent) and each.reason == "limit"
    ]
    assert nothing.bounds[0].limit == "clinical_share_max"
    assert nothing.bounds[0].share == pytest.approx(2.9 / 2.0)
    rig.run(1.0, amount=1.0)
    assert rig.obedient["stn"].amount == 1.0


def test_a_trigger_beyond_the_multiple_of_the_clinical_amplitude_is_refused() -> None:
    rig = _clinical()
    assert amounts(commands_in(rig.trigger(2.0))) == [2.0]
    rig.run(0.1)
    (refused,) = rig.trigger(2.01)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.expected) == ("clinical", "at most 2")


def test_an_amount_grows_over_minutes_with_the_mean_of_ten() -> None:
    rig = _rig(above_mean_ma_max=0.5)
    rig.run(1.0, amount=3.0)
    assert rig.obedient["stn"].amount == pytest.approx(0.99, abs=0.011)
    n_before = len(rig.commands)
    rig.run(30.0, amount=3.0)
    # For 30 s of 600 it was 0.5 above the safe amount.
    assert rig.obedient["stn"].amount == pytest.approx(1.0 + 30.0 / 600.0 * 0.5, abs=0.031)
    assert len(rig.commands) - n_before <= 3
    rig.run(0.5, amount=0.2)
    assert rig.obedient["stn"].amount == 0.2


def test_the_way_to_the_safe_amount_is_not_held_up_by_the_mean() -> None:
    rig = _rig(above_mean_ma_max=0.01)
    rig.run(2.0, amount=0.0)
    rig.control("pause")
    rig.run(1.0)
    assert (rig.state, rig.obedient["stn"].amount) == ("paused", 0.5)


def test_a_step_that_would_go_beyond_the_mean_is_refused_though_nothing_else_asks() -> None:
    bench = Bench(limits={"above_mean_ma_max": 0.5}).be_live(0.5)
    limit = bench.drive.limits[MeanLimit]
    limit.advance(bench.now_s)
    asked = Asked("amplitude", 1.02, "a", bench.now_s, is_up=True, moved=0.5)
    refusal = limit.check(asked)
    assert refusal is not None
    assert (refusal.reason, limit.check(asked._replace(is_up=False))) == ("mean", None)


def _cut(rig: GateRig) -> None:
    rig.hear(LinkChanged(is_up=False, reason="gone"))


def _fall_silent(rig: GateRig) -> None:
    """Let the device say nothing any more, on good data, until the rig is safe."""
    while rig.state != "safe":
        rig.report()
        rig.observe()
        rig.tick(0.02)


@pytest.mark.parametrize("go_away", [_cut, _fall_silent])
@pytest.mark.parametrize("away_s", [300, 3600])
def test_what_a_device_last_said_is_no_part_of_the_mean_once_it_says_nothing(
    go_away: Callable[[GateRig], None], away_s: int
) -> None:
    rig = _rig(above_mean_ma_max=0.5)
    rig.run(1.0, amount=3.0)
    before = rig.obedient["stn"].amount
    rig.answers = False
    go_away(rig)
    for _ in range(2 * away_s):
        rig.tick(0.5)
    rig.obedient["stn"].lapse()
    rig.answers = True
    rig.connect()
    rig.run(4.0, hop=rig.report)
    rig.control("arm")
    rig.run(1.5, amount=3.0)
    assert rig.state == "active"
    assert rig.obedient["stn"].amount == pytest.approx(before, abs=0.021)


def test_the_mean_is_of_the_time_in_which_the_machine_slept_too() -> None:
    rig = _rig(above_mean_ma_max=0.5)
    rig.run(150.0, amount=1.0)
    rig.run(1.0, amount=3.0)
    assert rig.obedient["stn"].amount > 1.1
    slept = rig.gate.sleep
    rig.take(slept(3600.0, rig.now_s))
    assert rig.state == "safe"
    rig.run(4.0, hop=rig.report)
    rig.control("arm")
    rig.run(1.5, amount=3.0)
    assert rig.state == "active"
    assert rig.obedient["stn"].amount == pytest.approx(1.0, abs=0.031)


def test_a_level_has_a_mean_too() -> None:
    device = feedback_of()
    limits = replace(device.limits, above_mean_level_max=0.2)
    rig = GateRig(replace(device, limits=limits)).be_active()
    rig.run(1.0, amount=0.8)
    assert rig.obedient["band"].amount == pytest.approx(0.3, abs=0.009)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"clinical_ma": 1.0}, "limits.clinical_share_max: expected both"),
        ({"clinical_share_max": 1.0}, "limits.clinical_ma: expected both"),
        (
            {"clinical_ma": 0.4, "clinical_share_max": 1.0},
            "limits.clinical_share_max: expected at least safe_ma",
        ),
        ({"above_mean_level_max": 0.1}, "limits.above_mean_level_max: expected no such limit"),
    ],
)
def test_what_does_not_go_together_is_named(keys: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}"):
        device_of(safe_ma=0.5, limits=limits_of(**keys))
