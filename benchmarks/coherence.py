"""What one hop of coherence costs, beside numpy, scipy and the peers that compute it online.

Every contender gives the mean squared coherence over the band of all pairs of channels.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import coherence as scipy_coherence
from scipy.signal.windows import hann

from benchmarks.contenders import Contender, Here, Target, hop_us, slope, table, verdict
from benchmarks.peers.process import peers
from detectors.block import Block, StreamLayout
from detectors.coherence import Coherence, CoherenceConfig
from detectors.coherence_config import Measure

RATE_HZ = 1000.0
HOP = 50
SEGMENT = 1000
STEP = SEGMENT // 2
WINDOW_S = 2.0
BAND_HZ = (13.0, 30.0)
N_CHANNELS = (8, 16, 32, 64)
WINDOWS_S = (2.0, 4.0, 8.0, 16.0, 32.0)
N_HOPS = 40
N_TURNS = 40

EVERY_MEASURE: tuple[Measure, ...] = ("phase_locking", "phase_lag", "phase_lag_debiased")
NUMPY = "numpy rfft and products"
PEERS = {
    "mne_connectivity": "mne-connectivity",
    "py_neuromodulation": "py_neuromodulation",
}


def signal(n_channels: int, window_s: float) -> NDArray[np.float64]:
    """Return noise enough for a window and all hops of a turn, with a part that is shared."""
    n_samples = round(window_s * RATE_HZ) + HOP * N_HOPS
    random = np.random.default_rng(1)
    shared = random.normal(0.0, 5.0, (n_samples, 1))
    noise: NDArray[np.float64] = random.normal(0.0, 10.0, (n_samples, n_channels))
    return noise + shared


def detector_of(n_channels: int, window_s: float, measures: tuple[Measure, ...]) -> Coherence:
    """Return our own detector."""
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
    return Coherence(config, layout)


def stimloop(
    samples_uv: NDArray[np.float64], window_s: float, measures: tuple[Measure, ...] = ()
) -> Here:
    """Return our own detector, warm, its window full; it is fed the same hops in every turn."""
    detector = detector_of(samples_uv.shape[1], window_s, measures)
    window = detector.span_samples
    blocks = [_block(samples_uv, window + HOP * hop, HOP) for hop in range(N_HOPS)]
    detector.update(_block(samples_uv, 0, window))
    for block in blocks:
        detector.update(block)
    name = "stimloop, all measures" if measures else "stimloop"
    return Here(name, lambda hop: detector.update(blocks[hop]))


def numpy_rfft(samples_uv: NDArray[np.float64], window_s: float) -> Here:
    """Return numpy over all channels at once, without a copy or an allocation it can avoid."""
    channels_uv = np.ascontiguousarray(samples_uv.T)
    n_channels = len(channels_uv)
    window = round(window_s * RATE_HZ)
    taper = hann(SEGMENT, sym=False)
    first, second = np.triu_indices(n_channels, 1)
    work = np.empty((n_channels, (window - SEGMENT) // STEP + 1, SEGMENT))
    spectrum = np.empty((*work.shape[:2], SEGMENT // 2 + 1), dtype=np.complex128)
    band = _band()

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
        coherence: NDArray[np.float64] = squared.mean(axis=0)[first, second]
        return coherence

    return Here(NUMPY, run)


def scipy_pairs(samples_uv: NDArray[np.float64], window_s: float) -> Here:
    """Return scipy's coherence of one pair after the other."""
    channels_uv = np.ascontiguousarray(samples_uv.T)
    window = round(window_s * RATE_HZ)
    pairs = list(combinations(range(len(channels_uv)), 2))
    band = _band()

    def run(hop: int) -> list[float]:
        window_uv = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        return [
            scipy_coherence(window_uv[a], window_uv[b], RATE_HZ, nperseg=SEGMENT)[1][band].mean()
            for a, b in pairs
        ]

    return Here("scipy, pair by pair", run)


def agree(n_channels: int) -> bool:
    """Whether ours, numpy's and scipy's give the same numbers for the same window."""
    samples_uv = signal(n_channels, WINDOW_S)
    detector = detector_of(n_channels, WINDOW_S, ())
    ours = detector.update(_block(samples_uv, 0, len(samples_uv))).estimates.values[-1]
    return all(
        np.allclose(
            ours[:: len(detector.measures)], np.asarray(each.run(N_HOPS - 1)), rtol=0.0, atol=1e-9
        )
        for each in (numpy_rfft(samples_uv, WINDOW_S), scipy_pairs(samples_uv, WINDOW_S))
    )


def compare(n_channels: int, targets: Sequence[Target]) -> Iterator[str]:
    """Yield the table of all pairs of so many channels, and whether the targets are reached."""
    samples_uv = signal(n_channels, WINDOW_S)
    case = {"case": "coherence", "rate_hz": RATE_HZ, "hop": HOP, "window_s": WINDOW_S}
    case |= {"band_hz": BAND_HZ, "segment_s": SEGMENT / RATE_HZ}
    with peers(PEERS, samples_uv, case) as elsewhere:
        contenders: list[Contender] = [
            stimloop(samples_uv, WINDOW_S),
            stimloop(samples_uv, WINDOW_S, EVERY_MEASURE),
            numpy_rfft(samples_uv, WINDOW_S),
            scipy_pairs(samples_uv, WINDOW_S),
            *elsewhere,
        ]
        times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    n_pairs = n_channels * (n_channels - 1) // 2
    yield f"\ncoherence, {n_pairs} pairs, 1 kHz, 2 s window, 50 ms hop, 13-30 Hz"
    yield from table(contenders, times_us, targets)


def against_window(n_channels: int) -> Iterator[str]:
    """Yield the cost against the length of the window."""
    listed_s = ", ".join(f"{each:g}" for each in WINDOWS_S)
    yield f"\ncoherence, {n_channels} channels, cost against window ({listed_s} s)"
    contenders = [stimloop(signal(n_channels, each), each) for each in WINDOWS_S]
    times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    found = slope(WINDOWS_S, times_us)
    yield f"  {' '.join(f'{each_us:7.2f}' for each_us in times_us)} µs a hop"
    yield f"  {verdict(found < 0.1)}: log-log slope {found:.3f}, target under 0.1"


def against_pairs() -> Iterator[str]:
    """Yield the cost against the number of pairs."""
    n_pairs = [each * (each - 1) // 2 for each in N_CHANNELS]
    yield f"\ncoherence, cost against pairs ({', '.join(map(str, n_pairs))})"
    contenders = [stimloop(signal(each, WINDOW_S), WINDOW_S) for each in N_CHANNELS]
    times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    found = slope(n_pairs, times_us)
    yield f"  {' '.join(f'{each_us:7.2f}' for each_us in times_us)} µs a hop"
    yield f"  {verdict(found <= 1.05)}: log-log slope {found:.3f}, target at most 1"


def report() -> Iterator[str]:
    """Yield every table, the equality of the numbers first."""
    yield f"\n{verdict(agree(8))}: the coherence of 28 pairs equals numpy's and scipy's"
    targets = [Target(PEERS["mne_connectivity"], 100.0)]
    targets += [Target(PEERS["py_neuromodulation"], 10_000.0)]
    yield from compare(2, ())
    yield from compare(8, ())
    yield from compare(32, [Target(NUMPY, 10.0), *targets])
    yield from against_pairs()
    for n_channels in (2, 8, 32):
        yield from against_window(n_channels)


def _band() -> slice:
    frequency_hz = np.fft.rfftfreq(SEGMENT, 1.0 / RATE_HZ)
    first, stop = np.searchsorted(frequency_hz, BAND_HZ)
    return slice(int(first), int(stop))


def _block(samples_uv: NDArray[np.float64], start: int, n_samples: int) -> Block:
    part_uv = samples_uv[start : start + n_samples].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("LFP", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)
