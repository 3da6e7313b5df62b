"""Co-contraction of two muscles: whether their envelopes rise together, and both are active."""

from typing import ClassVar, Final

import numpy as np
from scipy.stats import norm

from detectors.block import Block, StreamLayout
from detectors.checks import require_memory
from detectors.detector import DetectorConfig, Input
from detectors.emg import co_contraction_kernel as kernel
from detectors.emg.co_contraction_config import CoContractionConfig
from detectors.emg.co_contraction_state import LAGS, N_PAIR_SUMS, Counters, Settings, State
from detectors.emg.config import band_of, levels_of, pairs_of, require_envelope
from detectors.emg.extremes_kernel import no_extremes
from detectors.emg.filters import filters_of
from detectors.emg.muscles_kernel import muscles_of
from detectors.estimates import Seen
from detectors.kernels.hop_kernel import HopKernel
from detectors.outputs import Measure, outputs_of, with_null

__all__ = ["CoContraction", "CoContractionConfig"]

#: Outputs of each pair, in the order of the kernel's columns.
_MEASURES: Final = (
    *with_null("correlation", "", signed=True),
    Measure("correlation_corrected", "", signed=True),
    Measure("level_index", ""),
    Measure("crosstalk", "", signed=True),
    Measure("is_crosstalk", ""),
    Measure("is_identical", ""),
    Measure("is_clipped", ""),
    Measure("insufficient_modulation", ""),
    Measure("is_at_rest", ""),
    Measure("has_bad_signal", ""),
)
#: Envelopes that are correlated with their past, in a period of the low-pass.
_N_PER_PERIOD: Final = 5.0
#: How far into the past, as a share of the window, and at most.
_LAG_SHARE: Final = 0.2
_LAG_S_MAX: Final = 2.0


class CoContraction:
    """Correlation of the envelopes of two muscles, and how much of their activity is shared.

    Parameters
    ----------
    config : CoContractionConfig
        Pairs, filters, window, hop, calibrated levels.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    pairs : tuple of (str, str)
        Labels of the two channels of each pair.
    window_samples : int
        Samples of the window; `span_samples` has the filters and the longest lag before it.
    noise_cv : float
        Variation (standard deviation over mean) of the envelope of steady EMG.

    Raises
    ------
    ValueError
        Where pairs, channels, band, window, hop or levels do not fit the stream.

    Notes
    -----
    A research feature, not a diagnosis.

    Outputs of each pair ``a-b``, none with a unit, from the envelopes ``A``, ``B`` (band-pass,
    rectified, low-pass, all Butterworth of second order) in the window:

    - ``correlation``: Pearson's, without lag, as ``numpy.corrcoef(A, B)[0, 1]``; above 0 where the
      muscles wax and wane together, below 0 where they alternate;
    - ``correlation_null``, which the correlation of independent muscles exceeds with probability
      `alpha`; its negative is as rarely undercut;
    - ``correlation_corrected``: what it would be without the noise of the envelopes. Of Gaussian
      EMG whose drive is constant the envelope still varies, by ``c² = (π / 2 - 1) B / W`` of its
      squared mean, `B` the low-pass's width for noise and `W` `bandwidth_hz`. So with
      ``u² = v² + c² (1 + v²)``, the squared variations of envelope and drive, the correlation is
      too low by ``sqrt(v_a² / u_a²) sqrt(v_b² / u_b²)``;
    - ``level_index``: ``2 Σ min(Â, B̂) / Σ (Â + B̂)`` [1]_ of envelopes less rest over reference less
      rest: 0 where one muscle is active at a time, 1 where both are equally. It needs no
      modulation, and does not tell common drive from two muscles that are steadily active;
    - ``crosstalk``: correlation of the EMG itself, behind the band-pass.

    And what is wrong, 1 or 0. In these the outputs that would mislead are not valid:

    - ``is_crosstalk``: more than `crosstalk_max`; an electrode hears both muscles, and the
      correlation is that of one with itself: no ``correlation_corrected``;
    - ``is_identical``: more than 0.99, one signal under two labels, or its negative; nothing else;
    - ``is_clipped``: a channel stays at its highest or lowest sample; nothing else;
    - ``insufficient_modulation``: ``v² < c²`` of one muscle; a steady contraction has no
      correlation of drives: no ``correlation_corrected``, look at ``level_index``;
    - ``is_at_rest``: no muscle is above rest and three of its standard deviations: no
      ``level_index``;
    - ``has_bad_signal``, always valid: a tainted sample within `span_samples` of either channel, a
      flat one, or one with less than a quarter of what it has at rest: an electrode is off.
      Nothing else is valid then.

    Chance: the variance of the correlation of independent signals is ``(1 + 2 Σ (1 - k / n) r_a(k)
    r_b(k)) / n`` [2]_, r their autocorrelations, here those of the window itself at lags up to a
    fifth of it, at most 2 s. So slow drives, which agree by chance more easily, have a higher null.
    At an `alpha` of 5 % it was measured to be exceeded in 3 to 7 % of windows of independent
    muscles, driven steadily, slowly (0.3-1 Hz) or by tremor of frequencies that wander. Of two
    rhythms of exactly the same frequency every window has the same correlation, whatever its null.

    Line noise is taken off before, by the artifacts of the stream; left in both channels it makes
    ``crosstalk``. Swapped channels cannot be known here: the calibration compares them.

    Delay: half the window, the group delay of the band-pass at the middle of its band and that of
    the low-pass, ``sqrt(2) / (2 π envelope_hz)``. Start and gap: everything restarts; estimates are
    not valid before filters have settled and lags and window are full, nor for at least one hop
    after a restart. NaN policy: ``invalid``; a bad sample ends the past of its channel. Values
    beyond 1e12 µV count as tainted.

    References
    ----------
    .. [1] K. Falconer, D. A. Winter, "Quantitative assessment of co-contraction at the ankle joint
       in walking", Electromyography and Clinical Neurophysiology 25, 1985.
    .. [2] M. S. Bartlett, "Some aspects of the time-correlation problem in regard to tests of
       significance", Journal of the Royal Statistical Society 98(3), 1935, doi:10.2307/2342284.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> config = CoContractionConfig(id="arm", stream="EMG", pairs=(("FLEX", "EXT"),))
    >>> detector = CoContraction(config, StreamLayout("EMG", 1000.0, ("FLEX", "EXT")))
    >>> detector.outputs[0].label, round(detector.noise_cv, 3)
    ('FLEX-EXT.correlation', 0.094)
    """

    config_type: ClassVar[type[DetectorConfig]] = CoContractionConfig

    def __init__(self, config: CoContractionConfig, layout: StreamLayout) -> None:
        layout.require(config.channels)
        named = config.channels or layout.channels
        if not config.pairs and len(named) < 2:
            raise ValueError(f"channels: expected at least two, found {', '.join(named) or 'none'}")
        self.id = config.id
        self.pairs = pairs_of(config.pairs, named, layout)
        self.channels = tuple(dict.fromkeys(label for pair in self.pairs for label in pair))
        self.outputs = outputs_of(map("-".join, self.pairs), _MEASURES)
        self.rate_hz = layout.rate_hz
        require_envelope(config.envelope_hz, config.stream, self.rate_hz)
        band_hz = band_of(config, self.rate_hz)
        self._filters = filters_of(band_hz, config.envelope_hz, self.rate_hz)
        self._levels = levels_of(config, layout, self.channels)
        self.hop_samples = max(1, round(config.hop_s * self.rate_hz))
        self._n_hops = max(2, round(config.window_s * self.rate_hz / self.hop_samples))
        self.window_samples = self._n_hops * self.hop_samples
        self._step = max(1, round(self.rate_hz / (_N_PER_PERIOD * config.envelope_hz)))
        lag_s = min(_LAG_SHARE * self.window_samples / self.rate_hz, _LAG_S_MAX)
        self._n_lags = max(1, int(lag_s * self.rate_hz / self._step))
        self.span_samples = (
            self.window_samples + self._n_lags * self._step + self._filters.settle_samples
        )
        self.delay_s = self._filters.delay_s + self.window_samples / (2.0 * self.rate_hz)
        noise_cv2 = self._filters.noise_cv2(config.bandwidth_hz or band_hz[1] - band_hz[0])
        self.noise_cv = float(np.sqrt(noise_cv2))
        n_kept = len(self.channels) * (self._n_channel_sums + 4) + len(self.pairs) * N_PAIR_SUMS
        require_memory("window_s", config.window_s, self._n_hops * n_kept)
        self._settings = Settings(
            n_hops=self._n_hops,
            n_window=self.window_samples,
            span_samples=self.span_samples,
            step_samples=self._step,
            n_lags=self._n_lags,
            noise_cv2=noise_cv2,
            null_sd=float(norm.isf(config.alpha)),
            crosstalk_max=config.crosstalk_max,
        )
        self._columns = np.array(
            [layout.channels.index(label) for label in self.channels], dtype=np.int64
        )
        self.reset()

    @property
    def _n_channel_sums(self) -> int:
        return LAGS + 2 * (self._n_lags + 1)

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = len(self.channels)
        n_sums = n_channels * self._n_channel_sums + len(self.pairs) * N_PAIR_SUMS + 1
        positions = [[self.channels.index(label) for label in pair] for pair in self.pairs]
        state = State(
            columns=self._columns,
            muscles=muscles_of(self._columns, self._filters),
            pairs=np.array(positions, dtype=np.int64),
            rest_uv=self._levels.rest_uv,
            rest_sd_uv=self._levels.rest_sd_uv,
            reference_uv=self._levels.reference_uv,
            normalised=np.zeros(n_channels),
            past_uv=np.zeros((n_channels, self._n_lags + 1)),
            ring=np.zeros((self._n_hops, n_sums)),
            newest=np.zeros(n_sums),
            window=np.zeros(n_sums),
            own_correlation=np.zeros((n_channels, self._n_lags + 1)),
            extremes=no_extremes(self._n_hops, n_channels),
            settings=self._settings,
            counters=Counters(hop_samples=self.hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        return Seen(self._kernel.update(given, self.hop_samples))
