"""Mains hum, estimated by oscillators that follow it and subtracted."""

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
        Frequency of the mains: 50 or 60. Deviations up to 0.5 Hz are followed.
    n_harmonics : int
        Number of harmonics, the fundamental included; those above half the rate are left out.
    time_constant_s : float
        How fast estimated amplitudes and phases follow. The notch is ``1 / (pi time_constant_s)``
        wide.

    Examples
    --------
    >>> LineNoiseConfig(frequency_hz=50.0, n_harmonics=3).n_harmonics
    3
    """

    frequency_hz: Annotated[float, Meta(ge=10.0, le=1000.0)]
    n_harmonics: Annotated[int, Meta(ge=1, le=20)] = 3
    time_constant_s: Annotated[float, Meta(ge=0.1, le=60.0)] = 0.5


class LineNoise:
    """Subtracts mains hum and its harmonics from every channel; no sample is tainted by it.

    Parameters
    ----------
    config : LineNoiseConfig
        Frequency, harmonics, and how fast they may change.
    layout : StreamLayout
        The stream.
    counts : Counter
        Not used by this step, which cleans every sample.

    Attributes
    ----------
    n_harmonics : int
        Number of harmonics that are subtracted.
    mains_hz : float
        The estimated frequency of the mains.

    Raises
    ------
    ValueError
        Where the stream is too slow to carry the mains.

    Notes
    -----
    The adaptive noise canceller of Widrow [1]_ with a sine and a cosine for each harmonic: with
    ``p[n] = exp(i 2 pi h sum f)`` and the error ``e = x - m - sum Re(a p)``, where m is the
    running mean, ``a += 2 g e conj(p)``. The output is ``x - sum Re(a p)`` with the a before that
    update. The gain g starts at one over four cycles of the mains, falls as one over the number of
    good samples, which is a least-squares fit, and ends at ``1 / (time_constant_s rate)``.

    Next to each harmonic this is a notch [2]_: at d hertz from it the gain is
    ``d / sqrt(d^2 + b^2)`` with ``b = 1 / (2 pi time_constant_s)``, and the phase leads by
    ``atan(b / d)``: half the power at b (0.32 Hz at 0.5 s), 3.6 degrees at 5 Hz, 0.6 at 30 Hz.
    The gain for an offset is exactly 1. A step of height h causes a ringing of at most
    ``h g / sin(pi f / rate)`` (1.3 % of it at 1 kHz). A large step or a spike causes less, because
    the error that updates a is limited to four times its running standard deviation.

    The frequency estimate moves once in each time constant, by a quarter of the measured rotation
    of the fundamental, weighted by power over all channels, and within 0.5 Hz of the nominal one.

    Delay: none. Start and gap: everything is estimated anew; the remaining hum falls as one over
    time (to a tenth after 40 cycles). From tainted samples the hum is subtracted as it was before,
    and they do not update the estimate.

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
    reads_events: ClassVar[bool] = False

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
