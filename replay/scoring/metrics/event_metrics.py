"""Detected episodes against those of a reference: which are met, how late, and what is false."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.scoring.episodes import Episodes
from replay.scoring.metrics import intervals
from replay.scoring.metrics.intervals import bootstrap_text
from replay.scoring.metrics.judged_time import JudgedTime, turned
from replay.scoring.result import Metric

#: Random shifts that say what chance gives.
N_SHIFTS: Final = 200
#: Delays without which their median has no interval.
_N_DELAYS_MIN: Final = 5
#: A shift is at least so long: several bursts.
_SHIFT_S_MIN: Final = 5.0
_CHANCE: Final = (
    f"of {N_SHIFTS} random shifts of the detections against the reference, at least "
    f"{_SHIFT_S_MIN:g} s or a quarter of the time: "
)
_HIGH: Final = f"{_CHANCE}exceeded by 5 %"
_LOW: Final = f"{_CHANCE}95 % of them have more"
_MIDDLE: Final = f"{_CHANCE}their median"


class Pairs(NamedTuple):
    """Bursts of the reference with the detections that met them.

    Parameters
    ----------
    is_met : ndarray of bool, shape (n_reference,)
        Which bursts of the reference were met.
    is_false : ndarray of bool, shape (n_online,)
        Which detections met none.
    reference, online : ndarray of int64, shape (n_pairs,)
        Bursts and detections, each of which is the first that the other meets.
    """

    is_met: NDArray[np.bool_]
    is_false: NDArray[np.bool_]
    reference: NDArray[np.int64]
    online: NDArray[np.int64]


def pair(online: Episodes, reference: Episodes, late_s: float) -> Pairs:
    """Return which episodes belong together.

    Parameters
    ----------
    online, reference : Episodes
        What was detected, and what there is.
    late_s : float
        The declared delay: a detection that begins no later than this after a burst's end is of
        that burst.

    Examples
    --------
    >>> bursts = Episodes.of([(1.0, 1.5), (3.0, 3.4)])
    >>> found = pair(Episodes.of([(1.2, 1.7), (5.0, 5.2)]), bursts, late_s=0.2)
    >>> found.is_met.tolist(), found.is_false.tolist()
    ([True, False], [False, True])
    """
    later = Episodes(reference.start_s, reference.end_s + late_s)
    met = reference.first_met(online, late_s)
    # Lengthened by the delay, bursts may overlap: the ends still rise.
    index = np.searchsorted(later.end_s, online.start_s, side="right")
    starts_s = np.append(reference.start_s, np.inf)
    meets = np.where(starts_s[index] < online.end_s, index, -1)
    first = np.flatnonzero(met >= 0)
    is_mutual = meets[met[first]] == first if first.size else np.zeros(0, np.bool_)
    return Pairs(met >= 0, meets < 0, first[is_mutual], met[first[is_mutual]])


class Judged(NamedTuple):
    """What is compared.

    Parameters
    ----------
    online, reference : Episodes
        What was detected, and what there is.
    judged_time : JudgedTime
        The time in which both can be judged.
    delay_s : float
        The declared delay of the detector.
    known_s : ndarray of float64, shape (n_online,)
        When each detection was known, which is later than its onset: it had to last.
    seed : int
        Of shifts and bootstraps.
    """

    online: Episodes
    reference: Episodes
    judged_time: JudgedTime
    delay_s: float
    known_s: NDArray[np.float64]
    seed: int


class _Counts(NamedTuple):
    """What each shift, and the recording itself, give."""

    sensitivity: float
    false_per_min: float
    overlap: float
    onset_s: float
    known_s: float
    offset_s: float


def event_metrics(judged: Judged) -> tuple[Metric, ...]:
    """Return the metrics of detected episodes against a reference.

    Notes
    -----
    A burst of the reference counts where all of it lies in the judged time; a detection is false
    where its onset does and it meets no burst at all, judged or not.
    """
    shifts = _shifted(judged)
    return (
        _sensitivity(judged, shifts),
        _false_positives(judged, shifts),
        *_overlap(judged, shifts),
        *_delays(judged, shifts),
    )


class Delays(NamedTuple):
    """Of each burst that was met how much later its detection begins, is known, and ends.

    Parameters
    ----------
    onset_s, known_s, offset_s : ndarray of float64, shape (n_pairs,)
        From the burst's own onset, onset, and offset.
    """

    onset_s: NDArray[np.float64]
    known_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]


def delays_of(judged: Judged) -> Delays:
    """Return the delays of the detections that met a burst of the reference."""
    pairs = _judged_pairs(judged)
    online, reference = judged.online, judged.reference
    return Delays(
        online.start_s[pairs.online] - reference.start_s[pairs.reference],
        judged.known_s[pairs.online] - reference.start_s[pairs.reference],
        online.end_s[pairs.online] - reference.end_s[pairs.reference],
    )


def _judged_pairs(judged: Judged) -> Pairs:
    found = pair(judged.online, judged.reference, judged.delay_s)
    counts = judged.reference.inside(judged.judged_time.episodes)
    keep = counts[found.reference]
    return found._replace(reference=found.reference[keep], online=found.online[keep])


def _sensitivity(judged: Judged, shifts: _Counts) -> Metric:
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


def _false_positives(judged: Judged, shifts: _Counts) -> Metric:
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


def _overlap(judged: Judged, shifts: _Counts) -> tuple[Metric, Metric]:
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


def _delays(judged: Judged, shifts: _Counts) -> tuple[Metric, ...]:
    pairs = _judged_pairs(judged)
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


def _shifted(judged: Judged) -> _Counts:
    """Return what chance gives: detections as many and as long, at other times."""
    judged_time = judged.judged_time
    nothing = _Counts(*[np.nan] * 6)
    if not judged_time.total_s or not judged.online.n_episodes or not judged.reference.n_episodes:
        return nothing
    online, reference = judged_time.laid(judged.online), judged_time.laid(judged.reference)
    shortest_s = min(_SHIFT_S_MIN, judged_time.total_s / 4.0)
    random = np.random.default_rng(judged.seed)
    by_s = random.uniform(shortest_s, judged_time.total_s - shortest_s, N_SHIFTS)
    late_s = float(np.median(judged.known_s - judged.online.start_s))
    found = [
        _counted(
            turned(online, each, judged_time.total_s),
            reference,
            judged.delay_s,
            late_s,
            judged_time.total_s,
        )
        for each in by_s.tolist()
    ]
    columns = zip(*found, strict=True)
    levels = (95.0, 5.0, 95.0, 50.0, 50.0, 50.0)
    return _Counts(
        *(
            float(np.nanpercentile(each, level)) if np.isfinite(each).any() else np.nan
            for each, level in zip(map(np.array, columns), levels, strict=True)
        )
    )


def _counted(
    online: Episodes, reference: Episodes, delay_s: float, late_s: float, total_s: float
) -> _Counts:
    found = pair(online, reference, delay_s)
    both_s = online.within(reference).total_s
    starts = online.start_s[found.online] - reference.start_s[found.reference]
    ends = online.end_s[found.online] - reference.end_s[found.reference]
    start_s = float(np.median(starts)) if starts.size else np.nan
    return _Counts(
        float(found.is_met.mean()),
        60.0 * float(found.is_false.sum()) / total_s,
        both_s / (online.total_s + reference.total_s - both_s),
        start_s,
        start_s + late_s,
        float(np.median(ends)) if ends.size else np.nan,
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
