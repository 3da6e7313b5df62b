"""What one hop of coherence costs, beside numpy and scipy in the same process.

``python -m benchmarks.coherence``. Every contender gives the mean squared coherence over the band
of all pairs of channels, of the same windows. They take turns, and the median over all turns
counts, so that a busy machine disturbs them alike; trust ratios, not microseconds.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import coherence as scipy_coherence
from scipy.signal.windows import hann

from detectors.block import Block, StreamLayout
from detectors.coherence import Coherence, CoherenceConfig
from detectors.coherence_config import Measure

RATE_HZ = 1000.0
HOP = 50
SEGMENT = 1000
STEP = SEGMENT // 2
WINDOW_S = 2.0
BAND_HZ = (13.0, 30.0)
WINDOWS_S = (2.0, 4.0, 8.0, 16.0, 32.0)
N_CHANNELS = (2, 8, 32)
N_HOPS = 40
N_TURNS = 30
#: The longest that a contender may take for its share of a turn.
TURN_S = 0.05

#: How many times faster than each contender ours has to be.
TARGETS = {
    "numpy, vectorised": 10.0,
    "scipy, pair by pair": 0.0,
    "mne-connectivity": 100.0,
    "py_neuromodulation": 10_000.0,
}

#: Takes the number of a hop; returns the coherence of every pair, in the order of `combinations`.
Run = Callable[[int], NDArray[np.float64]]


class Contender(NamedTuple):
    """One way to compute a hop."""

    name: str
    run: Run


#: Makes a contender for samples, shape (n_samples, n_channels), and a window.
Maker = Callable[[NDArray[np.float64], float], Contender]


def signal(n_channels: int, window_s: float) -> NDArray[np.float64]:
    """Return noise enough for a window and all hops of a turn, with a part that is shared."""
    n_samples = round(window_s * RATE_HZ) + HOP * N_HOPS
    random = np.random.default_rng(1)
    shared = random.normal(0.0, 5.0, (n_samples, 1))
    noise: NDArray[np.float64] = random.normal(0.0, 10.0, (n_samples, n_channels))
    return noise + shared


def stimloop(
    samples_uv: NDArray[np.float64], window_s: float, measures: tuple[Measure, ...] = ()
) -> Contender:
    """Return our own detector, warm, its window full; it is fed the same hops in every turn."""
    n_channels = samples_uv.shape[1]
    layout = StreamLayout("LFP", RATE_HZ, tuple(f"C{place}" for place in range(n_channels)))
    config = CoherenceConfig(
        id="coherence",
        stream="LFP",
        band_hz=BAND_HZ,
        segment_s=SEGMENT / RATE_HZ,
        window_s=window_s,
        hop_s=HOP / RATE_HZ,
        measures=measures,
    )
    detector = Coherence(config, layout)
    window = detector.span_samples
    n_columns = len(detector.measures)
    blocks = [_block(samples_uv, window + HOP * hop, HOP) for hop in range(N_HOPS)]
    detector.fold(_block(samples_uv, 0, window))

    def run(hop: int) -> NDArray[np.float64]:
        return detector.fold(blocks[hop]).estimates.values[0, ::n_columns]

    return Contender("stimloop, all measures" if measures else "stimloop", run)


def every_measure(samples_uv: NDArray[np.float64], window_s: float) -> Contender:
    """Return our own detector with phase locking and phase lag beside the coherence."""
    return stimloop(samples_uv, window_s, ("phase_locking", "phase_lag", "phase_lag_debiased"))


def numpy_rfft(samples_uv: NDArray[np.float64], window_s: float) -> Contender:
    """Return numpy over all channels at once: transform of the window's segments, products."""
    channels_uv = np.ascontiguousarray(samples_uv.T)
    n_channels = len(channels_uv)
    window = round(window_s * RATE_HZ)
    n_segments = (window - SEGMENT) // STEP + 1
    taper = hann(SEGMENT, sym=False)
    first, second = np.triu_indices(n_channels, 1)
    work = np.empty((n_channels, n_segments, SEGMENT))
    spectrum = np.empty((n_channels, n_segments, SEGMENT // 2 + 1), dtype=np.complex128)
    band = slice(*np.searchsorted(np.fft.rfftfreq(SEGMENT, 1.0 / RATE_HZ), BAND_HZ))

    def run(hop: int) -> NDArray[np.float64]:
        window_uv = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        pieces = np.lib.stride_tricks.sliding_window_view(window_uv, SEGMENT, axis=1)[:, ::STEP]
        np.subtract(pieces, pieces.mean(axis=2, keepdims=True), out=work)
        np.multiply(work, taper, out=work)
        np.fft.rfft(work, axis=2, out=spectrum)
        by_bin = np.ascontiguousarray(spectrum[:, :, band].transpose(2, 0, 1))
        cross = by_bin @ by_bin.conj().transpose(0, 2, 1)
        inverse = 1.0 / cross.diagonal(axis1=1, axis2=2).real
        squared = (cross.real**2 + cross.imag**2) * inverse[:, :, None] * inverse[:, None, :]
        made: NDArray[np.float64] = squared.mean(axis=0)[first, second]
        return made

    return Contender("numpy, vectorised", run)


def scipy_pairs(samples_uv: NDArray[np.float64], window_s: float) -> Contender:
    """Return `scipy.signal.coherence` of one pair after the other."""
    channels_uv = np.ascontiguousarray(samples_uv.T)
    window = round(window_s * RATE_HZ)
    pairs = list(combinations(range(len(channels_uv)), 2))
    band = slice(*np.searchsorted(np.fft.rfftfreq(SEGMENT, 1.0 / RATE_HZ), BAND_HZ))

    def run(hop: int) -> NDArray[np.float64]:
        window_uv = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        return np.array(
            [
                scipy_coherence(window_uv[a], window_uv[b], RATE_HZ, nperseg=SEGMENT)[1][
                    band
                ].mean()
                for a, b in pairs
            ]
        )

    return Contender("scipy, pair by pair", run)


#: Ours comes first. Packages that need an environment of their own add their makers to this.
MAKERS: tuple[Maker, ...] = (stimloop, every_measure, numpy_rfft, scipy_pairs)


def hop_us(contenders: Sequence[Contender]) -> list[float]:
    """Return the median microseconds a hop of each, the contenders taking turns."""
    found: list[list[float]] = [[] for _ in contenders]
    n_hops = [_hops_a_turn(each.run) for each in contenders]
    for _ in range(N_TURNS):
        for contender, n_runs, times_us in zip(contenders, n_hops, found, strict=True):
            start_s = time.perf_counter()
            for hop in range(n_runs):
                contender.run(hop)
            times_us.append((time.perf_counter() - start_s) * 1e6 / n_runs)
    return [statistics.median(times_us) for times_us in found]


def agree(contenders: Sequence[Contender]) -> bool:
    """Whether all give the same numbers for the same window."""
    made = [[each.run(hop) for hop in range(2)][1] for each in contenders]
    return all(np.allclose(each, made[0], rtol=0.0, atol=1e-9) for each in made)


def slope(sizes: Sequence[float], times_us: Sequence[float]) -> float:
    """Return the exponent of cost against a size."""
    return float(np.polyfit(np.log(sizes), np.log(times_us), 1)[0])


def compare(n_channels: int, contenders: Sequence[Contender]) -> Iterator[str]:
    """Yield the table for so many channels, and whether each target is reached."""
    times_us = hop_us(contenders)
    n_pairs = n_channels * (n_channels - 1) // 2
    yield f"\n{n_pairs} pairs of {n_channels} channels, 1 kHz, 2 s window, 50 ms hop, 13-30 Hz"
    yield f"  {'':24} {'µs a hop':>10} {'beside ours':>12}"
    for contender, each_us in zip(contenders, times_us, strict=True):
        ratio = each_us / times_us[0]
        target = TARGETS.get(contender.name, 0.0)
        verdict = f"  {_verdict(ratio >= target)}: target {target:g}" if target else ""
        yield f"  {contender.name:24} {each_us:10.2f} {ratio:11.1f}x{verdict}"


def against_window(n_channels: int) -> Iterator[str]:
    """Yield the cost against the length of the window."""
    contenders = [stimloop(signal(n_channels, each), each) for each in WINDOWS_S]
    times_us = hop_us(contenders)
    found = slope(WINDOWS_S, times_us)
    listed = " ".join(f"{each_us:7.2f}" for each_us in times_us)
    yield f"\n{n_channels} channels, windows of {', '.join(f'{each:g}' for each in WINDOWS_S)} s"
    yield f"  {listed} µs a hop"
    yield f"  {_verdict(found < 0.1)}: log-log slope {found:.3f}, target under 0.1"


def against_pairs() -> Iterator[str]:
    """Yield the cost against the number of pairs."""
    n_channels = (8, 16, 32, 64)
    contenders = [stimloop(signal(each, WINDOW_S), WINDOW_S) for each in n_channels]
    times_us = hop_us(contenders)
    n_pairs = [each * (each - 1) // 2 for each in n_channels]
    found = slope(n_pairs, times_us)
    listed = " ".join(f"{each_us:7.2f}" for each_us in times_us)
    yield f"\n{', '.join(map(str, n_pairs))} pairs"
    yield f"  {listed} µs a hop"
    yield f"  {_verdict(found <= 1.0)}: log-log slope {found:.3f}, target at most 1"


def main() -> int:
    """Print every table; 1 only where the contenders do not compute the same thing."""
    for n_channels in N_CHANNELS:
        samples_uv = signal(n_channels, WINDOW_S)
        contenders = [make(samples_uv, WINDOW_S) for make in MAKERS]
        if not agree(contenders):
            print(f"{n_channels} channels: the contenders' numbers differ", file=sys.stderr)
            return 1
        for line in compare(n_channels, contenders):
            print(line, flush=True)
    for n_channels in N_CHANNELS:
        for line in against_window(n_channels):
            print(line, flush=True)
    for line in against_pairs():
        print(line, flush=True)
    return 0


def _block(samples_uv: NDArray[np.float64], start: int, n_samples: int) -> Block:
    part_uv = samples_uv[start : start + n_samples].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("LFP", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)


def _hops_a_turn(run: Run) -> int:
    start_s = time.perf_counter()
    run(0)
    return int(np.clip(TURN_S / (time.perf_counter() - start_s), 1, N_HOPS))


def _verdict(is_reached: bool) -> str:
    return "PASS" if is_reached else "below target"


if __name__ == "__main__":
    sys.exit(main())
