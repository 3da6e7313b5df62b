"""What holds for every scenario: the same bits in any pieces, and signals that are their truth."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.patient.emg.arm import Arm, generate_emg
from replay.patient.emg.arm_config import ArmConfig, Segment
from replay.patient.emg.artifacts import ArtifactConfig, mixed_uv
from replay.patient.emg.drives import (
    Chorea,
    DystonicTremor,
    Overflow,
    Rest,
    SpasticStretches,
    TonicCoContraction,
)
from replay.patient.emg.pieces import Piece, joined
from replay.patient.emg.scenario_names import SCENARIOS
from replay.patient.emg.scenarios import DYSTONIC_ARM, open_scenario
from replay.patient.emg.sensory_trick import SensoryTrick
from replay.patient.emg.stimulation import ArmStimulation
from tests.support.searching import search

#: Segments, groups, artifacts and classes of every kind, within a second.
_BUSY = ArmConfig(
    segments=(
        Segment(marker="a", duration_s=0.33, activities=(TonicCoContraction(), Overflow())),
        Segment(marker="b", duration_s=0.2, activities=(DystonicTremor(), Chorea()), trick=True),
        Segment(marker="c", duration_s=0.41, activities=(DystonicTremor(), Chorea())),
    ),
    groups=(("a", "b"), ("c", "d", "e")),
    rate_hz=500.0,
    artifacts=ArtifactConfig(crosstalk=0.1, ecg_uv=100.0, line_uv=3.0),
)


def _same(found: Piece, expected: Piece) -> None:
    for name in expected.per_sample:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for name in expected.placed:
        assert getattr(found, name) == getattr(expected, name)


@given(cuts=st.lists(st.integers(0, 1000), max_size=12), seed=st.integers(0, 1000))
@search(20)
def test_an_arm_is_the_same_in_any_pieces_also_under_stimulation(
    cuts: list[int], seed: int
) -> None:
    whole, cut = (Arm(msgspec.structs.replace(_BUSY, seed=seed)) for _ in range(2))
    expected = joined([whole.generate(300), whole.generate(400, 3.0), whole.generate(300, 1.0)])
    edges = sorted({0, 300, 700, 1000, *cuts})
    amplitudes_ma = [0.0 if start < 300 else 3.0 if start < 700 else 1.0 for start in edges]
    pieces = [
        cut.generate(stop - start, current_ma)
        for (start, stop), current_ma in zip(pairwise(edges), amplitudes_ma, strict=False)
    ]
    _same(joined(pieces), expected)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_plays_and_is_the_same_in_any_pieces(name: str) -> None:
    whole, cut = open_scenario(name), open_scenario(name)
    expected = whole.generate(9000)
    assert np.isfinite(expected.samples).all()
    assert expected.samples.shape == (9000, sum(len(each.channels) for each in whole.infos))
    assert expected.marks
    _same(joined([cut.generate(n) for n in (1, 0, 16, 983, 3000, 5000)]), expected)
    other = open_scenario(name, seed=2).generate(9000)
    assert not np.array_equal(other.samples, expected.samples)


def test_every_scenario_that_is_told_is_there_and_no_other() -> None:
    with pytest.raises(ValueError, match=r"expected one of dystonic-arm, .*, found 'arm'"):
        open_scenario("arm")


def test_samples_are_drives_times_noise_mixed_with_artifacts_added() -> None:
    emg = Arm(_BUSY).generate(600)
    np.testing.assert_array_equal(emg.drive_uv, 5.0 + emg.other_uv + emg.dystonic_uv)
    np.testing.assert_array_equal(emg.muscle_uv, emg.drive_uv * emg.noise)
    np.testing.assert_array_equal(emg.samples, mixed_uv(emg.muscle_uv, 0.1) + emg.artifact_uv)
    np.testing.assert_array_equal(emg.time_s, np.arange(600) / 500.0)
    assert emg.drive_uv.min() >= 5.0


def test_the_noise_of_muscles_is_independent_and_of_unit_variance() -> None:
    noise = generate_emg(Rest(), duration_s=100.0, rate_hz=1000.0).noise
    np.testing.assert_allclose(np.cov(noise.T), np.eye(2), atol=0.02)


def test_classes_and_marks_change_at_the_same_sample() -> None:
    emg = Arm(_BUSY).generate(800)
    starts = [each.sample for each in emg.marks if each.text in "abc"]
    assert starts == [0, 165, 265, 470, 635, 735]
    kinds = np.array(emg.kinds)[emg.kind]
    assert kinds[164].tolist() == ["tonic_cocontraction"] * 2 + ["overflow"] * 3
    assert kinds[165].tolist() == ["dystonic_tremor"] * 2 + ["chorea"] * 3


def test_the_dystonic_arm_shows_its_signs_in_their_order() -> None:
    n_samples = round(94.0 * DYSTONIC_ARM.rate_hz)
    emg = Arm(DYSTONIC_ARM).generate(n_samples)
    told = [each for each in emg.marks if each.text not in {"task", "pause"}]
    assert [each.text for each in told] == [
        "rest",
        "reference",
        "tonic_overflow",
        "tremor",
        "tonic_overflow",
        "sensory_trick",
        "trick_released",
    ]
    edges = [*(each.sample for each in told), n_samples]
    wrist, arm = (
        [float(emg.drive_uv[start:stop, column].mean()) for start, stop in pairwise(edges)]
        for column in (0, 3)
    )
    assert wrist[0] == arm[0] == 5.0
    assert min(wrist[1], arm[1]) > 60.0
    assert min(wrist[2], wrist[4]) > 60.0
    assert min(arm[2], arm[4]) > 8.0
    assert arm[3] == 5.0
    assert wrist[5] - 5.0 == pytest.approx((3.0 / 7.0) * 95.0, rel=0.15)
    assert wrist[5] < wrist[6] < 100.0


def test_a_trick_leaves_the_share_of_the_posture_error_and_wears_off() -> None:
    trick = SensoryTrick(precision=0.5, gain=5.0, decay_s=2.0)
    time_s = np.array([10.0, 12.0, 1000.0])
    held = trick.share_left(time_s, is_held=True, released_s=None)
    np.testing.assert_allclose(held, 1.5 / 3.5)
    after = trick.share_left(time_s, is_held=False, released_s=10.0)
    np.testing.assert_allclose(after, [1.5 / 3.5, 1.5 / (1.5 + 2.0 * np.exp(-1.0)), 1.0])
    np.testing.assert_array_equal(trick.share_left(time_s, is_held=False, released_s=None), 1.0)


@pytest.mark.parametrize("current_ma", [1.0, 2.0, -3.0])
def test_steady_stimulation_leaves_the_share_that_the_damping_says(current_ma: float) -> None:
    segment = Segment(marker="posture", duration_s=100.0, activities=(TonicCoContraction(),))
    config = ArmConfig(segments=(segment,), rate_hz=500.0)
    with_, without = Arm(config), Arm(config)
    settling = round(60.0 * 500.0)
    with_.generate(settling, current_ma)
    without.generate(settling)
    found, plain = with_.generate(1000, current_ma), without.generate(1000)
    added_per_s = 20.0 * current_ma**4 / (2.0**4 + current_ma**4)
    expected = np.sqrt(4.0 / (4.0 + added_per_s))
    np.testing.assert_allclose(found.dystonic_uv / plain.dystonic_uv, expected, rtol=1e-6)
    np.testing.assert_array_equal(found.other_uv, plain.other_uv)
    share = ArmStimulation().share_left(np.array([current_ma]))
    assert share[0] == pytest.approx(expected)


def test_stimulation_comes_and_goes_with_its_time_constants() -> None:
    segment = Segment(marker="posture", duration_s=100.0, activities=(TonicCoContraction(),))
    config = ArmConfig(segments=(segment,), rate_hz=500.0)
    arm, plain = Arm(config), Arm(config)
    found = joined([arm.generate(1500, 2.0), arm.generate(20_000, 2.0), arm.generate(3001)])
    left = found.dystonic_uv / plain.generate(24_501).dystonic_uv
    felt_ma = np.array([2.0 * (1.0 - np.exp(-1.0)), 2.0, 2.0 * np.exp(-1.0)])
    np.testing.assert_allclose(
        left[[1499, 21_499, 24_499], 0], ArmStimulation().share_left(felt_ma), rtol=1e-3
    )


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"segments": ()}, "segments: expected at least one"),
        ({"groups": (("a", "a"),)}, "groups: expected unique labels"),
        ({"groups": (("a",), ("b",))}, r"segments\[0\].activities: expected one for each of 2"),
        ({"artifacts": ArtifactConfig(line_hz=800.0), "rate_hz": 1000.0}, "artifacts.line_hz"),
    ],
)
def test_an_impossible_arm_is_refused_by_its_key(keys: dict[str, object], problem: str) -> None:
    segment = Segment(marker="rest", duration_s=1.0, activities=(Rest(),))
    with pytest.raises(ValueError, match=problem):
        ArmConfig(**({"segments": (segment,)} | keys))  # type: ignore[arg-type]


def test_impossible_activities_are_refused_by_their_key() -> None:
    with pytest.raises(ValueError, match="length_s: expected the shortest first"):
        Chorea(length_s=(0.1, 0.05))
    with pytest.raises(ValueError, match="speed_deg_per_s: expected the slowest first"):
        SpasticStretches(speed_deg_per_s=(0.0, 5.0))
    with pytest.raises(ValueError, match=r"every_s: expected more than the slowest stretch's 12 s"):
        SpasticStretches(speed_deg_per_s=(5.0, 50.0))
