"""Reference of phase-amplitude coupling: hop by hop, from formulas and filtered stretches."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, kaiser_beta, kaiserord

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from detectors.coupling.phase_amplitude_coupling import (
    PhaseAmplitudeCoupling,
    PhaseAmplitudeCouplingConfig,
)
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.coupling.naive_waveform_shape import mean_and_distance, pairs, shape

_EDGES = np.linspace(-np.pi, np.pi, 19)


def filters(
    config: PhaseAmplitudeCouplingConfig, rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the taps of the two low-pass filters."""
    low_hz, high_hz = config.phase_band_hz
    slow = np.hanning(2 * round(rate_hz / (high_hz - low_hz)) + 1)[1:-1]
    fast_low_hz, fast_high_hz = config.amplitude_band_hz
    width_hz = min(2.0 * (fast_low_hz - high_hz), 0.5 * (fast_high_hz - fast_low_hz))
    width = width_hz / (rate_hz / 2.0)
    n_taps = 2 * int(np.ceil(kaiserord(60.0, width)[0] / 2)) + 1
    half_hz = (fast_high_hz - fast_low_hz) / 2.0
    fast = firwin(n_taps, half_hz, window=("kaiser", kaiser_beta(60.0)), fs=rate_hz)
    return slow / slow.sum(), fast / fast.sum()


def demodulated(
    samples_uv: NDArray[np.float64],
    low_pass: NDArray[np.float64],
    band_hz: tuple[float, float],
    rate_hz: float,
) -> NDArray[np.complex128]:
    """Return the analytic signal of a band, zero where the filter lacks samples."""
    n_half = low_pass.size // 2
    turn = np.exp(2j * np.pi * np.mean(band_hz) * np.arange(-n_half, n_half + 1) / rate_hz)
    taps = 2.0 * low_pass * (turn - (low_pass * turn).sum())
    made: NDArray[np.complex128] = np.zeros(samples_uv.size, dtype=np.complex128)
    made[n_half : made.size - n_half] = np.convolve(samples_uv, taps, mode="valid")
    return made


def measures(phase_rad: NDArray[np.float64], amplitude: NDArray[np.float64]) -> list[float]:
    """Return modulation index, mean vector length, normalised, and preferred phase."""
    positions = np.digitize(phase_rad, _EDGES[1:-1])
    if np.unique(positions).size < 18:
        return []
    mean = np.array([amplitude[positions == position].mean() for position in range(18)])
    share = mean / mean.sum()
    vector = (amplitude * np.exp(1j * phase_rad)).mean()
    return [
        1.0 + float((share * np.log(share)).sum()) / np.log(18),
        float(abs(vector)),
        float(abs(vector)) / np.sqrt(float((amplitude**2).mean())),
        float(np.angle(vector)),
    ]


def grid_step(config: PhaseAmplitudeCouplingConfig, hop: int, rate_hz: float) -> int:
    """Return the longest step that divides a hop and samples the band fast enough."""
    low_hz, high_hz = config.amplitude_band_hz
    needed_hz = max(3.0 * (high_hz - low_hz), 18.0 * float(np.mean(config.phase_band_hz)))
    steps = [each for each in range(1, hop + 1) if hop % each == 0 and rate_hz / each >= needed_hz]
    return max([1, *steps])


def phase_amplitude_coupling(
    config: PhaseAmplitudeCouplingConfig, layout: StreamLayout, given: StreamSamples
) -> Plain:
    """Return values and validity of every hop of a recording."""
    rate_hz = layout.rate_hz
    hop = max(1, round(config.hop_s * rate_hz))
    window = round(config.window_s * rate_hz / hop) * hop
    step = grid_step(config, hop, rate_hz)
    slow, fast = filters(config, rate_hz)
    n_half = max(
        slow.size // 2, fast.size // 2, sum(mean_and_distance(config.phase_band_hz, rate_hz))
    )
    n_before = (round(rate_hz / config.phase_band_hz[0] / step) + 1) * step
    used = [layout.channels.index(label) for label in config.channels or layout.channels]
    level = PhaseAmplitudeCoupling(config, layout).chance.index_null
    values: list[list[float]] = []
    valid: list[list[bool]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        for newest in range(start + hop - 1, stop, hop):
            values.append([0.0] * (7 * len(used)))
            valid.append([False] * (7 * len(used)))
            # The oldest sample that the first pair, and the phase at its peak, can depend on.
            grid = np.arange(newest - n_half - window + step - n_before, newest - n_half + 1, step)
            first = int(grid[0]) - n_half
            if first < start:
                continue
            for position, column in enumerate(used):
                taint = given.taint[first : newest + 1, column]
                if (taint & int(WINDOW_TAINT)).any() or taint[-1] & int(NEWEST_TAINT):
                    continue
                stretch = given.samples_uv[first : newest + 1, column]
                centred = stretch - stretch.mean()
                bands = [
                    demodulated(centred, each, band_hz, rate_hz)
                    for each, band_hz in (
                        (slow, config.phase_band_hz),
                        (fast, config.amplitude_band_hz),
                    )
                ]
                in_window = grid[n_before // step :] - first
                found = measures(np.angle(bands[0][in_window]), np.abs(bands[1][in_window]))
                if not found:
                    continue
                all_pairs = pairs(centred, bands[0], grid - first, config.phase_band_hz, rate_hz)
                waves = shape([each for each in all_pairs if each[0] >= n_before // step])
                at = 7 * position
                values[-1][at : at + 7] = [*found, level, *(waves or (0.0, 0.0))]
                valid[-1][at : at + 7] = [True] * 5 + [bool(waves)] * 2
    return (
        np.array(values).reshape(-1, 7 * len(used)),
        np.array(valid, dtype=np.bool_).reshape(-1, 7 * len(used)),
    )
