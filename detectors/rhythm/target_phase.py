"""Events at which a rhythm reaches a phase, given ahead of time where that is asked for."""

from math import tau
from typing import ClassVar, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.checks import require_memory
from detectors.detector import Detector, DetectorConfig, Input
from detectors.estimates import Estimates, Seen
from detectors.kernels.calibrated_threshold import uncalibrated
from detectors.kernels.edges import empty_edges, take_detections
from detectors.kernels.hop_kernel import HopKernel
from detectors.outputs import Measure, outputs_of
from detectors.rhythm import target_phase_kernel as kernel
from detectors.rhythm.oscillation import Oscillation
from detectors.rhythm.oscillation_kernel import OUTSIDE
from detectors.rhythm.target_phase_config import AmplitudeGate, TargetPhaseConfig

__all__ = ["AmplitudeGate", "TargetPhase", "TargetPhaseConfig"]

#: What a channel gives, in the order of the kernel's columns.
_MEASURES: Final = (
    Measure("phase", "rad", signed=True),
    Measure("amplitude", "µV"),
    Measure("threshold", "µV"),
    Measure("is_open", ""),
)


class TargetPhase:
    """Events (`Detection.kind` ``"moment"``) at which a rhythm reaches a phase, once a cycle.

    Built on an `oscillation`. At every hop the phase is extrapolated by `lead_s` at the centre
    frequency. If it will reach the target before the next hop's extrapolated phase does, and the
    gate is open, an event is returned. Its `onset_s` and `sample` are `lead_s` to `lead_s` plus one
    hop later than this hop, and may be between samples. If the phase passed the target between two
    hops without being foreseen, the second hop returns the event, at the interpolated time.

    Parameters
    ----------
    config : TargetPhaseConfig
        Target, lead, gate and refractory part of a cycle.
    source : Detector
        The oscillation that it reads.

    Attributes
    ----------
    calibration_s : float
        How long the gate calibrates.
    span_samples : int
        That of the source.

    Raises
    ------
    ValueError
        Where the source is no oscillation with amplitude and phase, has a lead of its own, or a
        hop of more than a quarter of a cycle.

    Notes
    -----
    Outputs, for each channel: ``phase`` (rad) and ``amplitude`` (µV) of the source;
    ``threshold``, valid once calibrated; ``is_open``, valid where the amplitude is valid and the
    threshold known: 1 where the amplitude is above the threshold and, if ``gate.outside_max`` is
    set, no more than that lies outside the band. The threshold must be above 0, so that a constant
    channel never opens the gate. The `strength` of a phase event is the amplitude at the hop that
    returned it.

    Calibration: the percentile (`numpy.percentile`, method ``linear``) of the first
    ``calibrate_s`` of valid hops, then frozen. Gaps interrupt it and do not restart it.

    At most once a cycle: no two events of a channel are nearer than `refractory_cycles` of the
    centre frequency, counted in samples between the events themselves, over restarts too: a pulse
    that was announced is not withdrawn because of a gap.

    Delay: that of the source. Gap and NaN policy: ``invalid``; where amplitude or phase is not
    valid the gate is closed and no event is returned, and the next hop is treated as the first.

    What to expect: a steady rhythm at the centre is met exactly. One that is d hertz faster is
    met about ``360 d (delay_s + lead_s)`` degrees late: set the centre to the patient's own peak.
    A rhythm of 20 Hz that loses its phase at 5/s (SD 0.71), in pink noise (SD 0.5), is met with a
    circular SD of 19° (mean resultant length 0.95) at a gate of the 50th percentile and a half
    width of 5 Hz, at 14 dB over the noise of 15-25 Hz, and with 25°, 37°, 55° at 10, 5, 0 dB, where
    a filter without delay leaves 20°, 31°, 49° of the same events; given 5, 10, 20 or 50 ms ahead
    with 21°, 23°, 28° or 40°. A lead of h alone makes ``sqrt((1 - exp(-2 a h)) / (2 exp(-2 a h)))``
    rad of a clean rhythm that loses its phase at a/s, at its usual amplitude: 13° for 10 ms and a =
    5. Jitter on the way to the device adds to it: 1 ms is 7.2° at 20 Hz. So ask for events ahead,
    by more than the way takes, and let the device wait for `onset_s` by its own, synchronised
    clock. To stimulate at a phase of tremor or beta is described in [1]_, [2]_; an effect that goes
    with the cosine of the phase shrinks by ``exp(-SD² / 2)`` (SD in rad): to 0.94 at 20°, to 0.78
    at 40°.

    Chance: noise has a phase as well, and passes every target about once a cycle. Only the gate
    separates it from a rhythm. Noise is above a fixed threshold c for ``exp(-c² / m)`` of the time,
    with m its mean square amplitude (see `Oscillation`), which gives about
    ``centre_hz exp(-c² / m)`` phase events a second. A percentile p that was calibrated on noise is
    exceeded for ``1 - p / 100`` of the time: at 20 Hz the 50th gives 11 events a second in white
    noise, 8 in 1/f noise and 9 in a rhythm (``python -m benchmarks.figures.statements``).

    References
    ----------
    .. [1] H. Cagnan et al., "Stimulating at the right time: phase-specific deep brain
       stimulation", Brain 140(1), 2017, doi:10.1093/brain/aww286.
    .. [2] A. B. Holt et al., "Phase-dependent suppression of beta oscillations in Parkinson's
       disease patients", Journal of Neuroscience 39(6), 2019,
       doi:10.1523/JNEUROSCI.1913-18.2018.

    Examples
    --------
    >>> import msgspec
    >>> from detectors.block import StreamLayout
    >>> from detectors.rhythm.oscillation import Oscillation, OscillationConfig
    >>> rhythm = Oscillation(
    ...     OscillationConfig(id="rhythm", stream="LFP", centre_hz=20.0, hop_s=0.001),
    ...     StreamLayout("LFP", 1000.0, ("STN_L",)),
    ... )
    >>> gate = {"percentile": 50.0, "calibrate_s": 20.0}
    >>> table = {"kind": "target_phase", "id": "peaks", "of": "rhythm", "gate": gate}
    >>> peaks = TargetPhase(msgspec.convert(table, TargetPhaseConfig), rhythm)
    >>> peaks.outputs[0].label, peaks.detects
    ('STN_L.phase', ('moment',))
    """

    config_type: ClassVar[type[DetectorConfig]] = TargetPhaseConfig
    detects: ClassVar[tuple[str, ...]] = ("moment",)

    def __init__(self, config: TargetPhaseConfig, source: Detector) -> None:
        rhythm = _rhythm(config, source)
        self.id = config.id
        self.channels = rhythm.channels
        self.outputs = outputs_of(self.channels, _MEASURES)
        self.hop_samples = rhythm.hop_samples
        self.rate_hz = rhythm.rate_hz
        self.delay_s = rhythm.delay_s
        self.span_samples = rhythm.span_samples
        self.calibration_s = config.gate.calibrate_s or 0.0
        self._n_calibrate = config.gate.n_calibrate(self.hop_samples / self.rate_hz)
        n_collected = self._n_calibrate * len(self.channels)
        require_memory("gate.calibrate_s", self.calibration_s, n_collected)
        self._amplitude_uv_min = float(config.gate.amplitude_uv_min or 0.0)
        self._outside_max = config.gate.outside_max
        self._n_source_columns = 3 if rhythm.has_outside else 2
        self._percentile = float(config.gate.percentile or 0.0)
        self._settings = _settings(config, rhythm)
        self.reset()

    def reset(self) -> None:
        """Forget everything, the calibration too: what follows is as after construction."""
        n_channels = len(self.channels)
        state = kernel.State(
            had_phase=np.zeros(n_channels, dtype=np.bool_),
            to_go_rad=np.zeros(n_channels),
            last_event=np.full(n_channels, -np.inf),
            threshold=uncalibrated(
                n_channels, self._n_calibrate, self._percentile, self._amplitude_uv_min
            ),
            settings=self._settings,
            edges=empty_edges(n_channels),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take estimates of the source in; one hop comes out for each that goes in."""
        assert isinstance(given, Estimates)  # noqa: S101 the chain gives what `reads` names
        n_hops = given.sample.size
        self._kernel.require_edges(n_hops * len(self.channels))
        found = self._kernel.call(
            n_hops,
            given.values,
            given.valid,
            self._is_inside(given),
            given.sample,
            given.time_s,
        )
        estimates = msgspec.structs.replace(found, taint=given.taint)
        edges = self._kernel.state.edges
        return Seen(estimates, take_detections(edges, self.id, self.channels))

    def _is_inside(self, given: Estimates) -> NDArray[np.bool_]:
        """Return of each channel whether little enough lies outside the band to trust it."""
        if self._outside_max is None:
            return np.ones((given.sample.size, len(self.channels)), dtype=np.bool_)
        outside = slice(OUTSIDE, None, self._n_source_columns)
        is_little = given.values[:, outside] <= self._outside_max
        is_inside: NDArray[np.bool_] = given.valid[:, outside] & is_little
        return is_inside


def _rhythm(config: TargetPhaseConfig, source: Detector) -> Oscillation:
    if not isinstance(source, Oscillation) or not source.has_phase:
        raise ValueError(
            f"of: expected an oscillation with amplitude and phase, found {config.of!r}"
        )
    if config.gate.outside_max is not None and not source.has_outside:
        raise ValueError(
            "gate.outside_max: expected none where the oscillation's output is not "
            f"'amplitude_phase_and_outside', as that of {config.of!r}, "
            f"found {config.gate.outside_max:g}"
        )
    if source.lead_s > 0.0:
        raise ValueError(
            "of: expected an oscillation with lead_s = 0 (the lead goes here), "
            f"found {config.of!r} with {source.lead_s:g}"
        )
    hop_s = source.hop_samples / source.rate_hz
    # Up to half a sample of a hop is rounding.
    if (source.hop_samples - 0.5) * source.centre_hz > 0.25 * source.rate_hz:
        raise ValueError(
            f"of: expected an oscillation with a hop_s of at most {0.25 / source.centre_hz:g}, a "
            f"quarter of a cycle, found {config.of!r} with {hop_s:g}"
        )
    return source


def _settings(config: TargetPhaseConfig, source: Oscillation) -> kernel.Settings:
    advance_rad = tau * source.centre_hz / source.rate_hz
    lead_samples = config.lead_s * source.rate_hz
    return kernel.Settings(
        aim_rad=config.phase_rad - advance_rad * lead_samples,
        advance_rad=advance_rad,
        hop_samples=source.hop_samples,
        lead_samples=lead_samples,
        refractory_samples=config.refractory_cycles * tau / advance_rad,
        rate_hz=source.rate_hz,
        n_source_columns=3 if source.has_outside else 2,
    )
