"""Findings are reported with the time since the stream began, by the stream's own stamps."""

import numpy as np
import pytest

from detectors.conditioning.conditioner import Conditioner, ConditioningConfig


@pytest.mark.parametrize("step_s", [653_461.0, -5.0])
def test_a_correction_is_timed_by_the_sample_before_it(step_s: float) -> None:
    made = Conditioner(
        ConditioningConfig(name="LFP", kind="other"),
        rate_hz=100.0,
        channels=("ch1",),
        units=("uV",),
    )
    samples = np.random.default_rng(1).normal(0.0, 10.0, (1000, 1))
    stamps_s = 70.0 + np.arange(1000) / 100.0
    # The sender's clock begins anew with the same sample, and its stamps say so only now.
    stamps_s[500:] -= step_s
    made.update(0, samples[:500], stamps_s[:500])
    made.correct(step_s)
    made.update(500, samples[500:], stamps_s[500:])
    (correction,) = [each for each in made.tallied if each.kind == "clock_correction"]
    assert correction.first_sample == 500
    assert correction.first_s == pytest.approx(5.0, abs=0.01)
