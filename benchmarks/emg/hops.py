"""The time that one hop of every EMG detector takes, beside a recompute with scipy and numpy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, csd, sosfilt, welch

from benchmarks.contenders import Contender, Here, SpeedTarget, hop_us, table, verdict
from detectors.block import Block, StreamLayout
from detectors.emg.bursts.muscle_bursts import MuscleBursts, MuscleBurstsConfig
from detectors.emg.co_contraction import CoContraction, CoContractionConfig
from detectors.emg.spectrum.muscle_spectrum import MuscleSpectrum, MuscleSpectrumConfig
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig

RATE_HZ = 2000.0
HOP = 200
WINDOW_S = 10.0
SEGMENT_S = 1.0
#: Hops from one spectrum to the next.
SPECTRUM_EVERY = 5
#: Enough that the ring of blocks comes round with the spectra.
N_HOPS = 10
N_TURNS = 15
RECOMPUTE = "scipy, numpy: the whole window"
#: Share of one core that every detector together may take.
_SHARE_MAX = 0.1

Signal = NDArray[np.float64]


def signal(n_channels: int) -> Signal:
    """Return EMG that comes in bursts, for a window and all hops that are timed."""
    n_samples = round(2.0 * WINDOW_S * RATE_HZ) + HOP * N_HOPS
    random = np.random.default_rng(1)
    time_s = np.arange(n_samples)[:, None] / RATE_HZ
    swell = np.sin(2.0 * np.pi * (5.0 * time_s + random.uniform(0.0, 1.0, n_channels))) > 0.0
    noise = random.normal(0.0, 1.0, (n_samples, n_channels))
    return np.asarray((5.0 + 95.0 * swell) * noise)


def stimloop(samples_uv: Signal) -> Here:
    """Return all four detectors after a full window; every fifth hop has spectra and states."""
    labels = tuple(f"C{position}" for position in range(samples_uv.shape[1]))
    pairs = tuple(zip(labels[::2], labels[1::2], strict=True))
    layout = StreamLayout("EMG", RATE_HZ, labels)
    levels: dict[str, Any] = {
        "rest_uv": dict.fromkeys(labels, 4.0),
        "rest_sd_uv": dict.fromkeys(labels, 0.7),
        "reference_uv": dict.fromkeys(labels, 80.0),
    }
    every: dict[str, Any] = {"stream": "EMG", "window_s": WINDOW_S, **levels}
    hop_s = HOP / RATE_HZ
    made = (
        CoContraction(CoContractionConfig(id="arm", pairs=pairs, hop_s=hop_s, **every), layout),
        MuscleBursts(MuscleBurstsConfig(id="jerks", pairs=pairs, hop_s=hop_s, **every), layout),
        MuscleSpectrum(MuscleSpectrumConfig(id="drive", segment_s=SEGMENT_S, **every), layout),
        MuscleState(
            MuscleStateConfig(id="state", pairs=pairs, hop_s=SPECTRUM_EVERY * hop_s, **every),
            layout,
        ),
    )
    blocks = [_block(samples_uv, start) for start in range(0, len(samples_uv), HOP)]
    for block in blocks:
        for each in made:
            each.update(block)
    newest = blocks[-N_HOPS:]

    def run(hop: int) -> object:
        return [each.update(newest[hop % N_HOPS]) for each in made]

    return Here("stimloop", run)


def recompute(samples_uv: Signal) -> Here:
    """Return what a script does: filter the window, and compute all anew at every hop."""
    n_window = round(WINDOW_S * RATE_HZ)
    band = butter(2, (20.0, 450.0), "bandpass", output="sos", fs=RATE_HZ)
    low_pass = [butter(2, edge_hz, output="sos", fs=RATE_HZ) for edge_hz in (6.0, 20.0)]
    n_segment = round(SEGMENT_S * RATE_HZ)

    def run(hop: int) -> object:
        start = HOP * hop
        emg_uv = sosfilt(band, samples_uv[start : start + n_window], axis=0)
        modulus_uv = np.abs(emg_uv)
        posture_uv, bursts_uv = (sosfilt(each, modulus_uv, axis=0) for each in low_pass)
        a, b = posture_uv[:, ::2], posture_uv[:, 1::2]
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        correlation = (a * b).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
        lower = np.minimum(posture_uv[:, ::2], posture_uv[:, 1::2]).sum(axis=0)
        crosstalk = (emg_uv[:, ::2] * emg_uv[:, 1::2]).sum(axis=0)
        is_on = bursts_uv > 6.0
        overlap = (is_on[:, ::2] & is_on[:, 1::2]).sum(axis=0)
        edges = [np.flatnonzero(np.diff(each)) for each in is_on.T.astype(np.int8)]
        rare = None
        if hop % SPECTRUM_EVERY == 0:
            spectra = [
                welch(each, RATE_HZ, nperseg=n_segment, axis=0) for each in (emg_uv, modulus_uv)
            ]
            rare = spectra, _states(bursts_uv[:: round(RATE_HZ / 100.0)])
        return correlation, lower, crosstalk, overlap, edges, rare

    return Here(RECOMPUTE, run)


def _states(envelopes_uv: Signal) -> list[Signal]:
    """Return coherence, spectrum and correlation by lag of each pair's envelopes of 100 Hz."""
    centred_uv = envelopes_uv - envelopes_uv.mean(axis=0)
    a, b = centred_uv[:, ::2], centred_uv[:, 1::2]
    options: dict[str, Any] = {"fs": 100.0, "nperseg": 100, "axis": 0}
    powers = [welch(each, **options)[1] for each in (a, b)]
    coherence = np.abs(csd(a, b, **options)[1]) ** 2 / (powers[0] * powers[1])
    whole = np.abs(np.fft.rfft(centred_uv, axis=0)) ** 2
    lags = [np.correlate(one, other, "full") for one, other in zip(a.T, b.T, strict=True)]
    return [coherence, whole, *lags]


def report() -> Iterator[str]:
    """Yield the table, and which share of one core every detector takes."""
    samples_uv = signal(32)
    contenders: list[Contender] = [stimloop(samples_uv), recompute(samples_uv)]
    times_us = hop_us(contenders, n_turns=N_TURNS, n_hops=N_HOPS)
    yield "\nevery EMG detector, 32 channels, 16 pairs, 2 kHz, 10 s window, 0.1 s hop"
    yield from table(contenders, times_us, (SpeedTarget(RECOMPUTE, 20.0),))
    share = times_us[0] * 1e-6 * RATE_HZ / HOP
    yield (
        f"  {verdict(share < _SHARE_MAX)}: {100.0 * share:.2f} % of one core, "
        f"target under {100.0 * _SHARE_MAX:g} %"
    )


def _block(samples_uv: Signal, start: int) -> Block:
    part_uv = samples_uv[start : start + HOP].copy()
    taint = np.zeros(part_uv.shape, dtype=np.uint16)
    return Block("EMG", start, part_uv, (start + np.arange(len(part_uv))) / RATE_HZ, taint)
