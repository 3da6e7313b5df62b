"""Reference of `target_phase`: plain loops over a list of hops of one channel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.estimates import Estimates
from detectors.rhythm.oscillation import OscillationConfig
from detectors.rhythm.target_phase import TargetPhaseConfig


class Moment(NamedTuple):
    """A phase event: its fractional sample, the hop that foresaw it, the amplitude there."""

    at: float
    told_at: int
    amplitude_uv: float


def gate(
    config: TargetPhaseConfig, hop_s: float, amplitude_uv: NDArray[np.float64]
) -> tuple[int, float]:
    """Return after how many of these valid hops the threshold is known, and its value."""
    wanted = config.gate
    if wanted.amplitude_uv_min is not None:
        return 0, wanted.amplitude_uv_min
    assert wanted.calibrate_s is not None
    assert wanted.percentile is not None
    n_hops = max(1, round(wanted.calibrate_s / hop_s))
    if len(amplitude_uv) < n_hops:
        return n_hops, 0.0
    return n_hops, float(np.percentile(amplitude_uv[:n_hops], wanted.percentile))


def columns(
    config: TargetPhaseConfig, hop_s: float, below: Estimates, channel: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values and validity of a channel: phase, amplitude, threshold, open."""
    n_columns = 2 if config.gate.outside_max is None else 3
    own = slice(n_columns * channel, n_columns * (channel + 1))
    amplitude_uv, phase, *outside = below.values[:, own].T
    is_good, has_phase, *is_told = below.valid[:, own].T
    is_inside = np.ones(len(is_good), dtype=np.bool_)
    if config.gate.outside_max is not None:
        is_inside = is_told[0] & (outside[0] <= config.gate.outside_max)
    taken = is_good & is_inside
    n_calibrate, threshold = gate(config, hop_s, amplitude_uv[taken])
    is_known = np.concatenate(([0], np.cumsum(taken)))[:-1] >= n_calibrate
    decides = is_good & is_known
    is_open = decides & (amplitude_uv > threshold) & is_inside
    values = (phase * has_phase, amplitude_uv * is_good, threshold * is_known, is_open)
    return np.stack(values, axis=1), np.stack((has_phase, is_good, is_known, decides), axis=1)


def target_phase(
    config: TargetPhaseConfig, below: Estimates, hop_samples: int, rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values and validity of all channels, side by side."""
    each = [
        columns(config, hop_samples / rate_hz, below, channel)
        for channel in range(below.values.shape[1] // (2 if config.gate.outside_max is None else 3))
    ]
    return np.hstack([values for values, _ in each]), np.hstack([valid for _, valid in each])


def moments(
    config: TargetPhaseConfig,
    source: OscillationConfig,
    below: Estimates,
    channel: int,
    rate_hz: float,
) -> list[Moment]:
    """Return the phase events of a channel, in order."""
    hop = max(1, round(source.hop_s * rate_hz))
    cycle = rate_hz / source.centre_hz
    lead = config.lead_s * rate_hz
    rest = config.refractory_cycles * cycle
    values, valid = columns(config, hop / rate_hz, below, channel)
    found: list[Moment] = []
    before: float | None = None  # samples to go, of the hop before
    for told_at, (phase, amplitude_uv, _, is_open), (has_phase, *_) in zip(
        below.sample.tolist(), values.tolist(), valid.tolist(), strict=True
    ):
        if not has_phase:
            before = None
            continue
        led = phase + 2.0 * np.pi * source.centre_hz * config.lead_s
        to_go = ((config.phase_rad - led) / (2.0 * np.pi) % 1.0) * cycle
        at: float | None = None
        if to_go < hop:
            at = told_at + lead + to_go
        elif before is not None and before >= hop:
            turned = before + cycle - to_go
            if turned < cycle / 2.0:
                at = told_at - hop + lead + hop * before / turned
        before = to_go
        is_soon = bool(found) and at is not None and at - found[-1].at < rest
        if at is not None and is_open and not is_soon:
            found.append(Moment(at, told_at, amplitude_uv))
    return found
