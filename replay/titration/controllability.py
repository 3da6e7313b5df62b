"""Tests by permutation of the steps whether the measure follows the amount, and which way."""

import math
from collections.abc import Sequence
from itertools import permutations
from typing import Final, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

Sign: TypeAlias = Literal["falls", "rises"]

#: Significance of each direction; both together err in 5 % of patients who do not respond.
LEVEL: Final = 0.025
#: Up to this many steps every permutation is computed.
_N_ALL_MAX: Final = 8
_N_DRAWN: Final = 19_999
_TINY: Final = 1e-12


class Controllability(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the measure follows the amount [1]_.

    Parameters
    ----------
    sign : {"falls", "rises"} or None
        What the measure does as the amount rises; None where neither is shown.
    p_falls, p_rises : float
        Share of the orders of the steps' means that go with the amount as well or better, down and
        up. One of at most 0.025 is shown.
    n_orders : int
        Orders that were looked at: all, of up to eight steps, else as many as were drawn.
    p_least : float
        The least that p can be with these steps.
    only_rises : bool
        Whether the amounts only rise, or only fall: then whatever changes with time, medication or
        movement, looks the same.
    reason : str
        Why no sign is shown; empty where one is.

    Notes
    -----
    False positives: where the amount changes nothing, the steps' means are in any order alike, as
    far as they do not hang together themselves, and each direction is shown in at most 2.5 % of
    titrations, whatever the distribution of the measure and however it hangs together within a
    step. With four steps or fewer nothing can be shown at that level.

    References
    ----------
    .. [1] E. J. G. Pitman, "Significance tests which may be applied to samples from any
       populations, II: the correlation coefficient test", Supplement to the Journal of the Royal
       Statistical Society 4(2), 1937, doi:10.2307/2983647.
    """

    sign: Sign | None
    p_falls: float
    p_rises: float
    n_orders: int
    p_least: float
    only_rises: bool
    reason: str


def controllability(
    amounts: Sequence[float], levels: Sequence[float], *, seed: int
) -> Controllability:
    """Test whether levels follow amounts.

    Parameters
    ----------
    amounts, levels : sequence of float
        Of each step, in the order in which they were given: the amount, and the mean of the
        measure, or its logarithm.
    seed : int
        Of the orders that are drawn where there are more than eight steps.

    Examples
    --------
    >>> found = controllability([0, 1, 2, 3, 4], [1.0, 0.9, 0.7, 0.4, 0.3], seed=1)
    >>> found.sign, round(found.p_falls, 4)
    ('falls', 0.0083)
    """
    x, y = np.asarray(amounts, np.float64), np.asarray(levels, np.float64)
    steps = np.diff(x)
    only_rises = bool(x.size > 1 and (np.all(steps >= 0.0) or np.all(steps <= 0.0)))
    if x.size < 2 or np.ptp(x) == 0.0:
        reason = "fewer than two amounts were measured"
        return _nothing(reason, only_rises=only_rises)
    is_exact = x.size <= _N_ALL_MAX
    together = _products(x, y, is_exact=is_exact, seed=seed)
    found = float((x - x.mean()) @ (y - y.mean()))
    edge = _TINY * float(np.abs(x - x.mean()) @ np.abs(y - y.mean()))
    drawn = 0 if is_exact else 1
    n_orders = together.size + drawn
    p_falls = (np.count_nonzero(together <= found + edge) + drawn) / n_orders
    p_rises = (np.count_nonzero(together >= found - edge) + drawn) / n_orders
    p_least = _least(x) if is_exact else 1.0 / n_orders
    sign: Sign | None = None
    reason = ""
    if p_falls <= LEVEL:
        sign = "falls"
    elif p_rises <= LEVEL:
        sign = "rises"
    elif p_least > LEVEL:
        reason = (
            f"{x.size} clean steps cannot show it: p is at least {p_least:.3g}, and {LEVEL:g} is "
            "needed: take more steps"
        )
    else:
        reason = (
            f"the measure does not follow the amount: p = {p_falls:.3g} for a fall and "
            f"{p_rises:.3g} for a rise, and {LEVEL:g} is needed"
        )
    return Controllability(
        sign=sign,
        p_falls=float(p_falls),
        p_rises=float(p_rises),
        n_orders=n_orders,
        p_least=p_least,
        only_rises=only_rises,
        reason=reason,
    )


def _nothing(reason: str, *, only_rises: bool) -> Controllability:
    return Controllability(
        sign=None,
        p_falls=1.0,
        p_rises=1.0,
        n_orders=0,
        p_least=1.0,
        only_rises=only_rises,
        reason=reason,
    )


def _products(
    x: NDArray[np.float64], y: NDArray[np.float64], *, is_exact: bool, seed: int
) -> NDArray[np.float64]:
    away_x, away_y = x - x.mean(), y - y.mean()
    if is_exact:
        orders = np.array(list(permutations(range(x.size))))
        found: NDArray[np.float64] = away_y[orders] @ away_x
        return found
    random = np.random.default_rng(seed)
    drawn = np.array([random.permutation(away_y) for _ in range(_N_DRAWN)])
    products: NDArray[np.float64] = drawn @ away_x
    return products


def _least(x: NDArray[np.float64]) -> float:
    """Return the share of permutations that fit the amounts best: steps of one amount may swap."""
    _, counts = np.unique(x, return_counts=True)
    alike = math.prod(math.factorial(int(count)) for count in counts)
    return alike / math.factorial(x.size)
