"""Thresholds by the published rules."""

from typing import Final, NamedTuple

import numpy as np

from replay.calibration.beside_surrogates import SurrogateRuns
from replay.calibration.calibrated import Baseline, Rule, Thresholds
from replay.calibration.measure import Measured

#: The mean of the last 30 s at each limit; single at 75 % between.
_CAPTURE_S: Final = 30.0
_SINGLE_SHARE: Final = 0.75


class Limits(NamedTuple):
    """When the amplitude was at its limits, in seconds since the first sample.

    Parameters
    ----------
    lowest_s, highest_s : tuple of float
        From when to when it was at the lowest, and at the highest amplitude.
    """

    lowest_s: tuple[float, float]
    highest_s: tuple[float, float]


def thresholds(
    measure: Measured,
    surrogates: SurrogateRuns,
    baseline: Baseline,
    limits: Limits | None,
    hop_s: float,
) -> tuple[Thresholds, ...]:
    """Return the thresholds by each rule that can be applied.

    Parameters
    ----------
    measure : Measured
        Over the recording.
    surrogates : SurrogateRuns
        What they are held against.
    baseline : Baseline
        Percentiles of the measure, and the 1/f line in the band.
    limits : Limits or None
        For the rule ``capture``, which asks for both.
    hop_s : float
        From one estimate to the next.
    """
    at = baseline.percentiles

    def made(
        rule: Rule,
        *,
        single: float | None = None,
        upper: float | None = None,
        lower: float | None = None,
        note: str = "",
    ) -> Thresholds:
        level = upper if upper is not None else single
        assert level is not None  # noqa: S101 every rule has one of the two
        above = [float((each.valid_values > level).mean()) for each in surrogates.measures]
        over = level / baseline.one_over_f if baseline.one_over_f > 0.0 else np.nan
        return Thresholds(
            rule=rule,
            upper=upper,
            lower=lower,
            single=single,
            over_one_over_f_db=10.0 * float(np.log10(over)),
            share_above=float((measure.valid_values > level).mean()),
            surrogates_above=float(np.mean(above)) if above else float("nan"),
            note=note,
        )

    found = [
        made("bursts", single=at["75"]),
        made("half_time", single=at["50"]),
        made("percentiles", upper=at["75"], lower=at["25"]),
    ]
    if limits is not None:
        at_lowest, n_lowest = _mean_of_last(measure, limits.lowest_s, hop_s)
        at_highest, n_highest = _mean_of_last(measure, limits.highest_s, hop_s)
        upper, lower = max(at_lowest, at_highest), min(at_lowest, at_highest)
        notes = []
        if at_highest > at_lowest:
            notes.append("the measure is higher at the highest amplitude: it does not fall")
        if min(n_lowest, n_highest) * hop_s < _CAPTURE_S * (1.0 - 1e-6):
            notes.append(
                f"the rule asks for means of {_CAPTURE_S:g} s, there were "
                f"{n_lowest * hop_s:.3g} and {n_highest * hop_s:.3g} s"
            )
        found.append(
            made(
                "capture",
                upper=upper,
                lower=lower,
                single=lower + _SINGLE_SHARE * (upper - lower),
                note="; ".join(notes),
            )
        )
    return tuple(found)


def _mean_of_last(
    measure: Measured, span_s: tuple[float, float], hop_s: float
) -> tuple[float, int]:
    since_s = measure.time_s - measure.time_s[0] if measure.time_s.size else measure.time_s
    is_in = measure.valid & (since_s >= span_s[0]) & (since_s <= span_s[1])
    values = measure.values[is_in][-round(_CAPTURE_S / hop_s) :]
    if not values.size:
        raise ValueError(
            f"limits: expected valid estimates from {span_s[0]:g} to {span_s[1]:g} s, found none"
        )
    return float(values.mean()), values.size
