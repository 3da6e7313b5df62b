"""`movement` marks movements, and no mere fluctuation, however large."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from detectors.block import StreamLayout, Taint
from detectors.conditioning.artifacts.movement import Movement, MovementConfig
from detectors.conditioning.artifacts.step import Stepped

_RATE_HZ = 250.0


def _fed(values_uv: NDArray[np.float64], **keys: float) -> tuple[Stepped, NDArray[np.bool_]]:
    layout = StreamLayout("S", _RATE_HZ, tuple(f"c{k}" for k in range(values_uv.shape[1])))
    step = Movement(MovementConfig(**keys), layout, Counter())
    taint = np.zeros(values_uv.shape, np.uint16)
    taint[0] = Taint.RESTART
    found = step.update(values_uv, taint, (), 0)
    return found, (found.taint & Taint.MOVEMENT).astype(bool)


def _noise(seed: int, n_samples: int, n_channels: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0.0, 15.0, (n_samples, n_channels))


def test_noise_is_no_movement() -> None:
    _, is_on = _fed(_noise(1, 150_000, 8))
    assert not is_on.any()


def test_of_noise_the_share_beyond_is_that_of_a_gaussian() -> None:
    """Held at a touchy level, each sample counted once: 0.27 % is beyond three SD."""
    _, is_on = _fed(_noise(2, 150_000, 8), sd=3.0, hold_s=0.0, learn_s=60.0, level_s=600.0)
    share = is_on[15_000:].mean()
    # Slow samples hang together: about one in fifty is independent, the rest repeat it.
    n_independent = 8 * 135_000 / 50
    low, high = stats.binom.interval(0.999, round(n_independent), 2.0 * stats.norm.sf(3.0))
    assert low / n_independent < share < high / n_independent


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
def test_a_swing_of_many_sd_is_marked_and_no_other_channel(scale: float) -> None:
    values = _noise(3, 15_000, 2)
    swing = 200.0 * np.sin(2.0 * np.pi * 1.0 * np.arange(500) / _RATE_HZ)
    values[10_000:10_500, 0] += swing
    found, is_on = _fed(scale * values + 1e5)
    marked = np.flatnonzero(is_on[:, 0])
    assert 10_000 < marked[0] < 10_000 + 0.15 * _RATE_HZ
    assert is_on[marked[0] : 10_500, 0].all()
    assert marked[-1] < 10_500 + 1.5 * _RATE_HZ
    assert not is_on[:, 1].any()
    assert [each.text for each in found.findings] == ["c0 moves", "c0 is still again"]
    assert found.samples_uv.tobytes() == (scale * values + 1e5).tobytes()


def test_fast_activity_is_no_movement() -> None:
    values = _noise(4, 15_000, 1)
    values[10_000:10_500, 0] += 200.0 * np.sin(2.0 * np.pi * 40.0 * np.arange(500) / _RATE_HZ)
    _, is_on = _fed(values)
    assert not is_on.any()


def test_a_lasting_change_becomes_the_level_after_a_while() -> None:
    values = _noise(5, 60_000, 1)
    values[20_000:] *= 16.0
    _, is_on = _fed(values, level_s=20.0)
    marked = np.flatnonzero(is_on)
    assert marked[0] < 20_000 + _RATE_HZ
    assert marked[-1] < 20_000 + 3.0 * 20.0 * _RATE_HZ


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^level_s: expected at least learn_s \(10\)"):
        MovementConfig(level_s=5.0)
    with pytest.raises(ValueError, match=r"^below_hz: expected at most 62.5 Hz"):
        _fed(_noise(6, 10, 1), below_hz=70.0)
