"""Reference of `aperiodic`: a line through the log spectrum of each window."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch
from scipy.special import digamma, polygamma

from detectors.aperiodic.aperiodic import AperiodicConfig
from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.power.naive_band_power import parts_of

_N_TURNS = 20


class Spectrum:
    """The bins of a configuration, and their variance in noise."""

    def __init__(self, config: AperiodicConfig, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.segment = round(config.segment_s * rate_hz)
        self.step = self.segment - self.segment // 2
        fit_in = (round(config.window_s * rate_hz) - self.segment) // self.step + 1
        hop_s = config.segment_s if config.hop_s is None else config.hop_s
        n_steps = round(2.0 * hop_s / config.segment_s)
        self.hop = n_steps * self.step
        self.n_segments = max(2, fit_in, n_steps)
        self.window = (self.n_segments - 1) * self.step + self.segment
        every_hz = np.fft.rfftfreq(self.segment, 1.0 / rate_hz)
        on_line = [
            config.fit_hz[0] <= f < config.fit_hz[1]
            and not any(low <= f < high for low, high in config.exclude_hz)
            for f in np.arange(every_hz.size) / config.segment_s + 1e-9
        ]
        parts = parts_of(every_hz, config.band_hz, rate_hz)
        self.line = np.flatnonzero(on_line)
        self.band = np.flatnonzero(parts)
        self.parts = parts[self.band]
        self.frequency_hz = every_hz
        covariance = self._covariance()
        shape = 1.0 / covariance[0, 0]
        self.bias = (np.log(shape) - digamma(shape)) / np.log(10.0)
        self.bin_sd = np.sqrt(polygamma(1, shape)) / np.log(10.0)
        spread = covariance * shape * self.bin_sd**2
        self.over_db_null, self.distance = self._null(spread)

    def _covariance(self) -> NDArray[np.float64]:
        """Return the variance for white noise, from the transform of every segment."""
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self.segment) / self.segment)
        bins = np.append(self.line, self.band)
        turns = np.exp(-2j * np.pi * np.outer(bins, np.arange(self.segment)) / self.segment)
        rows = np.zeros((self.n_segments, bins.size, self.window), dtype=np.complex128)
        for each in range(self.n_segments):
            rows[each, :, each * self.step : each * self.step + self.segment] = hann * turns
        shared = np.abs(np.einsum("skn,tln->sktl", rows, rows.conj())) ** 2
        return np.asarray(shared.mean(axis=(0, 2)) / (hann @ hann) ** 2)

    def _null(self, spread: NDArray[np.float64]) -> tuple[float, float]:
        x = np.log10(self.frequency_hz[np.append(self.line, self.band)])
        n_line = self.line.size
        weight = self.parts / self.band / (self.parts / self.band).sum()
        rests, over = [], []
        # Each bin raised by one, all others at rest: everything is linear in the logarithms.
        for unit in np.eye(x.size):
            slope, height = np.polyfit(x[:n_line], unit[:n_line], 1)
            rests.append(unit[:n_line] - slope * x[:n_line] - height)
            over.append(weight @ (unit[n_line:] - slope * x[n_line:] - height))
        rest, row = np.array(rests[:n_line]), np.array(over)
        squares = np.trace(rest.T @ spread[:n_line, :n_line] @ rest)
        return 16.45 * float(np.sqrt(row @ spread @ row)), float(np.sqrt(squares / n_line))

    def smeared(self, exponent: float, bins: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return by how much a Hann window overestimates a power law."""
        square = 1.0 / bins**2
        fall = exponent * (exponent + 1.0)
        further = (exponent + 2.0) * (exponent + 3.0)
        return np.asarray(1.0 + fall * square / 6.0 + fall * further * square**2 / 72.0)


def measures_of(samples_uv: NDArray[np.float64], given: Spectrum) -> list[float]:
    """Return the five outputs of one channel in one window."""
    _, power = welch(
        samples_uv, given.rate_hz, window="hann", nperseg=given.segment, detrend="constant"
    )
    x = np.log10(given.frequency_hz[given.line])
    y = np.log10(power[given.line]) + given.bias
    distance = np.zeros(x.size)
    exponent = offset = 0.0
    for _ in range(_N_TURNS):
        weight = np.minimum(1.0, 1.345 * given.bin_sd / np.maximum(np.abs(distance), 1e-300))
        root = np.sqrt(weight)
        model = np.stack((root, -x * root), axis=1)
        straight = y - np.log10(given.smeared(exponent, given.line))
        offset, exponent = np.linalg.lstsq(model, straight * root)[0]
        lift = np.log10(given.smeared(exponent, given.line))
        distance = y - (offset - exponent * x) - lift
    below = 10.0**offset * given.frequency_hz[given.band] ** -exponent
    below *= given.smeared(exponent, given.band)
    over_db = 10.0 * np.log10((given.parts @ power[given.band]) / (given.parts @ below))
    misfit = np.sqrt((distance**2).mean()) / given.distance
    return [float(exponent), float(offset), float(over_db), given.over_db_null, float(misfit)]


def aperiodic(config: AperiodicConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
    """Return values and validity of every hop of a recording."""
    spectrum = Spectrum(config, layout.rate_hz)
    labels = config.channels or layout.channels
    values: list[list[list[float]]] = []
    valid: list[list[list[bool]]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        for newest in range(start + spectrum.hop - 1, stop, spectrum.hop):
            values.append([[0.0] * 5 for _ in labels])
            valid.append([[False] * 5 for _ in labels])
            first = newest + 1 - spectrum.window
            if first < start:
                continue
            for position, label in enumerate(labels):
                column = layout.channels.index(label)
                bits = given.taint[first : newest + 1, column]
                if (bits & int(WINDOW_TAINT)).any() or bits[-1] & int(NEWEST_TAINT):
                    continue
                valid[-1][position] = [True] * 5
                window_uv = given.samples_uv[first : newest + 1, column]
                values[-1][position] = measures_of(window_uv, spectrum)
    shape = (-1, 5 * len(labels))
    return np.array(values).reshape(shape), np.array(valid, dtype=np.bool_).reshape(shape)
