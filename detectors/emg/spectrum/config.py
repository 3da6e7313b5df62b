"""How spectra of EMG are configured."""

from typing import Annotated, Final

from msgspec import Meta

from detectors.checks import window_error
from detectors.emg.config import EmgConfig

#: What a hop may differ by from a multiple of half a segment, in halves of segments.
_SLACK: Final = 0.1
#: A smaller part of a step is rounding.
_ROUNDING: Final = 1e-6


class MuscleSpectrumConfig(
    EmgConfig, frozen=True, kw_only=True, tag_field="kind", tag="muscle_spectrum"
):
    """A `[[detectors]]` table of kind ``muscle_spectrum``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    band_hz : tuple of float, optional
        Edges of the band-pass; by default 20 to 450 Hz, or to 0.45 of a lower rate.
    segment_s : float
        Length of a segment, a Hann window; it is rounded to samples, and zeros bring it to the
        next power of two.
    window_s : float
        Length of the window: as many segments as fit in, each half a segment after the one before.
    hop_s : float, optional
        From one estimate to the next, a multiple of half a segment; by default half a segment.
    rest_uv, rest_sd_uv : dict of str to float
        Mean and standard deviation of each channel's envelope at rest: at rest there is no drive.
    reference_uv : dict of str to float
        Not needed here; it may be written so that all EMG detectors have the same levels.

    Examples
    --------
    >>> config = MuscleSpectrumConfig(id="drive", stream="EMG")
    >>> config.window_s, config.n_steps
    (10.0, 1)
    """

    segment_s: Annotated[float, Meta(ge=0.5, le=10.0)] = 1.0
    window_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=600.0)] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        half_s = self.segment_s / 2.0
        if self.window_s < 3.0 * half_s * (1.0 - _ROUNDING):
            raise ValueError(
                f"window_s: expected at least two segments ({3.0 * half_s:g} s), "
                f"found {self.window_s:g}"
            )
        if self.hop_s is not None and abs(self.hop_s / half_s - self.n_steps) > _SLACK:
            raise ValueError(
                f"hop_s: expected a multiple of half a segment ({half_s:g} s), found {self.hop_s:g}"
            )
        if self.n_steps * half_s >= self.window_s:
            raise window_error(self.window_s, self.n_steps * half_s)

    @property
    def n_steps(self) -> int:
        """Half segments of a hop."""
        return 1 if self.hop_s is None else max(1, round(2.0 * self.hop_s / self.segment_s))

    @property
    def n_segments(self) -> int:
        """Segments of the window."""
        return max(2, int(2.0 * self.window_s / self.segment_s + _ROUNDING) - 1)
