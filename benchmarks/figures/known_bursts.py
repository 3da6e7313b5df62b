"""Scores on simulated bursts: how many each detector finds, splits or invents; a guide's table.

``python -m benchmarks.figures.known_bursts`` prints it. In noise with a 1/f spectrum lie bursts of
a 20 Hz rhythm, 0.2 to 0.6 s long, whose power in 17-23 Hz is 0, 3 or 6 dB over that of the noise
there.
"""

import sys
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout, Taint
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.estimates import Detection

RATE_HZ: Final = 1000.0
BAND_HZ: Final = (17.0, 23.0)
LEVELS_DB: Final = (0.0, 3.0, 6.0)
_RHYTHM_HZ: Final = 20.0
_LENGTH_S: Final = 600.0
_CALIBRATE_S: Final = 60.0
_BURST_S: Final = (0.2, 0.6)
_PAUSE_S: Final = (0.6, 2.4)

#: The detectors, each with the keys of its table and of the burst detector's.
SOURCES: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "`band_power`, window 0.4 s": (
        {"kind": "band_power", "band_hz": BAND_HZ, "window_s": 0.4},
        {},
    ),
    "`band_power`, `recursive`, 0.1 s": (
        {"kind": "band_power", "band_hz": BAND_HZ, "method": "recursive", "time_constant_s": 0.1},
        {},
    ),
    "`oscillation`": (
        {"kind": "oscillation", "centre_hz": _RHYTHM_HZ, "half_width_hz": 3.0},
        {},
    ),
    "`oscillation`, `smoothing_s = 0.2`": (
        {"kind": "oscillation", "centre_hz": _RHYTHM_HZ, "half_width_hz": 3.0},
        {"smoothing_s": 0.2},
    ),
    "`oscillation`, `hilbert`": (
        {"kind": "oscillation", "centre_hz": _RHYTHM_HZ, "half_width_hz": 3.0, "method": "hilbert"},
        {},
    ),
    "`oscillation`, `hilbert`, `smoothing_s = 0.2`": (
        {"kind": "oscillation", "centre_hz": _RHYTHM_HZ, "half_width_hz": 3.0, "method": "hilbert"},
        {"smoothing_s": 0.2},
    ),
}


class Score(NamedTuple):
    """The score of one detector on simulated bursts.

    Parameters
    ----------
    found : float
        Share of the known bursts with which a detected one overlaps.
    split : float
        Share of those found that more than one overlaps with.
    invented : float
        Share of the detected bursts that overlap with none.
    """

    found: float
    split: float
    invented: float


def known_bursts(level_db: float, seed: int) -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
    """Return samples in microvolts, with the first and last sample of each simulated burst."""
    random = np.random.default_rng(seed)
    n_samples = round(_LENGTH_S * RATE_HZ)
    frequency_hz = np.fft.rfftfreq(n_samples, 1.0 / RATE_HZ)
    scale = 1.0 / np.sqrt(np.maximum(frequency_hz, 0.5))
    parts = random.standard_normal((2, scale.size))
    spectrum = scale * (parts[0] + 1j * parts[1])
    in_band = (frequency_hz >= BAND_HZ[0]) & (frequency_hz <= BAND_HZ[1])
    noise = np.fft.irfft(spectrum, n_samples)
    # Noise of 1 µV² in the band; a rhythm of amplitude A has the power A²/2.
    noise /= np.fft.irfft(np.where(in_band, spectrum, 0.0), n_samples).std()
    amplitude_uv = np.sqrt(2.0 * 10.0 ** (level_db / 10.0))
    bursts: list[tuple[int, int]] = []
    at_s = random.uniform(*_PAUSE_S)
    while at_s + _BURST_S[1] < _LENGTH_S:
        length_s = random.uniform(*_BURST_S)
        bursts.append((round(at_s * RATE_HZ), round((at_s + length_s) * RATE_HZ)))
        at_s += length_s + random.uniform(*_PAUSE_S)
    for start, stop in bursts:
        phase = 2.0 * np.pi * (_RHYTHM_HZ * np.arange(stop - start) / RATE_HZ + random.random())
        noise[start:stop] += amplitude_uv * np.cos(phase)
    return noise, bursts


def detected(samples_uv: NDArray[np.float64], source: str) -> list[tuple[int, int]]:
    """Return begin and end of each burst that a detector finds, its delay subtracted."""
    table, keys = SOURCES[source]
    if table["kind"] == "oscillation":
        table = {**table, "output": "amplitude"}
    threshold = {"percentile": 75.0, "calibrate_s": _CALIBRATE_S}
    tables = [
        {"id": "source", "stream": "LFP", **table},
        {"id": "bursts", "kind": "burst", "of": "source", "threshold": threshold, **keys},
    ]
    layout = StreamLayout("LFP", RATE_HZ, ("C1",))
    chain = DetectorChain(msgspec.convert(tables, list[AnyDetectorConfig]), {"LFP": layout})
    taint = np.zeros((samples_uv.size, 1), dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    time_s = np.arange(samples_uv.size) / RATE_HZ
    seen = chain.update(Block("LFP", 0, samples_uv[:, None].copy(), time_s, taint))
    smoothing_s = float(keys.get("smoothing_s", 0.0))
    delay = round((chain.detectors["source"].delay_s + smoothing_s / 2.0) * RATE_HZ)
    return [(start - delay, stop - delay) for start, stop in _stretches(seen[-1].detections)]


def score(known: list[tuple[int, int]], found: list[tuple[int, int]]) -> Score:
    """Compare found bursts with the simulated ones, after the calibration."""
    first = round((_CALIBRATE_S + 2.0) * RATE_HZ)
    known = [each for each in known if each[0] >= first]
    found = [each for each in found if each[0] >= first]
    hits = [sum(start < end and begin < stop for begin, end in found) for start, stop in known]
    invented = [
        not any(start < end and begin < stop for start, stop in known) for begin, end in found
    ]
    n_found = sum(each > 0 for each in hits)
    return Score(
        n_found / len(known),
        sum(each > 1 for each in hits) / max(n_found, 1),
        sum(invented) / max(len(found), 1),
    )


def rows() -> Iterator[tuple[str, list[Score]]]:
    """Yield the score of each detector at each level of noise."""
    made = [known_bursts(level_db, seed) for seed, level_db in enumerate(LEVELS_DB)]
    for source in SOURCES:
        yield source, [score(known, detected(samples_uv, source)) for samples_uv, known in made]


def main() -> int:
    """Print the table."""
    print("| source | " + " | ".join(f"{level:g} dB" for level in LEVELS_DB) + " |")
    print("|---|" + "---|" * len(LEVELS_DB))
    for source, scores in rows():
        cells = [
            f"{100 * each.found:.0f} %, {100 * each.split:.0f} %, {100 * each.invented:.0f} %"
            for each in scores
        ]
        print(f"| {source} | {' | '.join(cells)} |", flush=True)
    return 0


def _stretches(detections: tuple[Detection, ...]) -> list[tuple[int, int]]:
    onsets = [each.sample for each in detections if each.kind == "onset"]
    offsets = [each.sample for each in detections if each.kind == "offset"]
    return list(zip(onsets, offsets, strict=False))


if __name__ == "__main__":
    sys.exit(main())
