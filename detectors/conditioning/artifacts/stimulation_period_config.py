"""The table of what takes the artifact of a running stimulation off."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

#: Resolutions of a stretch that are searched on either side, at most: the work of one search goes
#: with the square of it, and is done between two samples (50: some 20 ms for 32 channels).
_N_RESOLUTIONS: Final = (8.0, 50.0)

_Text = Annotated[str, Meta(min_length=1)]


class StimulationPeriodConfig(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="stimulation_period",
):
    """A `[[streams.artifacts]]` table of kind ``stimulation_period``.

    Parameters
    ----------
    frequency_hz : float
        Nominal rate of the pulses; it may be over half the stream's rate.
    search_hz : float
        The true rate is searched for within this distance of `frequency_hz`.
    learn_s : float
        Length of the consecutive stretches in which the rate is estimated. From 8 to 50 times
        ``1 / search_hz``.
    window_s : float
        Length of the past from which the artifact is estimated. A longer window removes less of the
        signal beside each harmonic, a shorter one follows a changing artifact.
    half_width_periods : float
        Samples whose phases differ by at most this fraction of a period are used for one estimate.
    resets_on_change : bool
        Whether a change of amplitude makes the window fill anew, with samples that are not to be
        used until it has.
    change_markers : tuple of str
        Markers that announce a change of amplitude of a device outside this rig.

    Examples
    --------
    >>> StimulationPeriodConfig(frequency_hz=130.0, window_s=0.5).window_s
    0.5
    """

    frequency_hz: Annotated[float, Meta(ge=1.0, le=2000.0)]
    search_hz: Annotated[float, Meta(ge=0.1, le=20.0)] = 2.0
    learn_s: Annotated[float, Meta(ge=0.5, le=120.0)] = 5.0
    window_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 2.0
    half_width_periods: Annotated[float, Meta(gt=0.0, le=0.2)] = 0.04
    resets_on_change: bool = True
    change_markers: tuple[_Text, ...] = ()

    def __post_init__(self) -> None:
        if self.search_hz > self.frequency_hz / 4.0:
            raise ValueError(
                f"search_hz: expected at most a quarter of frequency_hz "
                f"({self.frequency_hz / 4.0:g}), found {self.search_hz:g}"
            )
        least, most = _N_RESOLUTIONS
        if self.learn_s * self.search_hz < least:
            raise ValueError(
                f"learn_s: expected at least {least:g} / search_hz ({least / self.search_hz:g}), "
                f"found {self.learn_s:g}"
            )
        if self.learn_s * self.search_hz > most:
            raise ValueError(
                f"learn_s: expected at most {most:g} / search_hz ({most / self.search_hz:g}), "
                f"found {self.learn_s:g}"
            )
