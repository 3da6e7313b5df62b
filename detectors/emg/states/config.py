"""How the state of two muscles is configured."""

from typing import Annotated

from msgspec import Meta

from detectors.checks import window_error
from detectors.emg.config import EmgConfig


class MuscleStateConfig(EmgConfig, frozen=True, kw_only=True, tag_field="kind", tag="muscle_state"):
    """A `[[detectors]]` table of kind ``muscle_state``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage, where no pairs are given; empty takes all.
    pairs : tuple of (str, str)
        Labels of two muscles each; empty takes all pairs of `channels`.
    band_hz : tuple of float, optional
        Edges of the band-pass; by default 20 to 450 Hz, or to 0.45 of a lower rate.
    bandwidth_hz : float, optional
        Width of the EMG's own spectrum, by which the noise of its envelope is known; by default
        that of the band, which is right for white EMG. ``stimloop calibrate --emg`` measures it.
    window_s, hop_s : float
        Length of the window and from one estimate to the next; both are rounded to samples of the
        envelope, 10 ms apart, the window to hops.
    segment_s : float
        Length of the segments of which the coherence is a mean; bins are 1 / `segment_s` apart.
    crosstalk_max : float
        Correlation of the EMG itself, of either sign, above which one channel hears the other.
    alpha : float
        How often independent muscles exceed ``coherence_null`` anywhere at 3-7 Hz.
    rest_uv, rest_sd_uv, reference_uv : dict of str to float
        Mean and standard deviation of each channel's envelope of 20 Hz at rest, and its mean in
        the reference contraction; every muscle needs all three.

    Examples
    --------
    >>> config = MuscleStateConfig(id="state", stream="EMG", pairs=(("FLEX", "EXT"),))
    >>> config.window_s, config.alpha
    (10.0, 0.01)
    """

    pairs: tuple[tuple[str, str], ...] = ()
    bandwidth_hz: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    window_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.5
    segment_s: Annotated[float, Meta(ge=0.2, le=60.0)] = 1.0
    crosstalk_max: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.3
    alpha: Annotated[float, Meta(gt=0.0, lt=0.5)] = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window_s <= self.hop_s:
            raise window_error(self.window_s, self.hop_s)
        if self.window_s < 2.0 * self.segment_s:
            raise ValueError(
                f"window_s: expected two segments of {self.segment_s:g} s, found {self.window_s:g}"
            )
        if self.channels and self.pairs:
            raise ValueError("pairs: expected no channels beside them, found both")
