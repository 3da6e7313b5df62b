"""Thresholds of adaptive stimulation by the published rule."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from replay.titration.controllability import Sign
from replay.titration.measured import MeasuredStep

_RULE_S: Final = 30.0
_SINGLE_SHARE: Final = 0.75
#: Share of the 30 s that may be missing since hops are whole.
_ROUNDING: Final = 1e-6


class TitratedThresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Thresholds in the unit of the measure [1]_.

    Parameters
    ----------
    lowest_amount, highest_amount : float
        The amplitude limits: the lowest and the highest amount of the clean steps.
    upper_threshold, lower_threshold : float or None
        The higher and the lower one of the means of 30 s at the two limits: where the measure
        falls, the upper one is that at the lower limit. None where no sign is shown, or the means
        do not lie as the sign says.
    single_threshold : float or None
        At 75 % of the way from the lower to the upper one.
    percentile_25, percentile_75 : float or None
        Of the measure at all measured hops of the clean steps.
    lowest_s, highest_s : float
        How long was measured for the mean at each limit; the rule asks for 30.
    reason : str
        Why there are no thresholds, or what is doubtful about them; empty where nothing is.

    References
    ----------
    .. [1] S. Stanslaski et al., "Sensing data and methodology from the Adaptive DBS Algorithm for
       Personalized Therapy in Parkinson's Disease (ADAPT-PD) clinical trial", npj Parkinson's
       Disease 10, 2024, doi:10.1038/s41531-024-00772-5.
    """

    lowest_amount: float
    highest_amount: float
    upper_threshold: float | None
    lower_threshold: float | None
    single_threshold: float | None
    percentile_25: float | None
    percentile_75: float | None
    lowest_s: float
    highest_s: float
    reason: str


def thresholds(
    steps: Sequence[MeasuredStep], sign: Sign | None, *, hop_s: float
) -> TitratedThresholds | None:
    """Return the thresholds of a staircase; None without a clean step.

    Parameters
    ----------
    steps : sequence of MeasuredStep
        The clean steps; of several at a limit all count, with their last 30 s.
    sign : {"falls", "rises"} or None
        What the measure was shown to do as the amount rises.
    hop_s : float
        From one estimate to the next.
    """
    if not steps:
        return None
    lowest = min(each.amount for each in steps)
    highest = max(each.amount for each in steps)
    n_hops = round(_RULE_S / hop_s)
    at_lowest, at_highest = (
        np.concatenate([each.values[-n_hops:] for each in steps if each.amount == limit])
        for limit in (lowest, highest)
    )
    means = float(at_lowest.mean()), float(at_highest.mean())
    upper, lower = means if sign != "rises" else means[::-1]
    spans_s = at_lowest.size * hop_s, at_highest.size * hop_s
    reason = ""
    if sign is None:
        reason = "no sign is shown"
    elif upper <= lower:
        reason = f"the means at the two limits ({means[0]:g} and {means[1]:g}) do not go that way"
    elif min(spans_s) < _RULE_S * (1.0 - _ROUNDING):
        reason = (
            f"the rule asks for means of {_RULE_S:g} s, measured were {spans_s[0]:.3g} s at "
            f"{lowest:g} and {spans_s[1]:.3g} s at {highest:g}"
        )
    has_thresholds = sign is not None and upper > lower
    low, high = np.percentile(np.concatenate([each.values for each in steps]), [25.0, 75.0])
    return TitratedThresholds(
        lowest_amount=lowest,
        highest_amount=highest,
        upper_threshold=upper if has_thresholds else None,
        lower_threshold=lower if has_thresholds else None,
        single_threshold=lower + _SINGLE_SHARE * (upper - lower) if has_thresholds else None,
        percentile_25=float(low),
        percentile_75=float(high),
        lowest_s=spans_s[0],
        highest_s=spans_s[1],
        reason=reason,
    )
