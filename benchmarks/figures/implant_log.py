"""Our band power against an implant's own log: the second table of docs/findings.md.

``python -m benchmarks.figures.implant_log`` prints it. The recording holds what the implant sensed
(250 Hz) and the power that it made of it (two rows a second, a mean of three seconds each); the
detector computes that power from what was sensed, in the same unit.
"""

import sys
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

import stimloop as sl
from benchmarks.figures.recordings import DATA
from detectors.bands.percept import LSB_PER_UV2
from replay import readers
from replay.recording import RecordedStream, Stretch

REPORT: Final = Path("percept-json") / "report_from_rda.json"
#: Sensing settings of the report: the centre frequency, and the spectra in each mean.
CENTRE_HZ: Final = 11.72
N_UPDATES: Final = 6
_UPDATE_S: Final = 0.5
_PACKET: Final = 125
#: Runs with fewer means are left out.
_N_MEANS_MIN: Final = 10


class Held(NamedTuple):
    """One run: the implant's log and the detector's power, at the ticks of new means."""

    run: int
    logged: NDArray[np.float64]
    computed: NDArray[np.float64]

    @property
    def correlation(self) -> float:
        """Pearson's correlation of power and log."""
        return float(np.corrcoef(self.logged, self.computed)[0, 1])

    @property
    def scale(self) -> float:
        """Units of the log for each µV²: the geometric mean, by which each mean counts the same."""
        return LSB_PER_UV2 * float(np.exp(np.log(self.logged / self.computed).mean()))

    @property
    def offset_lsb(self) -> float:
        """Intercept of the least-squares line of log against power."""
        return float(np.polyfit(self.computed, self.logged, 1)[1])

    @property
    def residuals(self) -> NDArray[np.float64]:
        """Deviation of each mean, as a share of the log, with one scale for all runs."""
        return np.abs(self.computed / self.logged - 1.0)


def held(folder: Path = DATA) -> Iterator[Held]:
    """Yield every run of the report that is long enough."""
    recording = readers.open(folder / REPORT)
    sensed, logged = (
        _runs(next(each for each in recording.streams if each.info.lsl_type == content))
        for content in ("LFP", "Power")
    )
    for number, (signal, log) in enumerate(zip(sensed, logged, strict=True)):
        each = _held(number, signal, log)
        if each.logged.size >= _N_MEANS_MIN:
            yield each


def _held(number: int, signal: Stretch, log: Stretch) -> Held:
    """Start the detector so that its means end at the same ticks as the implant's."""
    values = log.samples[:, 0].astype(np.float64)
    (changes,) = np.nonzero(np.diff(values))
    new_s = log.timestamps_s[changes[0] + 1] if changes.size else log.timestamps_s[0]
    ends_s = signal.timestamps_s[_PACKET - 1 :: _PACKET]
    first = (int(np.argmin(np.abs(ends_s - new_s))) + 1) % N_UPDATES * _PACKET
    power = sl.BandPower(
        "power",
        preset="percept",
        centre_hz=CENTRE_HZ,
        update_s=_UPDATE_S,
        hop_s=N_UPDATES * _UPDATE_S,
    )
    samples_uv = signal.samples[first:].astype(np.float64)
    with warnings.catch_warnings(category=UserWarning, action="ignore"):
        # A run of a few seconds has no mean: it has no row.
        found = sl.detect(samples_uv, power, rate_hz=250.0, channels=["sensed"])["power"]
    computed = found.column()
    at_s = signal.timestamps_s[first + found.sample]
    rows = np.searchsorted(log.timestamps_s, at_s - 0.5 * _UPDATE_S)
    is_in = np.isfinite(computed) & (rows < values.size)
    return Held(number, values[rows[is_in]], computed[is_in])


def _runs(stream: RecordedStream) -> list[Stretch]:
    """Return a stream's runs, which are separated by seconds."""
    samples, stamps_s = stream.read(0, stream.n_samples)
    begins = [0, *(1 + np.flatnonzero(np.diff(stamps_s) > 2.0)).tolist(), stream.n_samples]
    return [Stretch(samples[start:stop], stamps_s[start:stop]) for start, stop in pairwise(begins)]


def main() -> int:
    """Print the table."""
    if not (DATA / REPORT).is_file():
        print(f"{DATA / REPORT}: expected the recording (STIMLOOP_DATA)", file=sys.stderr)
        return 2
    print("| run | means | r | scale, lsb per µV² | residual, median / 95 % | offset, lsb |")
    print("|---|---|---|---|---|---|")
    for each in held():
        median, most = np.percentile(100.0 * each.residuals, [50, 95])
        print(
            f"| {each.run} | {each.logged.size} | {each.correlation:.5f} | {each.scale:.1f} | "
            f"{median:.1f} / {most:.1f} % | {each.offset_lsb:.0f} |"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
