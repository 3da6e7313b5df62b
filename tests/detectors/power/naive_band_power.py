"""Reference of band power: scipy's periodogram of each window, or scipy's filter and a mean."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, periodogram, sosfilt

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from detectors.power.band_power import BandPowerConfig
from detectors.power.config import PowerBand
from detectors.testing.subject import Plain, StreamSamples


def parts_of(
    frequency_hz: NDArray[np.floating[Any]], band_hz: tuple[float, float], rate_hz: float
) -> NDArray[np.float64]:
    """Return the share of each bin in a band; a bin reaches half a bin to either side."""
    half_hz = frequency_hz[1] / 2.0
    parts = np.zeros(frequency_hz.size)
    for position, middle_hz in enumerate(frequency_hz):
        low_hz = max(0.0, middle_hz - half_hz)
        high_hz = min(rate_hz / 2.0, middle_hz + half_hz)
        shared_hz = min(high_hz, band_hz[1]) - max(low_hz, band_hz[0])
        part = shared_hz / (high_hz - low_hz)
        parts[position] = part if part > 1e-9 else 0.0
    return parts


def power_of(
    window_uv: NDArray[np.float64], rate_hz: float, band_hz: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the power of each column of one window, shape (n_channels,)."""
    frequency_hz, density = periodogram(
        window_uv, rate_hz, window="hann", detrend="constant", scaling="density", axis=0
    )
    parts = parts_of(frequency_hz, band_hz, rate_hz)
    power: NDArray[np.float64] = parts @ density * frequency_hz[1]
    return power


def lsb_of(window_uv: NDArray[np.float64], rate_hz: float, centre_hz: float) -> NDArray[np.float64]:
    """Return the power of each column of a window as an implant logs it, by numpy's transform."""
    n_samples = len(window_uv)
    hann = np.hanning(n_samples + 1)[:-1]
    spectrum = np.fft.rfft((window_uv - window_uv.mean(axis=0)) * hann[:, None], axis=0)
    amplitudes_uv = 2.0 * np.abs(spectrum) / hann.sum()
    is_in = np.abs(np.fft.rfftfreq(n_samples, 1.0 / rate_hz) - centre_hz) <= 2.5
    power: NDArray[np.float64] = 77.6 * (amplitudes_uv[is_in] ** 2).sum(axis=0)
    return power


def update_of(config: BandPowerConfig, rate_hz: float) -> int:
    return max(1, round((config.update_s or config.hop_s) * rate_hz))


def hop_of(config: BandPowerConfig, rate_hz: float) -> int:
    return round(config.hop_s / (config.update_s or config.hop_s)) * update_of(config, rate_hz)


def squares_of(
    run_uv: NDArray[np.float64],
    config: BandPowerConfig,
    band_hz: tuple[float, float],
    rate_hz: float,
    n_second: int = 0,
) -> NDArray[np.float64]:
    """Return the squared output of scipy's filters, fed with the samples less the first one."""
    made = run_uv - run_uv[0]
    for order in (config.order or 2, n_second):
        if order > 0:
            made = sosfilt(
                butter(order, band_hz, "bandpass", output="sos", fs=rate_hz), made, axis=0
            )
    squares: NDArray[np.float64] = made**2
    return squares


def weights_of(config: BandPowerConfig, rate_hz: float, n_samples: int) -> NDArray[np.float64]:
    """Return the weights of the newest squares in the mean, the newest first."""
    hop = hop_of(config, rate_hz)
    if config.window_s is not None:
        length = max(1, round(config.window_s * rate_hz / hop)) * hop
        return np.where(np.arange(n_samples) < length, 1.0 / length, 0.0)
    keep = np.exp(-1.0 / (rate_hz * (config.time_constant_s or 0.2)))
    weights: NDArray[np.float64] = (1.0 - keep) * keep ** np.arange(n_samples)
    return weights


def mean_of(
    squares: NDArray[np.float64], config: BandPowerConfig, rate_hz: float
) -> NDArray[np.float64]:
    """Return the mean square at every sample, with zeros before the first."""
    weights = weights_of(config, rate_hz, len(squares))
    if config.window_s is None:
        keep = 1.0 - weights[0]
        filtered: NDArray[np.float64] = lfilter([weights[0]], [1.0, -keep], squares, axis=0)
        return filtered
    length = round(1.0 / float(weights[0]))
    padded = np.concatenate((np.zeros((length - 1, *squares.shape[1:])), squares))
    windows = np.lib.stride_tricks.sliding_window_view(padded, length, axis=0)
    mean: NDArray[np.float64] = windows.mean(axis=-1)
    return mean


def span_of(config: BandPowerConfig, rate_hz: float, n_second: int = 0) -> int:
    """Return the number of samples until the filter has settled, and the mean after that."""
    hop = hop_of(config, rate_hz)
    length = int(np.ceil(3.0 * rate_hz * (config.time_constant_s or 0.2)))
    if config.window_s is not None:
        length = max(1, round(config.window_s * rate_hz / hop)) * hop
    spans = [hop + 1]
    for band in config.all_bands:
        impulse = np.zeros(round(8.0 * rate_hz))
        impulse[1] = 1.0  # counted from the first sample, which is 0
        energy = np.cumsum(squares_of(impulse, config, band.band_hz, rate_hz, n_second)[1:])
        spans.append(int(np.argmax(energy >= 0.95 * energy[-1])) + 1 + length)
    return max(spans)


def band_power(config: BandPowerConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
    """Return values and validity of every hop of a recording."""
    method = _periodograms if config.method == "periodogram" else _filtered
    powers, valid = method(config, layout, given)
    outside = None
    if config.has_outside or config.outside_max is not None:
        outside, is_told = outside_of(config, layout, given)
        if config.outside_max is not None:
            own = slice(0, outside.shape[2])
            valid[..., own] &= is_told & (outside <= config.outside_max)
            powers = np.where(valid, powers, 0.0)
    values, valid = on_scale(config, layout, powers, valid)
    if config.has_outside:
        assert outside is not None
        shape = (*values.shape[:2], 2 * values.shape[2])
        values = np.stack((values, outside), axis=-1).reshape(shape)
        valid = np.stack((valid, is_told), axis=-1).reshape(shape)
    shape = (len(values), values.shape[1] * values.shape[2])
    return values.reshape(shape), valid.reshape(shape)


def outside_of(config: BandPowerConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
    """Return the share outside each band: power behind its filter, and behind a wider one."""
    rate_hz = layout.rate_hz
    time_constant_s = config.outside_time_constant_s or 0.5
    plain = msgspec.structs.replace(
        config,
        window_s=None,
        time_constant_s=time_constant_s,
        scale="power",
        baseline=None,
        total_hz=None,
        output="power",
        outside_max=None,
        outside_time_constant_s=None,
    )
    # The first power waits for the slower second filter: a doubtful stamp is over by then.
    undoubted = replace(given, taint=given.taint & ~np.uint16(int(NEWEST_TAINT)))
    passed, _ = _filtered(plain, layout, undoubted)
    inside, valid = _filtered(plain, layout, given, n_second=4)
    late = []
    for band in config.bands:
        _, poles, _ = butter(4, band.band_hz, "bandpass", output="zpk", fs=rate_hz)
        first = butter(config.order or 2, band.band_hz, "bandpass", output="zpk", fs=rate_hz)[1]
        middle = np.exp(-2j * np.pi * np.sqrt(band.band_hz[0] * band.band_hz[1]) / rate_hz)
        late.append([_delay(each, complex(middle)) for each in (first, poles)])
    slowest = max(one + other for one, other in late) - max(one for one, _ in late)
    n_late = round(slowest / hop_of(config, rate_hz))
    waited = np.zeros(passed.shape)
    waited[n_late:] = passed[: len(passed) - n_late]
    valid &= waited > 0.0
    share = np.maximum(0.0, 1.0 - inside / np.where(valid, waited, 1.0))
    return np.where(valid, share, 0.0), valid


def _delay(poles: NDArray[np.complex128], back: complex) -> float:
    """Return the group delay of a Butterworth filter, whose zeros are all on the unit circle."""
    return float((poles * back / (1.0 - poles * back)).real.sum() + poles.size / 2.0)


def on_scale(
    config: BandPowerConfig,
    layout: StreamLayout,
    powers: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> Plain:
    """Return powers, shape (n_hops, n_channels, n_bands), on the configured scale."""
    if config.scale == "power":
        return powers, valid
    if config.scale == "percent":
        total = np.where(powers[..., -1:] > 0.0, powers[..., -1:], np.inf)
        good = valid[..., :-1] & valid[..., -1:] & np.isfinite(total)
        return np.where(good, 100.0 * powers[..., :-1] / total, 0.0), good
    good = valid & (powers > 0.0)
    logarithm = np.log10(np.where(good, powers, 1.0))
    values = np.zeros(powers.shape)
    if config.scale == "log10":
        return np.where(good, logarithm, 0.0), good
    assert config.baseline is not None
    assert config.baseline.calibrate_s is not None
    n_hops = max(
        1, round(config.baseline.calibrate_s * layout.rate_hz / hop_of(config, layout.rate_hz))
    )
    for position in np.ndindex(powers.shape[1:]):
        column = (slice(None), *position)
        used = np.flatnonzero(good[column])[:n_hops]
        good[column] &= np.cumsum(good[column]) > n_hops
        if used.size < n_hops:
            continue
        if config.scale == "decibel":
            values[column] = 10.0 * (logarithm[column] - np.log10(powers[column][used].mean()))
        else:
            base = logarithm[column][used]
            values[column] = (logarithm[column] - base.mean()) / base.std()
    return np.where(good, values, 0.0), good


def _hops(
    config: BandPowerConfig, layout: StreamLayout, given: StreamSamples
) -> Iterator[tuple[int, int]]:
    """Yield for each hop its newest sample, and the restart before it."""
    hop = hop_of(config, layout.rate_hz)
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        for newest in range(start + hop - 1, stop, hop):
            yield newest, start


def _used(config: BandPowerConfig, layout: StreamLayout) -> list[int]:
    return [layout.channels.index(label) for label in config.channels or layout.channels]


def _periodograms(config: BandPowerConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
    window = round(_window_s(config) * layout.rate_hz)
    used = _used(config, layout)
    hops = list(_hops(config, layout, given))
    values = np.zeros((len(hops), len(used), len(config.all_bands)))
    valid = np.zeros(values.shape, dtype=np.bool_)
    update = update_of(config, layout.rate_hz)
    lasts = range(0, hop_of(config, layout.rate_hz), update)
    for hop, (newest, start) in enumerate(hops):
        if newest + 1 - lasts[-1] - window < start:
            continue
        is_good = np.ones(len(used), dtype=np.bool_)
        powers = np.zeros(values.shape[1:])
        for before in lasts:
            part = slice(newest + 1 - before - window, newest + 1 - before)
            taint = given.taint[part, used]
            is_good &= np.logical_not((taint & int(WINDOW_TAINT)).any(axis=0))
            is_good &= (taint[-1] & int(NEWEST_TAINT)) == 0
            for position, band in enumerate(config.all_bands):
                window_uv = given.samples_uv[part, used]
                powers[:, position] += _power_in(window_uv, layout.rate_hz, config, band)
        valid[hop] = is_good[:, None]
        values[hop] = np.where(is_good[:, None], powers / len(lasts), 0.0)
    return values, valid


def _window_s(config: BandPowerConfig) -> float:
    of_presets = {"percept": 256 / 250.0, "percept_single": 64 / 250.0}
    return of_presets.get(config.preset or "", config.window_s or 1.0)


def _power_in(
    window_uv: NDArray[np.float64], rate_hz: float, config: BandPowerConfig, band: PowerBand
) -> NDArray[np.float64]:
    if config.centre_hz is not None:
        return lsb_of(window_uv, rate_hz, config.centre_hz)
    return power_of(window_uv, rate_hz, band.band_hz)


def _filtered(
    config: BandPowerConfig,
    layout: StreamLayout,
    given: StreamSamples,
    *,
    n_second: int = 0,
) -> Plain:
    span = span_of(config, layout.rate_hz, n_second)
    used = _used(config, layout)
    shape = (given.n_samples, len(used), len(config.all_bands))
    every = np.zeros(shape)
    settled = np.zeros(shape, dtype=np.bool_)
    for channel, column in enumerate(used):
        for first, last in _runs(given, column):
            run_uv = given.samples_uv[first:last, column]
            settled[first + span - 1 : last, channel] = True
            for position, band in enumerate(config.all_bands):
                squares = squares_of(run_uv, config, band.band_hz, layout.rate_hz, n_second)
                every[first:last, channel, position] = mean_of(squares, config, layout.rate_hz)
        settled[(given.taint[:, column] & int(NEWEST_TAINT)) != 0, channel] = False
    newest = np.array([newest for newest, _ in _hops(config, layout, given)], dtype=np.int64)
    valid = settled[newest]
    return np.where(valid, every[newest], 0.0), valid


def _runs(given: StreamSamples, column: int) -> Iterator[tuple[int, int]]:
    """Yield first and last (exclusive) sample of each stretch without restart or bad sample."""
    is_good = (given.taint[:, column] & int(WINDOW_TAINT)) == 0
    starts = set(given.restarts)
    first: int | None = None
    for sample in range(given.n_samples + 1):
        ends = sample == given.n_samples or not is_good[sample] or sample in starts
        if ends and first is not None:
            yield first, sample
            first = None
        if sample < given.n_samples and is_good[sample] and first is None:
            first = sample
