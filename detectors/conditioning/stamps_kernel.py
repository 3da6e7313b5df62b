"""A line fitted to the stamps of samples: one recurrence, restarted where the fit is lost."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.compiling.opened import opened
from detectors.kernels.found_counter import FoundCounter
from detectors.kernels.trust import RESTART

_SUSPECT: Final = int(Taint.SUSPECT_STAMP)

#: A stamp so far from zero is no stamp; seconds, some 30,000 years.
_STAMP_MAX_S: Final = 1e12

# What happened.
MOVED = 1  # stamps moved for good: a gap or a clock reset; value is by how much, s
ASTRAY = 2  # stamps that did not fit came back; value is by how much they were off, s
MISSING = 3  # stamps began to be not finite
FOUND = 4  # they are finite again
RATE = 5  # the fit has filled its memory for the first time


class Settings(Record):
    """Numbers that never change."""

    #: Nominal period.
    nominal_s: float
    #: Stamps nearer than this always fit, ...
    misfit_min_s: float
    #: ... so do those nearer than this multiple of the jitter, ...
    jitter_factor: float
    #: ... and those further never do.
    misfit_max_s: float
    #: Consecutive misfits that make a gap.
    n_confirm: int
    #: Stamps that the fit remembers.
    n_memory: int
    #: Variance of the period before it is known.
    p_period_start: float
    #: The true period is between these.
    period_min_s: float
    period_max_s: float


class Fit(Record):
    """The line, and what does not fit it."""

    #: Of the newest sample, in the sender's clock.
    time_s: float
    #: From one sample to the next.
    period_s: float
    #: Covariance of the two, in units of one stamp's variance.
    p_time: float
    p_both: float
    p_period: float
    #: Mean distance of stamps from the fit.
    jitter_s: float
    #: Sum of the distances of the stamps that do not fit yet.
    misfit_s: float
    #: No time before this one is given, until a restart.
    earliest_s: float
    #: Stamps fitted, up to the memory of the fit.
    n_fitted: int
    #: Consecutive stamps that do not fit yet.
    n_suspect: int
    #: Consecutive stamps that are not finite.
    n_missing: int
    #: Until the stream's or a restart's first sample.
    is_new: bool
    #: Once a finite stamp began the fit.
    has_fit: bool


class StampEvents(NamedTuple):
    """What happened to the stamps in the last call, shapes (n_rows,)."""

    #: Row of the stamps.
    row: Array1[np.int64]
    #: What happened, see above.
    what: Array1[np.int64]
    #: Stamps that it is about.
    n_stamps: Array1[np.int64]
    #: Seconds, see above.
    value: Array1[np.float64]
    #: The period then.
    period_s: Array1[np.float64]
    #: How many of the rows are written.
    counter: FoundCounter


class State(NamedTuple):
    """What smoothing knows."""

    #: Numbers that never change.
    settings: Settings
    #: The line.
    fit: Fit
    #: What happened.
    events: StampEvents


@kernel
def update(
    stamps_s: NDArray[np.float64],
    start: int,
    correction_s: float,
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    addresses: NDArray[np.int64],
) -> tuple[int, int]:
    """Fit a line to the stamps against the sample index, and give each sample the line's time.

    Parameters
    ----------
    stamps_s : ndarray of float64, shape (n_samples,)
        Raw stamps.
    start : int
        Row to begin with.
    correction_s : float
        Added to every time.
    time_s : ndarray of float64, shape (n_samples,)
        Filled with smoothed, corrected times.
    taint : ndarray of uint16, shape (n_samples,)
        Filled with ``RESTART`` and ``SUSPECT_STAMP``.
    addresses
        Of a bundle of `State`.

    Returns
    -------
    tuple of int
        The row it stopped at (the number of samples, unless as much was found as can be written),
        and the number of stamps that were not finite.

    Notes
    -----
    A Kalman filter of time and period with a fading memory: least squares over a window that
    grows to `n_memory` samples and then forgets exponentially (Ljung, System Identification,
    2nd ed., 1999, section 11.2). Stamps that do not fit leave it alone.
    """
    state = opened(State, addresses)
    settings, fit, events = state.settings, state.fit, state.events
    counter = events.counter
    counter.n_written = 0
    n_missing = 0
    for row in range(start, stamps_s.size):
        if counter.n_written + 2 > events.row.size:
            return row, n_missing
        stamp = stamps_s[row]
        is_missing = not abs(stamp) <= _STAMP_MAX_S
        bits = RESTART if fit.is_new else 0
        fit.is_new = False
        if fit.has_fit:
            _advance(fit)
        what = _notice_missing(is_missing, fit)
        if what != 0:
            _settle(row, what, fit, events)
        if is_missing:
            n_missing += 1
            bits |= _SUSPECT
        elif not fit.has_fit:
            _begin(stamp, settings, fit)
            bits |= RESTART
        else:
            what = _fit(stamp, settings, fit)
            if what != 0:
                _settle(row, what, fit, events)
            if what == MOVED:
                bits |= RESTART
            elif fit.n_suspect > 0 or _is_at_bound(settings, fit):
                bits |= _SUSPECT
        earliest = -np.inf if bits & RESTART else fit.earliest_s
        fit.earliest_s = max(earliest, fit.time_s + correction_s)
        time_s[row] = fit.earliest_s
        taint[row] = bits
    return stamps_s.size, n_missing


@kernel
def _settle(row: int, what: int, fit: Fit, events: StampEvents) -> None:
    """Record what was found and close the episode it ends."""
    to = events.counter.n_written
    events.row[to] = row
    events.what[to] = what
    events.n_stamps[to] = fit.n_missing if what == FOUND else fit.n_suspect
    events.value[to] = 0.0
    events.period_s[to] = fit.period_s
    if what == FOUND:
        fit.n_missing = 0
    elif what in (MOVED, ASTRAY):
        events.value[to] = fit.misfit_s / fit.n_suspect
        fit.n_suspect = 0
        fit.misfit_s = 0.0
    events.counter.n_written = to + 1


@kernel
def _notice_missing(is_missing: bool, fit: Fit) -> int:
    """Count stamps that are not finite; return what happened, or 0."""
    if not is_missing:
        return FOUND if fit.n_missing > 0 else 0
    fit.n_missing += 1
    return MISSING if fit.n_missing == 1 else 0


@kernel
def _begin(stamp: float, settings: Settings, fit: Fit) -> None:
    """Begin the line at a stamp, with the nominal period."""
    fit.time_s = stamp
    fit.period_s = settings.nominal_s
    fit.p_time = 1.0
    fit.p_both = 0.0
    fit.p_period = settings.p_period_start
    fit.jitter_s = settings.misfit_min_s / settings.jitter_factor
    fit.has_fit = True
    fit.n_fitted = 1


@kernel
def _advance(fit: Fit) -> None:
    """Move the line on by one sample."""
    fit.time_s += fit.period_s
    fit.p_time += 2.0 * fit.p_both + fit.p_period
    fit.p_both += fit.p_period


@kernel
def _fit(stamp: float, settings: Settings, fit: Fit) -> int:
    """Take one stamp into the fit, or hold it suspect; return what that amounts to."""
    distance = stamp - fit.time_s
    limit = max(settings.misfit_min_s, settings.jitter_factor * fit.jitter_s)
    limit = min(limit, settings.misfit_max_s)
    # Even what does not fit teaches the jitter a little: a stream that always jitters more than
    # was thought is understood after some seconds, long after a gap would have been confirmed.
    fit.jitter_s += (min(abs(distance), limit) - fit.jitter_s) / settings.n_memory
    if abs(distance) > limit:
        fit.n_suspect += 1
        fit.misfit_s += distance
        if fit.n_suspect < settings.n_confirm:
            return 0
        # The period is still good; where the stamps are now is known as well as their mean.
        fit.time_s += fit.misfit_s / fit.n_suspect
        fit.p_time = 1.0 / fit.n_suspect
        fit.p_both = 0.0
        return MOVED
    _learn(distance, settings, fit)
    if fit.n_suspect > 0:
        return ASTRAY
    if fit.n_fitted < settings.n_memory:
        fit.n_fitted += 1
        if fit.n_fitted >= settings.n_memory:
            return RATE
    return 0


@kernel
def _is_at_bound(settings: Settings, fit: Fit) -> bool:
    """Return whether no period that could be true explains the stamps."""
    return bool(fit.period_s <= settings.period_min_s or fit.period_s >= settings.period_max_s)


@kernel
def _learn(distance: float, settings: Settings, fit: Fit) -> None:
    """Take a stamp, `distance` from where it was expected, into the line."""
    forgetting = 1.0 - 1.0 / settings.n_memory
    p_time = fit.p_time / forgetting
    p_both = fit.p_both / forgetting
    gain_time = p_time / (p_time + 1.0)
    gain_period = p_both / (p_time + 1.0)
    fit.time_s += gain_time * distance
    fit.period_s += gain_period * distance
    fit.period_s = min(max(fit.period_s, settings.period_min_s), settings.period_max_s)
    fit.p_period = fit.p_period / forgetting - gain_period * p_both
    fit.p_time = gain_time
    fit.p_both = gain_period
