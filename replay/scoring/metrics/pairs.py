"""Detected episodes with those of a reference that they belong to, and how much later they are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.scoring.episodes import Episodes
from replay.scoring.metrics.judged_time import JudgedTime


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
    """Detections and a reference, and the time in which both can be judged.

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
    pairs = judged_pairs(judged)
    online, reference = judged.online, judged.reference
    return Delays(
        online.start_s[pairs.online] - reference.start_s[pairs.reference],
        judged.known_s[pairs.online] - reference.start_s[pairs.reference],
        online.end_s[pairs.online] - reference.end_s[pairs.reference],
    )


def judged_pairs(judged: Judged) -> Pairs:
    """Return the pairs whose burst of the reference lies in the judged time."""
    found = pair(judged.online, judged.reference, judged.delay_s)
    counts = judged.reference.inside(judged.judged_time.episodes)
    keep = counts[found.reference]
    return found._replace(reference=found.reference[keep], online=found.online[keep])
