"""The state of two muscles: at rest, both held, in turn, together, in bursts, or none of these."""

from collections.abc import Sequence
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from detectors.block import Block, StreamLayout
from detectors.checks import require_memory
from detectors.detector import DetectorConfig, Input
from detectors.emg.config import band_of, levels_of, pairs_of, require_envelope
from detectors.emg.extremes_kernel import no_extremes
from detectors.emg.filters import RECTIFIED_CV2, filters_of
from detectors.emg.muscles_kernel import muscles_of
from detectors.emg.spectrum.fourier_kernel import twiddle_factors
from detectors.emg.states import muscle_state_kernel as kernel
from detectors.emg.states.chance import coherence_null, noise_hz
from detectors.emg.states.config import MuscleStateConfig
from detectors.emg.states.guard_kernel import guard_of, guard_settle_samples
from detectors.emg.states.state import N_FOUND, Counters, Settings, State
from detectors.estimates import Seen
from detectors.kernels.hop_kernel import HopKernel
from detectors.outputs import Measure, outputs_of, with_null

__all__ = ["MuscleState", "MuscleStateConfig"]

#: Outputs of each pair, in the order of the kernel's columns.
_MEASURES: Final = (
    Measure("state", ""),
    Measure("correlation", "", signed=True),
    Measure("correlation_corrected", "", signed=True),
    Measure("peak_correlation", "", signed=True),
    Measure("lag_s", "s", signed=True),
    Measure("cycle_correlation", "", signed=True),
    *with_null("coherence", ""),
    Measure("coherence_hz", "Hz"),
    Measure("is_narrow", ""),
    Measure("share_0_1", ""),
    Measure("share_3_7", ""),
    Measure("level_index", ""),
    Measure("n_bursts", ""),
    Measure("burst_s", "s"),
    Measure("brief_share", ""),
    Measure("insufficient_modulation", ""),
    Measure("is_crosstalk", ""),
    Measure("is_identical", ""),
    Measure("is_clipped", ""),
    Measure("is_like_heart", ""),
    Measure("has_movement_artifact", ""),
    Measure("has_bad_signal", ""),
)
#: Edge of the envelope, and envelopes in a second.
_ENVELOPE_HZ: Final = 20.0
_ENVELOPE_RATE_HZ: Final = 100.0
#: Length of the moving mean that is taken for posture, and most of a lag (s).
_SMOOTH_S: Final = 0.2
_LAG_S: Final = 0.5
#: The band of tremor, what is slow, and up to where there is anything in an envelope (Hz).
_TREMOR_HZ: Final = (3.0, 7.0)
_SLOW_HZ: Final = 1.0
_WHOLE_HZ: Final = 20.0


class MuscleState:
    """Which of six states two muscles are in, with what that was decided by.

    Parameters
    ----------
    config : MuscleStateConfig
        Pairs, window, hop, calibrated levels.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Labels of the two channels of each pair.
    window_samples : int
        Samples of the window; `span_samples` has the filters before it.
    coherence_null : float
        Coherence that independent muscles exceed in `alpha` of windows.

    Raises
    ------
    ValueError
        Where pairs, channels, band, window or hop do not fit the stream, or a muscle has no levels.

    Notes
    -----
    A research feature, not a diagnosis: a state is what two muscles do, not what somebody has.

    The envelope is that of 20 Hz, every 10 ms. ``state`` of each pair ``a-b`` is the first that
    fits, by the outputs beside it:

    - 0, rest: both muscles are above rest and three standard deviations less than 2 % of the time,
      in fewer than five bursts;
    - 2, in turn: ``coherence`` is over its null and a narrow peak, ``share_3_7`` over 0.3,
      ``cycle_correlation`` at least 0.35, ``peak_correlation`` at least 0.4, ``correlation`` below
      0, and ``lag_s`` half a cycle of ``coherence_hz``, within a tenth of one;
    - 3, together: the same with ``correlation`` above 0, whatever the lag;
    - 1, tonic co-contraction: both above rest for a second in one go, ``level_index`` at least 0.4,
      ``correlation_corrected`` at least 0.5 or ``insufficient_modulation``;
    - 4, bursts: at least five, and ``brief_share`` at least 0.5;
    - 5, indeterminate: none of these, as where muscles move in turn at will, or a tic.

    There is no published cut-off for any of these: they are this project's, and the guide has how
    often they are right on simulated muscles.

    The other outputs: ``correlation``, Pearson's of both envelopes without lag;
    ``peak_correlation`` and ``lag_s``, the highest of ``Σ A(t) B(t + lag)`` over the norms of both,
    up to a cycle of ``coherence_hz`` either way, the lag positive where the second muscle follows;
    ``coherence``, the highest magnitude-squared coherence at 3-7 Hz, of Hann segments that overlap
    by half; ``coherence_hz``, where most power is common to both; ``is_narrow``, 1
    where the coherence is more than twice the median up to 20 Hz; ``share_0_1`` and ``share_3_7``,
    how much of an envelope's power up to 20 Hz is below 1 Hz, and at 3-7 Hz, the lower one of both
    muscles, by one transform of the whole window; ``cycle_correlation``, the
    correlation of a muscle with itself a cycle of ``coherence_hz`` later, up to a bin beside it,
    the lower one of both muscles; ``correlation_corrected`` and
    ``insufficient_modulation`` of moving means of 0.2 s, as those of `co_contraction`;
    ``level_index``, see there; ``n_bursts`` and ``burst_s``, how many bursts of either muscle lie
    in the window whole, and their median, from three standard deviations above rest down to two, if
    they get above five; ``brief_share``, which share of the time above rest those of at most 0.1 s
    fill.

    What is wrong, 1 or 0: ``is_crosstalk``, ``is_identical``, ``is_clipped`` as those of
    `co_contraction`; ``is_like_heart``, one muscle's bursts beat 0.6 to 2.2 times a second, with
    intervals that vary by no more than 15 % and no longer than 0.15 s, or power in the two octaves
    below the band beats so, with intervals that vary by no more than 20 %, and is more than 0.4 of
    that within, or 0.1 where bursts are brief; ``has_movement_artifact``, it is more than 0.4 and
    does not beat: walking muscles have 0.02 to 0.31. In each of these there is no ``state``, and
    with movement or beats below the band none of the other numbers. ``has_bad_signal``, always
    valid: a tainted sample within `span_samples`, a flat channel, or one with less than a quarter
    of what it has at rest; then nothing else is valid.

    In patients the coherence at 4-7 Hz did not tell dystonia from controls [1]_, so it never
    decides alone here: rare bursts in both muscles are coherent at all frequencies, too.

    Chance: independent muscles exceed ``coherence_null``, ``1 - (alpha / n)^(1 / (K - 1))`` with K
    the number of independent segments [2]_ and n that of bins at 3-7 Hz, in `alpha` of windows.

    Delay: half the window, the group delay of the band-pass and that of the low-pass. Start and
    gap: everything restarts; estimates are not valid before filters have settled and the window is
    full, nor for at least one hop after a restart. NaN policy: ``invalid``; a bad sample ends the
    past of its channel. Values beyond 1e12 µV count as tainted.

    References
    ----------
    .. [1] S. W. R. Nijmeijer et al., "EMG coherence and spectral analysis in cervical dystonia:
       discriminative tools to identify dystonic muscles?", Journal of the Neurological Sciences
       347(1-2), 2014, doi:10.1016/j.jns.2014.09.041.
    .. [2] D. M. Halliday et al., "A framework for the analysis of mixed time series/point process
       data", Progress in Biophysics and Molecular Biology 64(2-3), 1995,
       doi:10.1016/S0079-6107(96)00009-0.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> levels = {"rest_uv": 4.0, "rest_sd_uv": 0.7, "reference_uv": 80.0}
    >>> both = {key: {"FLEX": value, "EXT": value} for key, value in levels.items()}
    >>> config = MuscleStateConfig(id="state", stream="EMG", **both)
    >>> detector = MuscleState(config, StreamLayout("EMG", 1000.0, ("FLEX", "EXT")))
    >>> detector.outputs[0].label, round(detector.coherence_null, 3)
    ('FLEX-EXT.state', 0.305)
    """

    config_type: ClassVar[type[DetectorConfig]] = MuscleStateConfig

    def __init__(self, config: MuscleStateConfig, layout: StreamLayout) -> None:
        layout.require(config.channels)
        named = config.channels or layout.channels
        if not config.pairs and len(named) < 2:
            raise ValueError(f"channels: expected at least two, found {', '.join(named) or 'none'}")
        self.id = config.id
        self.pairs = pairs_of(config.pairs, named, layout)
        self.channels = tuple(dict.fromkeys(label for pair in self.pairs for label in pair))
        for label in self.channels:
            if label not in config.reference_uv:
                raise ValueError(
                    f"reference_uv.{label}: expected its level in a reference contraction, and "
                    "those at rest, found none: stimloop calibrate --emg writes them"
                )
        self.outputs = outputs_of(map("-".join, self.pairs), _MEASURES)
        self.rate_hz = layout.rate_hz
        require_envelope(_ENVELOPE_HZ, config.stream, self.rate_hz)
        band_hz = band_of(config, self.rate_hz)
        self._low_hz = band_hz[0]
        self._filters = filters_of(band_hz, _ENVELOPE_HZ, self.rate_hz)
        self._levels = levels_of(config, layout, self.channels)
        self._step = max(1, round(self.rate_hz / _ENVELOPE_RATE_HZ))
        rate_hz = self.rate_hz / self._step
        hop = max(1, round(config.hop_s * rate_hz))
        self._n_hops = max(2, round(config.window_s * rate_hz / hop))
        self._n_window = self._n_hops * hop
        self.hop_samples = hop * self._step
        self.window_samples = self._n_window * self._step
        self.span_samples = self.window_samples + max(
            self._filters.settle_samples, guard_settle_samples(self._low_hz, self.rate_hz)
        )
        self.delay_s = self._filters.delay_s + self.window_samples / (2.0 * self.rate_hz)
        self._n_padded = 1 << (self._n_window - 1).bit_length()
        n_segment = round(config.segment_s * rate_hz)
        self._waves = _waves(n_segment, int(_WHOLE_HZ * n_segment / rate_hz) + 1)
        self._n_segments = (self._n_window - n_segment) // (n_segment - n_segment // 2) + 1
        in_band = [
            k for k in range(self._waves.shape[1]) if _is_in(_TREMOR_HZ, k * rate_hz / n_segment)
        ]
        alpha = config.alpha / len(in_band)
        self.coherence_null = coherence_null(self._n_segments, n_segment, alpha)
        self._settings = self._settings_of(config, band_hz, rate_hz, in_band)
        n_values = len(self.channels) * (5 * self._n_window + 4 * self._n_hops)
        require_memory("window_s", config.window_s, n_values)
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.int64
        )
        self.reset()

    def _settings_of(
        self,
        config: MuscleStateConfig,
        band_hz: tuple[float, float],
        rate_hz: float,
        in_band: Sequence[int],
    ) -> Settings:
        """Return the numbers of the kernel, with `rate_hz` envelopes in a second."""
        n_segment = self._waves.shape[2]
        n_smooth = max(1, round(_SMOOTH_S * rate_hz))
        width_hz = noise_hz(self._filters, n_smooth, self._step, self.rate_hz)
        bin_hz = rate_hz / self._n_padded
        return Settings(
            n_hops=self._n_hops,
            n_emg=self.window_samples,
            step_samples=self._step,
            envelope_rate_hz=rate_hz,
            span_samples=self.span_samples,
            n_smooth=n_smooth,
            noise_cv2=RECTIFIED_CV2 * width_hz / (config.bandwidth_hz or band_hz[1] - band_hz[0]),
            n_segment=n_segment,
            n_shift=n_segment - n_segment // 2,
            n_segments=self._n_segments,
            first_bin=in_band[0],
            stop_bin=in_band[-1] + 1,
            coherence_null=self.coherence_null,
            n_lags=round(_LAG_S * rate_hz),
            behind_1_hz=int(_SLOW_HZ / bin_hz) + 1,
            from_3_hz=int(np.ceil(_TREMOR_HZ[0] / bin_hz)),
            behind_7_hz=int(_TREMOR_HZ[1] / bin_hz) + 1,
            behind_20_hz=int(_WHOLE_HZ / bin_hz) + 1,
            crosstalk_max=config.crosstalk_max,
        )

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels, n_window = len(self.channels), self._n_window
        n_bins, n_segments = self._waves.shape[1], self._n_segments
        positions = [[self.channels.index(label) for label in pair] for pair in self.pairs]
        state = State(
            columns=self._columns,
            muscles=muscles_of(self._columns, self._filters),
            pairs=np.array(positions, dtype=np.int64),
            rest_uv=self._levels.rest_uv,
            rest_sd_uv=self._levels.rest_sd_uv,
            reference_uv=self._levels.reference_uv,
            past_uv=np.zeros((n_channels, n_window)),
            sums=np.zeros((self._n_hops, n_channels + len(self.pairs))),
            waves=self._waves,
            taper=get_window("hann", n_window),
            factors=twiddle_factors(self._n_padded),
            centred_uv=np.zeros((n_channels, n_window)),
            smooth_uv=np.zeros((n_channels, n_window)),
            is_on=np.zeros((n_channels, n_window), dtype=np.bool_),
            real=np.zeros((n_channels, n_segments, n_bins)),
            imaginary=np.zeros((n_channels, n_segments, n_bins)),
            whole_real=np.zeros(self._n_padded),
            whole_imaginary=np.zeros(self._n_padded),
            found=np.zeros((n_channels, N_FOUND)),
            durations=np.zeros(n_window),
            onsets=np.zeros(n_window),
            coherence=np.zeros(n_bins),
            sorted_coherence=np.zeros(n_bins),
            guard=guard_of(n_channels, n_window, self._low_hz, self.rate_hz),
            extremes=no_extremes(self._n_hops, n_channels),
            settings=self._settings,
            counters=Counters(hop_samples=self.hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        return Seen(self._kernel.update(given, self.hop_samples))


def _is_in(band_hz: tuple[float, float], frequency_hz: float) -> bool:
    """Return whether a frequency lies in a band, its edges included, whatever rounding leaves."""
    return band_hz[0] - 1e-6 <= frequency_hz <= band_hz[1] + 1e-6


def _waves(n_segment: int, n_bins: int) -> NDArray[np.float64]:
    """Return a Hann window times cosines and sines of each bin, shape (2, n_bins, n_segment)."""
    angle = 2.0 * np.pi / n_segment * np.outer(np.arange(n_bins), np.arange(n_segment))
    waves: NDArray[np.float64] = np.stack((np.cos(angle), np.sin(angle)))
    return np.asarray(waves * get_window("hann", n_segment))
