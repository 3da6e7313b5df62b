"""The time that one hop of band power takes, beside numpy, scipy and other online packages."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, periodogram, sosfilt, welch
from scipy.signal.windows import hann

from benchmarks.contenders import Contender, Here, SpeedTarget, hop_us, slope, table, verdict
from benchmarks.peers.process import peers
from detectors.bands.bins import bins_in_band
from detectors.block import Block, StreamLayout
from detectors.power.band_power import BandPower, BandPowerConfig

RATE_HZ = 1000.0
HOP = 10
BAND_HZ = (13.0, 30.0)
N_CHANNELS = (1, 4, 16, 64, 256)
WINDOWS_S = (0.25, 0.5, 1.0, 2.0, 4.0)
N_HOPS = 50
N_TURNS = 40

PEERS = {
    "py_neuromodulation": "py_neuromodulation FFT",
    "ezmsg_sigproc": "ezmsg-sigproc BandPower",
    "timeflux_dsp": "timeflux-dsp Welch",
}
PEER_NAMES = frozenset(PEERS.values())


def signal(n_channels: int, window_s: float) -> NDArray[np.float64]:
    """Return noise for a window and all hops that are timed, shape (n_samples, n_channels)."""
    n_samples = round(window_s * RATE_HZ) + HOP * N_HOPS
    return np.random.default_rng(1).normal(0.0, 10.0, (n_samples, n_channels))


def stimloop(
    samples_uv: NDArray[np.float64],
    window_s: float,
    band_hz: tuple[float, float],
    hops_a_call: int,
    method: Literal["periodogram", "recursive"] = "periodogram",
) -> Here:
    """Return stimloop's detector after a full window; it gets the same hops in every repetition."""
    n_channels = samples_uv.shape[1]
    layout = StreamLayout("LFP", RATE_HZ, tuple(f"C{index}" for index in range(n_channels)))
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
    return Here(f"{name}, {how}", lambda hop: detector.update(blocks[hop]), hops_a_call)


def numpy_rfft(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Here:
    """Return numpy on all channels at once, without copies or allocations that can be avoided."""
    channels_uv, window, bins, parts = _channels_first(samples_uv, window_s, band_hz)
    taper = hann(window, sym=False)
    scale = 2.0 / (RATE_HZ * (taper**2).sum()) * RATE_HZ / window
    work = np.empty((len(channels_uv), window))
    spectrum = np.empty((len(channels_uv), window // 2 + 1), dtype=np.complex128)

    def run(hop: int) -> NDArray[np.float64]:
        windowed = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        np.subtract(windowed, windowed.mean(axis=1, keepdims=True), out=work)
        np.multiply(work, taper, out=work)
        np.fft.rfft(work, axis=1, out=spectrum)
        band = spectrum[:, bins[0] : bins[-1] + 1]
        power: NDArray[np.float64] = (band.real**2 + band.imag**2) @ parts * scale
        return power

    return Here("numpy rfft, vectorised", run)


def scipy_periodogram(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Here:
    """Return scipy's periodogram over all channels at once."""
    channels_uv, window, bins, parts = _channels_first(samples_uv, window_s, band_hz)

    def run(hop: int) -> NDArray[np.float64]:
        windowed = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        density = periodogram(windowed, RATE_HZ, window="hann", detrend="constant")[1]
        power: NDArray[np.float64] = density[:, bins[0] : bins[-1] + 1] @ parts * RATE_HZ / window
        return power

    return Here("scipy periodogram", run)


def scipy_welch(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Here:
    """Return scipy's welch with one segment, which computes the same numbers."""
    channels_uv, window, bins, parts = _channels_first(samples_uv, window_s, band_hz)

    def run(hop: int) -> NDArray[np.float64]:
        windowed = channels_uv[:, HOP * (hop + 1) : HOP * (hop + 1) + window]
        density = welch(windowed, RATE_HZ, window="hann", nperseg=window)[1]
        power: NDArray[np.float64] = density[:, bins[0] : bins[-1] + 1] @ parts * RATE_HZ / window
        return power

    return Here("scipy welch", run)


def scipy_sosfilt(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> Here:
    """Return scipy's filter with its state kept between hops, and the mean of the last squares."""
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

    return Here("scipy sosfilt, ring", run)


def agree(n_channels: int) -> bool:
    """Return whether stimloop and numpy compute the same numbers for the same window."""
    samples_uv = signal(n_channels, 1.0)
    layout = StreamLayout("LFP", RATE_HZ, tuple(f"C{index}" for index in range(n_channels)))
    config = BandPowerConfig(id="beta", stream="LFP", band_hz=BAND_HZ)
    ours = BandPower(config, layout).update(_block(samples_uv, 0, len(samples_uv))).estimates
    theirs = numpy_rfft(samples_uv, 1.0, BAND_HZ).run(N_HOPS - 1)
    return bool(np.allclose(ours.values[-1], np.asarray(theirs), rtol=1e-9, atol=0.0))


def compare(n_channels: int, targets: tuple[SpeedTarget, ...]) -> Iterator[str]:
    """Yield the table for one number of channels, and whether the targets are reached."""
    samples_uv = signal(n_channels, 1.0)
    case = {"case": "band_power", "rate_hz": RATE_HZ, "hop": HOP, "window_s": 1.0}
    with peers(PEERS, samples_uv, case | {"band_hz": BAND_HZ}) as elsewhere:
        contenders: list[Contender] = [
            stimloop(samples_uv, 1.0, BAND_HZ, 1),
            stimloop(samples_uv, 1.0, BAND_HZ, N_HOPS),
            numpy_rfft(samples_uv, 1.0, BAND_HZ),
            scipy_periodogram(samples_uv, 1.0, BAND_HZ),
            scipy_welch(samples_uv, 1.0, BAND_HZ),
            *elsewhere,
        ]
        recursive: list[Contender] = [
            stimloop(samples_uv, 1.0, BAND_HZ, 1, "recursive"),
            stimloop(samples_uv, 1.0, BAND_HZ, N_HOPS, "recursive"),
            scipy_sosfilt(samples_uv, 1.0, BAND_HZ),
            *elsewhere,
        ]
        times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
        recursive_us = hop_us(recursive, n_turns=N_TURNS, n_hops=N_HOPS)
    shape = f"{n_channels} channels, 1 kHz, 1 s window, 10 ms hop, 13-30 Hz"
    yield f"\nband power, sliding periodogram, {shape}"
    yield from table(contenders, times_us, targets)
    yield f"\nband power, recursive, {shape}"
    yield from table(recursive, recursive_us, [each for each in targets if each.name in PEER_NAMES])


def against_window(n_channels: int) -> Iterator[str]:
    """Yield the time against the length of the window: at equal bins, and at an equal band."""
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
        times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
        found = slope(WINDOWS_S, times_us)
        listed = " ".join(f"{each_us:7.2f}" for each_us in times_us)
        yield f"  {name:28} {listed} µs a hop"
        yield f"  {verdict(found < 0.1)}: log-log slope {found:.3f}, target under 0.1"


def against_channels() -> Iterator[str]:
    """Yield the time against the number of channels."""
    yield f"\nband power, cost against channels ({', '.join(map(str, N_CHANNELS))})"
    contenders = [stimloop(signal(each, 1.0), 1.0, BAND_HZ, 1) for each in N_CHANNELS]
    times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    found = slope(N_CHANNELS, times_us)
    yield f"  {' '.join(f'{each_us:7.2f}' for each_us in times_us)} µs a hop"
    yield f"  {verdict(found <= 1.05)}: log-log slope {found:.3f}, target at most 1"


def report() -> Iterator[str]:
    """Yield every table, after a check that the numbers are equal."""
    for n_channels in (8, 256):
        yield f"{verdict(agree(n_channels))}: the numbers of {n_channels} channels equal numpy's"
    yield from compare(8, (SpeedTarget("numpy rfft, vectorised", 5.0),))
    many = [SpeedTarget("numpy rfft, vectorised", 30.0)]
    many += [SpeedTarget(PEERS[peer], 50.0) for peer in ("py_neuromodulation", "ezmsg_sigproc")]
    yield from compare(256, tuple(many))
    yield from against_channels()
    for n_channels in (8, 256):
        yield from against_window(n_channels)


def _block(samples_uv: NDArray[np.float64], start: int, n_samples: int) -> Block:
    part_uv = samples_uv[start : start + n_samples].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("LFP", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)


def _channels_first(
    samples_uv: NDArray[np.float64], window_s: float, band_hz: tuple[float, float]
) -> tuple[NDArray[np.float64], int, NDArray[np.int64], NDArray[np.float64]]:
    window = round(window_s * RATE_HZ)
    bins, parts = bins_in_band(band_hz, window, RATE_HZ)
    return np.ascontiguousarray(samples_uv.T), window, bins, parts
