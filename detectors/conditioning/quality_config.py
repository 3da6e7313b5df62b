"""What a stream's samples and stamps must be like."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from detectors.conditioning.stamps import GAP_DELAY_S, GAP_S_MIN

#: What a stream's samples are of.
Kind: TypeAlias = Literal["lfp", "emg", "markers", "other"]

_Positive = Annotated[float, Meta(gt=0.0)]


class QualityConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stream's samples and stamps must be like; part of a `[[streams]]` table.

    Parameters
    ----------
    frozen_s : float
        An LFP or EMG channel that repeats one exact value for this time, and for 10 samples at
        least, is frozen.
    saturation_uv : float, optional
        Rail of the amplifier: three samples in a row at or beyond it, or its negative, are
        saturated. The limits of an integer data type are always rails too.
    sd_uv_min, sd_uv_max : float, optional
        Standard deviation over 2 s outside of which the amplitude is unusual: noted, with the
        factor it looks like. More than 30 times (the square root of 1000) outside, the unit must
        be wrong: implausible, the samples are tainted. Defaults: 1 and 200 for LFP, 0.05 and none
        for EMG, none for other streams.
    peak_uv_max : float, optional
        The same limit for half of the range, highest less lowest, within 2 s. Default: 5000 for
        EMG, none for others.
    gap_s_min : float
        Stamps displaced by less are jitter. A stream that jitters more sets a higher limit
        itself, see `detectors.conditioning.stamps.StampSmoother`.
    gap_delay_s : float
        How long stamps must stay displaced to be a gap: longer than the blocks the amplifier
        delivers, else a late block may look like one.

    Raises
    ------
    ValueError
        Where `sd_uv_min` is not below `sd_uv_max`.

    Examples
    --------
    >>> QualityConfig(saturation_uv=3000.0).frozen_s
    0.1
    """

    frozen_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.1
    saturation_uv: _Positive | None = None
    sd_uv_min: Annotated[float, Meta(ge=0.0)] | None = None
    sd_uv_max: _Positive | None = None
    peak_uv_max: _Positive | None = None
    gap_s_min: Annotated[float, Meta(gt=0.0, le=1.0)] = GAP_S_MIN
    gap_delay_s: Annotated[float, Meta(gt=0.0, le=1.0)] = GAP_DELAY_S

    def __post_init__(self) -> None:
        if self.sd_uv_min is not None and self.sd_uv_max is not None:
            expect_order("", self.sd_uv_min, self.sd_uv_max)


def expect_order(path: str, sd_uv_min: float, sd_uv_max: float) -> None:
    """Expect the least standard deviation to be below the greatest.

    Parameters
    ----------
    path : str
        What comes before the key in the path of the table.
    sd_uv_min, sd_uv_max : float
        Both.

    Raises
    ------
    ValueError
        Where it is not.
    """
    if not sd_uv_min < sd_uv_max:
        raise ValueError(
            f"{path}sd_uv_min: expected less than sd_uv_max ({sd_uv_max:g}), found {sd_uv_min:g}"
        )
