"""The scale on which levels are compared: the logarithm, where a measure cannot be negative."""

import math
from typing import NamedTuple

from replay.titration.mean_of_series import MeanOfSeries


class ScaledLevel(NamedTuple):
    """A mean on the scale on which it is compared with others.

    Parameters
    ----------
    level, standard_error : float
        On that scale.
    degrees_of_freedom : float
        Of the standard error.
    is_log : bool
        Whether the scale is the natural logarithm: power varies in proportion to its mean, so
        that there the error does not depend on the level.

    Examples
    --------
    >>> halved = ScaledLevel(0.0, 0.1, 10.0, is_log=True)
    >>> halved.over(ScaledLevel(math.log(2.0), 0.1, 10.0, is_log=True))
    0.5
    """

    level: float
    standard_error: float
    degrees_of_freedom: float
    is_log: bool

    def shown(self, difference: float) -> float:
        """Return a difference on this scale as people read it: a ratio where it is logarithmic."""
        return math.exp(difference) if self.is_log else difference

    def over(self, other: "ScaledLevel") -> float:
        """Return this level over another one, or the difference where there is no ratio."""
        return self.shown(self.level - other.level)


def scaled(means: list[MeanOfSeries], *, is_signed: bool) -> list[ScaledLevel]:
    """Return means on the scale on which they are compared.

    Parameters
    ----------
    means : list of MeanOfSeries
        All that are compared.
    is_signed : bool
        Whether the measure may be negative.
    """
    is_log = not is_signed and all(each.mean > 0.0 for each in means)
    if not is_log:
        return [
            ScaledLevel(each.mean, each.standard_error, each.degrees_of_freedom, is_log=False)
            for each in means
        ]
    return [
        ScaledLevel(
            math.log(each.mean),
            each.standard_error / each.mean,
            each.degrees_of_freedom,
            is_log=True,
        )
        for each in means
    ]
