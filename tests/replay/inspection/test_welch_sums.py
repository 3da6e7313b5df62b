"""The spectrum of a stream: scipy's, whatever the chunks, without flawed samples or gaps."""

import numpy as np
from scipy.signal import welch

from detectors.block import Block, Taint
from replay.inspection.welch_sums import WelchSums
from tests.replay.inspection.noise import block_of, one_over_f

_RATE_HZ = 250.0
_NOISE_UV = one_over_f(3, n_samples=6000, rate_hz=_RATE_HZ, exponent=1.0, n_channels=2)


def _sums(**settings: int) -> WelchSums:
    return WelchSums(_RATE_HZ, 2, segment_s=2.0, highest_hz=125.0, **settings)


def test_it_is_the_one_of_scipy() -> None:
    sums = _sums()
    sums.add(block_of(_NOISE_UV, _RATE_HZ))
    found = sums.spectrum()
    hz, density = welch(_NOISE_UV, _RATE_HZ, nperseg=500, axis=0)
    np.testing.assert_allclose(found.frequency_hz, hz)
    np.testing.assert_allclose(found.density, density, rtol=1e-10)


def test_neither_chunks_nor_joined_blocks_change_it() -> None:
    whole, pieces = _sums(), _sums(n_blocks_max=4)
    whole.add(block_of(_NOISE_UV, _RATE_HZ))
    for start in range(0, len(_NOISE_UV), 77):
        pieces.add(block_of(_NOISE_UV[start : start + 77], _RATE_HZ, start))
    expected, found = whole.spectrum(), pieces.spectrum()
    np.testing.assert_allclose(found.density, expected.density, rtol=1e-12)
    assert found.n_segments.tolist() == expected.n_segments.tolist() == [23, 23]
    assert len(found.block_sums) < 4 < len(expected.block_sums) == 23
    np.testing.assert_allclose(found.block_sums.sum(axis=0), expected.block_sums.sum(axis=0))


def test_flawed_samples_and_gaps_are_in_no_segment() -> None:
    block = block_of(_NOISE_UV.copy(), _RATE_HZ)
    block.samples_uv[1000, 0] = 1e9
    block.taint[1000, 0] |= np.uint16(Taint.SATURATED)
    block.taint[3100] |= np.uint16(Taint.RESTART)
    sums = _sums()
    sums.add(block)
    found = sums.spectrum()
    first, second = (
        welch(each, _RATE_HZ, nperseg=500) for each in np.split(_NOISE_UV[:, 1], [3100])
    )
    # 11 segments before the gap and 10 after it; of the first channel two of these are flawed.
    assert found.n_segments.tolist() == [19, 21]
    expected = (11 * first[1] + 10 * second[1]) / 21
    np.testing.assert_allclose(found.density[:, 1], expected, rtol=1e-10)
    assert found.density[:, 0].max() < 1e4


def test_a_channel_without_a_good_segment_has_no_numbers() -> None:
    samples_uv = np.zeros((400, 2))
    taint = np.zeros(samples_uv.shape, np.uint16)
    sums = _sums()
    sums.add(Block("LFP", 0, samples_uv, np.arange(400) / _RATE_HZ, taint))
    assert np.isnan(sums.spectrum().density).all()
    assert sums.spectrum().n_segments.tolist() == [0, 0]
