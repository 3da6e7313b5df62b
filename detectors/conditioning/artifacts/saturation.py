"""What an amplifier needs to come back from its rail: tainted like the rail itself."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.block import BoundEvent, StreamLayout, Taint
from detectors.conditioning.artifacts import taint_spread_kernel as kernel
from detectors.conditioning.artifacts.step import Stepped


class SaturationConfig(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="saturation",
):
    """A `[[streams.artifacts]]` table of kind ``saturation``.

    Parameters
    ----------
    blank_s : float
        Seconds after its last saturated sample in which a channel is not to be used.

    Examples
    --------
    >>> SaturationConfig(blank_s=0.1).blank_s
    0.1
    """

    blank_s: Annotated[float, Meta(gt=0.0, le=10.0)] = 0.1


class Saturation:
    """Taints what follows a saturated sample as saturated too; the samples stay as they are.

    Parameters
    ----------
    config : SaturationConfig
        How long samples stay tainted.
    layout : StreamLayout
        The stream.
    counts : Counter
        ``saturated_after``: samples of single channels tainted by this step.

    Notes
    -----
    What the rail is stands in the stream's `quality`. What came before a sample that turns out
    saturated has been judged already; a window that contains the run is not valid, and this
    contains what led to it wherever the window is longer. Delay: none.

    Examples
    --------
    >>> layout = StreamLayout("LFP", 1000.0, ("STN_L",))
    >>> step = Saturation(SaturationConfig(blank_s=0.1), layout, Counter())
    >>> taint = np.zeros((500, 1), dtype=np.uint16)
    >>> taint[100] = Taint.SATURATED
    >>> int(np.count_nonzero(step.update(np.zeros((500, 1)), taint, (), 0).taint))
    101
    """

    configured_by: ClassVar[type[SaturationConfig]] = SaturationConfig
    reads_events: ClassVar[bool] = False

    delay_s = 0.0

    def __init__(
        self, config: SaturationConfig, layout: StreamLayout, counts: Counter[str]
    ) -> None:
        self._n_after = max(1, round(config.blank_s * layout.rate_hz))
        self._n_channels = len(layout.channels)
        self._counts = counts
        self.reset()

    def reset(self) -> None:
        """Forget everything but the counts: what follows is as after construction."""
        self._left = np.zeros(self._n_channels, np.int64)

    def update(
        self,
        samples_uv: NDArray[np.float64],
        taint: NDArray[np.uint16],
        events: Sequence[BoundEvent],  # noqa: ARG002 it needs none
        first_sample: int,  # noqa: ARG002 it has no findings
    ) -> Stepped:
        """Take the next samples; never raises on data, never changes the arrays it is handed."""
        marked = taint.copy()
        n_marked = kernel.update(marked, int(Taint.SATURATED), self._n_after, self._left)
        if n_marked:
            self._counts["saturated_after"] += n_marked
        return Stepped(samples_uv.copy(), marked, [])
