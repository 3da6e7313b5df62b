"""Confusion matrices: classes of simulated muscles, and what detectors say of them.

``python -m benchmarks.figures.emg.classes`` prints both tables of ``docs/guides/emg.md``, over
seeds and levels of rest: the states of `muscle_state`, and what the rules of that page make of
`muscle_bursts`. ``--seeds`` takes more of them.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout, Taint
from detectors.emg.bursts.muscle_bursts import MuscleBursts, MuscleBurstsConfig
from detectors.emg.filters import filters_of
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig
from detectors.estimates import Estimates
from detectors.outputs import column_of
from replay.patient.emg.arm import generate_emg
from replay.patient.emg.drives import (
    AlternatingTremor,
    AnyActivity,
    Chorea,
    DystonicTremor,
    IndependentTonic,
    Myoclonus,
    ReciprocalVoluntary,
    Rest,
    SynchronousTremor,
    TonicCoContraction,
)

STATES: Final = ("rest", "tonic", "in turn", "together", "bursts", "indeterminate", "none")
_FEW: Final = "too few"
PATTERNS: Final = (
    *("short, apart", "short, together", "rhythmic", "long, together", "none of these"),
    _FEW,
)
#: Each class, the state and the pattern of bursts that it should have.
CLASSES: Final[tuple[tuple[AnyActivity, str, str | None], ...]] = (
    (Rest(), "rest", None),
    (TonicCoContraction(), "tonic", None),
    (IndependentTonic(), "indeterminate", None),
    (AlternatingTremor(), "in turn", "rhythmic"),
    (SynchronousTremor(), "together", "rhythmic"),
    (DystonicTremor(), "in turn", None),
    (Chorea(), "bursts", "short, apart"),
    (Myoclonus(), "bursts", "short, together"),
    (ReciprocalVoluntary(), "indeterminate", "none of these"),
)
#: Standard deviation of muscles at rest (µV); active they have 100.
LEVELS_UV: Final = (2.0, 5.0, 10.0)
_ACTIVE_UV: Final = 100.0
_RATE_HZ: Final = 2000.0
_LENGTH_S: Final = 30.0
_CHANNELS: Final = ("flexor", "extensor")
_PAIR: Final = "flexor-extensor"
_MODULUS: Final = float(np.sqrt(2.0 / np.pi))


class Row(NamedTuple):
    """How often each answer was given for one class; `expected` is the right one."""

    kind: str
    expected: str
    counts: dict[str, int]

    @property
    def share_right(self) -> float:
        """The share that is right, of estimates with an answer."""
        n_answers = sum(self.counts.values()) - self.counts.get(_FEW, 0)
        return self.counts[self.expected] / max(n_answers, 1)


def state_rows(n_seeds: int) -> Iterator[Row]:
    """Yield how `muscle_state` sees each class."""
    for activity, expected, _ in CLASSES:
        counts = dict.fromkeys(STATES, 0)
        for seed, base_uv in product(range(n_seeds), LEVELS_UV):
            config = MuscleStateConfig(id="state", stream="EMG", hop_s=2.0, **levels_of(base_uv))
            detector = MuscleState(config, _LAYOUT)
            found = _run(detector, activity, seed, base_uv)
            state = column_of(detector.outputs, _PAIR, "state")
            for hop in _full(found, detector.span_samples):
                has_state = found.valid[hop, state]
                counts[STATES[int(found.values[hop, state])] if has_state else "none"] += 1
        yield Row(activity.kind, expected, counts)


def pattern_rows(n_seeds: int) -> Iterator[Row]:
    """Yield what the bursts of each class look like, by the rules of `pattern_of`."""
    for activity, _, expected in CLASSES:
        if expected is None:
            continue
        counts = dict.fromkeys(PATTERNS, 0)
        for seed, base_uv in product(range(n_seeds), LEVELS_UV):
            config = MuscleBurstsConfig(
                id="bursts", stream="EMG", pairs=(_CHANNELS,), hop_s=2.0, **levels_of(base_uv)
            )
            detector = MuscleBursts(config, _LAYOUT)
            found = _run(detector, activity, seed, base_uv)
            for hop in _full(found, detector.span_samples):
                counts[pattern_of(_reader(detector, found, int(hop)))] += 1
        yield Row(activity.kind, expected, counts)


def pattern_of(read: Callable[[str, str], float]) -> str:
    """Return the pattern of bursts by the rules of the guide; NaN is what is not known."""
    of_muscles = [[read(channel, each) for channel in _CHANNELS] for each in _OF_MUSCLES]
    duration_s, interval_cv = (float(np.mean(both)) for both in of_muscles)
    overlap = read(_PAIR, "overlap")
    if math.isnan(duration_s + interval_cv + overlap):
        return _FEW
    if interval_cv < _RHYTHMIC_CV and duration_s < _LONG_S:
        return "rhythmic"
    if duration_s <= _SHORT_S and overlap < _APART:
        return "short, apart"
    if duration_s <= _SHORT_S and overlap > _TOGETHER:
        return "short, together"
    if duration_s > _LONG_S and overlap > _HALF:
        return "long, together"
    return "none of these"


def levels_of(base_uv: float) -> dict[str, Any]:
    """Return levels of both muscles as the closed forms have them."""
    filters = filters_of((20.0, 450.0), 20.0, _RATE_HZ)
    rest_uv = _MODULUS * base_uv
    found: Mapping[str, float] = {
        "rest_uv": rest_uv,
        "rest_sd_uv": rest_uv * filters.noise_cv2(430.0) ** 0.5,
        "reference_uv": _MODULUS * _ACTIVE_UV,
    }
    return {key: dict.fromkeys(_CHANNELS, value) for key, value in found.items()}


def markdown(rows: list[Row], answers: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of a table of shares."""
    yield "| simulated | " + " | ".join(answers) + " | right |"
    yield "|---|" + "---:|" * (len(answers) + 1)
    for row in rows:
        total = sum(row.counts.values())
        shares = (f"{row.counts[each] / total:.2f}" if row.counts[each] else "" for each in answers)
        yield f"| {row.kind.replace('_', ' ')} | {' | '.join(shares)} | {row.share_right:.3f} |"


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    n_seeds: int = parser.parse_args().seeds
    for rows, answers in ((state_rows, STATES), (pattern_rows, PATTERNS)):
        print(*markdown(list(rows(n_seeds)), answers), sep="\n", end="\n\n")
    return 0


_LAYOUT: Final = StreamLayout("EMG", _RATE_HZ, _CHANNELS)
_OF_MUSCLES: Final = ("duration_s", "interval_cv")
_SHORT_S, _LONG_S = 0.1, 0.2
_RHYTHMIC_CV: Final = 0.3
_APART, _HALF, _TOGETHER = 0.1, 0.5, 0.7


def _run(
    detector: MuscleState | MuscleBursts, activity: AnyActivity, seed: int, base_uv: float
) -> Estimates:
    emg = generate_emg(
        activity,
        duration_s=_LENGTH_S,
        seed=seed,
        rate_hz=_RATE_HZ,
        channels=_CHANNELS,
        base_uv=base_uv,
        active_uv=_ACTIVE_UV - base_uv,
    )
    taint = np.zeros(emg.samples.shape, dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    block = Block("EMG", 0, emg.samples, emg.time_s, taint)
    found = detector.update(block).estimates
    if found is None:
        raise ValueError(f"expected estimates of {activity.kind}, found none")
    return found


def _full(found: Estimates, span_samples: int) -> NDArray[np.int64]:
    """Return the hops whose window is full."""
    return np.flatnonzero(found.sample + 1 >= span_samples)


def _reader(detector: MuscleBursts, found: Estimates, hop: int) -> Callable[[str, str], float]:
    def read(channel: str, measure: str) -> float:
        column = column_of(detector.outputs, channel, measure)
        return float(found.values[hop, column]) if found.valid[hop, column] else float("nan")

    return read


if __name__ == "__main__":
    sys.exit(main())
