"""How phase-amplitude coupling is configured."""

from typing import Annotated

from msgspec import Meta

from detectors.coupling.limits import require_bands
from detectors.stream_detector import StreamDetectorConfig


class PhaseAmplitudeCouplingConfig(
    StreamDetectorConfig,
    frozen=True,
    kw_only=True,
    tag_field="kind",
    tag="phase_amplitude_coupling",
):
    """A `[[detectors]]` table of kind ``phase_amplitude_coupling``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    phase_band_hz : tuple of float
        The slow band; at its edges the gain is a half.
    amplitude_band_hz : tuple of float
        The fast band: above the slow one by half the width of that, and at least twice as wide as
        its highest frequency, since a coupling to ``f`` stands in the side bands ``f`` away, which
        a narrower band cuts off.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    window_s : float
        Length of the window; rounded to hops. At least ten cycles; two hundred settle the index.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.

    Examples
    --------
    >>> config = PhaseAmplitudeCouplingConfig(
    ...     id="coupling",
    ...     stream="LFP",
    ...     phase_band_hz=(13.0, 30.0),
    ...     amplitude_band_hz=(60.0, 200.0),
    ... )
    >>> config.window_s
    10.0
    """

    phase_band_hz: tuple[float, float]
    amplitude_band_hz: tuple[float, float]
    channels: tuple[str, ...] = ()
    window_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.1

    def __post_init__(self) -> None:
        require_bands(self.phase_band_hz, self.amplitude_band_hz)
