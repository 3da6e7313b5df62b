"""The published rule: means of 30 s at both limits, and what lies between them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.titration.measured import measured
from replay.titration.thresholds import TitratedThresholds, thresholds
from tests.replay.titration.titrated import HOP_S, recorded_of


def _ramp(amount: float, n_hops: int) -> NDArray[np.float64]:
    """Return what is higher by 10 at its end than at its beginning: which part counts shows."""
    return np.linspace(100.0 - 20.0 * amount, 110.0 - 20.0 * amount, n_hops)


def _of(amounts: list[float], sign: object, duration_s: float = 50.0) -> TitratedThresholds:
    recorded = recorded_of(amounts, _ramp, duration_s=duration_s, settle_s=5.0)
    found = thresholds(measured(recorded).steps, sign, hop_s=HOP_S)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_the_last_30_s_at_each_limit_are_the_two_thresholds() -> None:
    found = _of([0.0, 1.0, 2.0, 3.0], "falls")
    # The last 30 of 50 s of a ramp from 100 to 110: on average 107.
    assert found.upper_threshold == pytest.approx(107.0, abs=0.02)
    assert found.lower_threshold == pytest.approx(47.0, abs=0.02)
    assert found.single_threshold == pytest.approx(47.0 + 0.75 * 60.0, abs=0.02)
    assert (found.lowest_amount, found.highest_amount) == (0.0, 3.0)
    assert found.reason == ""


def test_percentiles_are_those_of_all_that_was_measured() -> None:
    recorded = recorded_of([0.0, 1.0, 2.0], _ramp)
    steps = measured(recorded).steps
    found = thresholds(steps, "falls", hop_s=HOP_S)
    assert found is not None
    every = np.concatenate([each.values for each in steps])
    assert [found.percentile_25, found.percentile_75] == pytest.approx(
        np.percentile(every, [25.0, 75.0])
    )


def test_less_than_30_s_is_told_and_several_steps_at_a_limit_count_together() -> None:
    found = _of([0.0, 1.0, 2.0], "falls", duration_s=25.0)
    assert found.reason == (
        "the rule asks for means of 30 s, measured were 20 s at 0 and 20 s at 2"
    )
    assert found.upper_threshold is not None
    assert _of([0.0, 2.0, 1.0, 2.0, 0.0], "falls", duration_s=25.0).reason == ""


def test_without_a_sign_or_with_the_other_one_there_are_no_thresholds() -> None:
    unknown, other = _of([0.0, 1.0, 2.0], None), _of([0.0, 1.0, 2.0], "rises")
    assert unknown.upper_threshold is unknown.single_threshold is None
    assert unknown.reason == "no sign is shown"
    assert other.upper_threshold is None
    assert other.reason == "the means at the two limits (107.004 and 67.004) do not go that way"
    assert thresholds((), "falls", hop_s=HOP_S) is None
