"""Reference of `oscillation`: stretch by stretch, from scipy's filters or transforms."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, freqz, lfilter
from scipy.stats import gamma

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from detectors.rhythm.oscillation import OscillationConfig
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.rhythm.naive_endpoint_hilbert import newest, window_samples

_LIMIT_UV = 1e12


def coefficients(
    config: OscillationConfig, rate_hz: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return numerator and denominator of the high-pass and the resonator combined."""
    width_hz = config.half_width_hz / np.sqrt(2.0 ** (1.0 / config.order) - 1.0)
    rho = np.exp(-2.0 * np.pi * width_hz / rate_hz)
    turn = np.exp(2j * np.pi * config.centre_hz / rate_hz)
    numerator = (1.0 - rho) ** config.order * rho * np.array([1.0, -1.0])
    denominator = np.array([1.0, -rho], dtype=complex)
    for _ in range(config.order):
        denominator = np.convolve(denominator, [1.0, -rho * turn])
    return numerator.astype(complex), denominator


def outside_of(
    z: NDArray[np.complex128], config: OscillationConfig, rate_hz: float
) -> NDArray[np.float64]:
    """Return at each sample the share of power that a sharp filter about the rhythm removes."""
    _, poles, _ = butter(4, 2.0 * np.pi * config.half_width_hz, analog=True, output="zpk")
    turn = np.exp(2j * np.pi * config.centre_hz / rate_hz)
    inside = z
    late = 0.0
    for pole in np.exp(poles / rate_hz):
        inside = lfilter([abs(1.0 - pole)], [1.0, -pole * turn], inside)
        late += (pole / (1.0 - pole)).real
    waited = np.concatenate((np.zeros(round(late)), z))[: z.size]
    keep = np.exp(-1.0 / (rate_hz * config.outside_time_constant_s))
    means = [lfilter([1.0 - keep], [1.0, -keep], np.abs(each) ** 2) for each in (inside, waited)]
    share: NDArray[np.float64] = np.maximum(0.0, 1.0 - means[0] / np.maximum(means[1], 1e-300))
    return share


def outside_samples(config: OscillationConfig, rate_hz: float) -> int:
    """Return by how many samples the share outside the band is later than the rhythm."""
    _, poles, _ = butter(4, 2.0 * np.pi * config.half_width_hz, analog=True, output="zpk")
    turned = np.exp(poles / rate_hz)
    late = round(float((turned / (1.0 - turned)).real.sum()))
    return late + round(3.0 * config.outside_time_constant_s * rate_hz)


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


def oscillation(config: OscillationConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
    """Return values and validity of every hop of a recording."""
    hop = max(1, round(config.hop_s * layout.rate_hz))
    if config.method == "hilbert":
        settle = window_samples(config, layout.rate_hz)
    else:
        width_hz = config.half_width_hz / np.sqrt(2.0 ** (1.0 / config.order) - 1.0)
        memories = 3.0 if config.order == 1 else float(gamma(config.order).ppf(0.95))
        settle = int(np.ceil(memories * layout.rate_hz / (2.0 * np.pi * width_hz)))
    settle = max(settle, hop + 1)
    settle_outside = settle + outside_samples(config, layout.rate_hz)
    if config.outside_max is not None:
        settle = settle_outside
    used = [layout.channels.index(label) for label in config.channels or layout.channels]
    starts = given.restarts
    edges = list(zip(starts, [*starts[1:], given.n_samples], strict=True))
    hops = [last for start, stop in edges for last in range(start + hop - 1, stop, hop)]
    n_measures = {"amplitude": 1, "amplitude_and_phase": 2}.get(config.output, 3)
    values = np.zeros((len(hops), len(used) * n_measures))
    valid = np.zeros((len(hops), len(used) * n_measures), dtype=np.bool_)
    for position, column in enumerate(used):
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
                every = rhythm_of(good_uv, config, layout.rate_hz)
                z = complex(every[-1])
            at = position * n_measures
            outside = 0.0
            if n_measures > 2 and last + 1 - first >= settle_outside:
                outside = float(outside_of(every, config, layout.rate_hz)[-1])
                values[number, at + 2] = outside
                valid[number, at + 2] = True
            if config.outside_max is not None and outside > config.outside_max:
                continue
            measures = (abs(z), np.angle(z))[:n_measures]
            values[number, at : at + len(measures)] = measures
            valid[number, at] = True
            valid[number, at + 1 : at + len(measures)] = abs(z) > 0.0
    return values, valid
