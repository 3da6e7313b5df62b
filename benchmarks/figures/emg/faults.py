"""What is wrong with electrodes, in doses from nothing to much, and what `muscle_state` says."""

import math
from collections.abc import Callable, Iterator
from itertools import product
from typing import Final

import numpy as np
from scipy.signal import butter, sosfilt

from benchmarks.figures.emg.rows import Row
from benchmarks.figures.emg.simulated import RATE_HZ, Signal, simulated, states_of
from replay.patient.emg.artifacts import ArtifactConfig, Heart
from replay.patient.emg.drives import (
    AlternatingTremor,
    AnyActivity,
    Chorea,
    ReciprocalVoluntary,
    Rest,
    TonicCoContraction,
)

#: Said to be wrong, right all the same, undecided, or wrong and not said.
ANSWERS: Final = ("named", "right", "indeterminate", "wrong")
#: What muscles do meanwhile, and the state that this is.
ACTIVITIES: Final[tuple[tuple[AnyActivity, str], ...]] = (
    (Rest(), "rest"),
    (TonicCoContraction(), "tonic"),
    (AlternatingTremor(), "in turn"),
    (Chorea(), "bursts"),
    (ReciprocalVoluntary(), "indeterminate"),
)
#: Height of what is added, and where a channel is clipped (µV).
DOSES_UV: Final = (10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)
_CLIPPED_UV: Final = (30.0, 100.0, 150.0)
_BASE_UV: Final = 5.0
_RAIL_UV: Final = 3000.0
_MOVES_EVERY_S: Final = 1.5
_HEARD: Final = (0.2, 0.5, 1.0)
#: How late a cable is in rising, and how long it takes to come back; an electrode pops at once.
_JERK_S: Final = (0.005, 0.15)
_POP_S: Final = (0.0, 0.3)

Fault = Callable[[Signal, np.random.Generator], Signal]


def faults() -> dict[str, tuple[Fault, ...]]:
    """Return what can be wrong by name, each in its doses."""
    both, one = np.array([1.0, 0.8]), np.array([1.0, 0.0])
    added: dict[str, Callable[[int, np.random.Generator], Signal]] = {
        "heart": _heart,
        "moved cable": lambda n, random: _moves(n, random, *_JERK_S),
        "electrode pops": lambda n, random: _moves(n, random, *_POP_S),
        "swaying cable": _sway,
        "slow noise": _slow_noise,
    }
    found: dict[str, tuple[Fault, ...]] = {}
    for (name, made), (where, share) in product(added.items(), (("one", one), ("both", both))):
        found[f"{name}, {where}"] = tuple(_adding(made, dose * share) for dose in DOSES_UV)
    found["clipped"] = tuple(_clipping(each) for each in _CLIPPED_UV)
    found["crosstalk"] = tuple(_mixing(each) for each in _HEARD)
    found["the same twice, or its negative"] = (
        lambda emg_uv, _: emg_uv[:, [0, 0]],
        lambda emg_uv, _: emg_uv[:, [1, 1]] * [1.0, -1.0],
    )
    found["off: flat, rail, hardly anything"] = (
        lambda emg_uv, _: emg_uv * [1.0, 0.0],
        lambda emg_uv, _: emg_uv * [0.0, 1.0] + [_RAIL_UV, 0.0],
        lambda emg_uv, random: np.column_stack(
            (emg_uv[:, 0], 0.1 * random.standard_normal(len(emg_uv)))
        ),
    )
    return found


def fault_rows(n_seeds: int) -> Iterator[Row]:
    """Yield what is said of muscles of all activities where something is wrong."""
    for name, doses in faults().items():
        counts = dict.fromkeys(ANSWERS, 0)
        for (number, fault), (activity, expected), seed in product(
            enumerate(doses), ACTIVITIES, range(max(1, n_seeds // 3))
        ):
            emg_uv = simulated(activity, seed, _BASE_UV, length_s=16.0).samples
            wrong_uv = fault(emg_uv, np.random.default_rng([seed, number]))
            for state, wrong in states_of(wrong_uv, _BASE_UV):
                counts[_answer(state, wrong, expected)] += 1
        yield Row(name, "wrong", counts)


def _answer(state: str, wrong: frozenset[str], expected: str) -> str:
    if state == "none":
        return "named" if wrong else "wrong"
    if state == expected:
        return "right"
    return "indeterminate" if state == "indeterminate" else "wrong"


def _adding(made: Callable[[int, np.random.Generator], Signal], heights_uv: Signal) -> Fault:
    return lambda emg_uv, random: emg_uv + np.outer(made(len(emg_uv), random), heights_uv)


def _clipping(at_uv: float) -> Fault:
    return lambda emg_uv, _: np.clip(emg_uv, -at_uv, at_uv)


def _mixing(share: float) -> Fault:
    return lambda emg_uv, _: emg_uv @ np.array([[1.0, share], [share, 1.0]])


def _heart(n_samples: int, random: np.random.Generator) -> Signal:
    config = ArtifactConfig(heart_rate_bpm=float(random.uniform(45.0, 110.0)))
    return Heart(config, random, RATE_HZ).next(n_samples)[0]


def _moves(n_samples: int, random: np.random.Generator, rise_s: float, fall_s: float) -> Signal:
    """Return jumps at random times, of either sign, each of which dies away."""
    time_s = np.arange(n_samples) / RATE_HZ
    made = np.zeros(n_samples)
    at_s = float(random.exponential(_MOVES_EVERY_S))
    while at_s < time_s[-1]:
        after_s = np.maximum(time_s - at_s, 0.0)
        rise = 1.0 - np.exp(-after_s / rise_s) if rise_s else 1.0
        made += random.choice((-1.0, 1.0)) * (time_s >= at_s) * rise * np.exp(-after_s / fall_s)
        at_s += float(random.exponential(_MOVES_EVERY_S))
    return made


def _sway(n_samples: int, random: np.random.Generator) -> Signal:
    """Return a cable that trembles at 4-6 Hz, with two harmonics."""
    angle = 2.0 * math.pi * random.uniform(4.0, 6.0) * np.arange(n_samples) / RATE_HZ
    made: Signal = np.sin(angle) + 0.3 * np.sin(2.0 * angle) + 0.15 * np.sin(3.0 * angle)
    return made


def _slow_noise(n_samples: int, random: np.random.Generator) -> Signal:
    sections = butter(2, (1.0, 10.0), "bandpass", output="sos", fs=RATE_HZ)
    made = np.asarray(sosfilt(sections, random.standard_normal(n_samples)))
    return np.asarray(made / made.std())
