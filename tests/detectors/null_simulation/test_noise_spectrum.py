"""The spectrum of a stretch, noise with that spectrum, and the stretch of a calibration."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt, welch

from detectors.block import Block, Taint
from detectors.bursts.calibration_stretch import CalibrationStretch
from detectors.null_simulation.noise_spectrum import NoiseSpectrum

_RATE_HZ = 500.0


def _coloured(n_samples: int, seed: int = 1) -> NDArray[np.float64]:
    sos = butter(2, (15.0, 25.0), "bandpass", fs=_RATE_HZ, output="sos")
    noise = np.random.default_rng(seed).normal(0.0, 5.0, n_samples)
    coloured: NDArray[np.float64] = noise + sosfilt(sos, 20.0 * noise)
    return coloured


def _spectrum(samples_uv: NDArray[np.float64], **keys: Any) -> NoiseSpectrum:
    n_samples = samples_uv.size
    given = {"is_good": np.ones(n_samples, bool), "begins": np.zeros(n_samples, bool)} | keys
    spectrum = NoiseSpectrum.of(samples_uv, rate_hz=_RATE_HZ, **given)
    assert spectrum is not None
    return spectrum


def _band_uv2(samples_uv: NDArray[np.float64], low_hz: float, high_hz: float) -> float:
    frequency_hz, density = welch(samples_uv, _RATE_HZ, nperseg=1000, axis=0)
    is_in = (frequency_hz >= low_hz) & (frequency_hz < high_hz)
    mean = density.reshape(density.shape[0], -1).mean(axis=1)
    return float(mean[is_in].sum() * frequency_hz[1])


def test_noise_has_the_power_of_the_stretch_in_every_band() -> None:
    samples_uv = _coloured(20_000)
    noise = _spectrum(samples_uv).noise(60_000, 4, np.random.default_rng(3))
    assert noise.shape == (60_000, 4)
    for low_hz, high_hz in ((2.0, 12.0), (15.0, 25.0), (30.0, 100.0), (100.0, 240.0)):
        expected = _band_uv2(samples_uv, low_hz, high_hz)
        assert _band_uv2(noise, low_hz, high_hz) == pytest.approx(expected, rel=0.06)
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 0.05


def test_bad_samples_and_lost_time_part_the_rows() -> None:
    samples_uv = _coloured(20_000)
    broken = samples_uv.copy()
    is_good = np.ones(broken.size, bool)
    is_good[7000:7005] = False
    broken[7000:7005] = 1e9
    begins = np.zeros(broken.size, bool)
    begins[12_000] = True
    broken[12_000:] += 1e6
    found = _spectrum(broken, is_good=is_good, begins=begins)
    noise = found.noise(60_000, 4, np.random.default_rng(3))
    expected = _band_uv2(samples_uv, 15.0, 25.0)
    assert _band_uv2(noise, 15.0, 25.0) == pytest.approx(expected, rel=0.1)
    assert _band_uv2(noise, 30.0, 240.0) == pytest.approx(
        _band_uv2(samples_uv, 30.0, 240.0), rel=0.1
    )


def test_where_nothing_is_good_there_is_no_spectrum() -> None:
    bad = np.zeros(100, bool)
    assert NoiseSpectrum.of(np.ones(100), bad, bad, _RATE_HZ) is None
    assert NoiseSpectrum.of(np.empty(0), bad[:0], bad[:0], _RATE_HZ) is None


@pytest.mark.parametrize("length", [1, 7, 64, 400])
def test_a_stretch_keeps_the_newest_samples_whatever_the_blocks(length: int) -> None:
    n_samples, n_kept, until = 400, 90, 333
    samples_uv = np.arange(2.0 * n_samples).reshape(n_samples, 2)
    samples_uv[310, 1] = np.inf
    taint = np.zeros(samples_uv.shape, np.uint16)
    taint[300] = Taint.RESTART
    taint[320, 0] = Taint.FROZEN
    taint[321] = Taint.SUSPECT_STAMP
    stretch = CalibrationStretch([1, 0], n_kept)
    for first in range(0, n_samples, length):
        rows = slice(first, first + length)
        time_s = np.arange(n_samples)[rows] / _RATE_HZ
        stretch.add(Block("LFP", first, samples_uv[rows], time_s, taint[rows]))
        stretch.take_until(min(first + length - 1, until))
    for index, column in ((0, 1), (1, 0)):
        found_uv, is_good, begins = stretch.channel(index)
        rows = slice(until + 1 - n_kept, until + 1)
        np.testing.assert_array_equal(found_uv, samples_uv[rows, column])
        bad = {321, 310} if column == 1 else {320, 321}
        assert {until + 1 - n_kept + k for k in np.flatnonzero(~is_good).tolist()} == bad
        assert (np.flatnonzero(begins) + until + 1 - n_kept).tolist() == [300]
