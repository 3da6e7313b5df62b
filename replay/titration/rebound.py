"""Rebound: whether the measure returns at higher amounts, or exceeds its start after the end."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
from scipy.stats import studentized_range
from scipy.stats import t as student_t

from replay.titration.controllability import Sign
from replay.titration.mean_of_series import MeanOnScale

#: Significance of each of the two tests.
LEVEL: Final = 0.05
_FREEDOM_MAX: Final = 1e4


class ReboundWithAmount(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the response reverses as the amount rises further.

    Parameters
    ----------
    is_there : bool
        Whether it does: p is at most 0.05.
    from_amount, to_amount : float
        The two amounts between which it does most clearly.
    ratio : float
        The measure at the higher one over that at the lower one; for a measure that may be
        negative the difference.
    p : float
        Of the largest of all differences between two steps, by the studentized range with the
        degrees of freedom of that pair (Tukey; Games and Howell) [1]_.

    Notes
    -----
    False positives: where the measure does not change with the amount, one of 2.5 % of titrations;
    where it falls all the way, fewer: only ways back count, and the range counts both ways.

    References
    ----------
    .. [1] P. A. Games, J. F. Howell, "Pairwise multiple comparison procedures with unequal n's
       and/or variances", Journal of Educational Statistics 1(2), 1976, doi:10.2307/1164979.
    """

    is_there: bool
    from_amount: float
    to_amount: float
    ratio: float
    p: float


class ReboundAfterEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The measure after the end, compared with the measure at the same amount before.

    Parameters
    ----------
    is_there : bool
        Whether it goes beyond that: p is at most 0.05.
    ratio, low, high : float
        The measure after the end over what it was before, with its interval of 95 %; for a measure
        that may be negative the difference.
    p : float
        Of Welch's test, one-sided: false positives 5 % where it comes back to what it was.
    """

    is_there: bool
    ratio: float
    low: float
    high: float
    p: float


def rebound_with_amount(
    amounts: Sequence[float], levels: Sequence[MeanOnScale], sign: Sign
) -> ReboundWithAmount | None:
    """Return the clearest reversal among all pairs of steps; None where none can be tested.

    Parameters
    ----------
    amounts : sequence of float
        Of each step.
    levels : sequence of MeanOnScale
        Of each step the level of the measure.
    sign : {"falls", "rises"}
        What the measure does as the amount rises.
    """
    direction = 1.0 if sign == "falls" else -1.0
    best: tuple[float, int, int] | None = None
    for low, amount in enumerate(amounts):
        for high, other in enumerate(amounts):
            if other <= amount:
                continue
            error = math.hypot(levels[low].standard_error, levels[high].standard_error)
            if not 0.0 < error < math.inf:
                continue
            away = direction * (levels[high].value - levels[low].value) / error
            if best is None or away > best[0]:
                best = away, low, high
    if best is None:
        return None
    away, low, high = best
    freedom = _welch(levels[low], levels[high])
    p = 1.0
    if away > 0.0:
        p = float(studentized_range.sf(math.sqrt(2.0) * away, len(amounts), freedom))
    return ReboundWithAmount(
        is_there=p <= LEVEL,
        from_amount=amounts[low],
        to_amount=amounts[high],
        ratio=levels[high].over(levels[low]),
        p=p,
    )


def rebound_after_end(
    before: MeanOnScale, after: MeanOnScale, sign: Sign
) -> ReboundAfterEnd | None:
    """Compare the measure after the end with the one before; None where it cannot be compared."""
    error = math.hypot(before.standard_error, after.standard_error)
    if not 0.0 < error < math.inf:
        return None
    direction = 1.0 if sign == "falls" else -1.0
    away = after.value - before.value
    freedom = _welch(before, after)
    half = error * float(student_t.ppf(0.975, freedom))
    p = float(student_t.sf(direction * away / error, freedom))
    return ReboundAfterEnd(
        is_there=p <= LEVEL,
        ratio=after.shown(away),
        low=after.shown(away - half),
        high=after.shown(away + half),
        p=p,
    )


def _welch(one: MeanOnScale, other: MeanOnScale) -> float:
    """Return the degrees of freedom of a difference (Welch and Satterthwaite)."""
    first, second = one.standard_error**2, other.standard_error**2
    below = first**2 / one.degrees_of_freedom + second**2 / other.degrees_of_freedom
    return min((first + second) ** 2 / below, _FREEDOM_MAX)
