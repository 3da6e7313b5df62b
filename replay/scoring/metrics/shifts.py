"""What chance gives: as many detections, as long, at other times."""

from typing import Final, NamedTuple

import numpy as np

from replay.scoring.episodes import Episodes
from replay.scoring.metrics.judged_time import turned
from replay.scoring.metrics.pairs import Judged, pair
from replay.scoring.metrics.time_shares import balanced_accuracy, time_shares

#: Random shifts that say what chance gives.
N_SHIFTS: Final = 200
#: A shift is at least so long: several bursts.
SHIFT_S_MIN: Final = 5.0


class Shifts(NamedTuple):
    """What each shift, and the recording itself, give."""

    sensitivity: float
    false_per_min: float
    overlap: float
    onset_s: float
    known_s: float
    offset_s: float
    time_sensitivity: float
    time_false_share: float
    balanced_accuracy: float


def shifted(judged: Judged) -> Shifts:
    """Return what chance gives: detections as many and as long, at other times."""
    judged_time = judged.judged_time
    nothing = Shifts(*[np.nan] * len(Shifts._fields))
    if not judged_time.total_s or not judged.online.n_episodes or not judged.reference.n_episodes:
        return nothing
    online, reference = judged_time.laid(judged.online), judged_time.laid(judged.reference)
    shortest_s = min(SHIFT_S_MIN, judged_time.total_s / 4.0)
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
    levels = (95.0, 5.0, 95.0, 50.0, 50.0, 50.0, 95.0, 5.0, 95.0)
    return Shifts(
        *(
            float(np.nanpercentile(each, level)) if np.isfinite(each).any() else np.nan
            for each, level in zip(map(np.array, columns), levels, strict=True)
        )
    )


def _counted(
    online: Episodes, reference: Episodes, delay_s: float, late_s: float, total_s: float
) -> Shifts:
    found = pair(online, reference, delay_s)
    both_s = online.within(reference).total_s
    starts = online.start_s[found.online] - reference.start_s[found.reference]
    ends = online.end_s[found.online] - reference.end_s[found.reference]
    start_s = float(np.median(starts)) if starts.size else np.nan
    shares = time_shares(both_s, online.total_s, reference.total_s, total_s)
    return Shifts(
        float(found.is_met.mean()),
        60.0 * float(found.is_false.sum()) / total_s,
        both_s / (online.total_s + reference.total_s - both_s),
        start_s,
        start_s + late_s,
        float(np.median(ends)) if ends.size else np.nan,
        *shares,
        balanced_accuracy(*shares),
    )
