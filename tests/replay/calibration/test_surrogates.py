"""Surrogates: the same spectrum, other phases, and what is flawed stays."""

import numpy as np
import pytest

from detectors.block import Taint
from replay.calibration.surrogates import phase_randomised
from tests.replay.inspection.noise import block_of, one_over_f

_RATE_HZ = 250.0


def test_the_spectrum_stays_and_the_samples_are_others() -> None:
    samples_uv = one_over_f(1, n_samples=4001, rate_hz=_RATE_HZ, exponent=1.0)
    samples_uv -= np.linspace(samples_uv[0], samples_uv[-1], 4001)
    block = block_of(samples_uv, _RATE_HZ)
    found = phase_randomised(block, np.random.default_rng(3)).samples_uv
    sizes = [np.abs(np.fft.rfft(each[:, 0])) for each in (found, block.samples_uv)]
    np.testing.assert_allclose(sizes[0], sizes[1], rtol=1e-9, atol=1e-9)
    assert abs(np.corrcoef(found[:, 0], block.samples_uv[:, 0])[0, 1]) < 0.2


def test_bursts_are_gone_and_the_seed_decides() -> None:
    random = np.random.default_rng(5)
    time_s = np.arange(5000) / _RATE_HZ
    bursts_uv = np.sin(2 * np.pi * 20 * time_s) * (np.sin(2 * np.pi * 0.4 * time_s) > 0.9)
    block = block_of((bursts_uv * 10 + random.standard_normal(5000))[:, None], _RATE_HZ)
    found = [phase_randomised(block, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(found[0].samples_uv, found[1].samples_uv)
    assert not np.array_equal(found[0].samples_uv, found[2].samples_uv)
    kurtosis = [
        float((each.samples_uv**4).mean() / (each.samples_uv**2).mean() ** 2)
        for each in (block, found[0])
    ]
    assert kurtosis[0] > 5.0
    assert kurtosis[1] == pytest.approx(3.0, abs=0.6)


def test_flawed_samples_and_gaps_stay_where_they_are() -> None:
    block = block_of(one_over_f(2, n_samples=3000, rate_hz=_RATE_HZ, exponent=1.0), _RATE_HZ)
    block.samples_uv[700:800] = 500.0
    block.taint[700:800] |= np.uint16(Taint.SATURATED)
    block.taint[2000] |= np.uint16(Taint.RESTART)
    found = phase_randomised(block, np.random.default_rng(1))
    assert (found.samples_uv[700:800] == 500.0).all()
    assert np.array_equal(found.taint, block.taint)
    for rows in (slice(0, 700), slice(800, 2000), slice(2000, None)):
        assert np.abs(found.samples_uv[rows]).max() < 100.0
        assert found.samples_uv[rows].std() == pytest.approx(block.samples_uv[rows].std(), rel=0.35)
