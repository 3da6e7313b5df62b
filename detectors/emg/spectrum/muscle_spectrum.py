"""Which frequencies drive a muscle: low ones, 8 to 14 Hz, and the median of the EMG itself."""

from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window, sosfreqz

from detectors.bands.bins import bins_in_band
from detectors.block import Block, StreamLayout
from detectors.checks import require_memory
from detectors.detector import DetectorConfig, Input
from detectors.emg.config import band_of, levels_of
from detectors.emg.extremes_kernel import no_extremes
from detectors.emg.filters import filters_of
from detectors.emg.muscles_kernel import muscles_of
from detectors.emg.spectrum import muscle_spectrum_kernel as kernel
from detectors.emg.spectrum.chance import Segments, peak_null_db, ratio_sd, white_median_null_hz
from detectors.emg.spectrum.config import MuscleSpectrumConfig
from detectors.emg.spectrum.fourier_kernel import twiddle_factors
from detectors.emg.spectrum.state import Counters, Settings, State
from detectors.estimates import Seen
from detectors.kernels.hop_kernel import HopKernel
from detectors.outputs import Measure, with_null
from detectors.stream_detector import StreamDetector

__all__ = ["MuscleSpectrum", "MuscleSpectrumConfig"]

#: Outputs of each channel, in the order of the kernel's columns.
_MEASURES: Final = (
    *with_null("low_frequency_drive", ""),
    *with_null("peak_8_14_db", "dB", signed=True),
    Measure("has_peak_8_14", ""),
    Measure("peak_8_14_hz", "Hz"),
    *with_null("median_frequency_hz", "Hz"),
    Measure("is_clipped", ""),
    Measure("is_at_rest", ""),
    Measure("has_bad_signal", ""),
)
#: Bands of the rectified EMG: low, whole, where the peak is, and what it is held against.
_LOW_HZ: Final = (3.0, 10.0)
_WHOLE_HZ: Final = (3.0, 30.0)
_PEAK_HZ: Final = (8.0, 14.0)
_BACKGROUND_HZ: Final = (16.0, 30.0)
#: Lags beyond which EMG has forgotten itself.
_LAG_S: Final = 0.05
#: The low-pass is not used here: any edge will do.
_ENVELOPE_HZ: Final = 50.0


class MuscleSpectrum(StreamDetector):
    """Spectra of EMG and of its modulus, with what a steady contraction would give beside them.

    Parameters
    ----------
    config : MuscleSpectrumConfig
        Channels, band, segment, window, hop.
    layout : StreamLayout
        The stream after units and montage.

    Attributes
    ----------
    window_samples : int
        Samples of the window; `span_samples` has the band-pass before it.

    Raises
    ------
    ValueError
        Where channels, band, segment, window, hop or levels do not fit the stream.

    Notes
    -----
    A research feature, not a diagnosis.

    Outputs of each channel, from the mean powers of the segments of the window, which at each bin
    are those of ``scipy.signal.welch(..., window="hann", detrend="constant", nperseg=..., nfft=the
    next power of two)``, of the EMG ``x`` behind the band-pass and of ``|x|``:

    - ``low_frequency_drive``: power of ``|x|`` at 3-10 Hz over that at 3-30 Hz, bins at the edges
      by the part that lies inside. It was raised in dystonic neck muscles at 20 % contraction [1]_;
    - ``peak_8_14_db``: the highest bin of ``|x|`` at 8-14 Hz, in dB over 16-30 Hz;
      ``has_peak_8_14`` whether it is over its null, ``peak_8_14_hz`` where it is. The peak of
      the splenius was more often missing in 10 patients with cervical dystonia than in 10
      controls (p < 0.01) [2]_;
    - ``median_frequency_hz`` of ``x``: half of the power of the band lies below.

    Chance: the modulus of steady Gaussian EMG is not white. With r the autocorrelation of ``x`` its
    own is ``sqrt(1 - r²) + r asin r - 1``, which says how much of its power is low; r is that of
    the window. ``low_frequency_drive_null`` is what 5 % of windows of such EMG exceed, by the
    covariance of Welch's powers. ``peak_8_14_db_null``: the same of the highest bin, against the
    spectrum of steady EMG, by an F distribution for each of the bins that are independent. Both
    were measured to be exceeded in 3 to 6 % of windows of steady noise, white or of the spectra of
    walking muscles. ``median_frequency_hz_null`` is what 5 % of windows of white noise in the band
    undercut: above it there may be no muscle at all.

    ``is_clipped``, ``is_at_rest`` (no more than rest and three of its standard deviations, where
    they are calibrated) and ``has_bad_signal`` (always valid: a tainted sample within
    `span_samples`, a flat channel, or one with less than a quarter of what it has at rest) are 1
    where something is wrong. A drive is valid only where none is, a median also at rest.

    Delay: half the window, and the group delay of the band-pass at the middle of its band. Start
    and gap: everything restarts; estimates are not valid before the band-pass has settled and the
    window is full, nor for at least one hop after a restart. NaN policy: ``invalid``; a bad sample
    ends the past of its channel. Values beyond 1e12 µV count as tainted.

    References
    ----------
    .. [1] E. de Bruijn et al., "Dystonic neck muscles show a shift in relative autospectral power
       during isometric contractions", Clinical Neurophysiology 128(10), 2017,
       doi:10.1016/j.clinph.2017.06.258.
    .. [2] S. W. R. Nijmeijer et al., "EMG coherence and spectral analysis in cervical dystonia:
       discriminative tools to identify dystonic muscles?", Journal of the Neurological Sciences
       347(1-2), 2014, doi:10.1016/j.jns.2014.09.041.

    Examples
    --------
    >>> from detectors.block import StreamLayout
    >>> config = MuscleSpectrumConfig(id="drive", stream="EMG")
    >>> detector = MuscleSpectrum(config, StreamLayout("EMG", 1000.0, ("SPL",)))
    >>> detector.outputs[0].label, round(detector.delay_s, 2)
    ('SPL.low_frequency_drive', 5.0)
    """

    config_type: ClassVar[type[DetectorConfig]] = MuscleSpectrumConfig

    def __init__(self, config: MuscleSpectrumConfig, layout: StreamLayout) -> None:
        super().__init__(config, config.channels, layout, _MEASURES, config.window_s)
        band_hz = band_of(config, self.rate_hz)
        self._filters = filters_of(band_hz, _ENVELOPE_HZ, self.rate_hz)
        self._levels = levels_of(config, layout, self.channels)
        segment_samples = round(config.segment_s * self.rate_hz)
        step = segment_samples - segment_samples // 2
        n_segments = max(config.n_segments, config.n_steps)
        n_padded = 1 << (segment_samples - 1).bit_length()
        self._segments = Segments(segment_samples, step, n_segments, n_padded)
        self.hop_samples = config.n_steps * step
        self.window_samples = (n_segments - 1) * step + segment_samples
        self._n_steps = -(-self.window_samples // step)
        self.span_samples = self._n_steps * step + self._filters.band_settle_samples
        self.delay_s = self._filters.band_delay_s + self.window_samples / (2.0 * self.rate_hz)
        bin_hz = self.rate_hz / n_padded
        self._weights = _weights(n_padded, self.rate_hz)
        n_low = self._weights.shape[1]
        n_powers = len(self.channels) * (n_low + n_padded // 2 + 1)
        require_memory("window_s", config.window_s, n_segments * n_powers)
        n_lags = min(round(_LAG_S * self.rate_hz), n_padded // 2)
        angle = 2.0 * np.pi / n_padded * np.outer(np.arange(n_low), np.arange(n_lags))
        self._cosines = np.cos(angle)
        self._settings = self._chance(band_hz, bin_hz, n_lags, config.segment_s)
        self.reset()

    def _chance(
        self, band_hz: tuple[float, float], bin_hz: float, n_lags: int, segment_s: float
    ) -> Settings:
        """Return the numbers of the kernel, with what chance gives among them."""
        segments, n_bins = self._segments, self._segments.padded // 2 + 1
        covariance = segments.covariance()
        low, whole, _, background = np.pad(
            self._weights, ((0, 0), (0, n_bins - self._weights.shape[1]))
        )
        first_bin, last_bin = (int(np.ceil(band_hz[0] / bin_hz)), int(band_hz[1] / bin_hz))
        sections = np.insert(self._filters.band, 3, 1.0, axis=1)
        bins = np.arange(n_bins)
        _, response = sosfreqz(sections, bins * bin_hz, fs=self.rate_hz)
        power = np.where((bins >= first_bin) & (bins <= last_bin), np.abs(response) ** 2, 0.0)
        width_hz = _PEAK_HZ[1] - _PEAK_HZ[0]
        return Settings(
            segment_samples=segments.samples,
            step_samples=segments.step_samples,
            n_window=self._n_steps * segments.step_samples,
            span_samples=self.span_samples,
            bin_hz=bin_hz,
            n_low=self._weights.shape[1],
            first_bin=first_bin,
            last_bin=last_bin,
            n_lags=n_lags,
            drive_sd=ratio_sd(covariance, low, whole - low),
            peak_null_db=peak_null_db(covariance, width_hz, segment_s, background),
            median_null_hz=white_median_null_hz(covariance, power, bin_hz),
        )

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels, segments = len(self.channels), self._segments
        n_low = self._weights.shape[1]
        n_sums = n_channels * (n_low + segments.padded // 2 + 1)
        state = State(
            columns=self._columns,
            muscles=muscles_of(self._columns, self._filters),
            rest_uv=self._levels.rest_uv,
            rest_sd_uv=self._levels.rest_sd_uv,
            hann=get_window("hann", segments.samples),
            factors=twiddle_factors(segments.padded),
            weights=self._weights,
            cosines=self._cosines,
            past_uv=np.zeros((n_channels, segments.samples)),
            levels=np.zeros((self._n_steps, n_channels)),
            ring=np.zeros((segments.number, n_sums)),
            newest=np.zeros(n_sums),
            window=np.zeros(n_sums),
            real=np.zeros(segments.padded),
            imaginary=np.zeros(segments.padded),
            expected=np.zeros(n_low),
            extremes=no_extremes(self._n_steps, n_channels),
            settings=self._settings,
            counters=Counters(hop_samples=self.hop_samples),
        )
        self._kernel = HopKernel(kernel.update, self.id, len(self.outputs), state)

    def update(self, given: Input) -> Seen:
        """Take a block, and return every hop that it completes."""
        assert isinstance(given, Block)  # noqa: S101 the chain gives what `reads` names
        return Seen(self._kernel.update(given, self.hop_samples))


def _weights(n_padded: int, rate_hz: float) -> NDArray[np.float64]:
    """Return how much of each bin of the rectified EMG counts: low, whole, peak, background."""
    bands = (_LOW_HZ, _WHOLE_HZ, _PEAK_HZ, _BACKGROUND_HZ)
    found = [bins_in_band(band_hz, n_padded, rate_hz) for band_hz in bands]
    made = np.zeros((len(bands), 1 + max(int(bins[-1]) for bins, _ in found)))
    for row, (bins, parts) in zip(made, found, strict=True):
        row[bins] = parts
    return made
