"""What all detectors of the channels of one stream have in common: their table and their frame."""

from collections.abc import Sequence

import numpy as np

from detectors.block import StreamLayout
from detectors.detector import DetectorConfig, Reads
from detectors.outputs import Measure, outputs_of


class StreamDetectorConfig(DetectorConfig, frozen=True, kw_only=True):
    """The keys of a detector that reads one stream; its own struct adds its keys and tag.

    Parameters
    ----------
    stream : str
        Name of the stream.
    """

    stream: str

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The stream."""
        return (Reads("stream", "stream", self.stream),)


class StreamDetector:
    """Id, channels, outputs and hop of a detector that reads one stream.

    Parameters
    ----------
    config : StreamDetectorConfig
        Its table.
    channels : sequence of str
        Labels, the stream's own or of its montage; empty takes all of them.
    layout : StreamLayout
        The stream after units and montage.
    measures : sequence of Measure
        What each channel has.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.

    Raises
    ------
    ValueError
        Where a channel is not in the stream, or stands twice.
    """

    def __init__(
        self,
        config: StreamDetectorConfig,
        channels: tuple[str, ...],
        layout: StreamLayout,
        measures: Sequence[Measure],
        hop_s: float,
    ) -> None:
        layout.require(channels)
        self.id = config.id
        self.channels = channels or layout.channels
        self.outputs = outputs_of(self.channels, measures)
        self.rate_hz = layout.rate_hz
        self.hop_samples = max(1, round(hop_s * layout.rate_hz))
        #: Columns of the stream's blocks that are used.
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.int64
        )
