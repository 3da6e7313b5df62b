"""Compares the null of bursts with phase-randomised surrogates of real recordings.

``python -m benchmarks.figures.burst_nulls`` prints, for each recording and source, rate and mean
duration of bursts above the 75th percentile: of white noise, of the null that the rig computes
from a calibration on the recording, of 50 surrogates of it, and of the recording itself. Below,
how far null and surrogates are apart on every channel of the shortest recording.
"""

import sys
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures.recordings import DATA, Recorded, m1_ecog, percept, stn_ecog
from detectors.block import Block, StreamLayout, Taint
from detectors.bursts import statistics_state as columns
from detectors.bursts.burst import Burst
from detectors.bursts.null import SHARES
from detectors.bursts.statistics import BurstStatistics
from detectors.chain import AnyDetectorConfig, DetectorChain
from detectors.estimates import Detection

N_SURROGATES: Final = 50
_QUARTER: Final = SHARES.index(0.25)
SOURCES: Final[dict[str, dict[str, Any]]] = {
    "`band_power` 13-30 Hz": {"kind": "band_power", "band_hz": [13.0, 30.0], "window_s": 0.4},
    "`oscillation` 18 Hz": {
        "kind": "oscillation",
        "centre_hz": 18.0,
        "half_width_hz": 3.0,
        "output": "amplitude",
    },
}


class Bursts(NamedTuple):
    """The rate of bursts, and their mean duration."""

    rate_hz: float
    duration_s: float


def null(samples_uv: NDArray[np.float64], rate_hz: float, source: dict[str, Any]) -> Bursts:
    """Return the null, for a share of 25 %, of a rig that calibrates on these samples."""
    length_s = samples_uv.size / rate_hz
    chain = _rig(rate_hz, source, {"percentile": 75.0, "calibrate_s": length_s - 1.0})
    chain.update(_block(samples_uv[:, None], rate_hz))
    (deferral,) = chain.deferrals
    return _of(deferral.result())


def white(rate_hz: float, source: dict[str, Any]) -> Bursts:
    """Return the null of a rig that does not calibrate."""
    statistics = _rig(rate_hz, source, {"level": 1.0}).detectors["statistics"]
    assert isinstance(statistics, BurstStatistics)  # noqa: S101 it is the one asked for
    return _of(statistics.nulls[0])


def surrogates(samples_uv: NDArray[np.float64], n_surrogates: int) -> NDArray[np.float64]:
    """Return phase-randomised copies, shape (n_samples, n_surrogates); each is periodic."""
    spectrum = np.abs(np.fft.rfft(samples_uv - samples_uv.mean()))
    phases = np.random.default_rng(0).uniform(0.0, 2.0 * np.pi, (n_surrogates, spectrum.size))
    return np.ascontiguousarray(np.fft.irfft(spectrum * np.exp(1j * phases), samples_uv.size).T)


def of_periods(
    samples_uv: NDArray[np.float64], rate_hz: float, source: dict[str, Any]
) -> list[Bursts]:
    """Return the bursts that begin in the second of three periods of each channel.

    The threshold is the 75th percentile of all channels together.
    """
    n_samples, n_channels = samples_uv.shape
    rig = _rig(rate_hz, source, {"level": 1.0}, n_channels)
    seen = {
        each.estimates.detector: each.estimates
        for each in rig.update(_block(np.tile(samples_uv, (3, 1)), rate_hz))
    }["source"]
    is_second = (seen.sample >= n_samples) & (seen.sample < 2 * n_samples)
    level = float(np.percentile(seen.values[is_second], 75.0))
    burst = _rig(rate_hz, source, {"level": level}, n_channels).detectors["bursts"]
    assert isinstance(burst, Burst)  # noqa: S101 it is the one asked for
    detections = burst.update(seen).detections
    return [
        _second([each for each in detections if each.channel == label], n_samples, rate_hz)
        for label in burst.channels
    ]


def rows() -> Iterator[tuple[str, str, Bursts, Bursts, list[Bursts], Bursts]]:
    """Yield name, source, and the bursts in white noise, null, surrogates and recording."""
    for name, recorded, channel in _recordings():
        samples_uv = recorded.samples_uv[:, channel]
        for what, source in SOURCES.items():
            yield (
                f"{name}, {recorded.channels[channel]}",
                what,
                white(recorded.rate_hz, source),
                null(samples_uv, recorded.rate_hz, source),
                of_periods(surrogates(samples_uv, N_SURROGATES), recorded.rate_hz, source),
                of_periods(samples_uv[:, None], recorded.rate_hz, source)[0],
            )


def apart() -> Iterator[str]:
    """Yield how far the null of each channel of 19 s is from its surrogates."""
    recorded = stn_ecog()
    for what, source in SOURCES.items():
        ratios = []
        for samples_uv in recorded.samples_uv.T:
            of_null = null(samples_uv, recorded.rate_hz, source)
            made = surrogates(samples_uv, N_SURROGATES)
            of_surrogates = mean_of(of_periods(made, recorded.rate_hz, source))
            ratios.append(np.array(of_null) / np.array(of_surrogates))
        percent = 100.0 * (np.array(ratios) - 1.0)
        (rate_low, duration_low), (rate_high, duration_high) = percent.min(0), percent.max(0)
        yield (
            f"{what}, {len(ratios)} channels of 19 s, null over surrogates: rate {rate_low:+.1f} "
            f"to {rate_high:+.1f} %, duration {duration_low:+.1f} to {duration_high:+.1f} %"
        )


def main() -> int:
    """Print the table."""
    if not DATA.is_dir():
        print(f"{DATA}: expected the recordings (STIMLOOP_DATA), found none", file=sys.stderr)
        return 2
    print(f"| recording | source | white noise | null | {N_SURROGATES} surrogates | recording |")
    print("|---|---|---|---|---|---|")
    for name, what, of_white, of_null, of_surrogates, of_recording in rows():
        mean = mean_of(of_surrogates)
        spread_ms = 1e3 * float(np.nanstd([each.duration_s for each in of_surrogates]))
        cells = [_told(of_white), _told(of_null), f"{_told(mean)} ± {spread_ms:.0f}"]
        print(f"| {name} | {what} | {' | '.join(cells)} | {_told(of_recording)} |", flush=True)
    print()
    for line in apart():
        print(line, flush=True)
    return 0


def mean_of(several: list[Bursts]) -> Bursts:
    """Return the mean rate, and the mean duration over all bursts."""
    rates_hz = np.array([each.rate_hz for each in several])
    durations_s = np.array([each.duration_s for each in several])
    return Bursts(float(rates_hz.mean()), float(np.nansum(rates_hz * durations_s) / rates_hz.sum()))


def _rig(
    rate_hz: float, source: dict[str, Any], threshold: dict[str, float], n_channels: int = 1
) -> DetectorChain:
    tables = [
        {"id": "source", "stream": "LFP", **source},
        {"id": "bursts", "kind": "burst", "of": "source", "threshold": threshold},
        {"id": "statistics", "kind": "burst_statistics", "of": "bursts"},
    ]
    layout = StreamLayout("LFP", rate_hz, tuple(f"C{position}" for position in range(n_channels)))
    return DetectorChain(msgspec.convert(tables, list[AnyDetectorConfig]), {"LFP": layout})


def _block(samples_uv: NDArray[np.float64], rate_hz: float) -> Block:
    taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    time_s = np.arange(len(samples_uv)) / rate_hz
    return Block("LFP", 0, np.ascontiguousarray(samples_uv), time_s, taint)


def _second(found: list[Detection], n_samples: int, rate_hz: float) -> Bursts:
    onsets = np.array([each.sample for each in found if each.kind == "onset"])
    offsets = np.array([each.sample for each in found if each.kind == "offset"])
    n_whole = min(onsets.size, offsets.size)
    is_second = (onsets[:n_whole] >= n_samples) & (onsets[:n_whole] < 2 * n_samples)
    durations_s = (offsets[:n_whole] - onsets[:n_whole])[is_second] / rate_hz
    mean_s = float(durations_s.mean()) if durations_s.size else float("nan")
    return Bursts(durations_s.size * rate_hz / n_samples, mean_s)


def _of(of_shares: NDArray[np.float64]) -> Bursts:
    row = of_shares[_QUARTER, 1:]
    return Bursts(float(row[columns.RATE]), float(row[columns.DURATION]))


def _told(bursts: Bursts) -> str:
    return f"{bursts.rate_hz:.2f}/s, {1e3 * bursts.duration_s:.0f} ms"


def _recordings() -> Iterator[tuple[str, Recorded, int]]:
    yield "M1 ECoG, 89 s", m1_ecog(), 0
    recorded = stn_ecog()
    for channel in (1, 4, 7):
        yield "STN and M1, 19 s", recorded, channel
    runs = percept()
    for run in (runs[0], runs[-1]):
        yield f"Percept, {len(run.samples_uv) / run.rate_hz:.0f} s", run, 0


if __name__ == "__main__":
    sys.exit(main())
