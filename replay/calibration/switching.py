"""How often two thresholds switch on a recording and on its surrogates, by the onset."""

from typing import Final, NamedTuple

import numpy as np

from replay.calibration.beside_surrogates import SurrogateRuns
from replay.calibration.calibrated import OnsetPoint
from replay.calibration.measure import Measured
from replay.calibration.onset_curve import block_means, knee, onsets_of, switches

_NO_KNEE: Final = (
    "no onset stands out: the recording has too few switches for a curve, or the curve has no "
    "bend; record for longer"
)
_PLAIN: Final = (
    "found on the plain curve: by its logarithms it has no bend, so a longer onset would still "
    "switch less"
)


class Switching(NamedTuple):
    """The curve of onsets.

    Parameters
    ----------
    points : tuple of OnsetPoint
        Up to the first onset without any switch.
    onset_s : float or None
        Where switching stops falling steeply.
    reason : str
        Why there is none, or what is doubtful about it; empty where nothing is.
    """

    points: tuple[OnsetPoint, ...]
    onset_s: float | None
    reason: str


def switching(
    measure: Measured,
    surrogates: SurrogateRuns,
    n_hops: int,
    hop_s: float,
    levels: tuple[float, float],
) -> Switching:
    """Return the curve of two thresholds.

    Parameters
    ----------
    measure : Measured
        Over the recording.
    surrogates : SurrogateRuns
        The same over surrogates.
    n_hops : int
        Hops of the means that are compared with the thresholds.
    hop_s : float
        From one estimate to the next.
    levels : tuple of float
        The upper and the lower threshold.
    """
    means = block_means(measure.values, measure.valid, n_hops)
    others = [block_means(each.values, each.valid, n_hops) for each in surrogates.measures]
    mean_s = n_hops * hop_s
    hours = np.isfinite(means).sum() * mean_s / 3600.0
    if hours == 0.0:
        return Switching((), None, "no mean of the measure is valid")
    points: list[OnsetPoint] = []
    for onset in onsets_of(means.size):
        found = switches(means, *levels, onset)
        of_others = [switches(each, *levels, onset).n for each in others]
        points.append(
            OnsetPoint(
                onset_s=onset * mean_s,
                per_hour=found.n / hours,
                undone_per_hour=found.n_undone / hours,
                surrogates_per_hour=float(np.mean(of_others)) / hours if others else 0.0,
                n=found.n,
            )
        )
        if found.n == 0:
            break
    at = knee([each.onset_s for each in points], [each.n for each in points])
    if at is None:
        return Switching(tuple(points), None, _NO_KNEE)
    reason = "" if at.is_of_logarithms else _PLAIN
    return Switching(tuple(points), points[at.point].onset_s, reason)
