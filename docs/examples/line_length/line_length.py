"""Line length: how far a signal travels, a plain sign of sharp or fast activity."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from detectors.outputs import Measure
from detectors.windowed import Windowed, WindowedConfig


class LineLengthConfig(
    WindowedConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="line_length",
):
    """A `[[detectors]]` table of kind ``line_length``; it adds no key."""


class LineLength(Windowed):
    """Mean absolute difference of neighbouring samples, in µV per sample.

    Notes
    -----
    Delay: half the window. Chance: Gaussian white noise of SD s gives ``2 s / sqrt(pi)``.
    """

    config_type: ClassVar[type[LineLengthConfig]] = LineLengthConfig
    measures: ClassVar[tuple[Measure, ...]] = (Measure("line_length", "µV/sample"),)
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[LineLengthConfig, ...]] = (
        LineLengthConfig(id="sharp", stream="LFP", window_s=0.2, hop_s=0.02),
    )

    def measure(self, window_uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one number a channel."""
        return np.abs(np.diff(window_uv, axis=0)).mean(axis=0)
