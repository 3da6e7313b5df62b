"""How often detections go on and off, and how often that is taken back at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from replay.scoring.episodes import Episodes
from replay.scoring.metrics import intervals
from replay.scoring.metrics.intervals import bootstrap_text
from replay.scoring.metrics.judged_time import JudgedTime
from replay.scoring.result import Metric

_HOUR_S = 3600.0


def switch_metrics(
    online: Episodes,
    judged_time: JudgedTime,
    null: tuple[NDArray[np.float64], float],
    *,
    undone_s: float,
    delay_s: float,
    seed: int,
) -> tuple[Metric, Metric]:
    """Return switches an hour, and those that are undone.

    Parameters
    ----------
    online : Episodes
        What was detected.
    judged_time : JudgedTime
        The time that counts: an episode counts where its onset lies.
    null : (ndarray of float64, float)
        How long each detection in surrogates lasted, and how much time of them was judged.
    undone_s : float
        An episode of this length or less undoes its own onset.
    delay_s : float
        The declared delay of the detector.
    seed : int
        Of the bootstrap.
    """
    inside = online.pick(judged_time.holds(online.start_s))
    stretch = judged_time.stretch(inside.start_s) if inside.n_episodes else np.empty(0, np.int64)
    null_s, null_judged_s = null
    made: list[Metric] = []
    figures = (
        ("switches_per_h", "onsets and offsets of detections in an hour", 2.0, np.inf),
        (
            "switches_undone_per_h",
            f"onsets in an hour that an offset undoes within {undone_s:g} s",
            1.0,
            undone_s,
        ),
    )
    for name, meaning, weight, longest_s in figures:
        counts = np.zeros(max(judged_time.n_stretches, 1))
        np.add.at(counts, stretch, weight * (inside.durations_s <= longest_s))
        low, high = intervals.bootstrap(
            judged_time.n_stretches, _per_h(counts, judged_time.stretch_s), seed
        )
        n_null = weight * float((null_s <= longest_s).sum())
        made.append(
            Metric(
                name=name,
                meaning=meaning,
                unit="1/h",
                value=float(counts.sum()) * _HOUR_S / judged_time.total_s
                if judged_time.total_s
                else None,
                low=low,
                high=high,
                interval=bootstrap_text(judged_time.stretch_s),
                null=n_null * _HOUR_S / null_judged_s if null_judged_s else None,
                null_of=(
                    "mean of phase-randomised surrogates, with a threshold calibrated on them "
                    "where it is a percentile"
                ),
                n=int(counts.sum()),
                delay_s=delay_s,
            )
        )
    return made[0], made[1]


def _per_h(counts: NDArray[np.float64], stretch_s: float) -> Callable[[NDArray[np.int64]], float]:
    return lambda drawn: float(counts[drawn].mean()) * _HOUR_S / stretch_s
