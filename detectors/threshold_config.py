"""A threshold of a table: a percentile of a stretch, or a number."""

from typing import Annotated

import msgspec
from msgspec import Meta


class CalibratedOrFixed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either a percentile, taken over a stretch and then frozen, or a key of the struct's own.

    Parameters
    ----------
    percentile : float
        From 0 to 100, of the valid hops of the calibration stretch, channel by channel.
    calibrate_s : float
        Length of that stretch, counted in valid hops.
    """

    percentile: Annotated[float, Meta(ge=0.0, le=100.0)] | None = None
    calibrate_s: Annotated[float, Meta(gt=0.0, le=3600.0)] | None = None

    def require_one(self, key: str, fixed: str) -> None:
        """Expect either the percentile and its stretch, or the fixed threshold.

        Parameters
        ----------
        key, fixed : str
            The key of the detector's table, and the one in it that is a fixed threshold.

        Raises
        ------
        ValueError
            Where it is neither, or both.
        """
        keys = ("percentile", "calibrate_s", fixed)
        found = [each for each in keys if getattr(self, each) is not None]
        if found not in (["percentile", "calibrate_s"], [fixed]):
            raise ValueError(
                f"{key}: expected percentile and calibrate_s, or {fixed}, "
                f"found {', '.join(found) or 'none'}"
            )

    def n_calibrate(self, hop_s: float) -> int:
        """Return the valid hops of the stretch, at least one; 0 where the threshold is fixed."""
        return 0 if self.calibrate_s is None else max(1, round(self.calibrate_s / hop_s))
