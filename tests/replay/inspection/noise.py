"""Noise of a 1/f spectrum for tests, with a rhythm in it or without."""

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, Taint
from replay.inspection.one_over_f import grid_of
from replay.inspection.peaks import Decomposed, decompose
from replay.inspection.welch_sums import Spectrum, WelchSums

SEARCH_HZ = (6.0, 35.0)


def one_over_f(
    seed: int, *, n_samples: int, rate_hz: float, exponent: float, n_channels: int = 1
) -> NDArray[np.float64]:
    """Return Gaussian noise of density ``f ** -exponent`` (µV²/Hz) above half a hertz."""
    random = np.random.default_rng(seed)
    frequency_hz = np.fft.rfftfreq(2 * n_samples, 1.0 / rate_hz)
    density = np.maximum(frequency_hz, 0.5) ** -exponent
    density[0] = 0.0
    scale = np.sqrt(density * rate_hz * n_samples / 2.0)[:, None]
    parts = random.standard_normal((2, scale.size, n_channels))
    made: NDArray[np.float64] = np.fft.irfft(scale * (parts[0] + 1j * parts[1]), axis=0)
    return made[:n_samples]


def rhythm(
    seed: int, *, n_samples: int, rate_hz: float, centre_hz: float, sd_uv: float
) -> NDArray[np.float64]:
    """Return a rhythm 2 Hz wide, shape (n_samples, 1)."""
    random = np.random.default_rng(seed)
    radius = np.exp(-2.0 * np.pi * 1.0 / rate_hz)
    turn = radius * np.exp(2j * np.pi * centre_hz / rate_hz)
    steps = random.standard_normal((n_samples, 2)) @ np.array([1.0, 1j])
    state, made = 0j, np.empty(n_samples)
    for k, step in enumerate(steps):
        state = turn * state + step
        made[k] = state.real
    return np.asarray(made / made.std() * sd_uv)[:, None]


def block_of(samples_uv: NDArray[np.float64], rate_hz: float, first_sample: int = 0) -> Block:
    """Return samples as a block, all of them good."""
    taint = np.zeros(samples_uv.shape, np.uint16)
    if first_sample == 0:
        taint[0] = Taint.RESTART
    time_s = (first_sample + np.arange(len(samples_uv))) / rate_hz
    return Block("LFP", first_sample, samples_uv, time_s, taint)


def spectrum_of(samples_uv: NDArray[np.float64], rate_hz: float) -> Spectrum:
    """Return spectra of segments of 2 s."""
    sums = WelchSums(rate_hz, samples_uv.shape[1], segment_s=2.0, highest_hz=100.0)
    sums.add(block_of(samples_uv, rate_hz))
    return sums.spectrum()


def decomposed(
    samples_uv: NDArray[np.float64], rate_hz: float, search_hz: tuple[float, float] = SEARCH_HZ
) -> list[Decomposed]:
    """Return line and peaks of each channel."""
    spectrum = spectrum_of(samples_uv, rate_hz)
    grid = grid_of(spectrum.frequency_hz, spectrum.segment_s, search_hz, rate_hz)
    assert grid is not None
    bins = np.searchsorted(spectrum.frequency_hz, grid.frequency_hz)
    return [
        decompose(spectrum.block_sums[:, bins, k], spectrum.block_counts[:, k], grid)
        for k in range(samples_uv.shape[1])
    ]
