"""Amplitude and phase of a rhythm, now or a little ahead, by a complex one-pole resonator."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout
from detectors.detector import DetectorConfig, Input, Reads
from detectors.estimates import Estimates, Seen
from detectors.kernels.oscillation import N_FOLD, N_STATE, SINCE_HOP, track


class OscillationConfig(
    DetectorConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="oscillation",
):
    """A `[[detectors]]` table of kind ``oscillation``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    centre_hz : float
        Frequency of the rhythm.
    half_width_hz : float
        So far from the centre half the power is let through. Wide and quick beats narrow and
        slow where the rhythm itself wanders.
    lead_s : float
        The phase is the one expected so long after the newest sample.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.
    output : {"amplitude_and_phase", "amplitude"}
        Both, or one measure a channel: what a burst detector may be built on.
    """

    stream: str
    centre_hz: Annotated[float, Meta(gt=0.0, le=1e5)]
    channels: tuple[str, ...] = ()
    half_width_hz: Annotated[float, Meta(ge=0.01, le=1e5)] = 5.0
    lead_s: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.01
    output: Literal["amplitude_and_phase", "amplitude"] = "amplitude_and_phase"

    def __post_init__(self) -> None:
        if self.half_width_hz >= self.centre_hz:
            raise ValueError(
                f"half_width_hz: expected less than centre_hz ({self.centre_hz:g}), "
                f"found {self.half_width_hz:g}"
            )
        if self.lead_s > 0.0 and self.output == "amplitude":
            raise ValueError(
                f"lead_s: expected 0 where output is 'amplitude', found {self.lead_s:g}"
            )

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The stream."""
        return (Reads("stream", "stream", self.stream),)


class Oscillation:
    """Amplitude (µV, the stream's unit) and phase (rad) of a rhythm, sample by sample.

    The phase is that of a cosine: 0 at the peak of the rhythm, in (-pi, pi], rising. The sine
    ``A cos(2 pi centre_hz t + p)`` gives ``A`` and ``2 pi centre_hz (t + lead_s) + p`` exactly,
    once settled, whatever offset it stands on.

    Parameters
    ----------
    config : OscillationConfig
        Channels, centre, width, lead and hop.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    settle_samples : int
        So many good samples in a row come before the first valid estimate.

    Raises
    ------
    ValueError
        Where the band or the channels do not fit the stream.

    Notes
    -----
    Outputs, for each channel: ``<channel>.amplitude`` and ``<channel>.phase``, or, with `output`
    ``"amplitude"``, the channel's own label.

    With ``rho = exp(-2 pi half_width_hz / rate)`` and ``w0 = 2 pi centre_hz / rate``, a sample x,
    counted from the first one, goes through ``m[n] = rho m[n-1] + (1 - rho) x[n]`` and
    ``y[n] = rho exp(i w0) y[n-1] + (1 - rho) (x[n] - m[n])``: a complex one-pole resonator, an
    oscillator driven by the signal [1]_, behind a high-pass of the same memory, so that an offset
    leaves no trace and a slow drift little. With H the response of both, a sine of amplitude A at
    the centre and phase p leaves ``y = A (H(w0) exp(ip) + H(-w0) exp(-ip)) / 2``; this is solved
    for ``A exp(ip)``, which takes out the filter's gain, its phase and the ripple of the mirrored
    frequency. Nothing is looked at but the newest sample, m and y, so cost and memory do not
    depend on the width.

    Delay: the group delay at the centre, close to ``1 / (2 pi half_width_hz)`` (32 ms at 5 Hz)
    where the centre is well over the width; amplitude and deviations of the phase show so much
    later. The phase of a steady rhythm has no delay. The lead takes the centre for the frequency:
    it adds a constant angle, and a rhythm that is d hertz off it is ``360 d lead_s`` degrees
    wrong.

    Validity: from the sample that is the ``3 / (2 pi half_width_hz)``-th in a row that is good,
    when 5 % of what was before is left, and never before the second hop after a restart. A phase
    is not valid where the amplitude is 0. Start and gap: everything restarts. NaN policy:
    ``invalid``; a tainted sample, or one beyond 1e12 µV, is not folded in and its channel starts
    anew after it, so none of it is left; an estimate whose newest sample carries a doubtful stamp
    is not valid. An artifact that nobody tainted dies away by a factor of e every
    ``1 / (2 pi half_width_hz)``.

    Chance: there is always an amplitude and a phase. In noise with the one-sided density S
    (µV²/Hz) about the centre, the phase is uniform and the amplitude has a Rayleigh distribution
    with the mean square ``2 pi half_width_hz S``, where the centre is well over the width (10 %
    less at 8 Hz, width 3 Hz). The skirts of a single pole fall so slowly that noise crosses a
    level the oftener the shorter the hop is: the closed form for the duration of bursts in noise
    does not hold of this amplitude, and a null has to be measured at the same hop.

    What to expect: a rhythm of 20 Hz that loses its phase at 5/s (SD 0.71), in pink noise (SD
    0.5), is met with a circular SD of 36°, and of 18° where its amplitude is over the median.

    References
    ----------
    .. [1] M. Rosenblum, A. Pikovsky, A. A. Kühn and J. L. Busch, "Real-time estimation of phase
       and amplitude with application to neural data", Scientific Reports 11, 18037, 2021,
       doi:10.1038/s41598-021-97560-5.
    """

    config_type: ClassVar[type[DetectorConfig]] = OscillationConfig

    def __init__(self, config: OscillationConfig, layout: StreamLayout) -> None:
        _check_band(config, layout.rate_hz)
        layout.require(config.channels)
        self.id = config.id
        self.channels = config.channels or layout.channels
        self.outputs = self.channels
        if config.output == "amplitude_and_phase":
            measures = ("amplitude", "phase")
            self.outputs = tuple(f"{label}.{each}" for label in self.channels for each in measures)
        self.rate_hz = layout.rate_hz
        self.hop_samples = max(1, round(config.hop_s * layout.rate_hz))
        memory_samples = layout.rate_hz / (2.0 * np.pi * config.half_width_hz)
        self.settle_samples = max(int(np.ceil(3.0 * memory_samples)), self.hop_samples + 1)
        self.span_samples = self.settle_samples
        self.delay_s = _delay_samples(config, layout.rate_hz) / layout.rate_hz
        self._settings = _settings(config, layout.rate_hz)
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.int64
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = len(self.channels)
        self._state = np.zeros(N_STATE, dtype=np.int64)
        self._clean = np.zeros(n_channels, dtype=np.int64)
        self._fold = np.zeros((N_FOLD, n_channels))
        self._none = Seen(Estimates.room(self.id, 0, len(self.outputs)))

    def update(self, given: Input) -> Seen:
        """Fold a block in and return every hop it completed."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        n_hops = (int(self._state[SINCE_HOP]) + given.time_s.size) // self.hop_samples
        made = (
            Estimates.room(self.id, n_hops, len(self.outputs)) if n_hops else self._none.estimates
        )
        n_made = track(
            given.samples_uv,
            given.time_s,
            given.taint,
            given.first_sample,
            self._columns,
            self._settings,
            self.settle_samples,
            self.hop_samples,
            self._state,
            self._clean,
            self._fold,
            made.sample,
            made.time_s,
            made.values,
            made.valid,
        )
        return Seen(made.first(n_made)) if n_made else self._none


def _check_band(config: OscillationConfig, rate_hz: float) -> None:
    if config.centre_hz + config.half_width_hz > rate_hz / 2.0:
        raise ValueError(
            f"centre_hz: expected a band up to at most {rate_hz / 2.0:g} Hz, half the rate of "
            f"{config.stream!r}, found {config.centre_hz:g} and half_width_hz "
            f"{config.half_width_hz:g}"
        )


def _settings(config: OscillationConfig, rate_hz: float) -> NDArray[np.float64]:
    """Return what the kernel multiplies by: the poles, and the way back to amplitude and phase."""
    keep = np.exp(-2.0 * np.pi * config.half_width_hz / rate_hz)
    angle = 2.0 * np.pi * config.centre_hz / rate_hz
    at_centre, at_mirror = (_response(keep, angle, each) for each in (angle, -angle))
    both = abs(at_centre) ** 2 - abs(at_mirror) ** 2
    lead = np.exp(2j * np.pi * config.centre_hz * config.lead_s)
    plain = 2.0 * np.conj(at_centre) / both * lead
    mirrored = -2.0 * at_mirror / both * lead
    return np.array(
        [
            keep,
            keep * np.cos(angle),
            keep * np.sin(angle),
            (plain + mirrored).real,
            (mirrored - plain).imag,
            (plain + mirrored).imag,
            (plain - mirrored).real,
        ]
    )


def _response(keep: float, centre: float, angle: float) -> complex:
    """Return the gain of high-pass and resonator at an angle per sample."""
    back = np.exp(-1j * angle)
    high_pass = keep * (1.0 - back) / (1.0 - keep * back)
    return complex(high_pass * (1.0 - keep) / (1.0 - keep * np.exp(1j * centre) * back))


def _delay_samples(config: OscillationConfig, rate_hz: float) -> float:
    """Return the group delay at the centre, of what comes out and not of the resonator alone."""
    keep = np.exp(-2.0 * np.pi * config.half_width_hz / rate_hz)
    angle = 2.0 * np.pi * config.centre_hz / rate_hz
    weights = [abs(_response(keep, angle, each)) ** 2 for each in (angle, -angle)]
    delays = [_log_slope(keep, angle, each).real for each in (angle, -angle)]
    both = weights[0] * delays[0] - weights[1] * delays[1]
    return float(both / (weights[0] - weights[1]))


def _log_slope(keep: float, centre: float, angle: float) -> complex:
    """Return i times the derivative of the logarithm of `_response`; its real part is a delay."""
    back = np.exp(-1j * angle)
    poles = (keep, keep * np.exp(1j * centre))
    return complex(sum(pole * back / (1.0 - pole * back) for pole in poles) - back / (1.0 - back))
