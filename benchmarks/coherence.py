"""The time that one hop of coherence takes, beside numpy, scipy and other packages.

Ours, numpy and scipy give the mean squared coherence over the band of all pairs of channels, of the
same windows.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy.signal import coherence as scipy_coherence
from scipy.signal.windows import hann

from benchmarks.contenders import Contender, Here, SpeedTarget, hop_us, slope, table, verdict
from benchmarks.peers.process import peers
from detectors.bands.bins import bins_in_band
from detectors.block import Block, StreamLayout
from detectors.coherence.coherence import Coherence, CoherenceConfig
from detectors.coherence.config import ExtraMeasure

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
NUMPY = "numpy, vectorised"
PEERS = {
    "mne_connectivity": "mne-connectivity",
    "py_neuromodulation": "py_neuromodulation, pair by pair",
}

#: Takes the number of a hop; returns the coherence of every pair, in the order of `combinations`.
Run = Callable[[int], NDArray[np.float64]]


def signal(n_channels: int, window_s: float) -> NDArray[np.float64]:
    """Return noise for a window and all hops that are timed, with a part shared by all channels."""
    n_samples = round(window_s * RATE_HZ) + HOP * N_HOPS
    random = np.random.default_rng(1)
    shared = random.normal(0.0, 5.0, (n_samples, 1))
    noise: NDArray[np.float64] = random.normal(0.0, 10.0, (n_samples, n_channels))
    return noise + shared


def stimloop(
    samples_uv: NDArray[np.float64], window_s: float, measures: tuple[ExtraMeasure, ...] = ()
) -> Here:
    """Return stimloop's detector after a full window; it gets the same hops in every repetition."""
    n_channels = samples_uv.shape[1]
    layout = StreamLayout("LFP", RATE_HZ, tuple(f"C{index}" for index in range(n_channels)))
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
    detector.update(_block(samples_uv, 0, window))

    def run(hop: int) -> NDArray[np.float64]:
        made: NDArray[np.float64] = detector.update(blocks[hop]).estimates.values[0, ::n_columns]
        return made

    return Here("stimloop, all measures" if measures else "stimloop", run)


def every_measure(samples_uv: NDArray[np.float64], window_s: float) -> Here:
    """Return stimloop's detector with phase locking and phase lag besides coherence."""
    return stimloop(samples_uv, window_s, ("phase_locking", "phase_lag", "phase_lag_debiased"))


def numpy_rfft(samples_uv: NDArray[np.float64], window_s: float) -> Here:
    """Return numpy on all channels at once: transforms of the segments, then products."""
    channels_uv = np.ascontiguousarray(samples_uv.T)
    n_channels = len(channels_uv)
    window = round(window_s * RATE_HZ)
    n_segments = (window - SEGMENT) // STEP + 1
    taper = hann(SEGMENT, sym=False)
    first, second = np.triu_indices(n_channels, 1)
    work = np.empty((n_channels, n_segments, SEGMENT))
    spectrum = np.empty((n_channels, n_segments, SEGMENT // 2 + 1), dtype=np.complex128)
    band, weights = _band()

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
        made: NDArray[np.float64] = np.tensordot(weights, squared, 1)[first, second]
        return made

    return Here(NUMPY, run)


def scipy_pairs(samples_uv: NDArray[np.float64], window_s: float) -> Here:
    """Return `scipy.signal.coherence` of one pair after another."""
    channels_uv = np.ascontiguousarray(samples_uv.T)
    window = round(window_s * RATE_HZ)
    pairs = list(combinations(range(len(channels_uv)), 2))
    band, weights = _band()

    def run(hop: int) -> NDArray[np.float64]:
        window_uv = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        return np.array(
            [
                scipy_coherence(window_uv[a], window_uv[b], RATE_HZ, nperseg=SEGMENT)[1][band]
                @ weights
                for a, b in pairs
            ]
        )

    return Here("scipy, pair by pair", run)


def _band() -> tuple[slice, NDArray[np.float64]]:
    """Return the bins of the band, and the weight of each in the band's mean."""
    bins, parts = bins_in_band(BAND_HZ, SEGMENT, RATE_HZ)
    return slice(int(bins[0]), int(bins[-1]) + 1), parts / parts.sum()


def agree(contenders: Sequence[Here]) -> bool:
    """Return whether all compute the same numbers for the same window."""
    made = [[cast("Run", each.run)(hop) for hop in range(2)][1] for each in contenders]
    return all(np.allclose(each, made[0], rtol=0.0, atol=1e-9) for each in made)


def compare(n_channels: int, targets: tuple[SpeedTarget, ...] = ()) -> Iterator[str]:
    """Yield the table for one number of channels, and whether each target is reached."""
    samples_uv = signal(n_channels, WINDOW_S)
    ours = [
        make(samples_uv, WINDOW_S) for make in (stimloop, every_measure, numpy_rfft, scipy_pairs)
    ]
    is_same = agree(ours)
    n_pairs = n_channels * (n_channels - 1) // 2
    case = {"case": "coherence", "rate_hz": RATE_HZ, "hop": HOP, "window_s": WINDOW_S}
    case |= {"segment_s": SEGMENT / RATE_HZ, "band_hz": BAND_HZ}
    with peers(PEERS, samples_uv, case) as elsewhere:
        contenders: list[Contender] = [*ours, *elsewhere]
        times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    yield f"\ncoherence, {n_pairs} pairs of {n_channels} channels, 1 kHz, 2 s window, 50 ms hop"
    yield f"  {verdict(is_same)}: ours, numpy and scipy give the same numbers"
    yield from table(contenders, times_us, targets)


def against_window(n_channels: int) -> Iterator[str]:
    """Yield the time against the length of the window."""
    contenders = [stimloop(signal(n_channels, each), each) for each in WINDOWS_S]
    times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    found = slope(WINDOWS_S, times_us)
    longer = slope(WINDOWS_S[1:], times_us[1:])
    listed = " ".join(f"{each_us:7.2f}" for each_us in times_us)
    yield f"\n{n_channels} channels, windows of {', '.join(f'{each:g}' for each in WINDOWS_S)} s"
    yield f"  {listed} µs a hop"
    yield f"  {verdict(found < 0.1)}: log-log slope {found:.3f}, target under 0.1"
    yield f"  {verdict(longer < 0.1)}: the same without the shortest {longer:.3f}"


def against_pairs() -> Iterator[str]:
    """Yield the time against the number of pairs."""
    n_channels = (8, 16, 32, 64)
    contenders = [stimloop(signal(each, WINDOW_S), WINDOW_S) for each in n_channels]
    times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    n_pairs = [each * (each - 1) // 2 for each in n_channels]
    found = slope(n_pairs, times_us)
    listed = " ".join(f"{each_us:7.2f}" for each_us in times_us)
    yield f"\n{', '.join(map(str, n_pairs))} pairs"
    yield f"  {listed} µs a hop"
    yield f"  {verdict(found <= 1.0)}: log-log slope {found:.3f}, target at most 1"


def report() -> Iterator[str]:
    """Yield every table."""
    yield from compare(2)
    yield from compare(8)
    targets = (
        SpeedTarget(NUMPY, 10.0),
        SpeedTarget(PEERS["mne_connectivity"], 100.0),
        SpeedTarget(PEERS["py_neuromodulation"], 10_000.0),
    )
    yield from compare(32, targets)
    for n_channels in N_CHANNELS:
        yield from against_window(n_channels)
    yield from against_pairs()


def _block(samples_uv: NDArray[np.float64], start: int, n_samples: int) -> Block:
    part_uv = samples_uv[start : start + n_samples].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("LFP", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)
