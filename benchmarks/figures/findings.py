"""The findings of the detectors in real recordings: the table of docs/findings.md.

``python -m benchmarks.figures.findings`` prints it. Each line is one detector run over the whole
recording, conditioned as on a rig; the facts beside are those the recordings came with.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.signal import welch

import stimloop as sl
from benchmarks.figures.recordings import DATA, Recorded, dbs_on, m1_ecog, percept, stn_ecog
from detectors.bands.aliasing import aliased_harmonics
from detectors.block import StreamLayout, Taint
from detectors.conditioning.artifacts.path import AnyArtifactConfig, ArtifactPath
from detectors.conditioning.artifacts.stimulation_period import StimulationPeriod
from detectors.detector import DetectorConfig


class FindingsLine(NamedTuple):
    """One line of the table of docs/findings.md."""

    recording: str
    detector: str
    found: str
    fact: str


def detected(recorded: Recorded, *detectors: DetectorConfig) -> sl.Detected:
    """Return what detectors compute from a whole recording."""
    return sl.detect(
        recorded.samples_uv, *detectors, rate_hz=recorded.rate_hz, channels=recorded.channels
    )


def last(series: sl.DetectorSeries, channel: str, measure: str) -> float:
    """Return the last valid value of a measure of a channel."""
    values = series.column(channel, measure)
    return float(values[np.isfinite(values)][-1])


def of_stn_ecog() -> Iterator[FindingsLine]:
    """Yield the findings in the STN and M1 of a patient off medication and stimulation."""
    recorded = stn_ecog()
    name = "STN-LFP and M1 ECoG, off medication, 19 s"
    slope = sl.Aperiodic("slope", band_hz=(18, 20), window_s=18)
    over = _of_channels(recorded, slope, "over_aperiodic_db")
    yield FindingsLine(
        name,
        "`aperiodic`, 18-20 Hz over 1/f",
        f"{min(over.values()):.1f} to {max(over.values()):.1f} dB on all nine channels",
        "9-16 dB at the peak, 18-19.5 Hz",
    )
    pairs = [
        (stn, ecog)
        for stn in recorded.channels
        for ecog in recorded.channels
        if stn.startswith("LFP") and ecog.startswith("ECOG")
    ]
    sync = sl.Coherence("sync", pairs=pairs, band_hz=(13.5, 14.5), segment_s=1, window_s=19)
    found = detected(recorded, sync)["sync"]
    value, lower, level = (
        {pair: last(found, pair, each) for pair in (f"{a}-{b}" for a, b in pairs)}
        for each in ("coherence", "lower_bound", "coherence_null")
    )
    known = "LFP_RIGHT_1-ECOG_RIGHT_0"
    n_over = sum(lower[pair] > level[pair] for pair in lower)
    yield FindingsLine(
        name,
        "`coherence` at 14 Hz, 1 s segments",
        f"{known} {value[known]:.2f} (bound {lower[known]:.2f}, chance {level[known]:.2f}); "
        f"bound over chance in {n_over} of {len(pairs)} pairs",
        "0.36 at 14 Hz in that pair",
    )
    coupling = sl.PhaseAmplitudeCoupling(
        "coupling", phase_band_hz=(13, 30), amplitude_band_hz=(50, 150), window_s=18
    )
    index = _of_channels(recorded, coupling, "modulation_index")
    chance = _of_channels(recorded, coupling, "modulation_index_null")
    coupled = [each for each in index if each.startswith("ECOG") and index[each] > chance[each]]
    yield FindingsLine(
        name,
        "`phase_amplitude_coupling`, 13-30 by 50-150 Hz",
        f"over chance on {len(coupled)} of 6 ECoG channels",
        "on four, none on two",
    )


def of_m1() -> Iterator[FindingsLine]:
    """Yield the findings in M1 of a patient with Parkinson's disease."""
    recorded = m1_ecog()
    name = "M1 ECoG, Parkinson's, 89 s"
    slope = sl.Aperiodic("slope", band_hz=(17, 19), window_s=60)
    yield FindingsLine(
        name,
        "`aperiodic`, 17-19 Hz over 1/f",
        f"{_of_channels(recorded, slope, 'over_aperiodic_db')['M1']:.1f} dB",
        "13.7 dB at 18 Hz",
    )
    beta = sl.BandPower("beta", band_hz=(15, 21), window_s=0.4)
    length_s = len(recorded.samples_uv) / recorded.rate_hz
    twice = recorded._replace(samples_uv=np.tile(recorded.samples_uv, (2, 1)))
    for whose, given, calibrate_s in (
        ("of the first 20 s", recorded, 20.0),
        ("of the whole, heard before", twice, length_s - 0.5),
    ):
        yield FindingsLine(
            name,
            f"`burst` of `band_power` 15-21 Hz, 75th percentile {whose}",
            _bursts(given, beta, sl.Percentile(75, calibrate_s=calibrate_s)),
            "about 55 bursts, median 336 ms, percentile of the whole, offline",
        )
    coupling = sl.PhaseAmplitudeCoupling(
        "coupling", phase_band_hz=(13, 30), amplitude_band_hz=(60, 200), window_s=60, hop_s=0.2
    )
    index, chance, sharp = (
        _of_channels(recorded, coupling, each)["M1"]
        for each in ("modulation_index", "modulation_index_null", "is_sharp")
    )
    yield FindingsLine(
        name,
        "`phase_amplitude_coupling`, 13-30 by 60-200 Hz",
        f"modulation index {1e3 * index:.1f}e-3, {index / chance:.0f} times chance; "
        f"waveform {'sharp' if sharp else 'not sharp'}",
        "strong coupling (4.9e-3 offline at 50-200 Hz); sharp beta (Cole 2017)",
    )


def of_dbs() -> Iterator[FindingsLine]:
    """Yield the findings under stimulation, and what remains of its artifact."""
    recorded = dbs_on()
    layout = StreamLayout("LFP", recorded.rate_hz, recorded.channels)
    tables = [{"kind": "stimulation_period", "frequency_hz": 130.0, "window_s": 0.5}]
    path = ArtifactPath(msgspec.convert(tables, list[AnyArtifactConfig]), layout, Counter())
    taint = np.zeros(recorded.samples_uv.shape, dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    cleaned_uv = path.update(recorded.samples_uv, taint, (), 0).samples_uv
    (step,) = path.steps
    assert isinstance(step, StimulationPeriod)  # noqa: S101 it is the one asked for
    found_hz = step.found_hz or float("nan")
    after = slice(20_000, None)
    levels = [
        tuple(_line_db(each[after, column], found_hz) for each in (recorded.samples_uv, cleaned_uv))
        for column in range(2)
    ]
    told = ", ".join(
        f"{label} {before:.0f} to {left:.0f} dB"
        for label, (before, left) in zip(recorded.channels, levels, strict=True)
    )
    yield FindingsLine(
        "ECoG and STN-LFP, stimulation on, 60 s",
        "`stimulation_period`, nominal 130 Hz, window 0.5 s",
        f"{found_hz:.2f} Hz; line over its surroundings {told}",
        "129.12 Hz; +84 dB and +74 dB",
    )


def of_percept() -> Iterator[FindingsLine]:
    """Yield the findings in an implant's streaming, with and without stimulation."""
    runs = percept()
    beta = sl.BandPower("beta", band_hz=(13, 30), window_s=2)
    powers = [
        float(np.nanmedian(detected(run, beta)["beta"].column())) for run in (runs[0], runs[-1])
    ]
    name = f"Percept, {runs[0].channels[0]}, 250 Hz"
    yield FindingsLine(
        name,
        "`band_power`, 13-30 Hz",
        f"median {powers[0]:.1f} µV² in the first run, {powers[1]:.1f} µV² in the last",
        "left side stimulated with 3.1 mA in the first, not in the last",
    )
    folded = aliased_harmonics(130.0, 250.0, (13.0, 30.0))
    told = ", ".join(f"harmonic {each.harmonic} at {each.frequency_hz:g} Hz" for each in folded)
    yield FindingsLine(name, "warning at configuration, 130 Hz", told, "the fourth lands on 20 Hz")


def main() -> int:
    """Print the table."""
    if not DATA.is_dir():
        print(f"{DATA}: expected the recordings (STIMLOOP_DATA), found none", file=sys.stderr)
        return 2
    print("| recording | detector | found | fact it came with |\n|---|---|---|---|")
    for rows in (of_stn_ecog, of_m1, of_dbs, of_percept):
        for row in rows():
            print(f"| {' | '.join(row)} |", flush=True)
    return 0


def _of_channels(recorded: Recorded, detector: DetectorConfig, measure: str) -> dict[str, float]:
    """Return a measure of each channel at the last valid hop."""
    found = detected(recorded, detector)[detector.id]
    return {label: last(found, label, measure) for label in recorded.channels}


def _bursts(recorded: Recorded, beta: DetectorConfig, threshold: sl.Percentile) -> str:
    """Return in words the bursts over a threshold, and those in noise."""
    burst = sl.Burst("bursts", of="beta", threshold=threshold)
    statistics = sl.BurstStatistics("statistics", of="bursts", window_s=88, hop_s=8)
    found = detected(recorded, beta, burst, statistics)["statistics"]
    n_bursts, duration_s, null_s, rate_hz, null_hz, longs, null_longs = (
        last(found, recorded.channels[0], each)
        for each in (
            "n_bursts",
            *("mean_duration_s", "mean_duration_s_null", "rate_hz", "rate_hz_null"),
            *("long_fraction", "long_fraction_null"),
        )
    )
    return (
        f"{n_bursts:.0f} bursts, {rate_hz:.2f}/s (noise {null_hz:.2f}); mean "
        f"{1e3 * duration_s:.0f} ms (noise {1e3 * null_s:.0f}), longer than 0.5 s "
        f"{100 * longs:.0f} % (noise {100 * null_longs:.0f})"
    )


def _line_db(samples: NDArray[np.float64], line_hz: float) -> float:
    """Return the height of a line over the median of 5 Hz to both sides."""
    frequency_hz, density = welch(samples, 1000.0, nperseg=8000)
    is_near = abs(frequency_hz - line_hz) < 5.0
    is_line = abs(frequency_hz - line_hz) < 0.3
    return float(10.0 * np.log10(density[is_line].max() / np.median(density[is_near])))


if __name__ == "__main__":
    sys.exit(main())
