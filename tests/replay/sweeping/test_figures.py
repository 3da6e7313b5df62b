"""The figures of several recordings as one, by closed forms."""

import math

import pytest
from scipy import stats

from replay.scoring.result import DetectorScore, Metric
from replay.sweeping.figures import figures_of


def _score(**values: tuple[float | None, float | None, float | None, int]) -> DetectorScore:
    given = {
        "sensitivity": (0.5, None, None, 10),
        "false_positives_per_min": (2.0, None, None, 2),
        "balanced_accuracy": (0.7, 0.6, 0.8, 10),
        "overlap": (0.3, 0.2, 0.4, 10),
        "time_sensitivity": (0.6, 0.5, 0.7, 10),
        "time_false_share": (0.2, 0.1, 0.3, 10),
        "onset_delay_s": (0.2, 0.1, 0.3, 10),
        **values,
    }
    metrics = tuple(
        Metric(name=name, meaning="", value=value, low=low, high=high, n=n, null=0.5)
        for name, (value, low, high, n) in given.items()
    )
    return DetectorScore(
        detector="burst",
        kind="burst",
        stream="LFP",
        channel="STN",
        reference="offline",
        reference_text="",
        delay_s=0.1,
        judged_s=60.0,
        metrics=metrics,
    )


def test_bursts_are_counted_together_with_the_exact_interval() -> None:
    few = _score(sensitivity=(1.0, None, None, 2))
    many = _score(sensitivity=(0.25, None, None, 8))
    found = figures_of([[few], [many]])["sensitivity"]
    assert (found.value, found.n) == (0.4, 10)
    exact = stats.binomtest(4, 10).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_false_positives_are_counted_in_all_judged_minutes() -> None:
    found = figures_of([[_score()], [_score(false_positives_per_min=(4.0, None, None, 4))]])
    rate = found["false_positives_per_min"]
    assert (rate.value, rate.n, rate.unit) == (3.0, 6, "1/min")
    assert rate.low == pytest.approx(stats.chi2.ppf(0.025, 12) / 4.0)


def test_a_recording_counts_once_however_many_channels_it_has() -> None:
    one = [_score(balanced_accuracy=(0.9, 0.8, 1.0, 10))]
    three = [_score(balanced_accuracy=(0.6, 0.5, 0.9, 10))] * 3
    found = figures_of([one, three])["balanced_accuracy"]
    assert found.value == pytest.approx(0.75)
    # Independent errors: the root of the sum of their squares, each by its weight.
    assert found.low == pytest.approx(0.75 - math.hypot(0.05, *[0.1 / 6.0] * 3))
    assert found.high == pytest.approx(0.75 + math.hypot(0.05, *[0.3 / 6.0] * 3))


def test_what_is_not_known_of_one_recording_is_known_of_the_others_without_an_interval() -> None:
    found = figures_of([[_score()], [_score(overlap=(None, None, None, 0))]])["overlap"]
    assert found.value == pytest.approx(0.3)
    assert figures_of([[_score(overlap=(0.3, None, None, 3))]])["overlap"].low is None
    assert figures_of([[_score(overlap=(None, None, None, 0))]])["overlap"].value is None
