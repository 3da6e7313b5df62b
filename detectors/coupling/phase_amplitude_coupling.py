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
        Only every `step_samples`-th sample is used: see `detectors.coupling.filters.grid_step`.
    span_samples : int
        Newest samples that an estimate depends on: the window, the filters on both sides of it,
        and one cycle before it, in which the first peak may lie.

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

    Chance: ``modulation_index_null`` is exceeded in one window of twenty where nothing couples the
    bands. It is a closed form of the filters and the window: see `detectors.coupling.chance`. It
    assumes Gaussian noise with a flat spectrum within each band; a steep spectrum, or a peak in
    it, narrows the band and raises the true level: 7 % of windows of 1/f noise and of noise with a
    recording's spectrum exceed it, and up to 10 % with the spectrum of a short recording or 1/f².
    Windows overlap, so neighbouring estimates exceed it together. Stimulation, muscle activity or
    a sharp waveform couples the bands as well.

    A wave with peaks sharper than its troughs, or the reverse, couples the bands by its harmonics,
    without a second rhythm. The sharpness of an extremum is the difference of the signal there,
    smoothed to its third harmonic, to the signal an eighth of a cycle away. ``sharpness`` is 0 for
    a sinusoid, positive for sharp peaks, and at most 4.6 in size; in 1/f noise its standard
    deviation is 0.2 in windows of 10 s. ``is_sharp`` is 1 if two conditions hold: its size is
    above 0.1 (one tenth sharper), and the sum of the differences of each peak to the next trough
    is more than twice the root of their summed squares. About one in twenty windows of Gaussian
    noise meets both (1 to 6 %, by spectrum and window). It does not detect steep flanks, and does
    not prove that a coupling comes from the waveform alone.

    Phase and amplitude come from complex demodulation by filters that are symmetric about the same
    sample, so both belong to that sample at every frequency, and depend on a bounded stretch. They
    are computed for every `step_samples`-th sample only, counted within a hop, which is a rate of
    at least three times the width of the fast band; the null takes that into account. Amplitudes
    are summed by phase as 64-bit integers, in the smallest units for which the sum of a window fits
    (2**-28 µV for 10 s at 1 kHz): a new hop is added and the oldest one subtracted exactly, so
    there is no drift, and the work does not depend on the length of the window.

    Delay: half the longer filter, plus half the window. Start and gap: everything restarts. Not
    valid: estimates before the window and its filters are full, and at least one hop after a
    restart; estimates whose window or filters contain a tainted sample of that channel, or whose
    newest sample has a doubtful stamp; windows with an empty bin, or without any amplitude; of
    ``sharpness`` and ``is_sharp`` alone, windows in which no peak is followed by a trough, or the
    extrema have no sharpness. NaN policy: ``invalid``. Values beyond 1e12 µV count as tainted and
    are left out; amplitudes beyond 1e6 µV are not added and make their window invalid.

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
