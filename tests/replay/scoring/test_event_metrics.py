"""Metrics of episodes that are made: all of them are known beforehand."""

import numpy as np
import pytest

from replay.scoring.episodes import Episodes
from replay.scoring.metrics.event_metrics import event_metrics
from replay.scoring.metrics.judged_time import JudgedTime
from replay.scoring.metrics.pairs import Judged
from replay.scoring.metrics.switches import switch_metrics
from replay.scoring.result import Metric

#: A burst of 0.4 s every ten seconds, for 400 s.
_REFERENCE = Episodes(
    np.arange(40, dtype=np.float64) * 10.0 + 2.0, np.arange(40, dtype=np.float64) * 10.0 + 2.4
)
_TIME = JudgedTime(Episodes.of([(0.0, 400.0)]))


def _metrics(online: Episodes, delay_s: float = 0.2) -> dict[str, Metric]:
    judged = Judged(online, _REFERENCE, _TIME, delay_s, online.start_s + 0.09, seed=1)
    return {each.name: each for each in event_metrics(judged)}


def test_detections_that_are_late_missed_and_false_give_known_figures() -> None:
    met = np.arange(40) % 4 != 0  # three of four bursts
    late = Episodes(_REFERENCE.start_s[met] + 0.15, _REFERENCE.end_s[met] + 0.25)
    false = Episodes(
        np.arange(8, dtype=np.float64) * 50.0 + 6.0, np.arange(8, dtype=np.float64) * 50.0 + 6.5
    )
    pairs = [*zip(*late, strict=True), *zip(*false, strict=True)]
    found = _metrics(Episodes.of(pairs))
    assert found["sensitivity"].value == 0.75
    assert found["sensitivity"].n == 40
    assert found["false_positives_per_min"].value == pytest.approx(8 / (400.0 / 60.0))
    assert found["onset_delay_s"].value == pytest.approx(0.15)
    assert found["known_delay_s"].value == pytest.approx(0.24)
    assert found["offset_delay_s"].value == pytest.approx(0.25)
    both_s, either_s = 30 * 0.25, 30 * 0.65 + 10 * 0.4 + 8 * 0.5
    assert found["overlap"].value == pytest.approx(both_s / either_s)
    for each in found.values():
        assert each.low is not None
        assert each.high is not None
        assert each.value is not None
        assert each.low - 1e-9 <= each.value <= each.high + 1e-9


def test_a_detection_is_of_a_burst_as_long_after_it_as_the_declared_delay() -> None:
    online = Episodes(_REFERENCE.end_s + 0.1, _REFERENCE.end_s + 0.4)
    assert _metrics(online, delay_s=0.2)["sensitivity"].value == 1.0
    assert _metrics(online, delay_s=0.2)["false_positives_per_min"].value == 0.0
    assert _metrics(online, delay_s=0.05)["sensitivity"].value == 0.0
    assert _metrics(online, delay_s=0.05)["false_positives_per_min"].value == 6.0


def test_moved_by_the_declared_delay_detections_that_are_only_late_overlap_wholly() -> None:
    online = Episodes(_REFERENCE.start_s + 0.2, _REFERENCE.end_s + 0.2)
    found = _metrics(online)
    assert found["overlap"].value == pytest.approx(0.2 / 0.6)
    assert found["overlap_without_delay"].value == pytest.approx(1.0)


def test_shares_of_time_are_those_that_are_counted_by_hand() -> None:
    # Of each burst of 0.4 s the last 0.3 s, and 0.5 s after it: 9.6 s of ten are no burst.
    found = _metrics(Episodes(_REFERENCE.start_s + 0.1, _REFERENCE.end_s + 0.5))
    assert found["time_sensitivity"].value == pytest.approx(0.75)
    assert found["time_false_share"].value == pytest.approx(0.5 / 9.6)
    assert found["balanced_accuracy"].value == pytest.approx((0.75 + 1.0 - 0.5 / 9.6) / 2.0)


def test_what_is_always_on_seems_perfect_by_bursts_and_is_chance_by_time() -> None:
    found = _metrics(Episodes.of([(0.0, 400.0)]))
    assert (found["sensitivity"].value, found["false_positives_per_min"].value) == (1.0, 0.0)
    assert (found["sensitivity"].null, found["balanced_accuracy"].null) == (1.0, 0.5)
    assert found["balanced_accuracy"].value == 0.5


def test_without_any_burst_no_share_is_known_and_the_note_says_so() -> None:
    nothing = Judged(_REFERENCE, Episodes.of([]), _TIME, 0.2, _REFERENCE.start_s, seed=1)
    found = {each.name: each for each in event_metrics(nothing)}
    assert found["time_false_share"].value == pytest.approx(0.04)
    assert found["balanced_accuracy"].value is None
    assert "in a burst always, or never" in found["balanced_accuracy"].note


def test_detections_that_have_nothing_to_do_with_the_bursts_are_at_the_level_of_chance() -> None:
    random = np.random.default_rng(5)
    starts_s = np.sort(random.uniform(0.0, 399.0, 60))
    online = Episodes.of([(each, each + 0.4) for each in starts_s.tolist()])
    found = _metrics(online)
    sensitivity = found["sensitivity"]
    assert sensitivity.value is not None
    assert sensitivity.null is not None
    assert sensitivity.value <= sensitivity.null
    # Of a burst of 0.4 s: met where a detection of 0.4 s begins within 1 s about it.
    assert sensitivity.null == pytest.approx(1.0 - np.exp(-60 / 400.0), abs=0.12)


def test_where_nothing_was_detected_the_reason_is_given() -> None:
    found = _metrics(Episodes.of([]))
    assert found["sensitivity"].value == 0.0
    assert found["onset_delay_s"].value is None
    assert found["onset_delay_s"].note == "no burst of the reference was met"


def test_switches_are_two_an_episode_and_short_ones_are_undone() -> None:
    lengths_s = np.where(np.arange(40) % 2, 0.4, 1.5)
    online = Episodes(_REFERENCE.start_s, _REFERENCE.start_s + lengths_s)
    null = (np.array([0.3, 2.0]), 600.0)
    switches, undone = switch_metrics(online, _TIME, null, undone_s=1.0, delay_s=0.2, seed=1)
    assert (switches.value, undone.value) == (80 * 9.0, 20 * 9.0)
    assert (switches.null, undone.null) == (4 * 6.0, 1 * 6.0)
