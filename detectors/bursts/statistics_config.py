"""How burst statistics are configured."""

from typing import Annotated

from msgspec import Meta

from detectors.detector import DetectorConfig, Reads


class BurstStatisticsConfig(
    DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="burst_statistics"
):
    """A `[[detectors]]` table of kind ``burst_statistics``.

    Parameters
    ----------
    of : str
        Id of the burst detector that it reads.
    window_s : float
        Length of the window: bursts that ended in it are counted, by the hops of the burst
        detector.
    hop_s : float
        From one estimate to the next, rounded to hops of the burst detector; the window is a
        whole number of them, at most 1000.
    long_s : float
        A burst that lasts longer is long.
    n_bursts_min : int
        Means and fractions of fewer bursts are not valid.
    null_delay_s : float
        Seconds after the end of a channel's calibration, counted in samples, at which the null of
        its own spectrum takes effect: the time that is left to compute it.

    Examples
    --------
    >>> config = BurstStatisticsConfig(id="statistics", of="burst", window_s=60.0, long_s=0.5)
    >>> [read.kind for read in config.reads]
    ['samples', 'detector', 'noise']
    """

    of: str
    window_s: Annotated[float, Meta(gt=0.0, le=86400.0)] = 60.0
    hop_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 1.0
    long_s: Annotated[float, Meta(ge=0.0, le=3600.0)] = 0.5
    n_bursts_min: Annotated[int, Meta(ge=1, le=1_000_000)] = 10
    null_delay_s: Annotated[float, Meta(ge=1.0, le=3600.0)] = 10.0

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The burst detector, the samples below it, and what it gives on noise."""
        return (
            Reads("of", "samples", self.of),
            Reads("of", "detector", self.of),
            Reads("of", "noise", self.of),
        )
