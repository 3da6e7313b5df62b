"""Simulated muscles through `muscle_state` and `muscle_bursts`: what each full window shows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout, Taint
from detectors.emg.bursts.muscle_bursts import MuscleBursts, MuscleBurstsConfig
from detectors.emg.filters import filters_of
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig
from detectors.estimates import Estimates
from detectors.outputs import column_of
from replay.patient.emg.arm import generate_emg
from replay.patient.emg.drives import AnyActivity
from replay.patient.emg.generated_emg import GeneratedEmg

STATES: Final = ("rest", "tonic", "in turn", "together", "bursts", "indeterminate", "none")
#: Standard deviation of muscles at rest (µV); active they have 100.
LEVELS_UV: Final = (2.0, 5.0, 10.0)
RATE_HZ: Final = 2000.0
CHANNELS: Final = ("flexor", "extensor")
PAIR: Final = "flexor-extensor"
#: Edge of the envelope of bursts, and mean of the modulus of Gaussian noise over its SD.
ENVELOPE_HZ: Final = 20.0
MODULUS: Final = float(np.sqrt(2.0 / np.pi))
_ACTIVE_UV: Final = 100.0
_LENGTH_S: Final = 30.0
_HOP_S: Final = 2.0
_LAYOUT: Final = StreamLayout("EMG", RATE_HZ, CHANNELS)
#: What `muscle_state` says of electrodes, beside `has_bad_signal`.
_FLAGS: Final = (
    "is_crosstalk",
    "is_identical",
    "is_clipped",
    "is_like_heart",
    "has_movement_artifact",
    "has_bad_signal",
)

Signal = NDArray[np.float64]
Read = Callable[[str, str], float]


def simulated(
    activity: AnyActivity, seed: int, base_uv: float, length_s: float = _LENGTH_S
) -> GeneratedEmg:
    """Return muscles that do one thing, without anything else."""
    return generate_emg(
        activity,
        duration_s=length_s,
        seed=seed,
        rate_hz=RATE_HZ,
        channels=CHANNELS,
        base_uv=base_uv,
        active_uv=_ACTIVE_UV - base_uv,
    )


def levels_of(base_uv: float) -> dict[str, Any]:
    """Return levels of both muscles as the closed forms have them."""
    filters = filters_of((20.0, 450.0), ENVELOPE_HZ, RATE_HZ)
    rest_uv = MODULUS * base_uv
    found: Mapping[str, float] = {
        "rest_uv": rest_uv,
        "rest_sd_uv": rest_uv * filters.noise_cv2(430.0) ** 0.5,
        "reference_uv": MODULUS * _ACTIVE_UV,
    }
    return {key: dict.fromkeys(CHANNELS, value) for key, value in found.items()}


def states_of(samples_uv: Signal, base_uv: float) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the state of each full window, and what was said to be wrong with electrodes."""
    config = MuscleStateConfig(id="state", stream="EMG", hop_s=_HOP_S, **levels_of(base_uv))
    detector = MuscleState(config, _LAYOUT)
    for read, _ in _windows(detector, samples_uv):
        state, wrong = read(PAIR, "state"), {each for each in _FLAGS if read(PAIR, each) > 0.0}
        yield STATES[-1 if np.isnan(state) else int(state)], frozenset(wrong)


def windows_of_bursts(samples_uv: Signal, base_uv: float) -> Iterator[tuple[Read, slice]]:
    """Yield what reads the bursts of each full window, and its samples."""
    config = MuscleBurstsConfig(
        id="bursts", stream="EMG", pairs=(CHANNELS,), hop_s=_HOP_S, **levels_of(base_uv)
    )
    yield from _windows(MuscleBursts(config, _LAYOUT), samples_uv)


def _windows(
    detector: MuscleState | MuscleBursts, samples_uv: Signal
) -> Iterator[tuple[Read, slice]]:
    taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    time_s = np.arange(len(samples_uv)) / RATE_HZ
    found = detector.update(Block("EMG", 0, samples_uv, time_s, taint)).estimates
    if found is None:
        raise ValueError("expected estimates of at least one window, found none")
    for hop in np.flatnonzero(found.sample + 1 >= detector.span_samples):
        stop = int(found.sample[hop]) + 1
        yield _reader(detector, found, int(hop)), slice(stop - detector.window_samples, stop)


def _reader(detector: MuscleState | MuscleBursts, found: Estimates, hop: int) -> Read:
    """Return what reads a measure of a muscle or pair; NaN is what is not valid."""

    def read(channel: str, measure: str) -> float:
        column = column_of(detector.outputs, channel, measure)
        return float(found.values[hop, column]) if found.valid[hop, column] else float("nan")

    return read
