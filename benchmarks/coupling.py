"""The time that one hop of phase-amplitude coupling takes, beside scipy, tensorpac, pactools."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, hilbert, sosfilt, sosfiltfilt

from benchmarks.contenders import Contender, Here, SpeedTarget, hop_us, slope, table, verdict
from benchmarks.peers.process import peers
from detectors.block import Block, StreamLayout
from detectors.coupling.measures import coupling_of
from detectors.coupling.phase_amplitude_coupling import (
    PhaseAmplitudeCoupling,
    PhaseAmplitudeCouplingConfig,
)

RATE_HZ = 1000.0
HOP = 50
WINDOW_S = 2.0
PHASE_BAND_HZ = (13.0, 30.0)
AMPLITUDE_BAND_HZ = (60.0, 200.0)
N_HOPS = 10
N_TURNS = 25

Signal = NDArray[np.float64]


TENSORPAC = "tensorpac, filter and index"
PACTOOLS = "pactools, channel by channel"
SCIPY = "scipy sosfiltfilt, hilbert"


def signal(n_channels: int, window_s: float = WINDOW_S) -> Signal:
    """Return noise for a window and all hops that are timed."""
    n_samples = round(window_s * RATE_HZ) + HOP * N_HOPS
    return np.random.default_rng(1).normal(0.0, 10.0, (n_samples, n_channels))


def stimloop(samples_uv: Signal, window_s: float = WINDOW_S) -> Here:
    """Return stimloop's detector after a full window; it gets the same hops in every repetition."""
    labels = tuple(f"C{position}" for position in range(samples_uv.shape[1]))
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
    return Here("stimloop", lambda hop: detector.update(newest[hop]))


def scipy_forth_and_back(samples_uv: Signal) -> Here:
    """Return scipy on the whole window, all channels at once, with the usual filters."""
    return _scipy(samples_uv, SCIPY, sosfiltfilt)


def scipy_causal(samples_uv: Signal) -> Here:
    """Return scipy with filters that run once over each sample: the least work it can do."""
    return _scipy(samples_uv, "scipy sosfilt, hilbert", sosfilt)


def measures(
    phase_rad: NDArray[np.float64], amplitude_uv: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return modulation index and mean vector length of phases and amplitudes, row by row."""
    n_channels = len(phase_rad)
    position = np.minimum(((phase_rad + np.pi) * (18.0 / (2.0 * np.pi))).astype(np.int64), 17)
    position += 18 * np.arange(n_channels)[:, None]
    totals = np.bincount(position.ravel(), amplitude_uv.ravel(), 18 * n_channels)
    means = (totals / np.bincount(position.ravel(), minlength=18 * n_channels)).reshape(-1, 18)
    share = means / means.sum(axis=1, keepdims=True)
    index = 1.0 + (share * np.log(share)).sum(axis=1) / np.log(18.0)
    return index, np.abs((amplitude_uv * np.exp(1j * phase_rad)).mean(axis=1))


def agree() -> bool:
    """Return whether stimloop and numpy compute the same measures of a phase and amplitude."""
    random = np.random.default_rng(2)
    phase_rad = random.uniform(-np.pi, np.pi, (1, 5000))
    amplitude_uv = random.rayleigh(5.0, (1, 5000)) * (1.5 + np.cos(phase_rad))
    index, length = measures(phase_rad, amplitude_uv)
    ours = coupling_of(phase_rad[0], amplitude_uv[0])
    return bool(np.allclose([index[0], length[0]], ours[:2], rtol=1e-9))


def compare(n_channels: int, targets: tuple[SpeedTarget, ...] = ()) -> Iterator[str]:
    """Yield the table for one number of channels, and whether the targets are reached."""
    samples_uv = signal(n_channels)
    case = {
        "rate_hz": RATE_HZ,
        "hop": HOP,
        "window_s": WINDOW_S,
        "phase_band_hz": PHASE_BAND_HZ,
        "amplitude_band_hz": AMPLITUDE_BAND_HZ,
    }
    names = {"coupling": TENSORPAC, "coupling_pactools": PACTOOLS}
    with ExitStack() as stack:
        elsewhere = [
            each
            for function, name in names.items()
            for each in stack.enter_context(
                peers({"tensorpac": name}, samples_uv, case | {"case": function})
            )
        ]
        contenders: list[Contender] = [
            stimloop(samples_uv),
            scipy_forth_and_back(samples_uv),
            scipy_causal(samples_uv),
            *elsewhere,
        ]
        times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    yield f"\nphase-amplitude coupling, {n_channels} channels, 1 kHz, 2 s window, 50 ms hop"
    yield from table(contenders, times_us, targets)


def against(name: str, sizes: tuple[float, ...], contenders: list[Here], most: float) -> str:
    """Return the line of the time against one size."""
    times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    found = slope(sizes, times_us)
    listed = " ".join(f"{each_us:.1f}" for each_us in times_us)
    told = f"{verdict(found < most)}: log-log slope {found:.3f}, target under {most:g}"
    return f"{name} {', '.join(f'{each:g}' for each in sizes)}: {listed} µs\n  {told}"


def report() -> Iterator[str]:
    """Yield every table, after a check that the numbers are equal."""
    yield f"\n{verdict(agree())}: coupling measures of the same phase and amplitude equal numpy's"
    yield from compare(1)
    yield from compare(8)
    yield from compare(64, (SpeedTarget(SCIPY, 100.0), SpeedTarget(TENSORPAC, 200.0)))
    windows_s = (2.0, 4.0, 8.0, 16.0, 32.0)
    for n_channels in (8, 64):
        made = [stimloop(signal(n_channels, each), each) for each in windows_s]
        yield against(f"{n_channels} channels, windows (s)", windows_s, made, 0.1)
    many = (16, 32, 64, 128, 256)
    yield against("channels", many, [stimloop(signal(each)) for each in many], 1.05)


def _scipy(
    samples_uv: Signal,
    name: str,
    run_filter: Callable[..., NDArray[np.float64]],
) -> Here:
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

    return Here(name, run)


def _block(samples_uv: Signal, start: int) -> Block:
    part_uv = samples_uv[start : start + HOP].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("LFP", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)
