"""Hum of the mains, subtracted by oscillators that follow it."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.block import BoundEvent, StreamLayout
from detectors.compiling.bundle import Bundle
from detectors.conditioning.artifacts import line_noise_kernel as kernel
from detectors.conditioning.artifacts.step import Stepped

#: No mains is further from its nominal frequency.
RANGE_HZ = 0.5
#: Cycles of the mains over which the first guess is smoothed.
_N_CYCLES_BEGIN = 4
#: A harmonic closer to half the rate than this share of it is left alone.
_HIGHEST = 0.95


class LineNoiseConfig(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="line_noise",
):
    """A `[[streams.artifacts]]` table of kind ``line_noise``.

    Parameters
    ----------
    frequency_hz : float
        Of the mains: 50 or 60. It is followed up to 0.5 Hz from there.
    n_harmonics : int
        Harmonics, the fundamental included, as far as the rate carries them.
    time_constant_s : float
        Of the amplitude and phase that follow it. The notch is ``1 / (pi time_constant_s)`` wide.

    Examples
    --------
    >>> LineNoiseConfig(frequency_hz=50.0, n_harmonics=3).n_harmonics
    3
    """

    frequency_hz: Annotated[float, Meta(ge=10.0, le=1000.0)]
    n_harmonics: Annotated[int, Meta(ge=1, le=20)] = 3
    time_constant_s: Annotated[float, Meta(ge=0.1, le=60.0)] = 0.5


class LineNoise:
    """Takes the mains and its harmonics off every channel; what is left is never marked.

    Parameters
    ----------
    config : LineNoiseConfig
        Frequency, harmonics and how fast they change.
    layout : StreamLayout
        The stream.
    counts : Counter
        Not added to: every sample is cleaned.

    Attributes
    ----------
    n_harmonics : int
        Harmonics that are taken off.
    mains_hz : float
        Where the mains is found to be.

    Raises
    ------
    ValueError
        Where the stream is too slow to carry the mains.

    Notes
    -----
    The adaptive noise canceller of Widrow [1]_ with a sine and a cosine for each harmonic: with
    ``p[n] = exp(i 2 pi h sum f)`` and the error ``e = x - m - sum Re(a p)``, where m is the
    running mean, ``a += 2 g e conj(p)``. The output is ``x - sum Re(a p)`` with the a from before.
    The gain g begins at one over four cycles of the mains and falls as one over the good samples
    so far, a least-squares fit, to ``1 / (time_constant_s rate)``.

    Next to each harmonic this is a notch [2]_: at d hertz from it the gain is
    ``d / sqrt(d^2 + b^2)`` with ``b = 1 / (2 pi time_constant_s)``, and the phase leads by
    ``atan(b / d)``: half the power at b (0.32 Hz at 0.5 s), 3.6 degrees at 5 Hz, 0.6 at 30 Hz.
    The gain for an offset is exactly 1. A step of height h leaves a ring of at most
    ``h g / sin(pi f / rate)`` (1.3 % of it at 1 kHz), less where it is large: the error that is
    learned from is cut at four times its running standard deviation, so a spike leaves next to
    nothing.

    The frequency follows once in each time constant by a quarter of the rotation of the
    fundamental, all channels together, each with the weight of its power, within 0.5 Hz.

    Delay: none. Start and gap: everything is learned anew; what is left of the line falls as one
    over time (a tenth after 40 cycles). Tainted samples have the line taken off as it was, and
    are not learned from.

    References
    ----------
    .. [1] B. Widrow et al., "Adaptive noise cancelling: principles and applications", Proceedings
       of the IEEE 63, 1692-1716, 1975, doi:10.1109/PROC.1975.10036.
    .. [2] J. R. Glover, "Adaptive noise canceling applied to sinusoidal interferences", IEEE
       Transactions on Acoustics, Speech, and Signal Processing 25, 484-491, 1977,
       doi:10.1109/TASSP.1977.1162997.

    Examples
    --------
    A line of 20 µV, 5 s after it was first seen:

    >>> time_s = np.arange(6000) / 1000.0
    >>> line_uv = 20.0 * np.sin(2.0 * np.pi * 50.0 * time_s)[:, None]
    >>> layout = StreamLayout("LFP", 1000.0, ("STN_L",))
    >>> step = LineNoise(LineNoiseConfig(frequency_hz=50.0), layout, Counter())
    >>> cleaned = step.update(line_uv, np.zeros(line_uv.shape, dtype=np.uint16), (), 0)
    >>> bool(np.abs(cleaned.samples_uv[5000:]).max() < 0.1)
    True
    """

    configured_by: ClassVar[type[LineNoiseConfig]] = LineNoiseConfig

    delay_s = 0.0

    def __init__(
        self,
        config: LineNoiseConfig,
        layout: StreamLayout,
        counts: Counter[str],  # noqa: ARG002 every sample is cleaned
    ) -> None:
        rate_hz = layout.rate_hz
        highest_hz = _HIGHEST * rate_hz / 2.0
        if config.frequency_hz > highest_hz:
            raise ValueError(
                f"frequency_hz: expected at most {highest_hz:g} Hz in a stream of {rate_hz:g} Hz, "
                f"found {config.frequency_hz:g}"
            )
        self.n_harmonics = min(config.n_harmonics, int(highest_hz / config.frequency_hz))
        self._rate_hz = rate_hz
        self._n_channels = len(layout.channels)
        n_memory = config.time_constant_s * rate_hz
        self._settings = kernel.Settings(
            cycles_per_sample=config.frequency_hz / rate_hz,
            range_cycles=RANGE_HZ / rate_hz,
            n_memory=n_memory,
            n_begin=_N_CYCLES_BEGIN * rate_hz / config.frequency_hz,
            n_follow=max(1, round(n_memory)),
        )
        self.reset()

    @property
    def mains_hz(self) -> float:
        """Where the mains is found to be."""
        return float(self._state.fields.line.view("cycles_per_sample")) * self._rate_hz

    def reset(self) -> None:
        """Forget everything but the counts: what follows is as after construction."""
        n_channels = self._n_channels
        cycles_per_sample = float(self._settings.view("cycles_per_sample"))
        self._state = Bundle(
            kernel.State(
                n_good=np.zeros(n_channels),
                mean_uv=np.zeros(n_channels),
                size_uv=np.zeros(n_channels),
                before_real=np.zeros(n_channels),
                before_imaginary=np.zeros(n_channels),
                line_uv=np.zeros(n_channels),
                error_uv=np.zeros(n_channels),
                harmonics=np.zeros((2 * self.n_harmonics, n_channels)),
                real=np.zeros(self.n_harmonics),
                imaginary=np.zeros(self.n_harmonics),
                settings=self._settings,
                line=kernel.Line(cycles_per_sample=cycles_per_sample),
            )
        )

    def update(
        self,
        samples_uv: NDArray[np.float64],
        taint: NDArray[np.uint16],
        events: Sequence[BoundEvent],  # noqa: ARG002 the mains knows of none
        first_sample: int,  # noqa: ARG002 it has no findings
    ) -> Stepped:
        """Take the next samples; never raises on data, never changes the arrays it is handed."""
        cleaned = samples_uv.copy()
        kernel.update(cleaned, taint, self._state.addresses)
        return Stepped(cleaned, taint.copy(), [])
