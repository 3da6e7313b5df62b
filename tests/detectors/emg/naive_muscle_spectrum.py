"""Reference of `muscle_spectrum`: scipy's Welch spectra of each window, numpy's transforms."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt, sosfreqz, welch
from scipy.stats import f as f_distribution

from detectors.block import StreamLayout
from detectors.emg.spectrum.muscle_spectrum import MuscleSpectrumConfig
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.emg.naive_muscles import Filters, Muscle, muscle_of
from tests.detectors.power.naive_band_power import parts_of

N_OUTPUTS = 11
_Z = 1.6448536269514722
_BANDS_HZ = ((3.0, 10.0), (3.0, 30.0), (8.0, 14.0), (16.0, 30.0))

Signal = NDArray[np.float64]


class Windows:
    """Lengths of a configuration at a rate, and what chance gives by the matrix of all bins."""

    def __init__(self, config: MuscleSpectrumConfig, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.filters = Filters.of(config, 50.0, rate_hz)
        self.segment = round(config.segment_s * rate_hz)
        self.step = self.segment - self.segment // 2
        hop_s = config.hop_s or config.segment_s / 2.0
        n_steps = round(2.0 * hop_s / config.segment_s)
        self.hop = n_steps * self.step
        n_segments = max(int(2.0 * config.window_s / config.segment_s + 1e-6) - 1, 2, n_steps)
        self.n_segments = n_segments
        self.length = (n_segments - 1) * self.step + self.segment
        self.whole = -(-self.length // self.step) * self.step
        self.band_hz = config.band_hz or (20.0, min(450.0, 0.45 * rate_hz))
        sections = butter(2, self.band_hz, "bandpass", output="sos", fs=rate_hz)
        one = np.zeros(100_000)
        one[0] = 1.0
        share = np.cumsum(sosfilt(sections, one) ** 2)
        self.span = self.whole + int(np.flatnonzero(share >= 0.95 * share[-1])[0]) + 1
        self.padded = 2 ** int(np.ceil(np.log2(self.segment)))
        self.every_hz: Signal = np.fft.rfftfreq(self.padded, 1.0 / rate_hz).astype(np.float64)
        self.parts = [parts_of(self.every_hz, band_hz, rate_hz) for band_hz in _BANDS_HZ]
        self._set_chance(sections, config.segment_s)

    def _set_chance(self, sections: Signal, segment_s: float) -> None:
        low, whole, _, background = self.parts
        self.drive_sd = np.sqrt(
            self._variance(low / low.sum() - (whole - low) / (whole - low).sum())
        )
        independent = 2.0 / self._variance((self.every_hz == self.every_hz[20]).astype(float))
        beside = 2.0 / self._variance(background / background.sum())
        n_tried = max(1.0, 6.0 * segment_s)
        self.peak_null_db = 10.0 * np.log10(f_distribution.isf(0.05 / n_tried, independent, beside))
        _, response = sosfreqz(sections, self.every_hz, fs=self.rate_hz)
        self.is_in = (self.every_hz >= self.band_hz[0]) & (self.every_hz <= self.band_hz[1])
        power = np.abs(response) ** 2 * self.is_in
        at = np.flatnonzero(np.cumsum(power) >= 0.5 * power.sum())[0]
        below = np.where(np.arange(power.size) <= at, power, 0.0)
        above = power - below
        spread = self._variance(below / below.sum() - above / above.sum()) ** 0.5 / 4.0
        spread *= power.sum() * self.every_hz[1] / power[at]
        self.median_null_hz = median_hz(power, self.every_hz) - _Z * spread

    def _variance(self, weights: Signal) -> float:
        """Return the variance of a weighted sum of bins in white noise, relative to its mean."""
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self.segment) / self.segment)
        covariance = np.zeros(self.padded)
        for first in range(self.n_segments):
            for second in range(self.n_segments):
                shift = abs(first - second) * self.step
                if shift < self.segment:
                    both = hann[: self.segment - shift] * hann[shift:]
                    covariance += np.abs(np.fft.fft(both, self.padded)) ** 2
        covariance /= (self.n_segments * (hann @ hann)) ** 2
        used = np.flatnonzero(weights)
        return float(weights[used] @ covariance[np.abs(used[:, None] - used)] @ weights[used])


def median_hz(power: Signal, every_hz: Signal) -> float:
    """Return where half of the power lies below; each bin reaches half of one to both sides."""
    edges = np.append(every_hz, every_hz[-1] + every_hz[1]) - every_hz[1] / 2.0
    share = np.concatenate(([0.0], np.cumsum(power))) / power.sum()
    return float(np.interp(0.5, share, edges))


def expected(power: Signal, windows: Windows) -> Signal:
    """Return the spectrum of the modulus of Gaussian noise with this spectrum."""
    doubled = power.copy()
    doubled[1:-1] /= 2.0  # one-sided densities
    own = np.fft.irfft(doubled)
    own = np.clip(own / own[0], -1.0, 1.0)
    modulus = np.sqrt(1.0 - own**2) + own * np.arcsin(own) - 1.0
    n_lags = min(round(0.05 * windows.rate_hz), windows.padded // 2)
    modulus[n_lags : windows.padded - n_lags + 1] = 0.0
    modulus[0] = np.pi / 2.0 - 1.0
    return np.asarray(np.fft.rfft(modulus).real)


def measures_of(emg_uv: Signal, windows: Windows) -> list[float]:
    """Return the first eight outputs of one window."""
    keys = {"window": "hann", "nperseg": windows.segment, "nfft": windows.padded}
    _, of_emg = welch(emg_uv, windows.rate_hz, detrend="constant", **keys)
    _, of_modulus = welch(np.abs(emg_uv), windows.rate_hz, detrend="constant", **keys)
    low, whole, peak, background = windows.parts
    steady = expected(of_emg, windows)
    null = low @ steady / (whole @ steady)
    null += _Z * windows.drive_sd * null * (1.0 - null)
    ratio = np.where(peak > 0.0, of_modulus / steady, 0.0)
    beside = background @ of_modulus / (background @ steady)
    peak_db = 10.0 * float(np.log10(ratio.max() / beside))
    has_peak = peak_db > windows.peak_null_db
    return [
        float(low @ of_modulus / (whole @ of_modulus)),
        float(null),
        peak_db,
        float(windows.peak_null_db),
        float(has_peak),
        float(windows.every_hz[ratio.argmax()]),
        median_hz(of_emg * windows.is_in, windows.every_hz),
        windows.median_null_hz,
    ]


def of_channel(
    config: MuscleSpectrumConfig, label: str, muscle: Muscle, newest: int, windows: Windows
) -> tuple[list[float], list[bool]]:
    """Return the outputs of one channel at a hop; none is clipped, flat or off."""
    values, valid = [0.0] * N_OUTPUTS, [False] * (N_OUTPUTS - 1) + [True]
    n_good = muscle.n_good[newest]
    if n_good < windows.span:
        values[-1] = float(muscle.was_bad[newest])
        return values, valid
    if muscle.is_doubtful[newest]:
        return values, valid
    emg_uv = muscle.filtered_uv[newest + 1 - windows.length : newest + 1]
    mean_uv = np.abs(muscle.filtered_uv[newest + 1 - windows.whole : newest + 1]).mean()
    has_rest = label in config.rest_uv
    active_uv = config.rest_uv.get(label, 0.0) + 3.0 * config.rest_sd_uv.get(label, 0.0)
    is_at_rest = has_rest and bool(mean_uv <= active_uv)
    values[:8] = measures_of(emg_uv, windows)
    values[9] = float(is_at_rest)
    valid = [not is_at_rest] * 6 + [True, True, True, has_rest, True]
    return [value * is_valid for value, is_valid in zip(values, valid, strict=True)], valid


def muscle_spectrum(
    config: MuscleSpectrumConfig, layout: StreamLayout, given: StreamSamples
) -> Plain:
    """Return values and validity of every hop of a recording."""
    windows = Windows(config, layout.rate_hz)
    labels = config.channels or layout.channels
    values: list[list[float]] = []
    valid: list[list[bool]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        piece = given.since(start).until(stop - start)
        muscles = {
            each: muscle_of(piece, layout.channels.index(each), windows.filters) for each in labels
        }
        for newest in range(windows.hop - 1, stop - start, windows.hop):
            found = [of_channel(config, each, muscles[each], newest, windows) for each in labels]
            values.append([value for each in found for value in each[0]])
            valid.append([value for each in found for value in each[1]])
    shape = (-1, N_OUTPUTS * len(labels))
    return np.array(values).reshape(shape), np.array(valid, dtype=np.bool_).reshape(shape)
