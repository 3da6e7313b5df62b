"""Reference of `coherence`: hop by hop, from the spectra of each window's segments."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import coherence as scipy_coherence

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from detectors.coherence.chance import CoherenceChance
from detectors.coherence.coherence import CoherenceConfig
from detectors.coherence.config import Segments
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.power.naive_band_power import parts_of


def spectra_of(window_uv: NDArray[np.float64], segment: int, step: int) -> NDArray[np.complex128]:
    """Return the spectrum of each Hann segment, its mean removed."""
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(segment) / segment)
    pieces = [
        window_uv[first : first + segment] for first in range(0, len(window_uv) - segment + 1, step)
    ]
    return np.array([np.fft.rfft(hann * (piece - piece.mean())) for piece in pieces])


def measures_of(
    a_uv: NDArray[np.float64],
    b_uv: NDArray[np.float64],
    rate_hz: float,
    step: int,
    config: CoherenceConfig,
) -> dict[str, float]:
    """Return the measures of one pair in one window."""
    segment = round(config.segment_s * rate_hz)
    frequency_hz, squared = scipy_coherence(
        a_uv, b_uv, rate_hz, window="hann", nperseg=segment, noverlap=segment - step
    )
    bins, weights = weights_of(config, frequency_hz, segment, rate_hz)
    a = spectra_of(a_uv, segment, step)[:, bins]
    b = spectra_of(b_uv, segment, step)[:, bins]
    cross = a * b.conj()
    power = (np.abs(a) ** 2).sum(axis=0) * (np.abs(b) ** 2).sum(axis=0)
    lag = cross.imag
    total = lag.sum(axis=0)
    size = np.abs(lag).sum(axis=0)
    # The square of a sum less the squares is the sum of all products of two different terms.
    first, second = np.triu_indices(len(lag), 1)
    products = lag[first] * lag[second]
    debiased = products.sum(axis=0) / np.abs(products).sum(axis=0)
    return {
        "coherence": float(weights @ squared[bins]),
        "imaginary": float(weights @ (total / np.sqrt(power))),
        "phase_locking": float(weights @ np.abs((cross / np.abs(cross)).mean(axis=0))),
        "phase_lag": float(weights @ (np.abs(total) / size)),
        "phase_lag_debiased": float(weights @ debiased),
    }


def weights_of(
    config: CoherenceConfig, frequency_hz: NDArray[np.floating[Any]], segment: int, rate_hz: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the bins of the band with their weights, none at half the rate."""
    parts = parts_of(frequency_hz, config.band, rate_hz)[: (segment + 1) // 2]
    bins = np.flatnonzero(parts)
    return bins, parts[bins] / parts[bins].sum()


def grid_of(config: CoherenceConfig, segment: int, rate_hz: float) -> tuple[int, int]:
    """Return the samples between segments, about half of one, and between hops."""
    half = segment - segment // 2
    hop = half if config.hop_s is None else round(config.hop_s * rate_hz)
    if hop < half:
        return hop * round(half / hop), hop
    n_steps = round(hop / half)
    step = round(hop / n_steps)
    return step, n_steps * step


def coherence(config: CoherenceConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
    """Return values and validity of every hop of a recording."""
    rate_hz = layout.rate_hz
    segment = round(config.segment_s * rate_hz)
    step, hop = grid_of(config, segment, rate_hz)
    n_segments = 1 + (round(config.window_s * rate_hz) - segment) // step
    window = segment + (n_segments - 1) * step
    names = ("coherence", "imaginary", "coherence_null", "lower_bound", *config.measures)
    frequency_hz = np.fft.rfftfreq(segment, 1.0 / rate_hz)
    bins, weights = weights_of(config, frequency_hz, segment, rate_hz)
    chance = CoherenceChance(Segments(segment, step, n_segments, hop), bins, weights)
    bounds = chance.lower_bounds(config.alpha)
    pairs = config.pairs or tuple(combinations(config.channels or layout.channels, 2))
    positions = [tuple(layout.channels.index(label) for label in pair) for pair in pairs]
    values: list[NDArray[np.float64]] = []
    valid: list[NDArray[np.bool_]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        for newest in range(start + hop - 1, stop, hop):
            values.append(np.zeros((len(positions), len(names))))
            valid.append(np.zeros((len(positions), len(names)), dtype=np.bool_))
            first = newest + 1 - window
            if first < start:
                continue
            samples_uv = given.samples_uv[first : newest + 1]
            taint = given.taint[first : newest + 1]
            for position, (a, b) in enumerate(positions):
                bits = taint[:, [a, b]]
                if (bits & int(WINDOW_TAINT)).any() or (bits[-1] & int(NEWEST_TAINT)).any():
                    continue
                found = measures_of(samples_uv[:, a], samples_uv[:, b], rate_hz, step, config)
                found["coherence_null"] = chance.coherence_null(config.alpha)
                root = np.sqrt(found["coherence"])
                found["lower_bound"] = 0.0
                if found["coherence"] > found["coherence_null"]:
                    found["lower_bound"] = float(
                        np.interp(root, np.linspace(0.0, 1.0, bounds.size), bounds)
                    )
                valid[-1][position] = True
                values[-1][position] = [found[name] for name in names]
    shape = (-1, len(names) * len(positions))
    return np.array(values).reshape(shape), np.array(valid, dtype=np.bool_).reshape(shape)
