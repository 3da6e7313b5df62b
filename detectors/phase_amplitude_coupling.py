"""Phase-amplitude coupling: how far a fast band's amplitude follows a slow band's phase."""

from typing import Annotated, ClassVar, Final

import numpy as np
from msgspec import Meta

from detectors.block import Block, StreamLayout
from detectors.coupling_chance import chance_of
from detectors.coupling_filters import amplitude_taps, phase_taps
from detectors.coupling_measures import Coupling
from detectors.detector import DetectorConfig, Input, Reads
from detectors.estimates import Estimates, Seen
from detectors.kernels import phase_amplitude_coupling as kernel

#: Hops that a window may have.
_N_HOPS_MAX: Final = 1000
#: Cycles of the slowest phase that a window must have.
_N_CYCLES_MIN: Final = 10


class PhaseAmplitudeCouplingConfig(
    DetectorConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="phase_amplitude_coupling",
):
    """A `[[detectors]]` table of kind ``phase_amplitude_coupling``.

    Parameters
    ----------
    stream : str
        Name of the stream.
    phase_band_hz : tuple of float
        The slow band; at its edges the gain is a half.
    amplitude_band_hz : tuple of float
        The fast band: above the slow one by half the width of that, and at least twice as wide as
        its highest frequency, since a coupling to ``f`` stands in the side bands ``f`` away, which
        a narrower band cuts off.
    channels : tuple of str
        Labels, the stream's own or of its montage; empty takes all of them.
    window_s : float
        Length of the window; rounded to hops. It has ten cycles of the slowest phase at least;
        the index takes some two hundred to settle.
    hop_s : float
        From one estimate to the next; rounded to samples, at least one.
    """

    stream: str
    phase_band_hz: tuple[float, float]
    amplitude_band_hz: tuple[float, float]
    channels: tuple[str, ...] = ()
    window_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 10.0
    hop_s: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.1

    def __post_init__(self) -> None:
        low_hz, high_hz = self.phase_band_hz
        if not 0.0 < low_hz < high_hz:
            raise ValueError(
                f"phase_band_hz: expected 0 < low < high, found [{low_hz:g}, {high_hz:g}]"
            )
        fast_low_hz, fast_high_hz = self.amplitude_band_hz
        found = f"found [{fast_low_hz:g}, {fast_high_hz:g}]"
        # There the gain of the slow filter is zero, and that of the fast one may rise.
        apart_hz = high_hz + (high_hz - low_hz) / 2.0
        if not apart_hz <= fast_low_hz < fast_high_hz:
            raise ValueError(f"amplitude_band_hz: expected {apart_hz:g} <= low < high, {found}")
        if not fast_high_hz - fast_low_hz >= 2.0 * high_hz:
            raise ValueError(
                f"amplitude_band_hz: expected a width of at least {2.0 * high_hz:g} Hz, twice the "
                f"highest frequency of the phase, {found}"
            )

    @property
    def reads(self) -> tuple[Reads, ...]:
        """The stream."""
        return (Reads("stream", "stream", self.stream),)


class PhaseAmplitudeCoupling:
    """Modulation index, mean vector length and preferred phase over a sliding window.

    Parameters
    ----------
    config : PhaseAmplitudeCouplingConfig
        Channels, bands, window and hop.
    layout : StreamLayout
        The stream after units and montage.

    Raises
    ------
    ValueError
        Where bands, window, hop or channels do not fit the stream.

    Notes
    -----
    Outputs, for each channel, over the ``n`` samples of a window with phase ``p`` and amplitude
    ``A``: ``modulation_index``, with ``P_j`` the mean amplitude in bin ``j`` of 18, divided by
    their sum: ``1 + sum(P_j ln P_j) / ln 18`` [1]_; ``mean_vector_length``,
    ``|sum A exp(1j p)| / n`` in µV [2]_; ``normalised_mean_vector_length``,
    ``|sum A exp(1j p)| / sqrt(n sum A²)`` [3]_; ``preferred_phase_rad``, the angle of that sum, 0
    at the peak of the slow oscillation; ``chance``. All are valid together.

    Null level: ``chance`` is what the modulation index exceeds in one window of twenty where
    nothing couples the bands, in closed form, from the filters and the window: see
    `detectors.coupling_chance`. It assumes Gaussian noise with a spectrum that is flat within
    each band; a steep one narrows the band and raises the true level (of windows of 1/f noise 6 %
    exceed what is stated, of 1/f² noise up to 9 %). Windows overlap, so neighbouring
    estimates exceed it together. A sharp waveform, stimulation or muscle activity couples the
    bands as well: the index does not say why.

    Phase and amplitude come from complex demodulation by filters that are symmetric about one and
    the same sample, so both refer to that sample at every frequency, and depend on a bounded
    stretch. Amplitudes are gathered by phase in 64-bit integers, in the finest steps whose sum
    over a window fits (2**-28 µV for 10 s at 1 kHz); a hop that enters the window is added and
    the one that leaves subtracted exactly, so there is no drift, and the work does not depend on
    the length of the window.

    Delay: half the longer filter, plus half the window. Start and gap: everything restarts;
    estimates are not valid before the window and the filters about it are full, and at least one
    hop after a restart is not. NaN policy: ``invalid``; an estimate whose window, or the filters
    about it, contain a tainted sample is not valid on that channel, one whose newest sample
    carries a doubtful stamp neither. Values beyond 1e12 µV count as tainted and are not folded
    in; amplitudes beyond 1e6 µV are not added and spoil their window. Not valid either: a window
    with an empty bin, or without any amplitude.

    References
    ----------
    .. [1] A. B. L. Tort et al., "Measuring phase-amplitude coupling between neuronal oscillations
       of different frequencies", Journal of Neurophysiology 104(2), 2010,
       doi:10.1152/jn.00106.2010.
    .. [2] R. T. Canolty et al., "High gamma power is phase-locked to theta oscillations in human
       neocortex", Science 313, 2006, doi:10.1126/science.1128115.
    .. [3] T. E. Özkurt and A. Schnitzler, "A critical note on the definition of phase-amplitude
       cross-frequency coupling", Journal of Neuroscience Methods 201(2), 2011,
       doi:10.1016/j.jneumeth.2011.08.014.
    """

    config_type: ClassVar[type[DetectorConfig]] = PhaseAmplitudeCouplingConfig

    def __init__(self, config: PhaseAmplitudeCouplingConfig, layout: StreamLayout) -> None:
        self.id = config.id
        self.channels = config.channels or layout.channels
        self.outputs = tuple(
            f"{channel}.{name}"
            for channel in self.channels
            for name in (*Coupling._fields, "chance")
        )
        self.rate_hz = layout.rate_hz
        self.hop_samples = max(1, round(config.hop_s * layout.rate_hz))
        self._n_blocks = round(config.window_s * layout.rate_hz / self.hop_samples)
        self.window_samples = self._n_blocks * self.hop_samples
        layout.require(config.channels)
        _check_window(config, self._n_blocks, self.hop_samples, self.rate_hz)
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.int64
        )
        self._phase_taps = phase_taps(config.phase_band_hz, self.rate_hz)
        self._amplitude_taps = amplitude_taps(
            config.amplitude_band_hz, config.phase_band_hz[1], self.rate_hz
        )
        self._steps = kernel.steps_for(self.window_samples)
        self._n_half = max(self._phase_taps.shape[1], self._amplitude_taps.shape[1]) - 1
        #: Samples an estimate depends on: the window and the filters about it.
        self.span_samples = self.window_samples + 2 * self._n_half
        self.delay_s = (self._n_half + self.window_samples / 2.0) / self.rate_hz
        self.chance = chance_of(self._phase_taps, self._amplitude_taps, self.window_samples)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = len(self.channels)
        self._state = np.zeros(kernel.N_STATE, dtype=np.int64)
        self._clean = np.zeros(n_channels, dtype=np.int64)
        self._history = np.zeros((n_channels, 2 * self._n_half + self.hop_samples))
        self._centred = np.zeros(self._history.shape[1])
        self._work = np.zeros((4, self.hop_samples))
        self._blocks = np.zeros((self._n_blocks, n_channels, kernel.N_SUMS), dtype=np.int64)
        self._sums = np.zeros((n_channels, kernel.N_SUMS), dtype=np.int64)
        self._none = Seen(Estimates.room(self.id, 0, len(self.outputs)))

    def update(self, given: Input) -> Seen:
        """Fold a block in and return every hop it completed."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        n_hops = (int(self._state[kernel.SINCE_HOP]) + given.time_s.size) // self.hop_samples
        made = (
            Estimates.room(self.id, n_hops, len(self.outputs)) if n_hops else self._none.estimates
        )
        n_made = kernel.fold(
            given.samples_uv,
            given.time_s,
            given.taint,
            given.first_sample,
            self._columns,
            self._phase_taps,
            self._amplitude_taps,
            self._steps,
            self.chance.level,
            self._state,
            self._clean,
            self._history,
            self._centred,
            self._work,
            self._blocks,
            self._sums,
            made.sample,
            made.time_s,
            made.values,
            made.valid,
        )
        return Seen(made.first(n_made)) if n_made else self._none


def _check_window(
    config: PhaseAmplitudeCouplingConfig, n_blocks: int, hop_samples: int, rate_hz: float
) -> None:
    low_hz, high_hz = config.phase_band_hz
    fast_low_hz, fast_high_hz = config.amplitude_band_hz
    if fast_high_hz > rate_hz / 2.0:
        raise ValueError(
            f"amplitude_band_hz: expected at most {rate_hz / 2.0:g} Hz, half the rate of "
            f"{config.stream!r}, found [{fast_low_hz:g}, {fast_high_hz:g}]"
        )
    if n_blocks < 2:
        raise ValueError(
            f"window_s: expected more than one hop ({hop_samples / rate_hz:g} s), "
            f"found {config.window_s:g}"
        )
    if n_blocks > _N_HOPS_MAX:
        raise ValueError(
            f"window_s: expected at most {_N_HOPS_MAX} hops of {hop_samples / rate_hz:g} s, "
            f"found {config.window_s:g}"
        )
    window_samples = n_blocks * hop_samples
    if window_samples > kernel.WINDOW_SAMPLES_MAX:
        raise ValueError(
            f"window_s: expected at most {kernel.WINDOW_SAMPLES_MAX / rate_hz:g}, "
            f"found {config.window_s:g}"
        )
    if window_samples * low_hz < _N_CYCLES_MIN * rate_hz:
        raise ValueError(
            f"window_s: expected at least {_N_CYCLES_MIN} cycles of {low_hz:g} Hz "
            f"({_N_CYCLES_MIN / low_hz:g} s), found {config.window_s:g}"
        )
    if (high_hz - low_hz) * window_samples < 2.0 * rate_hz:
        raise ValueError(
            f"phase_band_hz: expected a width of at least {2.0 * rate_hz / window_samples:g} Hz "
            f"(window_s = {config.window_s:g}), found [{low_hz:g}, {high_hz:g}]"
        )
