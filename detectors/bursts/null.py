"""The bursts of Gaussian noise, for each share of the time that it is above the threshold."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.bursts import burst_kernel as burst
from detectors.bursts import statistics_state as columns
from detectors.bursts.null_kernel import count_bursts
from detectors.bursts.rule import BurstRule
from detectors.bursts.statistics_kernel import summarise
from detectors.compiling.bundle import Bundle
from detectors.estimates import Estimates
from detectors.null_simulation.noise_spectrum import NoiseSpectrum
from detectors.null_simulation.simulation import NullSimulation

#: Shares of the time above the threshold that are tried; between them goes a straight line.
SHARES: Final = (
    *(0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3),
    *(0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
)
#: Noise is simulated until it has had this number of bursts above its 75th percentile, or for this
#: number of stretches of samples, or hops, a channel, whichever is less.
_N_BURSTS: Final = 4000
_N_STRETCHES: Final = 16
_STRETCH_SAMPLES: Final = 60_000
_STRETCH_HOPS: Final = 20_000
#: Of fewer bursts the mean says nothing.
_N_BURSTS_MIN: Final = 30

_AMPLITUDES: Final = slice(columns.MEAN_AMPLITUDE, columns.PEAK_AMPLITUDE + 1)


class _RuleInHops(NamedTuple):
    """What makes a burst, and a long one, in hops."""

    keep: float
    drop: float
    lag: int
    long_hops: float
    hop_s: float


@lru_cache(maxsize=64)
def burst_null(
    simulation: NullSimulation,
    rule: BurstRule,
    hop_samples: int,
    rate_hz: float,
    long_hops: float,
    *,
    spectrum: NoiseSpectrum | None = None,
    n_stretches: int = _N_STRETCHES,
) -> NDArray[np.float64]:
    """Return rate, durations and amplitudes in noise, for shares of the time above the threshold.

    Parameters
    ----------
    simulation : NullSimulation
        Of the burst detector: its measure is that of the rig's own filters.
    rule : BurstRule
        Hysteresis and shortest duration, which change the null: they are applied.
    hop_samples, rate_hz : int, float
        From one hop to the next.
    long_hops : float
        A burst of more hops is long.
    spectrum : NoiseSpectrum, optional
        Of the noise; white without it.
    n_stretches : int
        Stretches of noise that are simulated, at most.

    Returns
    -------
    ndarray, shape (n_shares, N_NULL)
        See the columns in `detectors.bursts.statistics_state`; not finite where there were too
        few bursts to tell.

    Notes
    -----
    For the envelope of a linear filter with the rms bandwidth b (Hz), seen at every moment, without
    hysteresis and shortest duration, a level that is exceeded for the share s has, by Rice's
    formula [1]_, the rate ``2 sqrt(pi) b rho s`` and the mean duration ``1 / (2 sqrt(pi) b rho)``
    with ``rho = sqrt(-ln s)``: ``0.2396 / b`` at the 75th percentile. Of other measures, of hops
    and of the rule there is no such form, so the noise is simulated: the means are those of
    about 4000 bursts, to 1 or 2 %, or of as many as there are in 16 stretches.

    References
    ----------
    .. [1] S. O. Rice, "Mathematical analysis of random noise", Bell System Technical Journal
       24(1), 1945, doi:10.1002/j.1538-7305.1945.tb00453.x.
    """
    in_hops = _RuleInHops(
        rule.keep, rule.drop, rule.lag_hops(hop_samples), long_hops, hop_samples / rate_hz
    )
    n_samples = max(hop_samples, min(_STRETCH_SAMPLES, _STRETCH_HOPS * hop_samples))
    stretches = islice(simulation.run(n_samples, spectrum), n_stretches)
    values, valid = _simulated(stretches, in_hops)
    null = no_null()
    if valid.any():
        thresholds = np.quantile(values[valid], 1.0 - null[:, columns.SHARE])
        for row, threshold in zip(null, thresholds.tolist(), strict=True):
            if threshold > rule.floor:
                row[1:] = _measures(values, valid, threshold, in_hops)
                amplitudes = row[1:][_AMPLITUDES]
                row[1:][_AMPLITUDES] = (
                    amplitudes - threshold if rule.is_signed else amplitudes / threshold
                )
    null.flags.writeable = False
    return null


def no_null() -> NDArray[np.float64]:
    """Return a null that says nothing, at the same shares; to be written to."""
    null = np.full((len(SHARES), columns.N_NULL), np.nan)
    null[:, columns.SHARE] = SHARES
    return null


def _simulated(
    stretches: Iterator[list[Estimates]], rule: _RuleInHops
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the measure of noise and its validity, shape (n_channels, n_hops)."""
    measure = slice(burst.VALUE, None, burst.N_COLUMNS)
    values: list[NDArray[np.float64]] = []
    valid: list[NDArray[np.bool_]] = []
    n_bursts = 0.0
    for stretch in stretches:
        for each in stretch:
            values.append(each.values[:, measure])
            valid.append(each.valid[:, measure])
            n_bursts += _n_bursts(values[-1], valid[-1], rule)
        if n_bursts >= _N_BURSTS:
            break
    if not values:
        return np.empty((0, 0)), np.empty((0, 0), dtype=np.bool_)
    return (
        np.ascontiguousarray(np.concatenate(values).T),
        np.ascontiguousarray(np.concatenate(valid).T),
    )


def _n_bursts(values: NDArray[np.float64], valid: NDArray[np.bool_], rule: _RuleInHops) -> float:
    """Return how many bursts a stretch has above its own 75th percentile."""
    if not valid.any():
        return 0.0
    found = _summary(
        np.ascontiguousarray(values.T),
        np.ascontiguousarray(valid.T),
        float(np.quantile(values[valid], 0.75)),
        rule,
    )
    return float(found[columns.N_BURSTS])


def _measures(
    values: NDArray[np.float64], valid: NDArray[np.bool_], threshold: float, rule: _RuleInHops
) -> NDArray[np.float64]:
    """Return rate, durations, amplitudes above a threshold, the rate alone where bursts are few."""
    found = _summary(values, valid, threshold, rule)
    if found[columns.N_BURSTS] < _N_BURSTS_MIN:
        found[columns.DURATION : columns.NULL] = np.nan
    return found[: columns.NULL]


def _summary(
    values: NDArray[np.float64], valid: NDArray[np.bool_], threshold: float, rule: _RuleInHops
) -> NDArray[np.float64]:
    """Return what the statistics of one block as long as the stretch would be."""
    summary = Bundle(columns.BurstSummary(columns.BurstTally(), np.zeros(columns.N_COLUMNS)))
    end_level = rule.keep * threshold - rule.drop
    count_bursts(values, valid, threshold, end_level, rule.lag, rule.long_hops, summary.addresses)
    summarise(rule.hop_s, summary.addresses)
    return summary.fields.values
