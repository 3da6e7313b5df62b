"""How often two thresholds switch by the onset, and from which onset on more gains little."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: A point of the curve rests on at least this many switches.
_N_SWITCHES_MIN: Final = 5
#: Points that a curve must have for a knee.
_N_POINTS_MIN: Final = 4
#: How far below the straight line between its ends a curve must fall: a quarter of a power of e.
_DEPTH_MIN: Final = 0.25
#: The same of the plain curve, as a share of its highest point.
_PLAIN_DEPTH_MIN: Final = 0.1
#: Multiples of the averaging time that are tried.
_STEPS: Final = (0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27, 36, 48, 64, 85, 113, 150, 200, 300, 450, 700)


class Switches(NamedTuple):
    """What happens with one onset.

    Parameters
    ----------
    n : int
        Changes from more to less stimulation, or back.
    n_undone : int
        How many of these the next change took back within one onset, or within one mean where
        the onset is shorter.
    """

    n: int
    n_undone: int


def block_means(
    values: NDArray[np.float64], valid: NDArray[np.bool_], n_hops: int
) -> NDArray[np.float64]:
    """Return the mean of each block of hops, as policies take them; NaN where half are not valid.

    Examples
    --------
    >>> block_means(np.array([1.0, 3.0, 5.0, 5.0, 9.0]), np.ones(5, np.bool_), 2).tolist()
    [2.0, 5.0]
    """
    n_blocks = values.size // n_hops
    shape = n_blocks, n_hops
    is_valid = valid[: n_blocks * n_hops].reshape(shape)
    taken = np.where(is_valid, values[: n_blocks * n_hops].reshape(shape), 0.0)
    n_valid = is_valid.sum(axis=1)
    mean = taken.sum(axis=1) / np.maximum(n_valid, 1)
    made: NDArray[np.float64] = np.where(2 * n_valid >= n_hops, mean, np.nan)
    return made


def switches(means: NDArray[np.float64], upper: float, lower: float, onset_means: int) -> Switches:
    """Count what a policy of kind ``dual_threshold`` changes with an onset of so many means.

    Above the upper threshold for the onset without a break it wants more, below the lower one
    less; between it leaves everything as it is. A mean that is none breaks an onset.
    """
    side = np.where(means > upper, 1, np.where(means < lower, -1, 0))
    side[np.isnan(means)] = 2
    starts = np.flatnonzero(np.diff(side, prepend=side[:1] + 7))
    lengths = np.diff(starts, append=side.size)
    counts = (np.abs(side[starts]) == 1) & (lengths > onset_means)
    sides, at = side[starts][counts], starts[counts] + onset_means
    is_switch = np.diff(sides, prepend=sides[:1]) != 0
    times = at[is_switch]
    undone = np.diff(times) <= max(onset_means, 1)
    return Switches(int(is_switch.sum()), int(undone.sum()))


def onsets_of(n_means: int) -> list[int]:
    """Return the onsets that are tried, in means: up to a twentieth of the recording."""
    return [each for each in _STEPS if each <= max(n_means // 20, 1)]


class Knee(NamedTuple):
    """Where switching stops falling steeply.

    Parameters
    ----------
    point : int
        Its index.
    is_of_logarithms : bool
        Whether the curve of the logarithms bends there; otherwise only the plain curve does.
    """

    point: int
    is_of_logarithms: bool


def knee(onset_s: Sequence[float], n_switches: Sequence[float]) -> Knee | None:
    """Return the point at which switching stops falling steeply; None where there is none.

    Parameters
    ----------
    onset_s : sequence of float
        Rising.
    n_switches : sequence of float
        How often each switches, in all of the recording.

    Notes
    -----
    The point that lies furthest below the straight line from the first to the last point, as [1]_
    finds knees: of onset and switches by their logarithms, an onset of 0 left out; where these
    have no bend, as where switching falls like an exponential, of the plain numbers. Only points of
    five switches or more count, so that the line does not end at chance.

    References
    ----------
    .. [1] V. Satopää et al., "Finding a 'Kneedle' in a haystack: detecting knee points in system
       behavior", 31st International Conference on Distributed Computing Systems Workshops, 2011,
       doi:10.1109/ICDCSW.2011.20.

    Examples
    --------
    Thresholds on 31.6 hours of one patient, where 15 s was chosen:

    >>> onset_s = [3.0, 6.0, 9.0, 15.0, 30.0, 60.0]
    >>> per_hour = [447.0, 89.0, 28.0, 7.3, 2.5, 1.5]
    >>> onset_s[knee(onset_s, [each * 31.6 for each in per_hour]).point]
    15.0
    """
    used = [k for k, n in enumerate(n_switches) if n >= _N_SWITCHES_MIN]
    later = [k for k in used if onset_s[k] > 0.0]
    x = np.array(onset_s, np.float64)
    y = np.array(n_switches, np.float64)
    if len(later) < _N_POINTS_MIN:
        return None
    deepest, depth = _deepest(np.log(x[later]), np.log(y[later]))
    if depth >= _DEPTH_MIN:
        return Knee(later[deepest], is_of_logarithms=True)
    deepest, depth = _deepest(x[used], y[used] / y[used].max())
    return Knee(used[deepest], is_of_logarithms=False) if depth >= _PLAIN_DEPTH_MIN else None


def _deepest(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[int, float]:
    """Return the point furthest below the line from the first to the last, and how far."""
    straight = y[0] + (y[-1] - y[0]) * (x - x[0]) / (x[-1] - x[0])
    depth = straight - y
    return int(np.argmax(depth)), float(depth.max())
