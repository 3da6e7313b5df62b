"""Metrics of time: how much of the time in bursts, and between them, is detected."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from replay.scoring.metrics import intervals
from replay.scoring.metrics.intervals import bootstrap_text
from replay.scoring.metrics.pairs import Judged
from replay.scoring.metrics.shifts import N_SHIFTS, SHIFT_S_MIN, Shifts
from replay.scoring.metrics.time_shares import balanced_accuracy, time_shares
from replay.scoring.result import Metric

_CHANCE = (
    f"of {N_SHIFTS} random shifts of the detections against the reference, at least "
    f"{SHIFT_S_MIN:g} s or a quarter of the time: "
)


def time_metrics(judged: Judged, shifts: Shifts) -> tuple[Metric, ...]:
    """Return the two shares of time that a ROC curve is drawn of, and their balanced accuracy.

    Parameters
    ----------
    judged : Judged
        Detections and reference.
    shifts : Shifts
        What chance gives.

    Notes
    -----
    Detections count when they are made, late by what the detector needs: that is when a device
    would be driven.
    """
    judged_time = judged.judged_time
    n_stretches = judged_time.n_stretches
    both_s = judged_time.seconds_each(judged.online.within(judged.reference))
    online_s = judged_time.seconds_each(judged.online)
    reference_s = judged_time.seconds_each(judged.reference)
    all_s = judged_time.seconds_each(judged_time.episodes)
    everything = np.arange(n_stretches)

    def measure(pick: Callable[[float, float], float]) -> Callable[[NDArray[np.int64]], float]:
        return lambda drawn: pick(
            *time_shares(
                float(both_s[drawn].sum()),
                float(online_s[drawn].sum()),
                float(reference_s[drawn].sum()),
                float(all_s[drawn].sum()),
            )
        )

    def made(
        name: str,
        meaning: str,
        of: Callable[[float, float], float],
        chance: float,
        chance_text: str = "exceeded by 5 %",
    ) -> Metric:
        value = measure(of)(everything)
        low, high = intervals.bootstrap(n_stretches, measure(of), judged.seed)
        is_known = bool(np.isfinite(value))
        return Metric(
            name=name,
            meaning=meaning,
            value=value if is_known else None,
            low=low if is_known else None,
            high=high if is_known else None,
            interval=bootstrap_text(judged_time.stretch_s),
            null=chance if np.isfinite(chance) else None,
            null_of=f"{_CHANCE}{chance_text}",
            n=n_stretches,
            delay_s=judged.delay_s,
            note="" if is_known else "the reference is in a burst always, or never",
        )

    return (
        made(
            "time_sensitivity",
            "share of the time in a burst by the reference that is detected",
            lambda of_bursts, _of_the_rest: of_bursts,
            shifts.time_sensitivity,
        ),
        made(
            "time_false_share",
            "share of the time without a burst by the reference that is detected",
            lambda _of_bursts, of_the_rest: of_the_rest,
            shifts.time_false_share,
            "95 % of them have more",
        ),
        made(
            "balanced_accuracy",
            "mean of time sensitivity and of what is left of the time false share: 1 at best, 0.5 "
            "where detections are always on, never, or at any time",
            balanced_accuracy,
            shifts.balanced_accuracy,
        ),
    )
