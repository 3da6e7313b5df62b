"""Measures again what the guides state of phase, coupling, sharpness and lost samples.

``python -m benchmarks.figures.statements`` prints it. It is simulated, with fixed seeds: rhythms
and losses whose truth is known, and noise, also of a recording's spectrum where the recordings are
there.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, hilbert, lfilter, sosfiltfilt, welch

from benchmarks.figures.recordings import DATA, m1_ecog, stn_ecog
from detectors.block import Block, StreamLayout, Taint
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.conditioning.conditioner import Conditioner, ConditioningConfig
from detectors.estimates import Detection, Seen

RATE_HZ: Final = 1000.0
CENTRE_HZ: Final = 20.0
BAND_HZ: Final = (15.0, 25.0)
SNRS_DB: Final = (14.0, 10.0, 5.0, 0.0)
JITTERS_MS: Final = (1.0, 2.0, 4.0)
PHASE_BANDS_HZ: Final = ((13.0, 30.0), (17.0, 19.0))
_SECONDS: Final = 400.0
_N_TRIALS: Final = 40


def run_detectors(samples_uv: NDArray[np.float64], tables: Sequence[dict[str, Any]]) -> Seen:
    """Run detectors, each on the signal or on another detector; return the last result."""
    layout = StreamLayout("LFP", RATE_HZ, tuple(map(str, range(samples_uv.shape[1]))))
    whole = [table if "of" in table else {"stream": "LFP", **table} for table in tables]
    chain = DetectorChain(msgspec.convert(whole, list[AnyDetectorConfig]), {"LFP": layout})
    taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    time_s = np.arange(len(samples_uv)) / RATE_HZ
    return chain.update(Block("LFP", 0, samples_uv, time_s, taint))[-1]


def pink(shape: tuple[int, int], random: np.random.Generator) -> NDArray[np.float64]:
    """Return 1/f noise of SD 1, flat below 0.1 Hz."""
    spectrum = np.fft.rfft(random.normal(size=shape), axis=0)
    frequency_hz = np.maximum(np.fft.rfftfreq(shape[0], 1.0 / RATE_HZ), 0.1)
    made = np.fft.irfft(spectrum / np.sqrt(frequency_hz)[:, None], shape[0], axis=0)
    scaled: NDArray[np.float64] = made / made.std(axis=0)
    return scaled


def wandering(
    n_samples: int, random: np.random.Generator, lost_per_s: float = 5.0
) -> NDArray[np.complex128]:
    """Return a rhythm of 20 Hz whose phase drifts at this rate, a complex number a sample."""
    pole = np.exp((-lost_per_s + 2j * np.pi * CENTRE_HZ) / RATE_HZ)
    steps = random.normal(size=n_samples) + 1j * random.normal(size=n_samples)
    made: NDArray[np.complex128] = lfilter(
        [np.sqrt((1.0 - abs(pole) ** 2) / 2.0)], [1.0, -pole], steps
    )
    return made


def in_band(samples_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the part of a signal in the band, by a filter without delay."""
    sections = butter(2, BAND_HZ, "bandpass", output="sos", fs=RATE_HZ)
    made: NDArray[np.float64] = sosfiltfilt(sections, samples_uv, axis=0)
    return made


def spread_deg(difference: NDArray[np.float64]) -> float:
    """Return the circular standard deviation of angles."""
    return float(np.degrees(np.sqrt(-2.0 * np.log(abs(np.exp(1j * difference).mean())))))


def moments(samples_uv: NDArray[np.float64], percentile: float) -> tuple[Detection, ...]:
    """Return the phase events at the peak, with a gate at this percentile of amplitude."""
    rhythm: dict[str, Any] = {
        "id": "rhythm",
        "kind": "oscillation",
        "centre_hz": CENTRE_HZ,
        "hop_s": 0.002,
    }
    peak: dict[str, Any] = {"id": "peak", "kind": "target_phase", "of": "rhythm"}
    peak |= {"gate": {"percentile": percentile, "calibrate_s": 20.0}}
    return run_detectors(samples_uv[:, None], [rhythm, peak]).detections


def phase_errors() -> Iterator[str]:
    """Yield the phase error for a drifting rhythm, by its amplitude over the noise in the band."""
    random = np.random.default_rng(6)
    n_samples = round(_SECONDS * RATE_HZ)
    truth = wandering(n_samples, random)
    noise = pink((n_samples, 1), random)[:, 0]
    ratio = in_band(truth.real).std() / in_band(noise).std()
    yield "| signal over noise, 15-25 Hz | at moments, causal | the same moments, zero-phase |"
    yield "|---|---|---|"
    for snr_db in SNRS_DB:
        signal_uv = truth.real + noise * ratio * 10.0 ** (-snr_db / 20.0)
        at = np.array([each.onset_s for each in moments(signal_uv, 50.0)]) * RATE_HZ
        at = at[at < n_samples - 1]
        positions = np.arange(n_samples)
        true_phase = np.interp(at, positions, np.unwrap(np.angle(truth)))
        offline = np.unwrap(np.angle(hilbert(in_band(signal_uv))))
        floor = np.interp(at, positions, offline) - true_phase
        yield f"| {snr_db:g} dB | {spread_deg(true_phase):.0f}° | {spread_deg(floor):.0f}° |"


def moments_in_noise() -> Iterator[str]:
    """Yield how many phase events a second are found in noise without any rhythm."""
    random = np.random.default_rng(8)
    n_samples = round(_SECONDS * RATE_HZ)
    given = {
        "white noise": random.normal(size=n_samples),
        "1/f noise": pink((n_samples, 1), random)[:, 0],
        "wandering rhythm, 10 dB": wandering(n_samples, random).real
        + 0.3 * pink((n_samples, 1), random)[:, 0],
    }
    yield "| moments a second | percentile 50 | percentile 75 |\n|---|---|---|"
    for name, samples_uv in given.items():
        rates = [len(moments(samples_uv, each)) / (_SECONDS - 20.0) for each in (50.0, 75.0)]
        yield f"| {name} | {rates[0]:.1f} | {rates[1]:.1f} |"


def surrogates(recorded_uv: NDArray[np.float64], n_channels: int) -> NDArray[np.float64]:
    """Return noise with the spectrum of a recorded channel."""
    size = np.abs(np.fft.rfft(recorded_uv - recorded_uv.mean()))[:, None]
    phase = np.random.default_rng(1).uniform(0.0, 2.0 * np.pi, (size.size, n_channels))
    made: NDArray[np.float64] = np.fft.irfft(size * np.exp(1j * phase), recorded_uv.size, axis=0)
    return made


def sharp_in_noise() -> Iterator[str]:
    """Yield in how many windows of noise `is_sharp` is 1, by phase band and window."""
    shape = (round(_SECONDS * RATE_HZ), 8)
    given = {
        "white noise": 10.0 * np.random.default_rng(10).normal(size=shape),
        "1/f noise": 10.0 * pink(shape, np.random.default_rng(9)),
    }
    if DATA.is_dir():
        given["noise of M1's spectrum"] = surrogates(m1_ecog().samples_uv[:, 0], 48)
    yield f"| windows of noise called sharp | {' | '.join(given)} |\n|---|{'---|' * len(given)}"
    for low_hz, high_hz in PHASE_BANDS_HZ:
        for window_s in (10.0, 40.0):
            table = {"id": "pac", "kind": "phase_amplitude_coupling", "window_s": window_s}
            table |= {"phase_band_hz": [low_hz, high_hz], "amplitude_band_hz": [60.0, 160.0]}
            cells = []
            for each_uv in given.values():
                estimates = run_detectors(each_uv, [table | {"hop_s": window_s / 2.0}]).estimates
                is_sharp = estimates.values[:, 6::7][estimates.valid[:, 6::7]]
                cells.append(f"{100.0 * is_sharp.mean():.0f} % of {is_sharp.size}")
            name = f"phase {low_hz:g}-{high_hz:g} Hz, window {window_s:g} s"
            yield f"| {name} | {' | '.join(cells)} |"


def coupled_in_noise() -> Iterator[str]:
    """Yield how many windows of noise, where nothing is coupled, exceed the null."""
    shape = (round(_SECONDS * RATE_HZ), 8)
    of_1_f = pink(shape, np.random.default_rng(9))
    given = {
        "white noise": [10.0 * np.random.default_rng(10).normal(size=shape)],
        "1/f noise": [10.0 * of_1_f],
    }
    if DATA.is_dir():
        short_uv = stn_ecog().samples_uv.T
        given["noise of M1's spectrum, 89 s"] = [surrogates(m1_ecog().samples_uv[:, 0], 48)]
        given["of nine channels' spectra, 19 s"] = [surrogates(each, 96) for each in short_uv]
    yield f"| windows of noise over the null | {' | '.join(given)} |\n|---|{'---|' * len(given)}"
    for window_s in (5.0, 10.0):
        table = {"id": "pac", "kind": "phase_amplitude_coupling", "window_s": window_s}
        table |= {"phase_band_hz": [13.0, 30.0], "amplitude_band_hz": [60.0, 160.0]}
        cells = []
        for several_uv in given.values():
            over = [_over_chance(each, table | {"hop_s": window_s / 2.0}) for each in several_uv]
            shares = [100.0 * each.mean() for each in over]
            span = f", {min(shares):.0f} to {max(shares):.0f} %" if len(shares) > 1 else ""
            n_windows = sum(each.size for each in over)
            cells.append(f"{np.mean(shares):.0f} % of {n_windows}{span}")
        yield f"| window {window_s:g} s | {' | '.join(cells)} |"


def _over_chance(samples_uv: NDArray[np.float64], table: dict[str, Any]) -> NDArray[np.bool_]:
    """Return for each valid window whether its modulation index exceeds the null."""
    estimates = run_detectors(samples_uv, [table]).estimates
    is_over = estimates.values[:, 0::7] > estimates.values[:, 4::7]
    return is_over[estimates.valid[:, 0::7]]


def coherent_in_noise() -> Iterator[str]:
    """Yield how many windows of independent channels exceed the null of coherence."""
    shape = (round(_SECONDS * RATE_HZ), 16)
    white = np.random.default_rng(10).normal(size=shape)
    given = {"white noise": 10.0 * white, "1/f noise": pink(shape, np.random.default_rng(9))}
    if DATA.is_dir():
        for label, position in (("an STN", 1), ("an ECoG", 4)):
            given[f"noise of {label}'s spectrum"] = shaped(
                white, stn_ecog().samples_uv[:, position]
            )
    yield f"| windows over level, alpha 5 % | {' | '.join(given)} |\n|---|{'---|' * len(given)}"
    pairs = [[str(position), str(position + 1)] for position in range(0, 16, 2)]
    for low_hz, high_hz in ((13.0, 30.0), (13.5, 14.5)):
        for window_s in (5.0, 10.0):
            table = {"id": "pairs", "kind": "coherence", "pairs": pairs, "window_s": window_s}
            table |= {"band_hz": [low_hz, high_hz], "hop_s": window_s / 2.0}
            cells = []
            for each_uv in given.values():
                estimates = run_detectors(each_uv, [table]).estimates
                is_over = estimates.values[:, 0::7] > estimates.values[:, 2::7]
                is_over = is_over[estimates.valid[:, 0::7]]
                cells.append(f"{100.0 * is_over.mean():.0f} % of {is_over.size}")
            yield f"| {low_hz:g}-{high_hz:g} Hz, window {window_s:g} s | {' | '.join(cells)} |"


def shaped(white: NDArray[np.float64], recorded_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return white noise filtered to a recorded channel's spectrum, at 1 Hz resolution."""
    bins_hz, power = welch(recorded_uv, RATE_HZ, nperseg=round(RATE_HZ))
    frequency_hz = np.fft.rfftfreq(len(white), 1.0 / RATE_HZ)
    gain = np.interp(frequency_hz, bins_hz, np.sqrt(power))[:, None]
    made: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(white, axis=0) * gain, len(white), axis=0)
    return np.ascontiguousarray(made * (recorded_uv.std() / made.std()))


def losses() -> Iterator[str]:
    """Yield how many losses of samples are found despite jitter of the stamps, at 1 kHz."""
    yield "| stamps jitter by | found in half of the trials | in all |\n|---|---|---|"
    for jitter_ms in JITTERS_MS:
        found = {lost_ms: _n_found(lost_ms, jitter_ms) for lost_ms in range(4, 61)}
        half = min(lost for lost, n in found.items() if n >= _N_TRIALS / 2)
        never = max((lost for lost, n in found.items() if n < _N_TRIALS), default=3)
        yield f"| {jitter_ms:g} ms | {half} ms | {never + 1} ms |"


def _n_found(lost_ms: int, jitter_ms: float) -> int:
    """Return in how many trials a loss of this many samples at 1 kHz is found."""
    n_samples = 4000
    positions = np.arange(float(n_samples))
    positions[2500:] += lost_ms
    samples = np.random.default_rng(1).normal(0.0, 10.0, (n_samples, 1))
    n_found = 0
    for trial in range(_N_TRIALS):
        jitter_s = 1e-3 * jitter_ms * np.random.default_rng(trial).normal(size=n_samples)
        made = Conditioner(
            ConditioningConfig(name="S", kind="other"),
            rate_hz=RATE_HZ,
            channels=("a",),
            units=("uV",),
        )
        made.update(0, samples, 5000.0 + positions / RATE_HZ + jitter_s)
        n_found += made.counts["gaps"] == 1
    return n_found


def main() -> int:
    """Print all of it."""
    of_noise = (coupled_in_noise, sharp_in_noise, coherent_in_noise)
    for rows in (phase_errors, moments_in_noise, *of_noise, losses):
        for row in rows():
            print(row, flush=True)
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
