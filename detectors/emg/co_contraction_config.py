"""How co-contraction is configured."""

from typing import Annotated

from msgspec import Meta

from detectors.checks import window_error
from detectors.emg.config import EmgConfig


class CoContractionConfig(
    EmgConfig, frozen=True, kw_only=True, tag_field="kind", tag="co_contraction"
):
    """A `[[detectors]]` table of kind ``co_contraction``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage, where no pairs are given; empty takes all.
    pairs : tuple of (str, str)
        Labels of two muscles each; empty takes all pairs of `channels`.
    band_hz : tuple of float, optional
        Edges of the band-pass; by default 20 to 450 Hz, or to 0.45 of a lower rate. From 30 Hz on
        it leaves less of the heart in muscles of neck and trunk.
    envelope_hz : float
        Edge of the low-pass that makes the envelope: 2.5 to 6 Hz for posture, 20 Hz for tremor.
    bandwidth_hz : float, optional
        Width of the EMG's own spectrum, by which the noise of its envelope is known; by default
        that of the band, which is right for white EMG. ``stimloop calibrate --emg`` measures it.
    window_s, hop_s : float
        Length of the window and from one estimate to the next; both are rounded to samples, the
        window to hops.
    crosstalk_max : float
        Correlation of the EMG itself, of either sign, above which one channel hears the other.
    alpha : float
        How often the envelopes of independent muscles exceed ``correlation_null``.
    rest_uv, rest_sd_uv, reference_uv : dict of str to float
        Mean and standard deviation of each channel's envelope at rest, and its mean in the
        reference contraction; without them there is no ``level_index``.

    Examples
    --------
    >>> config = CoContractionConfig(id="arm", stream="EMG", pairs=(("FLEX", "EXT"),))
    >>> config.envelope_hz, config.window_s
    (6.0, 10.0)
    """

    pairs: tuple[tuple[str, str], ...] = ()
    envelope_hz: Annotated[float, Meta(gt=0.0, le=100.0)] = 6.0
    bandwidth_hz: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    window_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.1
    crosstalk_max: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.3
    alpha: Annotated[float, Meta(gt=0.0, lt=0.5)] = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window_s <= self.hop_s:
            raise window_error(self.window_s, self.hop_s)
        if self.channels and self.pairs:
            raise ValueError("pairs: expected no channels beside them, found both")
