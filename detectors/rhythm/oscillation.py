"""Amplitude and phase of a rhythm, now or a little ahead."""

from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout
from detectors.checks import require_memory
from detectors.detector import DetectorConfig, Input
from detectors.estimates import Seen
from detectors.outputs import Measure
from detectors.rhythm.endpoint_hilbert import EndpointHilbert
from detectors.rhythm.oscillation_config import OscillationConfig
from detectors.rhythm.resonator import Resonator
from detectors.stream_detector import StreamDetector

__all__ = ["Oscillation", "OscillationConfig"]

_AMPLITUDE: Final = Measure("amplitude", "µV")
_PHASE: Final = Measure("phase", "rad", signed=True)
_OUTSIDE: Final = Measure("outside", "")
#: What each channel has, in the order of the kernels' columns.
_MEASURES: Final = {
    "amplitude": (_AMPLITUDE,),
    "amplitude_and_phase": (_AMPLITUDE, _PHASE),
    "amplitude_phase_and_outside": (_AMPLITUDE, _PHASE, _OUTSIDE),
}
#: Length of the window of the endpoint-corrected Hilbert transform where none is given.
_WINDOW_S: Final = 0.5


class Oscillation(StreamDetector):
    """Amplitude (µV, the stream's unit) and phase (rad) of a rhythm, sample by sample.

    The phase is that of a cosine: 0 at the peak of the rhythm, in (-pi, pi], rising with time. For
    a sine ``A cos(2 pi centre_hz t + p)`` on any offset the outputs are exactly ``A`` and
    ``2 pi centre_hz (t + lead_s) + p``, once settled.

    Parameters
    ----------
    config : OscillationConfig
        Channels, centre, width, order, lead and hop.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    centre_hz, lead_s : float
        As configured.
    has_phase, has_outside : bool
        Whether the phase, and the share outside the band, are outputs.
    span_samples : int
        Newest samples that an estimate depends on, and the number of good ones in a row before
        the first valid estimate; with the resonator, until 5 % of what came before is left.

    Raises
    ------
    ValueError
        Where the band or the channels do not fit the stream.

    Notes
    -----
    Outputs, for each channel: ``amplitude`` and ``phase``, or, with `output` ``"amplitude"``,
    the amplitude alone. ``"amplitude_phase_and_outside"`` adds ``outside``, the share, from 0 to 1,
    of the measured power that comes from frequencies outside ``centre_hz - half_width_hz`` to
    ``centre_hz + half_width_hz``: see `detectors.rhythm.resonator`.

    A line outside the band passes the filter in part, and is then measured as if it were the
    rhythm: of a line at 43.5 Hz a resonator of 20 Hz and half width 5 Hz passes 23, 11, 6 or 4 % of
    the amplitude with 1, 2, 3 or 4 poles (``python -m benchmarks.figures.leakage``). ``outside``
    shows it. In white noise it is 0.48, 0.34, 0.30 or 0.28 on average.

    Method: see `detectors.rhythm.resonator` and `detectors.rhythm.endpoint_hilbert`. Both measure a
    steady rhythm at the centre exactly. The resonator is the default: it has the smaller error for
    a rhythm whose phase drifts, and its cost and memory do not depend on its width. The Hilbert
    transform costs one multiplication for each sample of the window at each hop, but nothing older
    than its window has any influence.

    Delay: the group delay at the centre, close to ``1 / (2 pi half_width_hz)`` (32 ms at 5 Hz)
    where the centre is well above the width, and close to 1.3, 1.5, 1.7 times that with 2, 3, 4
    poles. Amplitude, and deviations of the phase, appear that much later. The Hilbert transform has
    0.8 to 1.8 times that delay with windows up to 0.5 s, and more with longer ones, as some of
    the weight is on the oldest samples. The phase of a steady rhythm has no delay. The lead assumes
    the centre frequency and adds a constant angle: a rhythm that is d hertz off has an error of
    ``360 d lead_s`` degrees.

    Valid: from the `span_samples`-th good sample in a row on (with the resonator
    ``3 / (2 pi half_width_hz)`` seconds, after which 5 % of what came before is left), and never
    before the second hop after a restart. A phase is not valid where the amplitude is 0. Start and
    gap: everything restarts. NaN policy: ``invalid``; a sample that is tainted, or beyond 1e12 µV,
    is left out and its channel restarts after it; an estimate whose newest sample has a doubtful
    stamp is not valid. An artifact without taint decays by a factor of e every
    ``1 / (2 pi half_width_hz)``. For the Hilbert transform a drift across its window has the effect
    of a step: a drift of 1 µV adds an amplitude of 0.12 µV at half width 3 Hz, 0.2 µV at 5 Hz.

    Chance: noise has an amplitude and a phase as well. In noise with the one-sided density S
    (µV²/Hz) about the centre, the phase is uniform and the amplitude has a Rayleigh distribution
    with the mean square ``2 pi half_width_hz S``, where the centre is well above the width (10 %
    less at 8 Hz, width 3 Hz). The response of a single pole falls so slowly away from its centre
    that noise crosses a level more often the shorter the hop is: the closed form for the duration
    of bursts in noise does not apply to this amplitude, and a null must be measured at the same
    hop.

    What to expect: the phase of a 20 Hz rhythm that drifts at 5/s (SD 0.71), in pink noise (SD
    0.5), is estimated with a circular SD of 36°, and of 18° where its amplitude is above the
    median; by the Hilbert transform, half width 3 Hz, with 42° and 23°, and 2° early.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> config = OscillationConfig(id="rhythm", stream="LFP", centre_hz=20.0)
    >>> detector = Oscillation(config, StreamLayout("LFP", 1000.0, ("STN_L", "M1")))
    >>> detector.outputs[0].label, round(detector.delay_s, 3)
    ('STN_L.amplitude', 0.034)
    """

    config_type: ClassVar[type[DetectorConfig]] = OscillationConfig

    def __init__(self, config: OscillationConfig, layout: StreamLayout) -> None:
        _check_band(config, layout.rate_hz)
        measures = _MEASURES[config.output]
        super().__init__(config, config.channels, layout, measures, config.hop_s)
        self.has_phase = _PHASE in measures
        self.has_outside = _OUTSIDE in measures
        self.centre_hz = config.centre_hz
        self.lead_s = config.lead_s
        self._filter = _filter(
            config, layout.rate_hz, self._columns, self.hop_samples, len(self.outputs)
        )
        self.span_samples = self._filter.span_samples
        self.delay_s = self._filter.delay_s

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._filter.reset()

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        return Seen(self._filter.update(given))


def _filter(
    config: OscillationConfig,
    rate_hz: float,
    columns: NDArray[np.int64],
    hop_samples: int,
    n_outputs: int,
) -> Resonator | EndpointHilbert:
    if config.method == "resonator":
        return Resonator(
            columns,
            detector=config.id,
            n_outputs=n_outputs,
            rate_hz=rate_hz,
            centre_hz=config.centre_hz,
            half_width_hz=config.half_width_hz,
            order=config.order,
            lead_s=config.lead_s,
            hop_samples=hop_samples,
            outside_max=config.outside_max,
            has_outside=_OUTSIDE in _MEASURES[config.output],
            outside_time_constant_s=config.outside_time_constant_s,
        )
    return EndpointHilbert(
        columns,
        detector=config.id,
        n_outputs=n_outputs,
        rate_hz=rate_hz,
        centre_hz=config.centre_hz,
        half_width_hz=config.half_width_hz,
        order=config.order,
        lead_s=config.lead_s,
        hop_samples=hop_samples,
        window_samples=_window_samples(config, rate_hz, columns.size),
    )


def _window_samples(config: OscillationConfig, rate_hz: float, n_channels: int) -> int:
    """Return the length of the window, which holds a cycle and a frequency of the band."""
    window_s = _WINDOW_S if config.window_s is None else config.window_s
    window_samples = round(window_s * rate_hz)
    shortest_s = max(1.0 / config.centre_hz, 0.5 / config.half_width_hz)
    if window_s < shortest_s * (1.0 - 1e-9):
        raise ValueError(
            f"window_s: expected at least {shortest_s:g}, a cycle of centre_hz and "
            f"1 / (2 half_width_hz), found {window_s:g}"
        )
    require_memory("window_s", window_s, 2 * window_samples * n_channels)
    return window_samples


def _check_band(config: OscillationConfig, rate_hz: float) -> None:
    high_hz = config.centre_hz + config.half_width_hz
    # A Butterworth band-pass has no edge at half the rate itself.
    if high_hz > rate_hz / 2.0 or (config.method == "hilbert" and high_hz == rate_hz / 2.0):
        limit = "up to at most" if config.method == "resonator" else "below"
        raise ValueError(
            f"centre_hz: expected a band {limit} {rate_hz / 2.0:g} Hz, half the rate of "
            f"{config.stream!r}, found {config.centre_hz:g} and half_width_hz "
            f"{config.half_width_hz:g}"
        )
