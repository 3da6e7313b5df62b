"""What one hop of band power costs, beside numpy and scipy in the same process.

``python -m benchmarks.compute``. Contenders take turns, a burst of hops each, and the median over
all turns counts, so that a busy machine disturbs them alike; trust ratios, not microseconds.
"""

import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numba
import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.signal import butter, periodogram, sosfilt, welch
from scipy.signal.windows import hann

from detectors.band_power import BandPower, BandPowerConfig
from detectors.block import Block, StreamLayout

RATE_HZ = 1000.0
HOP = 10
BAND_HZ = (13.0, 30.0)
WINDOWS_S = (0.25, 0.5, 1.0, 2.0, 4.0)
N_HOPS = 50
N_TURNS = 40

Run = Callable[[int], object]


class Contender(NamedTuple):
    """One way to compute a hop: `run` takes its number; a call may do several hops."""

    name: str
    run: Run
    hops_a_call: int = 1


def signal(n_channels: int, window_s: float) -> NDArray[np.float64]:
    """Return noise enough for a window and all hops of a turn, shape (n_samples, n_channels)."""
    n_samples = round(window_s * RATE_HZ) + HOP * N_HOPS
    return np.random.default_rng(1).normal(0.0, 10.0, (n_samples, n_channels))


def stimloop(
    samples_uv: NDArray[np.float64],
    window_s: float,
    band_hz: tuple[float, float],
    hops_a_call: int,
    method: Literal["periodogram", "recursive"] = "periodogram",
) -> Contender:
    """Return our own detector, warm, its window full; it is fed the same hops in every turn."""
    n_channels = samples_uv.shape[1]
    layout = StreamLayout("LFP", RATE_HZ, tuple(f"C{place}" for place in range(n_channels)))
    config = BandPowerConfig(
        id="beta",
        stream="LFP",
        band_hz=band_hz,
        method=method,
        window_s=window_s,
        hop_s=HOP / RATE_HZ,
    )
    detector = BandPower(config, layout)
    window = round(window_s * RATE_HZ)
    blocks = [
        _block(samples_uv, start, HOP * hops_a_call)
        for start in range(window, len(samples_uv), HOP * hops_a_call)
    ]
    detector.update(_block(samples_uv, 0, window))
    for block in blocks:
        detector.update(block)
    how = "one hop a call" if hops_a_call == 1 else f"{hops_a_call} hops a call"
    name = "stimloop" if method == "periodogram" else "recursive"
    return Contender(f"{name}, {how}", lambda hop: detector.update(blocks[hop]), hops_a_call)


def numpy_rfft(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Contender:
    """Return numpy over all channels at once, without a copy or an allocation it can avoid."""
    channels_uv, window, is_in_band = _channels_first(samples_uv, window_s, band_hz)
    first, last = np.flatnonzero(is_in_band)[[0, -1]]
    taper = hann(window, sym=False)
    scale = 2.0 / (RATE_HZ * (taper**2).sum()) * RATE_HZ / window
    work = np.empty((len(channels_uv), window))
    spectrum = np.empty((len(channels_uv), window // 2 + 1), dtype=np.complex128)

    def run(hop: int) -> NDArray[np.float64]:
        windowed = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        np.subtract(windowed, windowed.mean(axis=1, keepdims=True), out=work)
        np.multiply(work, taper, out=work)
        np.fft.rfft(work, axis=1, out=spectrum)
        band = spectrum[:, first : last + 1]
        power: NDArray[np.float64] = (band.real**2 + band.imag**2).sum(axis=1) * scale
        return power

    return Contender("numpy rfft, vectorised", run)


def scipy_periodogram(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Contender:
    """Return scipy's periodogram over all channels at once."""
    channels_uv, window, is_in_band = _channels_first(samples_uv, window_s, band_hz)

    def run(hop: int) -> NDArray[np.float64]:
        windowed = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        density = periodogram(windowed, RATE_HZ, window="hann", detrend="constant")[1]
        power: NDArray[np.float64] = density[:, is_in_band].sum(axis=1) * RATE_HZ / window
        return power

    return Contender("scipy periodogram", run)


def scipy_welch(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Contender:
    """Return scipy's welch with one segment: the same numbers again."""
    channels_uv, window, is_in_band = _channels_first(samples_uv, window_s, band_hz)

    def run(hop: int) -> NDArray[np.float64]:
        windowed = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        density = welch(windowed, RATE_HZ, window="hann", nperseg=window)[1]
        power: NDArray[np.float64] = density[:, is_in_band].sum(axis=1) * RATE_HZ / window
        return power

    return Contender("scipy welch", run)


def scipy_sosfilt(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Contender:
    """Return scipy's filter, its state kept from hop to hop, and the mean of a ring of squares."""
    window = round(window_s * RATE_HZ)
    sections = butter(2, band_hz, "bandpass", output="sos", fs=RATE_HZ)
    zi = np.zeros((len(sections), 2, samples_uv.shape[1]))
    ring = np.zeros((window // HOP, samples_uv.shape[1]))

    def run(hop: int) -> NDArray[np.float64]:
        start = window + HOP * hop
        made, zi[:] = sosfilt(sections, samples_uv[start : start + HOP], axis=0, zi=zi)
        ring[hop % len(ring)] = (made * made).sum(axis=0)
        power: NDArray[np.float64] = ring.sum(axis=0) / window
        return power

    return Contender("scipy sosfilt, ring", run)


def hop_us(contenders: list[Contender]) -> list[float]:
    """Return the median microseconds a hop of each, the contenders taking turns."""
    found: list[list[float]] = [[] for _ in contenders]
    for _ in range(N_TURNS):
        for contender, times_us in zip(contenders, found, strict=True):
            n_calls = N_HOPS // contender.hops_a_call
            run = contender.run
            start_s = time.perf_counter()
            for hop in range(n_calls):
                run(hop)
            times_us.append((time.perf_counter() - start_s) * 1e6 / N_HOPS)
    return [statistics.median(times_us) for times_us in found]


def slope(windows_s: tuple[float, ...], times_us: list[float]) -> float:
    """Return the exponent of cost against the length of the window."""
    return float(np.polyfit(np.log(windows_s), np.log(times_us), 1)[0])


def agree(n_channels: int) -> bool:
    """Whether ours and numpy's give the same numbers for the same window."""
    samples_uv = signal(n_channels, 1.0)
    layout = StreamLayout("LFP", RATE_HZ, tuple(f"C{place}" for place in range(n_channels)))
    config = BandPowerConfig(id="beta", stream="LFP", band_hz=BAND_HZ)
    ours = BandPower(config, layout).update(_block(samples_uv, 0, len(samples_uv))).estimates
    theirs = numpy_rfft(samples_uv, 1.0, BAND_HZ).run(N_HOPS - 1)
    return bool(np.allclose(ours.values[-1], np.asarray(theirs), rtol=1e-9, atol=0.0))


def compare(n_channels: int, times_faster: float) -> Iterator[str]:
    """Yield the table for so many channels, and whether the target is reached."""
    samples_uv = signal(n_channels, 1.0)
    contenders = [
        stimloop(samples_uv, 1.0, BAND_HZ, 1),
        stimloop(samples_uv, 1.0, BAND_HZ, N_HOPS),
        numpy_rfft(samples_uv, 1.0, BAND_HZ),
        scipy_periodogram(samples_uv, 1.0, BAND_HZ),
        scipy_welch(samples_uv, 1.0, BAND_HZ),
        stimloop(samples_uv, 1.0, BAND_HZ, 1, "recursive"),
        stimloop(samples_uv, 1.0, BAND_HZ, N_HOPS, "recursive"),
        scipy_sosfilt(samples_uv, 1.0, BAND_HZ),
    ]
    times_us = hop_us(contenders)
    yield f"\n{n_channels} channels, 1 kHz, 1 s window, 10 ms hop, 13-30 Hz"
    yield f"  {'':28} {'µs a hop':>10} {'beside ours':>12}"
    for contender, each_us in zip(contenders, times_us, strict=True):
        yield f"  {contender.name:28} {each_us:10.2f} {each_us / times_us[0]:11.2f}x"
    ratio = times_us[2] / times_us[0]
    yield f"  {_verdict(ratio >= times_faster)}: {ratio:.1f} times numpy, target {times_faster:g}"
    yield f"  recursive: {times_us[7] / times_us[5]:.1f} times scipy sosfilt"


def against_window(n_channels: int) -> Iterator[str]:
    """Yield the cost against the length of the window, with as many bins and with the same band."""
    yield f"\n{n_channels} channels, cost against window ({', '.join(map(str, WINDOWS_S))} s)"
    bands: dict[str, list[tuple[float, float]]] = {
        "17 bins in the band": [(BAND_HZ[0] / each, BAND_HZ[1] / each) for each in WINDOWS_S],
        "13-30 Hz, bins grow with it": [BAND_HZ for _ in WINDOWS_S],
    }
    for name, bands_hz in bands.items():
        contenders = [
            stimloop(signal(n_channels, window_s), window_s, band_hz, 1)
            for window_s, band_hz in zip(WINDOWS_S, bands_hz, strict=True)
        ]
        times_us = hop_us(contenders)
        found = slope(WINDOWS_S, times_us)
        listed = " ".join(f"{each_us:7.2f}" for each_us in times_us)
        yield f"  {name:28} {listed} µs a hop"
        yield f"  {_verdict(found < 0.1)}: log-log slope {found:.3f}, target under 0.1"


def main() -> int:
    """Print every table; 1 only where the contenders do not compute the same thing."""
    print(f"{_processor()}; Python {platform.python_version()}, numpy {np.__version__}, ", end="")
    print(f"scipy {scipy.__version__}, numba {numba.__version__}; medians of {N_TURNS} turns")
    for n_channels, times_faster in ((8, 5.0), (64, 10.0), (256, 30.0)):
        if not agree(n_channels):
            print(f"{n_channels} channels: ours and numpy's numbers differ", file=sys.stderr)
            return 1
        for line in compare(n_channels, times_faster):
            print(line, flush=True)
    for n_channels in (8, 256):
        for line in against_window(n_channels):
            print(line, flush=True)
    return 0


def _block(samples_uv: NDArray[np.float64], start: int, n_samples: int) -> Block:
    part_uv = samples_uv[start : start + n_samples].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("LFP", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)


def _channels_first(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> tuple[NDArray[np.float64], int, NDArray[np.bool_]]:
    window = round(window_s * RATE_HZ)
    frequency_hz = np.fft.rfftfreq(window, 1.0 / RATE_HZ)
    is_in_band = (band_hz[0] <= frequency_hz) & (frequency_hz < band_hz[1])
    return np.ascontiguousarray(samples_uv.T), window, is_in_band


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


def _verdict(is_reached: bool) -> str:
    return "PASS" if is_reached else "below target"


if __name__ == "__main__":
    sys.exit(main())
