"""How fast the measure follows a step: one exponential fitted to all steps up, and to all down."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from replay.titration.mean_of_series import correlation_length
from replay.titration.measured import Measured, MeasuredStep
from replay.titration.recorded import RecordedStaircase

#: Changes of fewer standard errors than this say nothing about the time constant.
_VISIBLE: Final = 2.0
#: Where twice the log likelihood is this much less, a time constant is outside its interval.
_REACH: Final = 3.84
_N_GRID: Final = 400


class TimeConstant(msgspec.Struct, frozen=True, kw_only=True):
    """The time constant of ``after + (before - after) exp(-(t - start) / time_constant_s)``.

    Parameters
    ----------
    time_constant_s : float
        The one that fits all steps best.
    low_s, high_s : float or None
        Interval of 95 %, by the likelihood; None where it goes on to 0, or without end.
    resolution_s : float
        The detector's window: a response that is faster looks as slow as that.
    n_steps : int
        Steps that were fitted: those of which the change is plain.

    Notes
    -----
    The start is the middle of the amount's own way, and the detector's delay later. Levels are the
    means of the two steps. Hops hang together: each step's residuals count as as many independent
    ones as its autocorrelation says.
    """

    time_constant_s: float
    low_s: float | None
    high_s: float | None
    resolution_s: float
    n_steps: int


class Transition(NamedTuple):
    """The measure from a change of the amount on.

    Parameters
    ----------
    since_s : ndarray of float64, shape (n_hops,)
        Time since the start of the response.
    value : ndarray of float64, shape (n_hops,)
        The measure.
    before, after : float
        The levels.
    variance : float
        Of a hop about its level, times the hops that hang together.
    is_up : bool
        Whether the amount rose.
    """

    since_s: NDArray[np.float64]
    value: NDArray[np.float64]
    before: float
    after: float
    variance: float
    is_up: bool

    def misfit(self, time_constant_s: float) -> float:
        """Return the squared distance from the curve, in variances."""
        share = np.exp(-np.maximum(self.since_s, 0.0) / time_constant_s)
        away = self.value - (self.after + (self.before - self.after) * share)
        return float(away @ away) / self.variance


def transitions(recorded: RecordedStaircase, measured: Measured) -> list[Transition]:
    """Return the plain changes from one clean step to the next clean one."""
    steps = [*measured.steps, *([measured.after] if measured.after is not None else [])]
    found = []
    for before, after in pairwise(steps):
        follows = after.step == before.step + 1
        is_next = after.attempt.start_sample - before.attempt.end_sample <= recorded.rate_hz
        levels = before.mean.level, after.mean.level
        error = math.hypot(*(each.standard_error for each in levels))
        is_plain = abs(levels[1].value - levels[0].value) > _VISIBLE * error
        if follows and is_next and is_plain:
            found.append(_transition(recorded, before, after))
    return found


def time_constant(
    found: Sequence[Transition], *, window_s: float, hop_s: float
) -> TimeConstant | None:
    """Fit one time constant to transitions; None without any.

    Parameters
    ----------
    found : sequence of Transition
        All up, or all down.
    window_s : float
        The detector's window.
    hop_s : float
        From one estimate to the next: nothing faster is looked for.
    """
    if not found:
        return None
    longest_s = max(float(each.since_s[-1]) for each in found)
    if longest_s <= hop_s:
        return None
    grid_s = np.geomspace(hop_s, longest_s, _N_GRID)
    misfits = np.array([sum(each.misfit(tau_s) for each in found) for tau_s in grid_s])
    best = int(misfits.argmin())
    inside = np.flatnonzero(misfits <= misfits[best] + _REACH)
    first, last = int(inside[0]), int(inside[-1])
    return TimeConstant(
        time_constant_s=float(grid_s[best]),
        low_s=None if first == 0 else float(grid_s[first]),
        high_s=None if last == _N_GRID - 1 else float(grid_s[last]),
        resolution_s=window_s,
        n_steps=len(found),
    )


def _transition(
    recorded: RecordedStaircase, before: MeasuredStep, after: MeasuredStep
) -> Transition:
    hops, attempt = recorded.hops, after.attempt
    is_in = (hops.sample >= attempt.start_sample) & (hops.sample < attempt.end_sample)
    is_in &= np.isfinite(hops.value)
    start_s = attempt.start_sample / recorded.rate_hz
    way_s = abs(after.amount - before.amount) / _per_s(recorded)
    since_s = hops.sample[is_in] / recorded.rate_hz - start_s - 0.5 * way_s - recorded.delay_s
    together = correlation_length(after.values)
    variance = max(after.mean.sd**2, np.finfo(float).tiny) * together
    return Transition(
        since_s=since_s,
        value=hops.value[is_in],
        before=before.mean.mean,
        after=after.mean.mean,
        variance=variance,
        is_up=after.amount > before.amount,
    )


def _per_s(recorded: RecordedStaircase) -> float:
    """Return how fast the amount changed."""
    table = recorded.table
    device = next(each for each in recorded.config.devices if each.id == table.device)
    ramp = table.ramp_ma_per_s if device.unit == "ma" else table.ramp_level_per_s
    return min(ramp or device.slew_per_s_max, device.slew_per_s_max)
