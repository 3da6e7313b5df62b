"""How bursts are configured."""

from typing import Annotated

from msgspec import Meta

from detectors.detector import DetectorConfig, Reads
from detectors.threshold_config import CalibratedOrFixed


class BurstThreshold(CalibratedOrFixed, frozen=True, kw_only=True):
    """Either a percentile, taken over a stretch and then frozen, or a level.

    Parameters
    ----------
    percentile : float
        From 0 to 100, of the valid hops of the calibration stretch, channel by channel.
    calibrate_s : float
        Length of that stretch, counted in valid hops.
    level : float
        A fixed threshold in the unit of the measure: µV² for band power, µV for an amplitude.

    Raises
    ------
    ValueError
        Unless it is exactly one of the two.

    Examples
    --------
    >>> BurstThreshold(percentile=75.0)
    Traceback (most recent call last):
        ...
    ValueError: threshold: expected percentile and calibrate_s, or level, found percentile
    """

    level: Annotated[float, Meta(ge=-1e24, le=1e24)] | None = None

    def __post_init__(self) -> None:
        self.require_one("threshold", "level")


class BurstConfig(DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="burst"):
    """A `[[detectors]]` table of kind ``burst``.

    Parameters
    ----------
    of : str
        Id of the detector whose measure it reads: one that has one measure a channel.
    threshold : BurstThreshold
        What the measure has to exceed: a calibrated percentile or a fixed level.
    hysteresis : float, optional
        How far below the threshold a burst ends, as a fraction of it; 0.1 where neither is given.
    hysteresis_level : float, optional
        The same in the unit of the measure: for a measure that may be negative (dB, z), of
        which a fraction means nothing.
    smoothing_s : float
        Length of a running mean of the measure, rounded to hops; 0 leaves it as it is. An
        amplitude that is given more often than it changes, as that of `oscillation`, crosses a
        level back and forth; 0.2 s is usual.
    duration_s_min : float
        An episode shorter than this, from its onset to its offset, is no burst.

    Examples
    --------
    >>> import msgspec
    >>> threshold = {"percentile": 75.0, "calibrate_s": 20.0}
    >>> table = {"kind": "burst", "id": "burst", "of": "beta", "threshold": threshold}
    >>> msgspec.convert(table, BurstConfig).reads[0].name
    'beta'
    """

    of: str
    threshold: BurstThreshold
    hysteresis: Annotated[float, Meta(ge=0.0, lt=1.0)] | None = None
    hysteresis_level: Annotated[float, Meta(ge=0.0, le=1e24)] | None = None
    smoothing_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.0
    duration_s_min: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.1

    def __post_init__(self) -> None:
        if self.hysteresis is not None and self.hysteresis_level is not None:
            raise ValueError(
                "hysteresis_level: expected none where hysteresis is given, "
                f"found {self.hysteresis_level:g}"
            )
        level = self.threshold.level
        if level is not None and level <= 0.0 and self.hysteresis_level is None:
            raise ValueError(
                "threshold.level: expected above 0 unless hysteresis_level is given, "
                f"found {level:g}"
            )

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The detector below."""
        return (Reads("of", "detector", self.of),)
