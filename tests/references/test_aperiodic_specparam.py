"""The aperiodic part against specparam, on the same spectra of noise."""

from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import welch

from detectors.aperiodic.aperiodic import Aperiodic, AperiodicConfig
from detectors.block import StreamLayout
from tests.detectors.aperiodic.power_law import power_law
from tests.detectors.power.naive_band_power import parts_of
from tests.support.blocks import block_of

peer = pytest.importorskip("specparam", reason="specparam is not installed (extra `peers`)")

_RATE_HZ: Final = 250.0
_WINDOW_S: Final = 120


def _ours(samples_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exponent, offset and power over the line, a row for each channel."""
    labels = tuple(f"C{index}" for index in range(samples_uv.shape[1]))
    config = AperiodicConfig(
        id="slope", stream="LFP", window_s=float(_WINDOW_S), segment_s=2.0, hop_s=2.0
    )
    detector = Aperiodic(config, StreamLayout("LFP", _RATE_HZ, labels))
    found = detector.update(block_of(samples_uv, _RATE_HZ)).estimates
    assert found.valid[-1].all()
    values: NDArray[np.float64] = found.values[-1].reshape(len(labels), -1)[:, :3]
    return values


def _theirs(samples_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    rows = []
    for channel in samples_uv.T:
        frequency_hz, power = welch(channel, _RATE_HZ, nperseg=round(2.0 * _RATE_HZ))
        model = peer.SpectralModel(
            peak_width_limits=(2.0, 12.0), max_n_peaks=3, min_peak_height=0.2, verbose=False
        )
        model.fit(frequency_hz, power, [3.0, 45.0])
        offset, exponent = model.get_params("aperiodic")
        # The peer has no power of a band: this is ours, half of the bins at its edges lying in it.
        parts = parts_of(frequency_hz, (13.0, 30.0), _RATE_HZ)
        in_band = parts > 0.0
        line = 10.0**offset * frequency_hz[in_band] ** -exponent
        over = (parts[in_band] @ power[in_band]) / (parts[in_band] @ line)
        rows.append([exponent, offset, 10.0 * np.log10(over)])
    return np.array(rows)


def _rhythm(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return noise with a peak of power 1 at 20 Hz, in the form that specparam assumes."""
    frequency_hz = np.fft.rfftfreq(shape[0], 1.0 / _RATE_HZ)
    white = np.fft.rfft(np.random.default_rng(32).normal(0.0, 1.0, shape), axis=0)
    made = np.fft.irfft(white * np.exp(-(((frequency_hz - 20.0) / 4.0) ** 2))[:, None], axis=0)
    return np.asarray(made / made.std(axis=0))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("rhythm_uv", [0.0, 20.0])
def test_exponent_offset_and_rhythm_are_alike(exponent: float, rhythm_uv: float) -> None:
    """Compare closely in the mean over eight channels, and loosely in each channel.

    The peer fits all of 3-45 Hz with a peak, ours the two ends of it without.
    """
    samples_uv = 10.0 * power_law(exponent, round(_WINDOW_S * _RATE_HZ), _RATE_HZ, 8, 31)
    samples_uv += rhythm_uv * _rhythm(samples_uv.shape)
    ours, theirs = _ours(samples_uv), _theirs(samples_uv)
    apart = ours - theirs
    assert (np.abs(apart.mean(axis=0)) < [0.01, 0.015, 0.05]).all()
    assert (np.abs(apart).max(axis=0) < [0.06, 0.1, 0.4]).all()
    assert (ours[:, 2] > 2.0).all() == (rhythm_uv > 0.0)
