"""What `muscle_state` says of muscles whose drive is known."""

from typing import Any

import numpy as np

from detectors.block import StreamLayout
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig
from detectors.outputs import column_of
from tests.detectors.emg.muscle_signals import (
    ACTIVE_UV,
    BASE_UV,
    RATE_HZ,
    Signal,
    emg,
    half_waves,
)
from tests.support.blocks import block_of

_RECTIFIED = np.sqrt(2.0 / np.pi)
NONE = -1.0
REST, TONIC, IN_TURN, TOGETHER, BURSTS, INDETERMINATE = range(6)


class Found:
    """Estimates of muscles A, B, ... by measure."""

    def __init__(self, samples_uv: Signal, **keys: Any) -> None:
        labels = tuple("ABCDEFGHIJKLMNOP"[: samples_uv.shape[1]])
        levels: dict[str, Any] = {
            "rest_uv": dict.fromkeys(labels, _RECTIFIED * BASE_UV),
            "rest_sd_uv": dict.fromkeys(labels, 0.17 * _RECTIFIED * BASE_UV),
            "reference_uv": dict.fromkeys(labels, _RECTIFIED * ACTIVE_UV),
        }
        config = MuscleStateConfig(id="state", stream="EMG", **{**levels, **keys})
        self.detector = MuscleState(config, StreamLayout("EMG", RATE_HZ, labels))
        self.estimates = self.detector.update(block_of(samples_uv, RATE_HZ, stream="EMG")).estimates

    def last(self, measure: str, pair: str = "A-B") -> float:
        """Return the last value; -1 where it is not valid."""
        column = column_of(self.detector.outputs, pair, measure)
        if not self.estimates.valid[-1, column]:
            return NONE
        return float(self.estimates.values[-1, column])

    def all(self, measure: str) -> Signal:
        """Return the values of all pairs at all hops where the window is full."""
        columns = [
            number for number, each in enumerate(self.detector.outputs) if each.measure == measure
        ]
        is_full = self.estimates.sample + 1 >= self.detector.span_samples
        return np.asarray(self.estimates.values[is_full][:, columns])


def time_s(length_s: float = 12.0) -> Signal:
    """Return the times of samples."""
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def alternating(seed: int = 1) -> Signal:
    """Return a steady tremor of 5 Hz, the muscles in turn."""
    return emg(np.random.default_rng(seed), half_waves(time_s(), 5.0, (0.0, np.pi)))
