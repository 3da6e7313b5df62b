"""Slow activity far beyond a channel's own level: a cable or a head that moves."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.block import BoundEvent, StreamLayout, Taint
from detectors.compiling.bundle import Bundle
from detectors.conditioning.artifacts import movement_kernel as kernel
from detectors.conditioning.artifacts.step import Stepped, episodes

#: Slower than this is drift.
_DRIFT_HZ = 0.2


class MovementConfig(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="movement",
):
    """A `[[streams.artifacts]]` table of kind ``movement``.

    Parameters
    ----------
    below_hz : float
        Upper edge of the band of slow activity, which begins at 0.2 Hz.
    sd : float
        Limit of slow activity in standard deviations of the channel's own usual level: movement
        lies beyond it.
    learn_s : float
        Seconds of good samples from which the usual level is learned before any movement is marked.
    level_s : float
        Seconds of good samples over which the usual level is averaged after that.
    hold_s : float
        Seconds that samples stay marked after the last one beyond the limit.

    Examples
    --------
    >>> MovementConfig(sd=6.0).sd
    6.0
    """

    below_hz: Annotated[float, Meta(gt=0.4, le=1000.0)] = 5.0
    sd: Annotated[float, Meta(ge=2.0, le=100.0)] = 5.0
    learn_s: Annotated[float, Meta(ge=1.0, le=600.0)] = 10.0
    level_s: Annotated[float, Meta(ge=1.0, le=3600.0)] = 60.0
    hold_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.5

    def __post_init__(self) -> None:
        if self.level_s < self.learn_s:
            raise ValueError(
                f"level_s: expected at least learn_s ({self.learn_s:g}), found {self.level_s:g}"
            )


class Movement:
    """Taints samples in which a channel's slow activity is far beyond its own SD.

    Parameters
    ----------
    config : MovementConfig
        The band of slow activity, and the limit beyond which it is movement.
    layout : StreamLayout
        The stream.
    counts : Counter
        ``movement``, in samples of single channels.

    Raises
    ------
    ValueError
        Where the stream is too slow for the band.

    Notes
    -----
    The rule. Slow activity ``s`` is the sample, counted from the first one, through two one-pole
    low-passes at `below_hz` and a one-pole high-pass at 0.2 Hz. Its level ``m`` is the mean of
    ``min(|s|, 2 SD)`` over all good samples so far, and once `level_s` of them are there an
    exponential mean of that memory; ``SD = m / 0.781`` is the standard deviation of a Gaussian
    whose magnitudes, so cut, have that mean. From the `learn_s`-th good sample on, one with
    ``|s| > sd SD`` is movement, and so are those of `hold_s` after it. They carry ``MOVEMENT``,
    which spoils the windows they are in; the samples stay as they are.

    What is cut cannot lift the level by much: while a channel moves, its level doubles in about
    half of `level_s`. A lasting change is movement for that time, then the new level.

    Delay: what the low-passes need, ``1 / (pi below_hz)`` (64 ms at 5 Hz); the samples until then
    are not marked, the windows that contain the marked ones mostly contain them too. Start and
    gap: everything is learned anew, and nothing is marked in the meantime. Chance: in Gaussian
    noise 5 SD are passed about twice a day, 3 SD several times a minute.

    Examples
    --------
    >>> layout = StreamLayout("LFP", 1000.0, ("STN_L",))
    >>> round(Movement(MovementConfig(below_hz=2.0), layout, Counter()).delay_s, 3)
    0.159
    """

    configured_by: ClassVar[type[MovementConfig]] = MovementConfig
    reads_events: ClassVar[bool] = False

    def __init__(self, config: MovementConfig, layout: StreamLayout, counts: Counter[str]) -> None:
        if config.below_hz > layout.rate_hz / 4.0:
            raise ValueError(
                f"below_hz: expected at most {layout.rate_hz / 4.0:g} Hz, a quarter of the rate, "
                f"found {config.below_hz:g}"
            )
        self.delay_s = 1.0 / (np.pi * config.below_hz)
        self._channels = layout.channels
        self._counts = counts
        self._settings = kernel.Settings(
            low_gain=1.0 - np.exp(-2.0 * np.pi * config.below_hz / layout.rate_hz),
            drift_gain=1.0 - np.exp(-2.0 * np.pi * _DRIFT_HZ / layout.rate_hz),
            sd_max=config.sd,
            n_learn=round(config.learn_s * layout.rate_hz),
            n_level=round(config.level_s * layout.rate_hz),
            n_hold=round(config.hold_s * layout.rate_hz),
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything but the counts: what follows is as after construction."""
        n_channels = len(self._channels)
        self._state = Bundle(
            kernel.State(
                n_good=np.zeros(n_channels),
                reference_uv=np.zeros(n_channels),
                low_once_uv=np.zeros(n_channels),
                low_twice_uv=np.zeros(n_channels),
                drift_uv=np.zeros(n_channels),
                level_uv=np.zeros(n_channels),
                n_left=np.zeros(n_channels),
                settings=self._settings,
            )
        )
        self._was_on = np.zeros(n_channels, np.bool_)

    def update(
        self,
        samples_uv: NDArray[np.float64],
        taint: NDArray[np.uint16],
        events: Sequence[BoundEvent],  # noqa: ARG002 it needs none
        first_sample: int,
    ) -> Stepped:
        """Take the next samples; never raises on data, never changes the arrays it is handed."""
        marked = taint.copy()
        n_marked = kernel.update(samples_uv, marked, self._state.addresses)
        found = []
        if n_marked or self._was_on.any():
            self._counts["movement"] += n_marked
            is_on = (marked & ~taint & np.uint16(Taint.MOVEMENT)).astype(np.bool_)
            found = list(
                episodes(
                    is_on,
                    self._was_on,
                    kind="movement",
                    channels=self._channels,
                    texts=("moves", "is still again"),
                    first_sample=first_sample,
                )
            )
            if len(is_on):
                self._was_on = is_on[-1].copy()
        return Stepped(samples_uv.copy(), marked, found)
