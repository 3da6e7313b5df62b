"""Detected episodes against those of a reference: which are met, how late, and what is false."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from replay.scoring.episodes import Episodes
from replay.scoring.metrics import intervals
from replay.scoring.metrics.intervals import bootstrap_text
from replay.scoring.metrics.pairs import Judged, delays_of, judged_pairs, pair
from replay.scoring.metrics.shifts import N_SHIFTS, SHIFT_S_MIN, Shifts, shifted
from replay.scoring.metrics.time_metrics import time_metrics
from replay.scoring.result import Metric

#: Delays without which their median has no interval.
_N_DELAYS_MIN: Final = 5
_CHANCE: Final = (
    f"of {N_SHIFTS} random shifts of the detections against the reference, at least "
    f"{SHIFT_S_MIN:g} s or a quarter of the time: "
)
_HIGH: Final = f"{_CHANCE}exceeded by 5 %"
_LOW: Final = f"{_CHANCE}95 % of them have more"
_MIDDLE: Final = f"{_CHANCE}their median"


def event_metrics(judged: Judged) -> tuple[Metric, ...]:
    """Return the metrics of detected episodes against a reference.

    Notes
    -----
    A burst of the reference counts where all of it lies in the judged time; a detection is false
    where its onset does and it meets no burst at all, judged or not.
    """
    shifts = shifted(judged)
    return (
        _sensitivity(judged, shifts),
        _false_positives(judged, shifts),
        *_overlap(judged, shifts),
        *time_metrics(judged, shifts),
        *_delays(judged, shifts),
    )


def _sensitivity(judged: Judged, shifts: Shifts) -> Metric:
    found = pair(judged.online, judged.reference, judged.delay_s)
    counts = judged.reference.inside(judged.judged_time.episodes)
    n_all, n_met = int(counts.sum()), int(found.is_met[counts].sum())
    low, high = intervals.binomial(n_met, n_all)
    return Metric(
        name="sensitivity",
        meaning=(
            "share of the reference's bursts during which, or within the declared delay after "
            "which, a detection begins or goes on"
        ),
        value=n_met / n_all if n_all else None,
        low=low,
        high=high,
        interval=intervals.BINOMIAL,
        null=_finite(shifts.sensitivity),
        null_of=_HIGH,
        n=n_all,
        delay_s=judged.delay_s,
        note="" if n_all else "the reference has no burst in the judged time",
    )


def _false_positives(judged: Judged, shifts: Shifts) -> Metric:
    found = pair(judged.online, judged.reference, judged.delay_s)
    n_false = int((found.is_false & judged.judged_time.holds(judged.online.start_s)).sum())
    low, high = intervals.poisson(n_false, judged.judged_time.minutes)
    return Metric(
        name="false_positives_per_min",
        meaning="detections that meet no burst of the reference, in a minute of judged time",
        unit="1/min",
        value=n_false / judged.judged_time.minutes if judged.judged_time.minutes else None,
        low=low,
        high=high,
        interval=intervals.POISSON,
        null=_finite(shifts.false_per_min),
        null_of=_LOW,
        n=n_false,
        delay_s=judged.delay_s,
    )


def _overlap(judged: Judged, shifts: Shifts) -> tuple[Metric, Metric]:
    judged_time = judged.judged_time
    moved = Episodes(judged.online.start_s - judged.delay_s, judged.online.end_s - judged.delay_s)
    figures = (
        ("overlap", "", judged.online),
        ("overlap_without_delay", ", the detections moved earlier by the declared delay", moved),
    )
    made: list[Metric] = []
    for name, how, online in figures:
        both_s = judged_time.seconds_each(online.within(judged.reference))
        either_s = (
            judged_time.seconds_each(online) + judged_time.seconds_each(judged.reference) - both_s
        )
        low, high = intervals.bootstrap(
            judged_time.n_stretches, _ratio(both_s, either_s), judged.seed
        )
        total_s = float(either_s.sum())
        made.append(
            Metric(
                name=name,
                meaning=(
                    "time in a burst both online and by the reference, as a share of the time in "
                    f"a burst by either (Jaccard's index){how}"
                ),
                value=float(both_s.sum()) / total_s if total_s else None,
                low=low,
                high=high,
                interval=bootstrap_text(judged_time.stretch_s),
                null=_finite(shifts.overlap),
                null_of=_HIGH,
                n=judged_time.n_stretches,
                delay_s=judged.delay_s,
                note="" if total_s else "there is no burst, neither online nor by the reference",
            )
        )
    return made[0], made[1]


def _delays(judged: Judged, shifts: Shifts) -> tuple[Metric, ...]:
    pairs = judged_pairs(judged)
    found = delays_of(judged)
    stretch = judged.judged_time.stretch(judged.reference.start_s[pairs.reference])

    def made(name: str, what: str, delays_s: NDArray[np.float64], null: float) -> Metric:
        # A median of a handful is drawn as one of them each time: that is no interval.
        n_stretches = judged.judged_time.n_stretches if delays_s.size >= _N_DELAYS_MIN else 0
        low, high = intervals.bootstrap(n_stretches, _median(delays_s, stretch), judged.seed)
        return Metric(
            name=name,
            meaning=f"median time {what}, where each is the first that the other meets",
            unit="s",
            value=float(np.median(delays_s)) if delays_s.size else None,
            low=low,
            high=high,
            interval=bootstrap_text(judged.judged_time.stretch_s),
            null=_finite(null),
            null_of=_MIDDLE,
            n=delays_s.size,
            delay_s=judged.delay_s,
            note="" if delays_s.size else "no burst of the reference was met",
        )

    return (
        made(
            "onset_delay_s",
            "from the onset of a burst of the reference to the onset of its detection",
            found.onset_s,
            shifts.onset_s,
        ),
        made(
            "known_delay_s",
            "from the onset of a burst of the reference until its detection was known, once it had "
            "lasted long enough",
            found.known_s,
            shifts.known_s,
        ),
        made(
            "offset_delay_s",
            "from the offset of a burst of the reference to the offset of its detection",
            found.offset_s,
            shifts.offset_s,
        ),
    )


def _ratio(
    above: NDArray[np.float64], below: NDArray[np.float64]
) -> Callable[[NDArray[np.int64]], float]:
    def measure(drawn: NDArray[np.int64]) -> float:
        total = float(below[drawn].sum())
        return float(above[drawn].sum()) / total if total else float("nan")

    return measure


def _median(
    values: NDArray[np.float64], stretch: NDArray[np.int64]
) -> Callable[[NDArray[np.int64]], float]:
    def measure(drawn: NDArray[np.int64]) -> float:
        n_each = np.bincount(drawn, minlength=int(stretch.max(initial=0)) + 1)
        repeated = np.repeat(values, n_each[stretch])
        return float(np.median(repeated)) if repeated.size else float("nan")

    return measure


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
