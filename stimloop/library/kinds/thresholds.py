"""The two ways to set a threshold: a percentile of a calibration, or a level."""

import msgspec


class Percentile(msgspec.Struct, frozen=True):
    """A threshold that is a percentile of the valid estimates of a calibration, then frozen.

    Parameters
    ----------
    percentile : float
        From 0 to 100.
    calibrate_s : float
        Length of the calibration in seconds of valid estimates, from the first one on.

    Examples
    --------
    >>> import stimloop as sl
    >>> burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=20))
    >>> burst.threshold.percentile
    75.0
    """

    percentile: float
    calibrate_s: float


class Level(msgspec.Struct, frozen=True):
    """A threshold that is a fixed value.

    Parameters
    ----------
    level : float
        In the unit of the measure that is compared with it: µV² for band power.

    Examples
    --------
    >>> import stimloop as sl
    >>> sl.Burst("burst", of="beta", threshold=sl.Level(12.5)).threshold.level
    12.5
    """

    level: float
