"""Coherence and phase synchrony, hop by hop, from the spectra of each window's segments."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import coherence as scipy_coherence

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from detectors.coherence import CoherenceConfig
from tests.detectors.subject import Plain, Recording


def segments_of(window_uv: NDArray[np.float64], segment: int) -> list[NDArray[np.complex128]]:
    """Return the spectrum of each Hann segment, half overlapping, its mean removed."""
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(segment) / segment)
    step = segment - segment // 2
    pieces = [
        window_uv[first : first + segment] for first in range(0, len(window_uv) - segment + 1, step)
    ]
    return [np.fft.rfft(hann * (piece - piece.mean())) for piece in pieces]


def measures_of(
    a_uv: NDArray[np.float64],
    b_uv: NDArray[np.float64],
    rate_hz: float,
    config: CoherenceConfig,
) -> list[float]:
    """Return the six outputs of one pair in one window."""
    segment = round(config.segment_s * rate_hz)
    low_hz, high_hz = config.band_hz
    frequency_hz, squared = scipy_coherence(
        a_uv, b_uv, rate_hz, window="hann", nperseg=segment, detrend="constant"
    )
    is_in_band = (low_hz <= frequency_hz) & (frequency_hz < high_hz)
    a = np.array(segments_of(a_uv, segment))[:, is_in_band]
    b = np.array(segments_of(b_uv, segment))[:, is_in_band]
    cross = a * b.conj()
    power = (np.abs(a) ** 2).sum(axis=0) * (np.abs(b) ** 2).sum(axis=0)
    lag = np.abs(cross.imag.sum(axis=0)) / np.abs(cross.imag).sum(axis=0)
    coherence = float(squared[is_in_band].mean())
    independent = 0.947 * len(a)
    distance = np.arctanh(np.sqrt(coherence)) - 1.64 / np.sqrt(2.0 * independent)
    return [
        coherence,
        float((cross.imag.sum(axis=0) / np.sqrt(power)).mean()),
        float(np.abs((cross / np.abs(cross)).mean(axis=0)).mean()),
        float(lag.mean()),
        float(1.0 - config.alpha ** (1.0 / (independent - 1.0))),
        float(np.tanh(max(0.0, distance)) ** 2),
    ]


def coherence(config: CoherenceConfig, layout: StreamLayout, given: Recording) -> Plain:
    """Return values and validity of every hop of a recording."""
    rate_hz = layout.rate_hz
    segment = round(config.segment_s * rate_hz)
    step = segment - segment // 2
    n_steps = (round(config.window_s * rate_hz) - segment) // step
    window = segment + n_steps * step
    hop = step if config.hop_s is None else round(config.hop_s * rate_hz)
    pairs = config.pairs or tuple(combinations(config.channels or layout.channels, 2))
    places = [tuple(layout.channels.index(label) for label in pair) for pair in pairs]
    values: list[list[list[float]]] = []
    valid: list[list[list[bool]]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        for newest in range(start + hop - 1, stop, hop):
            values.append([[0.0] * 6 for _ in places])
            valid.append([[False] * 6 for _ in places])
            first = newest + 1 - window
            if first < start:
                continue
            samples_uv = given.samples_uv[first : newest + 1]
            taint = given.taint[first : newest + 1]
            for place, (a, b) in enumerate(places):
                bits = taint[:, [a, b]]
                if (bits & int(WINDOW_TAINT)).any() or (bits[-1] & int(NEWEST_TAINT)).any():
                    continue
                valid[-1][place] = [True] * 6
                values[-1][place] = measures_of(samples_uv[:, a], samples_uv[:, b], rate_hz, config)
    shape = (-1, 6 * len(places))
    return np.array(values).reshape(shape), np.array(valid, dtype=np.bool_).reshape(shape)
