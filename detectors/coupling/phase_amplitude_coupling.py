"""Phase-amplitude coupling: how far a fast band's amplitude follows a slow band's phase."""

from typing import ClassVar, Final

import numpy as np

from detectors.block import Block, StreamLayout
from detectors.checks import require_memory, require_within_half_rate
from detectors.coupling import coupling_kernel as kernel
from detectors.coupling.chance import chance_of
from detectors.coupling.complex_filter_kernel import LANES, polyphase_offsets
from detectors.coupling.config import PhaseAmplitudeCouplingConfig
from detectors.coupling.filters import amplitude_taps, grid_step, phase_taps, sharpness_taps
from detectors.coupling.limits import require_window
from detectors.coupling.sums_kernel import N_SUMS, steps_for
from detectors.coupling.waveform_shape_kernel import Extrema, Grid
from detectors.detector import DetectorConfig, Input
from detectors.estimates import Seen
from detectors.kernels.hop_kernel import HopKernel
from detectors.outputs import Measure, with_null
from detectors.stream_detector import StreamDetector

__all__ = ["PhaseAmplitudeCoupling", "PhaseAmplitudeCouplingConfig"]

#: What a channel gives, in the order of the kernel's columns.
_INDEX, _INDEX_NULL = with_null("modulation_index", "")
_MEASURES: Final = (
    _INDEX,
    Measure("mean_vector_length", "µV"),
    Measure("normalised_mean_vector_length", ""),
    Measure("preferred_phase_rad", "rad", signed=True),
    _INDEX_NULL,
    Measure("sharpness", "", signed=True),
    Measure("is_sharp", ""),
)


class PhaseAmplitudeCoupling(StreamDetector):
    """Modulation index, mean vector length, preferred phase, sharpness over a sliding window.

    Parameters
    ----------
    config : PhaseAmplitudeCouplingConfig
        Channels, bands, window and hop.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    step_samples : int
        From how many of them one is used: see `detectors.coupling.filters.grid_step`.
    span_samples : int
        Newest samples that an estimate depends on: the window, the filters about it, and
        a cycle before it, in which the first peak may lie.

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
    at the peak of the slow oscillation; ``modulation_index_null``; ``sharpness``, the logarithm of
    how sharp the peaks are over how sharp the troughs are [4]_; ``is_sharp``, 1 or 0.

    Chance: ``modulation_index_null`` is what the modulation index exceeds in one window of twenty
    where nothing couples the bands, in closed form, from the filters and the window: see
    `detectors.coupling.chance`. It assumes Gaussian noise with a spectrum that is flat within
    each band; a steep one, or a peak, narrows the band and raises the true level: of windows of
    1/f noise and of a recording's spectrum 7 % exceed what is stated, up to 10 % on a channel of a
    short one and in 1/f² noise. Windows overlap, so neighbouring estimates
    exceed it together. Stimulation, muscle activity or a sharp waveform couples the bands as well.

    A wave whose peaks are sharper than its troughs, or the other way, couples the bands by its
    harmonics, with no second rhythm. An extremum is as sharp as the signal there, smoothed to its
    third harmonic, stands out of what is an eighth of a cycle away. ``sharpness`` is 0 for a
    sinusoid, positive for sharp peaks, and stays within 4.6; in 1/f noise its standard deviation
    is 0.2 in windows of 10 s. ``is_sharp`` is set where it is beyond 0.1, a tenth sharper, and the
    differences of each peak to the trough after it, summed, are beyond twice the root of their
    summed squares: of windows of Gaussian noise about one in twenty (1 to 6 %, by spectrum and
    window). It does not see steep flanks, nor whether a coupling is only one of shape.

    Phase and amplitude come from complex demodulation by filters that are symmetric about one and
    the same sample, so both refer to that sample at every frequency, and depend on a bounded
    stretch. They are computed for every `step_samples`-th sample only, counted within a hop, which
    leaves three times the width of the fast band; the null knows of it. Amplitudes are gathered by
    phase in 64-bit integers, in the finest steps whose sum over a window fits (2**-28 µV for 10 s
    at 1 kHz); a hop that enters the window is added and the one that leaves subtracted exactly, so
    there is no drift, and the work does not depend on the length of the window.

    Delay: half the longer filter, plus half the window. Start and gap: everything restarts;
    estimates are not valid before the window and the filters about it are full, and at least one
    hop after a restart is not. NaN policy: ``invalid``; an estimate whose window, or the filters
    about it, contain a tainted sample is not valid on that channel, one whose newest sample
    carries a doubtful stamp neither. Values beyond 1e12 µV count as tainted and are left out;
    amplitudes beyond 1e6 µV are not added and spoil their window. Not valid either: a window with
    an empty bin, or without any amplitude; of ``sharpness`` and ``is_sharp`` alone, one in which no
    peak is followed by a trough, or the signal does not stand out at them.

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
    .. [4] S. R. Cole et al., "Nonsinusoidal beta oscillations reflect cortical pathophysiology in
       Parkinson's disease", Journal of Neuroscience 37(18), 2017,
       doi:10.1523/JNEUROSCI.2208-16.2017.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> config = PhaseAmplitudeCouplingConfig(
    ...     id="coupling",
    ...     stream="LFP",
    ...     phase_band_hz=(13.0, 30.0),
    ...     amplitude_band_hz=(60.0, 200.0),
    ... )
    >>> detector = PhaseAmplitudeCoupling(config, StreamLayout("LFP", 1000.0, ("STN_L", "M1")))
    >>> detector.outputs[0].label, detector.delay_s
    ('STN_L.modulation_index', 5.058)
    """

    config_type: ClassVar[type[DetectorConfig]] = PhaseAmplitudeCouplingConfig

    def __init__(self, config: PhaseAmplitudeCouplingConfig, layout: StreamLayout) -> None:
        super().__init__(config, config.channels, layout, _MEASURES, config.hop_s)
        self._n_hops = max(2, round(config.window_s * layout.rate_hz / self.hop_samples))
        self.window_samples = self._n_hops * self.hop_samples
        slow_hz, fast_hz = config.phase_band_hz, config.amplitude_band_hz
        require_within_half_rate("amplitude_band_hz", fast_hz, config.stream, self.rate_hz)
        require_window(slow_hz, config.window_s, config.hop_s, self.window_samples, self.rate_hz)
        self.step_samples = grid_step(slow_hz, fast_hz, self.hop_samples, self.rate_hz)
        self._phase_taps = phase_taps(slow_hz, self.rate_hz)
        self._amplitude_taps = amplitude_taps(fast_hz, slow_hz[1], self.rate_hz)
        self._shape_taps = sharpness_taps(slow_hz, self.rate_hz)
        # An extremum may be a sample before the first one of the grid.
        self._n_half = max(
            self._phase_taps.shape[1] - 1, self._amplitude_taps.shape[1] - 1, self._shape_taps.size
        )
        self._rows_apart = round(self.rate_hz / slow_hz[0] / self.step_samples)
        self.span_samples = (
            self.window_samples + 2 * self._n_half + self._rows_apart * self.step_samples + 1
        )
        self._n_rows = 2 * self._n_half + self.hop_samples
        n_history = 2 * self._n_rows * len(self.channels)
        n_sums = self._n_hops * N_SUMS * len(self.channels)
        require_memory("window_s", config.window_s, n_history + n_sums)
        self._stride = -(-self._n_rows // self.step_samples) * len(self.channels) + LANES
        # The last sample of a hop is on the grid.
        grid = (self._n_half + self.step_samples - 1, self.step_samples, self._stride)
        self._phase_offsets, self._amplitude_offsets = (
            polyphase_offsets(taps.shape[1] - 1, *grid, len(self.channels))
            for taps in (self._phase_taps, self._amplitude_taps)
        )
        self.delay_s = (self._n_half + self.window_samples / 2.0) / self.rate_hz
        self.chance = chance_of(
            self._phase_taps, self._amplitude_taps, self.window_samples, self.step_samples
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = len(self.channels)
        n_values = self.hop_samples // self.step_samples * n_channels
        n_filled = -(-n_values // LANES) * LANES
        state = kernel.State(
            columns=self._columns,
            phase_offsets=self._phase_offsets,
            phase_taps=self._phase_taps,
            amplitude_offsets=self._amplitude_offsets,
            amplitude_taps=self._amplitude_taps,
            shape_taps=self._shape_taps,
            grid=Grid(
                step_samples=self.step_samples,
                middle_sample=self._n_half + self.step_samples - 1,
                rows_apart=self._rows_apart,
                steps_per_uv=steps_for(self.window_samples),
            ),
            n_clean=np.zeros(n_channels, dtype=np.int64),
            history=np.zeros((self._n_rows, n_channels)),
            polyphase=np.zeros(self.step_samples * self._stride),
            real=np.zeros(n_filled),
            imaginary=np.zeros(n_filled),
            amplitude=np.zeros(n_filled),
            amplitude_imaginary=np.zeros(n_filled),
            bins=np.zeros(n_filled, dtype=np.uint64),
            extrema=Extrema(
                np.zeros(n_channels),
                np.zeros(n_channels),
                np.full(n_channels, -self._rows_apart - 1),
            ),
            hop_sums=np.zeros((self._n_hops, N_SUMS, n_channels), dtype=np.int64),
            sums=np.zeros((N_SUMS, n_channels), dtype=np.int64),
            settings=kernel.Settings(
                span_samples=self.span_samples, index_null=self.chance.index_null
            ),
            counters=kernel.Counters(hop_samples=self.hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        return Seen(self._kernel.update(given, self.hop_samples))
