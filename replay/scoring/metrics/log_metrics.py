"""How well a measure that was computed online goes with what a device logged of the same signal."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from replay.scoring.metrics import intervals
from replay.scoring.metrics.intervals import bootstrap_text
from replay.scoring.metrics.judged_time import JudgedTime
from replay.scoring.online import Column
from replay.scoring.references.recorded import DeviceLog
from replay.scoring.result import Metric

#: How far the two may be shifted against each other.
_LAG_S_MAX: Final = 5.0
_N_SHIFTS: Final = 200


def log_metrics(
    log: DeviceLog, measure: Column, judged_time: JudgedTime, *, delay_s: float, seed: int
) -> tuple[Metric, Metric]:
    """Return the correlation of a measure with a device's log, and the lag at which it is highest.

    Parameters
    ----------
    log : DeviceLog
        The log.
    measure : Column
        The measure; at each row of the log its newest value.
    judged_time : JudgedTime
        The time that counts.
    delay_s : float
        The declared delay of the detector.
    seed : int
        Of shifts and bootstrap.
    """
    counts = np.isfinite(log.values) & judged_time.holds(log.time_s)
    time_s, logged = log.time_s[counts], log.values[counts]
    own, is_known = _at(measure, time_s)
    pairs = np.column_stack([own[is_known], logged[is_known]])
    stretch = judged_time.stretch(time_s[is_known]) if is_known.any() else np.empty(0, np.int64)
    of_stretch = [pairs[stretch == number] for number in range(judged_time.n_stretches)]
    low, high = intervals.bootstrap(
        judged_time.n_stretches,
        lambda drawn: _correlation(np.concatenate([of_stretch[k] for k in drawn.tolist()])),
        seed,
    )
    lags_s = np.arange(-_LAG_S_MAX, _LAG_S_MAX + measure.hop_s / 2.0, measure.hop_s)
    at_lag = np.array([_at_lag(measure, time_s, logged, each) for each in lags_s.tolist()])
    is_found = np.isfinite(at_lag).any()
    found = _correlation(pairs)
    what = f"{log.channel} of stream {log.stream}"
    return (
        Metric(
            name="log_correlation",
            meaning=f"correlation of the online measure with the device's log, {what}",
            value=found if np.isfinite(found) else None,
            low=low,
            high=high,
            interval=bootstrap_text(judged_time.stretch_s),
            null=_chance(pairs, seed),
            null_of=f"of {_N_SHIFTS} random shifts of the log: exceeded by 5 %",
            n=len(pairs),
            delay_s=delay_s,
            note="" if np.isfinite(found) else "one of the two does not change, or is not there",
        ),
        Metric(
            name="log_lag_s",
            meaning=(
                "how much later the device's log is than the online measure, where they go "
                "together best"
            ),
            unit="s",
            value=float(lags_s[int(np.nanargmax(at_lag))]) if is_found else None,
            interval="none: the correlation beside it says how sharp the best lag is",
            null_of="none: of unrelated series it is anything",
            n=len(pairs),
            delay_s=delay_s,
            note=(
                f"correlation there {np.nanmax(at_lag):.3f}; looked for within {_LAG_S_MAX:g} s"
                if is_found
                else "nothing to compare"
            ),
        ),
    )


def _at(
    measure: Column, time_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the newest value at each moment, and whether there is a valid one."""
    index = np.searchsorted(measure.time_s, time_s, side="right") - 1
    at = np.maximum(index, 0)
    if not measure.time_s.size:
        return np.zeros(time_s.size), np.zeros(time_s.size, np.bool_)
    is_recent = time_s - measure.time_s[at] < 2.0 * measure.hop_s
    return measure.values[at], (index >= 0) & measure.valid[at] & is_recent


def _at_lag(
    measure: Column, time_s: NDArray[np.float64], logged: NDArray[np.float64], lag_s: float
) -> float:
    own, is_known = _at(measure, time_s - lag_s)
    return _correlation(np.column_stack([own[is_known], logged[is_known]]))


def _correlation(pairs: NDArray[np.float64]) -> float:
    if len(pairs) < 3 or not np.ptp(pairs, axis=0).all():
        return float("nan")
    centred = pairs - pairs.mean(axis=0)
    products: NDArray[np.float64] = centred.T @ centred
    return float(products[0, 1] / np.sqrt(products[0, 0] * products[1, 1]))


def _chance(pairs: NDArray[np.float64], seed: int) -> float | None:
    n_rows = len(pairs)
    least = max(2, n_rows // 20)
    if n_rows - 2 * least < 2:
        return None
    random = np.random.default_rng(seed)
    found = [
        _correlation(np.column_stack([pairs[:, 0], np.roll(pairs[:, 1], each)]))
        for each in random.integers(least, n_rows - least, _N_SHIFTS).tolist()
    ]
    level = float(np.percentile(found, 95.0))
    return level if np.isfinite(level) else None
