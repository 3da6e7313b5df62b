"""Smoothing of sample stamps: one recurrence over samples, restarted where the fit is lost."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.kernels.trust import RESTART

_SUSPECT: Final = int(Taint.SUSPECT_STAMP)

# Places in the state of the fit, a float64 vector.
TIME = 0  # of the newest sample, in the sender's clock
PERIOD = 1  # from one sample to the next
P_TIME = 2  # covariance of the two, in units of one stamp's variance
P_BOTH = 3
P_PERIOD = 4
JITTER = 5  # mean distance of stamps from the fit
MISFIT = 6  # sum of the distances of the stamps that do not fit yet
EARLIEST = 7  # no time before this one is given, until a restart
N_FITTED = 8  # stamps fitted, up to the memory of the fit
N_SUSPECT = 9  # consecutive stamps that do not fit yet
N_MISSING = 10  # consecutive stamps that are not finite
IS_NEW = 11  # 1 until the stream's or a restart's first sample
HAS_FIT = 12  # 1 once a finite stamp began the fit
N_STATE = 13

# Places in the settings, a float64 vector.
NOMINAL = 0  # period, s
MISFIT_MIN = 1  # stamps nearer than this always fit, s
JITTER_FACTOR = 2  # ... and so do those nearer than so many times the jitter
N_CONFIRM = 3  # consecutive misfits that make a gap
N_MEMORY = 4  # stamps the fit remembers
P_PERIOD_START = 5  # variance of the period before it is known
PERIOD_MIN = 6  # the true period is between these, s
PERIOD_MAX = 7
MISFIT_MAX = 8  # stamps further than this never fit, s
N_SETTINGS = 9

#: A stamp so far from zero is no stamp; seconds, some 30,000 years.
_STAMP_MAX_S: Final = 1e12

# What happened.
MOVED = 1  # stamps moved for good: a gap or a clock reset; value is by how much, s
ASTRAY = 2  # stamps that did not fit came back; value is by how much they were off, s
MISSING = 3  # stamps began to be not finite
FOUND = 4  # they are finite again
RATE = 5  # the fit has filled its memory for the first time


@kernel
def smooth_stamps(
    stamps_s: NDArray[np.float64],
    start: int,
    correction_s: float,
    settings: NDArray[np.float64],
    state: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    events: NDArray[np.int64],
    values: NDArray[np.float64],
) -> tuple[int, int, int]:
    """Fit a line to the stamps against the sample index, and give each sample the line's time.

    Parameters
    ----------
    stamps_s : ndarray of float64, shape (n_samples,)
        Raw stamps.
    start : int
        Row to begin with.
    correction_s : float
        Added to every time.
    settings, state : ndarray of float64, shape (N_SETTINGS,) and (N_STATE,)
        See the places above; `state` is carried on.
    time_s : ndarray of float64, shape (n_samples,)
        Filled with smoothed, corrected times.
    taint : ndarray of uint16, shape (n_samples,)
        Filled with ``RESTART`` and ``SUSPECT_STAMP``.
    events, values : ndarray, shape (n_events_max, 3) and (n_events_max, 2)
        Filled with (row, what, number of stamps) and (value, period), see above.

    Returns
    -------
    tuple of int
        The row it stopped at (the number of samples, unless the events filled their array), the
        number of events, and the number of stamps that were not finite.

    Notes
    -----
    A Kalman filter of time and period with a fading memory: least squares over a window that
    grows to `N_MEMORY` samples and then forgets exponentially (Ljung, System Identification,
    2nd ed., 1999, section 11.2). Stamps that do not fit leave it alone.
    """
    n_events = 0
    n_missing = 0
    for row in range(start, stamps_s.size):
        if n_events + 2 > events.shape[0]:
            return row, n_events, n_missing
        stamp = stamps_s[row]
        is_missing = not abs(stamp) <= _STAMP_MAX_S
        bits = RESTART if state[IS_NEW] == 1.0 else 0
        state[IS_NEW] = 0.0
        if state[HAS_FIT] == 1.0:
            _advance(state)
        found = _notice_missing(is_missing, state)
        if found != 0:
            n_events = _settle(row, found, state, events, values, n_events)
        if is_missing:
            n_missing += 1
            bits |= _SUSPECT
        elif state[HAS_FIT] == 0.0:
            _begin(stamp, settings, state)
            bits |= RESTART
        else:
            found = _fit(stamp, settings, state)
            if found != 0:
                n_events = _settle(row, found, state, events, values, n_events)
            if found == MOVED:
                bits |= RESTART
            elif state[N_SUSPECT] > 0.0 or _is_at_bound(settings, state):
                bits |= _SUSPECT
        earliest = -np.inf if bits & RESTART else state[EARLIEST]
        state[EARLIEST] = max(earliest, state[TIME] + correction_s)
        time_s[row] = state[EARLIEST]
        taint[row] = bits
    return stamps_s.size, n_events, n_missing


@kernel
def _settle(
    row: int,
    found: int,
    state: NDArray[np.float64],
    events: NDArray[np.int64],
    values: NDArray[np.float64],
    n_events: int,
) -> int:
    """Record what was found and close the episode it ends; return the number of events."""
    events[n_events, 0] = row
    events[n_events, 1] = found
    events[n_events, 2] = int(state[N_MISSING] if found == FOUND else state[N_SUSPECT])
    values[n_events, 0] = 0.0
    values[n_events, 1] = state[PERIOD]
    if found == FOUND:
        state[N_MISSING] = 0.0
    elif found in (MOVED, ASTRAY):
        values[n_events, 0] = state[MISFIT] / state[N_SUSPECT]
        state[N_SUSPECT] = 0.0
        state[MISFIT] = 0.0
    return n_events + 1


@kernel
def _notice_missing(is_missing: bool, state: NDArray[np.float64]) -> int:
    if not is_missing:
        return FOUND if state[N_MISSING] > 0.0 else 0
    state[N_MISSING] += 1.0
    return MISSING if state[N_MISSING] == 1.0 else 0


@kernel
def _begin(stamp: float, settings: NDArray[np.float64], state: NDArray[np.float64]) -> None:
    state[TIME] = stamp
    state[PERIOD] = settings[NOMINAL]
    state[P_TIME] = 1.0
    state[P_BOTH] = 0.0
    state[P_PERIOD] = settings[P_PERIOD_START]
    state[JITTER] = settings[MISFIT_MIN] / settings[JITTER_FACTOR]
    state[HAS_FIT] = 1.0
    state[N_FITTED] = 1.0


@kernel
def _advance(state: NDArray[np.float64]) -> None:
    state[TIME] += state[PERIOD]
    state[P_TIME] += 2.0 * state[P_BOTH] + state[P_PERIOD]
    state[P_BOTH] += state[P_PERIOD]


@kernel
def _fit(stamp: float, settings: NDArray[np.float64], state: NDArray[np.float64]) -> int:
    """Take one stamp into the fit, or hold it suspect; return what that amounts to."""
    distance = stamp - state[TIME]
    limit = max(settings[MISFIT_MIN], settings[JITTER_FACTOR] * state[JITTER])
    limit = min(limit, settings[MISFIT_MAX])
    # Even what does not fit teaches the jitter a little: a stream that always jitters more than
    # was thought is understood after some seconds, long after a gap would have been confirmed.
    state[JITTER] += (min(abs(distance), limit) - state[JITTER]) / settings[N_MEMORY]
    if abs(distance) > limit:
        state[N_SUSPECT] += 1.0
        state[MISFIT] += distance
        if state[N_SUSPECT] < settings[N_CONFIRM]:
            return 0
        # The period is still good; where the stamps are now is known as well as their mean.
        state[TIME] += state[MISFIT] / state[N_SUSPECT]
        state[P_TIME] = 1.0 / state[N_SUSPECT]
        state[P_BOTH] = 0.0
        return MOVED
    _learn(distance, settings, state)
    if state[N_SUSPECT] > 0.0:
        return ASTRAY
    if state[N_FITTED] < settings[N_MEMORY]:
        state[N_FITTED] += 1.0
        if state[N_FITTED] >= settings[N_MEMORY]:
            return RATE
    return 0


@kernel
def _is_at_bound(settings: NDArray[np.float64], state: NDArray[np.float64]) -> bool:
    """Return whether no period that could be true explains the stamps."""
    return bool(state[PERIOD] <= settings[PERIOD_MIN] or state[PERIOD] >= settings[PERIOD_MAX])


@kernel
def _learn(distance: float, settings: NDArray[np.float64], state: NDArray[np.float64]) -> None:
    """Take a stamp, `distance` from where it was expected, into the line."""
    forgetting = 1.0 - 1.0 / settings[N_MEMORY]
    p_time = state[P_TIME] / forgetting
    p_both = state[P_BOTH] / forgetting
    gain_time = p_time / (p_time + 1.0)
    gain_period = p_both / (p_time + 1.0)
    state[TIME] += gain_time * distance
    state[PERIOD] += gain_period * distance
    state[PERIOD] = min(max(state[PERIOD], settings[PERIOD_MIN]), settings[PERIOD_MAX])
    state[P_PERIOD] = state[P_PERIOD] / forgetting - gain_period * p_both
    state[P_TIME] = gain_time
    state[P_BOTH] = gain_period
