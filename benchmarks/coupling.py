"""What one hop of phase-amplitude coupling costs, beside peers in the same process.

``python -m benchmarks.coupling``. Contenders take turns, a few hops each; what counts is the median
of the processor time of all hops, which a busy machine takes from nobody: a hop of a peer lasts so
long that others would run within it, and ours does not. Trust ratios, not microseconds. A peer is a
function that takes a signal and gives a `Contender`: whatever else is installed may be added to
`PEERS`.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, hilbert, sosfilt, sosfiltfilt

from detectors.block import Block, StreamLayout
from detectors.coupling_measures import coupling_of
from detectors.phase_amplitude_coupling import PhaseAmplitudeCoupling, PhaseAmplitudeCouplingConfig

RATE_HZ = 1000.0
HOP = 50
WINDOW_S = 2.0
PHASE_BAND_HZ = (13.0, 30.0)
AMPLITUDE_BAND_HZ = (60.0, 200.0)
N_HOPS = 10
N_TURNS = 25

Signal = NDArray[np.float64]


class Contender(NamedTuple):
    """One way to compute a hop: `run` takes its number.

    `times_slower` is how many times the cost of ours it should be at 64 channels.
    """

    name: str
    run: Callable[[int], object]
    times_slower: float | None = None


#: It takes a signal of one window and `N_HOPS` hops, shape (n_samples, n_channels).
Peer = Callable[[Signal], Contender]


def signal(n_channels: int, window_s: float = WINDOW_S) -> Signal:
    """Return noise enough for a window and all hops of a turn."""
    n_samples = round(window_s * RATE_HZ) + HOP * N_HOPS
    return np.random.default_rng(1).normal(0.0, 10.0, (n_samples, n_channels))


def stimloop(samples_uv: Signal, window_s: float = WINDOW_S) -> Contender:
    """Return our own detector, warm, its window full; it is fed the same hops in every turn."""
    labels = tuple(f"C{place}" for place in range(samples_uv.shape[1]))
    config = PhaseAmplitudeCouplingConfig(
        id="coupling",
        stream="LFP",
        phase_band_hz=PHASE_BAND_HZ,
        amplitude_band_hz=AMPLITUDE_BAND_HZ,
        window_s=window_s,
        hop_s=HOP / RATE_HZ,
    )
    detector = PhaseAmplitudeCoupling(config, StreamLayout("LFP", RATE_HZ, labels))
    blocks = [_block(samples_uv, start) for start in range(0, len(samples_uv), HOP)]
    for block in blocks:
        detector.update(block)
    newest = blocks[-N_HOPS:]
    return Contender("stimloop", lambda hop: detector.update(newest[hop]))


def scipy_forth_and_back(samples_uv: Signal) -> Contender:
    """Return scipy over the window, all channels at once, with the usual filters."""
    return _scipy(samples_uv, "scipy sosfiltfilt, hilbert", sosfiltfilt, 100.0)


def scipy_causal(samples_uv: Signal) -> Contender:
    """Return the same with filters that run once: the least scipy needs."""
    return _scipy(samples_uv, "scipy sosfilt, hilbert", sosfilt, None)


PEERS: list[Peer] = [scipy_forth_and_back, scipy_causal]


def measures(
    phase_rad: NDArray[np.float64], amplitude_uv: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return modulation index and mean vector length of rows of phase and amplitude."""
    n_channels = len(phase_rad)
    place = np.minimum(((phase_rad + np.pi) * (18.0 / (2.0 * np.pi))).astype(np.int64), 17)
    place += 18 * np.arange(n_channels)[:, None]
    totals = np.bincount(place.ravel(), amplitude_uv.ravel(), 18 * n_channels)
    means = (totals / np.bincount(place.ravel(), minlength=18 * n_channels)).reshape(-1, 18)
    share = means / means.sum(axis=1, keepdims=True)
    index = 1.0 + (share * np.log(share)).sum(axis=1) / np.log(18.0)
    return index, np.abs((amplitude_uv * np.exp(1j * phase_rad)).mean(axis=1))


def hop_us(contenders: list[Contender]) -> list[float]:
    """Return the median microseconds a hop of each, the contenders taking turns."""
    found: list[list[float]] = [[] for _ in contenders]
    for _ in range(N_TURNS):
        for contender, times_us in zip(contenders, found, strict=True):
            for hop in range(N_HOPS):
                start_ns = time.process_time_ns()
                contender.run(hop)
                times_us.append((time.process_time_ns() - start_ns) / 1e3)
    return [statistics.median(times_us) for times_us in found]


def agree() -> bool:
    """Whether ours and numpy's measures of the same phase and amplitude are the same."""
    random = np.random.default_rng(2)
    phase_rad = random.uniform(-np.pi, np.pi, (1, 5000))
    amplitude_uv = random.rayleigh(5.0, (1, 5000)) * (1.5 + np.cos(phase_rad))
    index, length = measures(phase_rad, amplitude_uv)
    ours = coupling_of(phase_rad[0], amplitude_uv[0])
    return bool(np.allclose([index[0], length[0]], ours[:2], rtol=1e-9))


def compare(n_channels: int) -> Iterator[str]:
    """Yield the table for so many channels, and whether the targets are reached."""
    samples_uv = signal(n_channels)
    contenders = [stimloop(samples_uv), *(peer(samples_uv) for peer in PEERS)]
    times_us = hop_us(contenders)
    yield f"\n{n_channels} channels, 1 kHz, {WINDOW_S:g} s window, {HOP} ms hop"
    yield f"  {'':28} {'µs a hop':>10} {'beside ours':>12}"
    for contender, each_us in zip(contenders, times_us, strict=True):
        ratio = each_us / times_us[0]
        yield f"  {contender.name:28} {each_us:10.1f} {ratio:11.0f}x"
        if contender.times_slower is not None and n_channels == 64:
            verdict = _verdict(ratio >= contender.times_slower)
            yield f"  {verdict}: {ratio:.0f} times, target {contender.times_slower:g}"


def against_window(n_channels: int) -> Iterator[str]:
    """Yield the cost against the length of the window."""
    windows_s = (2.0, 4.0, 8.0, 16.0, 32.0)
    contenders = [stimloop(signal(n_channels, each), each) for each in windows_s]
    times_us = hop_us(contenders)
    yield f"\n{n_channels} channels, windows of {', '.join(f'{each:g}' for each in windows_s)} s"
    yield from _slope(windows_s, times_us, 0.1)


def against_channels() -> Iterator[str]:
    """Yield the cost against the number of channels."""
    n_channels = (16, 32, 64, 128, 256)
    times_us = hop_us([stimloop(signal(each)) for each in n_channels])
    yield f"\n{', '.join(map(str, n_channels))} channels"
    yield from _slope(n_channels, times_us, 1.05)


def main() -> int:
    """Print every table; 1 only where ours and numpy's do not compute the same thing."""
    if not agree():
        print("ours and numpy's numbers differ", file=sys.stderr)
        return 1
    print(f"Phase-amplitude coupling; medians of {N_TURNS} turns of {N_HOPS} hops")
    tables = [compare(each) for each in (1, 8, 64)]
    for table in (*tables, against_window(8), against_window(64), against_channels()):
        for line in table:
            print(line, flush=True)
    return 0


def _scipy(
    samples_uv: Signal,
    name: str,
    run_filter: Callable[..., NDArray[np.float64]],
    times_slower: float | None,
) -> Contender:
    channels_uv = np.ascontiguousarray(samples_uv.T)
    slow, fast = (
        butter(2, band_hz, "bandpass", fs=RATE_HZ, output="sos")
        for band_hz in (PHASE_BAND_HZ, AMPLITUDE_BAND_HZ)
    )
    window = round(WINDOW_S * RATE_HZ)

    def run(hop: int) -> object:
        start = HOP * (hop + 1)
        windowed = channels_uv[:, start : start + window]
        phase_rad = np.angle(hilbert(run_filter(slow, windowed)))
        amplitude_uv = np.abs(hilbert(run_filter(fast, windowed)))
        return measures(phase_rad, amplitude_uv)

    return Contender(name, run, times_slower)


def _slope(given: tuple[float, ...], times_us: list[float], most: float) -> Iterator[str]:
    found = float(np.polyfit(np.log(given), np.log(times_us), 1)[0])
    yield f"  {' '.join(f'{each_us:9.1f}' for each_us in times_us)} µs a hop"
    yield f"  {_verdict(found < most)}: log-log slope {found:.3f}, target under {most:g}"


def _block(samples_uv: Signal, start: int) -> Block:
    part_uv = samples_uv[start : start + HOP].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("LFP", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)


def _verdict(is_reached: bool) -> str:
    return "PASS" if is_reached else "below target"


if __name__ == "__main__":
    sys.exit(main())
