"""How bursts of muscles are configured."""

from typing import Annotated, Literal

from msgspec import Meta

from detectors.checks import window_error
from detectors.emg.config import ACTIVE_SD, EmgConfig


class MuscleBurstsConfig(
    EmgConfig, frozen=True, kw_only=True, tag_field="kind", tag="muscle_bursts"
):
    """A `[[detectors]]` table of kind ``muscle_bursts``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    pairs : tuple of (str, str)
        Labels of two of the channels each, whose overlap is measured.
    method : {"amplitude", "teager_kaiser"}
        What the envelope is of: the rectified EMG, or its Teager-Kaiser energy, which finds onsets
        in more noise.
    band_hz : tuple of float, optional
        Edges of the band-pass; by default 20 to 450 Hz, or to 0.45 of a lower rate.
    envelope_hz : float
        Edge of the low-pass that makes the envelope.
    onset_sd, offset_sd : float
        A burst begins where the envelope rises above rest by this number of its standard
        deviations, and ends where it falls below the other.
    duration_s_min : float
        What is shorter is no burst.
    merge_s : float
        Bursts with a shorter gap between them are one.
    window_s, hop_s : float
        Length of the window and from one estimate to the next; both are rounded to samples, the
        window to hops.
    n_bursts_min : int
        Medians and variations of fewer bursts are not valid.
    crosstalk_max : float
        Correlation of the EMG itself, of either sign, above which one channel hears the other.
    rest_uv, rest_sd_uv : dict of str to float
        Mean and standard deviation of each channel's envelope at rest, of this `method` and
        `envelope_hz`.
    reference_uv : dict of str to float
        Mean of each channel's envelope in its reference contraction; without it there is no
        ``activation``.

    Examples
    --------
    >>> config = MuscleBurstsConfig(
    ...     id="bursts", stream="EMG", rest_uv={"FLEX": 4.0}, rest_sd_uv={"FLEX": 0.7}
    ... )
    >>> config.envelope_hz, config.duration_s_min
    (20.0, 0.015)
    """

    pairs: tuple[tuple[str, str], ...] = ()
    method: Literal["amplitude", "teager_kaiser"] = "amplitude"
    envelope_hz: Annotated[float, Meta(gt=0.0, le=100.0)] = 20.0
    onset_sd: Annotated[float, Meta(gt=0.0, le=100.0)] = ACTIVE_SD
    offset_sd: Annotated[float, Meta(ge=0.0, le=100.0)] = 2.0
    duration_s_min: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.015
    merge_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.02
    window_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.1
    n_bursts_min: Annotated[int, Meta(ge=4, le=10_000)] = 5
    crosstalk_max: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window_s <= self.hop_s:
            raise window_error(self.window_s, self.hop_s)
        if self.offset_sd > self.onset_sd:
            raise ValueError(
                f"offset_sd: expected at most onset_sd ({self.onset_sd:g}), "
                f"found {self.offset_sd:g}"
            )
