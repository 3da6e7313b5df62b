"""Confusion matrices: classes of simulated muscles, and what detectors say of them.

``python -m benchmarks.figures.emg.classes`` prints the tables of ``docs/guides/emg.md``, over seeds
and levels of rest: the states of `muscle_state`, these with something wrong with electrodes, what
the rules of that page make of `muscle_bursts`, and its measures beside the truth of the generator.
``--seeds`` takes more of them.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

import numpy as np

from benchmarks.figures.emg.faults import ANSWERS, fault_rows
from benchmarks.figures.emg.rows import FEW, Row, markdown, markdown_of_faults
from benchmarks.figures.emg.simulated import (
    CHANNELS,
    LEVELS_UV,
    PAIR,
    STATES,
    Read,
    simulated,
    states_of,
    windows_of_bursts,
)
from benchmarks.figures.emg.truth import truth_lines
from replay.patient.emg.drives import (
    AlternatingTremor,
    AnyActivity,
    Chorea,
    DystonicTremor,
    IndependentTonic,
    Myoclonus,
    Overflow,
    ReciprocalVoluntary,
    Rest,
    SpasticStretches,
    SynchronousTremor,
    TonicCoContraction,
)

PATTERNS: Final = (
    *("short, apart", "short, together", "rhythmic", "long, together", "none of these"),
    FEW,
)


class Simulated(NamedTuple):
    """A class of activity, the state that it is, and what its bursts look like where that is one.

    Tics are as long as bursts of dystonia and longer than those of chorea: they are not told apart.
    """

    name: str
    activity: AnyActivity
    state: str
    pattern: str | None = None


CLASSES: Final = (
    Simulated("rest", Rest(), "rest"),
    Simulated("tonic co-contraction", TonicCoContraction(), "tonic"),
    Simulated("independent tonic", IndependentTonic(), "indeterminate"),
    Simulated("alternating tremor", AlternatingTremor(), "in turn", "rhythmic"),
    Simulated("synchronous tremor", SynchronousTremor(), "together", "rhythmic"),
    Simulated("dystonic tremor", DystonicTremor(), "in turn"),
    Simulated("chorea", Chorea(), "bursts", "short, apart"),
    Simulated("myoclonus", Myoclonus(), "bursts", "short, together"),
    Simulated("tics", Myoclonus(length_s=(0.1, 0.5)), "indeterminate"),
    Simulated("reciprocal voluntary", ReciprocalVoluntary(), "indeterminate", "none of these"),
    Simulated("spastic stretches", SpasticStretches(), "indeterminate"),
    Simulated("task with overflow", Overflow(), "indeterminate"),
)
_OF_MUSCLES: Final = ("duration_s", "interval_cv")
_SHORT_S, _LONG_S = 0.1, 0.2
_RHYTHMIC_CV: Final = 0.3
_APART, _HALF, _TOGETHER = 0.1, 0.5, 0.7


def state_rows(n_seeds: int, levels_uv: Sequence[float] = LEVELS_UV) -> Iterator[Row]:
    """Yield how `muscle_state` sees each class."""
    for each in CLASSES:
        counts = dict.fromkeys(STATES, 0)
        for seed, base_uv in product(range(n_seeds), levels_uv):
            emg = simulated(each.activity, seed, base_uv)
            for state, _ in states_of(emg.samples, base_uv):
                counts[state] += 1
        yield Row(each.name, each.state, counts)


def pattern_rows(n_seeds: int, levels_uv: Sequence[float] = LEVELS_UV) -> Iterator[Row]:
    """Yield what the bursts of each class look like, by the rules of `pattern_of`."""
    for each in CLASSES:
        if each.pattern is None:
            continue
        counts = dict.fromkeys(PATTERNS, 0)
        for seed, base_uv in product(range(n_seeds), levels_uv):
            emg = simulated(each.activity, seed, base_uv)
            for read, _ in windows_of_bursts(emg.samples, base_uv):
                counts[pattern_of(read)] += 1
        yield Row(each.name, each.pattern, counts)


def pattern_of(read: Read) -> str:
    """Return the pattern of bursts by the rules of the guide; NaN is what is not known."""
    of_muscles = [[read(channel, each) for channel in CHANNELS] for each in _OF_MUSCLES]
    duration_s, interval_cv = (float(np.mean(both)) for both in of_muscles)
    overlap = read(PAIR, "overlap")
    if math.isnan(duration_s + interval_cv + overlap):
        return FEW
    if interval_cv < _RHYTHMIC_CV and duration_s < _LONG_S:
        return "rhythmic"
    if duration_s <= _SHORT_S and overlap < _APART:
        return "short, apart"
    if duration_s <= _SHORT_S and overlap > _TOGETHER:
        return "short, together"
    if duration_s > _LONG_S and overlap > _HALF:
        return "long, together"
    return "none of these"


def main() -> int:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many (at least 1)")
    n_seeds: int = parser.parse_args().seeds
    if n_seeds < 1:
        parser.error(f"--seeds: expected at least 1, found {n_seeds}")
    print(*markdown(list(state_rows(n_seeds)), STATES), sep="\n", end="\n\n")
    print(*markdown_of_faults(list(fault_rows(n_seeds)), ANSWERS), sep="\n", end="\n\n")
    print(*markdown(list(pattern_rows(n_seeds)), PATTERNS), sep="\n", end="\n\n")
    print(*truth_lines(n_seeds), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
