"""Amplitude and phase, stretch by stretch, from scipy's filters or plain transforms."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import freqz, lfilter

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from detectors.oscillation import OscillationConfig
from tests.detectors.naive_endpoint_hilbert import newest, window_samples
from tests.detectors.subject import Plain, Recording

_LIMIT_UV = 1e12


def coefficients(
    config: OscillationConfig, rate_hz: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return numerator and denominator of high-pass and resonator together."""
    rho = np.exp(-2.0 * np.pi * config.half_width_hz / rate_hz)
    turn = np.exp(2j * np.pi * config.centre_hz / rate_hz)
    numerator = (1.0 - rho) * rho * np.array([1.0, -1.0])
    return numerator.astype(complex), np.convolve([1.0, -rho], [1.0, -rho * turn])


def rhythm_of(
    signal_uv: NDArray[np.float64], config: OscillationConfig, rate_hz: float
) -> NDArray[np.complex128]:
    """Return amplitude and phase as one complex number for each sample of one channel."""
    numerator, denominator = coefficients(config, rate_hz)
    y = lfilter(numerator, denominator, signal_uv - signal_uv[0])
    centre = 2.0 * np.pi * config.centre_hz / rate_hz
    _, (gain, mirror) = freqz(numerator, denominator, worN=[centre, -centre])
    # y = (gain z + mirror z*) / 2 and its conjugate are two equations for z and z*.
    both = 0.5 * np.array([[gain, mirror], [np.conj(mirror), np.conj(gain)]])
    z = np.linalg.solve(both, np.stack((y, np.conj(y))))[0]
    led: NDArray[np.complex128] = z * np.exp(2j * np.pi * config.centre_hz * config.lead_s)
    return led


def oscillation(config: OscillationConfig, layout: StreamLayout, given: Recording) -> Plain:
    """Return values and validity of every hop of a recording."""
    hop = max(1, round(config.hop_s * layout.rate_hz))
    if config.method == "hilbert":
        settle = window_samples(config, layout.rate_hz)
    else:
        settle = int(np.ceil(3.0 * layout.rate_hz / (2.0 * np.pi * config.half_width_hz)))
    settle = max(settle, hop + 1)
    used = [layout.channels.index(label) for label in config.channels or layout.channels]
    starts = given.restarts
    edges = list(zip(starts, [*starts[1:], given.n_samples], strict=True))
    hops = [last for start, stop in edges for last in range(start + hop - 1, stop, hop)]
    n_measures = 1 if config.output == "amplitude" else 2
    values = np.zeros((len(hops), len(used) * n_measures))
    valid = np.zeros((len(hops), len(used) * n_measures), dtype=np.bool_)
    for place, column in enumerate(used):
        signal_uv = given.samples_uv[:, column]
        is_bad = (given.taint[:, column] & int(WINDOW_TAINT)) != 0
        is_bad |= ~(np.abs(signal_uv) <= _LIMIT_UV)
        for number, last in enumerate(hops):
            start = max(each for each in starts if each <= last)
            bad = np.flatnonzero(is_bad[start : last + 1])
            first = start + (int(bad[-1]) + 1 if bad.size else 0)
            if last + 1 - first < settle:
                continue
            if given.taint[last, column] & int(NEWEST_TAINT):
                continue
            good_uv = signal_uv[first : last + 1]
            if config.method == "hilbert":
                z = newest(good_uv - good_uv[-1], config, layout.rate_hz)
            else:
                z = complex(rhythm_of(good_uv, config, layout.rate_hz)[-1])
            measures = (abs(z), np.angle(z))[:n_measures]
            at = place * n_measures
            values[number, at : at + n_measures] = measures
            valid[number, at] = True
            valid[number, at + 1 : at + n_measures] = abs(z) > 0.0
    return values, valid
