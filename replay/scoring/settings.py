"""What a score is asked for."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from replay.scoring.references.offline_rhythm import ReferenceRule
from replay.scoring.references.recorded import MarkerRule


class ScoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What detections are held against, and how much is computed.

    Parameters
    ----------
    reference : ReferenceRule
        What counts as a burst offline.
    band_hz : (float, float), optional
        The band of the reference; that of each detector by default.
    markers : MarkerRule, optional
        Markers that say when something began and ended.
    log_threshold : float, optional
        Above it a device's own log counts as high; the percentile of `reference` by default.
    start_s, stop_s : float, optional
        The part of the recording that is judged, in seconds since it began; the detectors still
        begin, and calibrate, at its first sample.
    undone_s : float
        An onset whose offset follows within this was undone.
    n_surrogates : int
        Phase-randomised recordings; 0 leaves them out, and the healthy patient too.
    surrogate_s : float
        How much of the recording each of them is made of, at most.
    seed : int
        Of all random numbers.

    Raises
    ------
    ValueError
        Where values do not fit each other; the text begins with the key.

    Examples
    --------
    >>> ScoreSettings(band_hz=(13.0, 30.0), start_s=60.0).reference.percentile
    75.0
    """

    reference: ReferenceRule = ReferenceRule()
    band_hz: tuple[float, float] | None = None
    markers: MarkerRule | None = None
    log_threshold: float | None = None
    start_s: Annotated[float, Meta(ge=0.0)] | None = None
    stop_s: Annotated[float, Meta(gt=0.0)] | None = None
    undone_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 1.0
    n_surrogates: Annotated[int, Meta(ge=0, le=1000)] = 5
    surrogate_s: Annotated[float, Meta(ge=10.0, le=3600.0)] = 300.0
    seed: Annotated[int, Meta(ge=0)] = 1

    def __post_init__(self) -> None:
        if self.band_hz is not None and not 0.0 < self.band_hz[0] < self.band_hz[1]:
            low_hz, high_hz = self.band_hz
            raise ValueError(f"band_hz: expected low < high, found {low_hz:g} and {high_hz:g}")
        if self.start_s is not None and self.stop_s is not None and not self.start_s < self.stop_s:
            raise ValueError(
                f"stop_s: expected after start_s ({self.start_s:g}), found {self.stop_s:g}"
            )

    def as_dict(self) -> dict[str, Any]:
        """Return them as plain data."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found | {"markers": None if self.markers is None else self.markers._asdict()}
