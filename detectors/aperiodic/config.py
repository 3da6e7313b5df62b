"""How the aperiodic part of a spectrum is configured."""

from typing import Annotated, Final

from msgspec import Meta

from detectors.bands.bins import require_cycle, require_width
from detectors.checks import require_band, window_error
from detectors.stream_detector import StreamDetectorConfig

#: Cycles of the lowest frequency that a segment must have: below, a Hann segment mostly shows
#: what is next to it.
_N_CYCLES_MIN: Final = 2
#: A smaller part of a bin or a step is rounding.
ROUNDING: Final = 1e-6
#: What a hop may differ by from a multiple of half a segment, in halves of segments.
_SLACK: Final = 0.1


class AperiodicConfig(
    StreamDetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="aperiodic"
):
    """A `[[detectors]]` table of kind ``aperiodic``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    band_hz : tuple of float
        Low and high edge of what is compared with the line, bins at the edges by the part of
        them that lies inside.
    fit_hz : tuple of float
        The line is fitted to the frequencies ``low <= f < high`` that are multiples of
        ``1 / segment_s``, but for those in `exclude_hz`.
    exclude_hz : tuple of (float, float)
        Bands left out of the fit: where rhythms and mains are. By default two anchors are left, 3-6
        and 35-45 Hz.
    segment_s : float
        Length of a segment; the spectrum has a bin every ``1 / segment_s`` hertz.
    window_s : float
        Length of the window: as many segments as fit in, each half a segment after the one before.
    hop_s : float, optional
        From one estimate to the next, a multiple of half a segment; by default a segment. All
        three are rounded to samples, half a segment first.

    Examples
    --------
    >>> config = AperiodicConfig(id="slope", stream="LFP", band_hz=(13.0, 30.0))
    >>> config.window_s
    30.0
    """

    channels: tuple[str, ...] = ()
    band_hz: tuple[float, float] = (13.0, 30.0)
    fit_hz: tuple[float, float] = (3.0, 45.0)
    exclude_hz: tuple[tuple[float, float], ...] = ((6.0, 35.0), (48.0, 52.0), (58.0, 62.0))
    segment_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 1.0
    window_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 30.0
    hop_s: Annotated[float, Meta(gt=0.0, le=600.0)] | None = None

    def __post_init__(self) -> None:
        bands = {"band_hz": self.band_hz, "fit_hz": self.fit_hz}
        for key, band_hz in bands.items():
            require_band(key, band_hz)
        for number, band_hz in enumerate(self.exclude_hz):
            require_band(f"exclude_hz[{number}]", band_hz, from_zero=True)
        for key, band_hz in bands.items():
            require_cycle(key, band_hz, "segment_s", self.segment_s, _N_CYCLES_MIN)
        require_width("band_hz", self.band_hz, "segment_s", self.segment_s)
        self._check_grid()

    def _check_grid(self) -> None:
        half_s = self.segment_s / 2.0
        n_segments = int(self.window_s / half_s + ROUNDING) - 1
        if n_segments < 2:
            raise ValueError(
                f"window_s: expected at least two segments ({3.0 * half_s:g} s), "
                f"found {self.window_s:g}"
            )
        if self.hop_s is not None and abs(self.hop_s / half_s - self.n_steps) > _SLACK:
            raise ValueError(
                f"hop_s: expected a multiple of half a segment ({half_s:g} s), found {self.hop_s:g}"
            )
        if self.n_steps > n_segments:
            raise window_error(self.window_s, self.n_steps * half_s)

    @property
    def n_steps(self) -> int:
        """Half segments of a hop."""
        hop_s = self.segment_s if self.hop_s is None else self.hop_s
        return max(1, round(2.0 * hop_s / self.segment_s))
