"""The measures of `muscle_bursts` beside the truth of the generator."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from benchmarks.figures.emg.simulated import (
    CHANNELS,
    ENVELOPE_HZ,
    LEVELS_UV,
    MODULUS,
    PAIR,
    RATE_HZ,
    Signal,
    levels_of,
    simulated,
    windows_of_bursts,
)
from replay.patient.emg.drives import (
    AlternatingTremor,
    AnyActivity,
    Chorea,
    Myoclonus,
    ReciprocalVoluntary,
    SynchronousTremor,
)

#: Classes whose bursts are told apart, with a steady and an unsteady tremor.
SHOWN: Final[tuple[tuple[str, AnyActivity], ...]] = (
    ("alternating tremor", AlternatingTremor()),
    ("unsteady tremor", AlternatingTremor(jitter_hz=2.0)),
    ("synchronous tremor", SynchronousTremor()),
    ("chorea", Chorea()),
    ("myoclonus", Myoclonus()),
    ("reciprocal voluntary", ReciprocalVoluntary()),
)
#: Standard deviations above rest where a burst begins.
_ONSET_SD: Final = 3.0
#: How far from the truth is right: a duration (s), an overlap, a tremor stability index (Hz).
_DURATION_S: Final = 0.01
_OVERLAP: Final = 0.1
_STABILITY_HZ: Final = 0.15
#: The cut-off of that index (Hz): where both are above it, no tremor is measured.
_NO_TREMOR_HZ: Final = 1.05
_N_BURSTS_MIN: Final = 5


class Bursts(NamedTuple):
    """What bursts of two muscles in a window are like, means of both; NaN where they are few."""

    duration_s: float
    overlap: float
    tremor_stability_hz: float


class Compared(NamedTuple):
    """A measure of one class: medians of the drive's and of what was found, and how often right."""

    name: str
    measure: str
    driven: float
    found: float
    share_right: float


def compared_rows(n_seeds: int, levels_uv: Sequence[float] = LEVELS_UV) -> Iterator[Compared]:
    """Yield each measure of each class."""
    for name, activity in SHOWN:
        driven, seen, found = _of_windows(activity, n_seeds, levels_uv)
        for number, (measure, is_right) in enumerate(_RIGHT.items()):
            of_drive, of_seen, of_found = (each[:, number] for each in (driven, seen, found))
            is_known = ~np.isnan(of_seen) & ~np.isnan(of_found)
            right = is_right(of_seen[is_known], of_found[is_known])
            yield Compared(
                name,
                measure,
                float(np.nanmedian(of_drive)),
                float(np.nanmedian(of_found)),
                float(right.mean()),
            )


def truth_lines(n_seeds: int) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| simulated | measure | of the drive | found | right |"
    yield "|---|---|---:|---:|---:|"
    for row in compared_rows(n_seeds):
        found = f"{row.driven:.3f} | {row.found:.3f} | {row.share_right:.3f}"
        yield f"| {row.name} | `{row.measure}` | {found} |"


def bursts_of_drive(drive_uv: Signal, base_uv: float) -> Bursts:
    """Return what is true of drives, shape (n_samples, 2): where they are above the onset."""
    levels = levels_of(base_uv)
    rest_uv, sd_uv = (levels[key][CHANNELS[0]] for key in ("rest_uv", "rest_sd_uv"))
    is_on = drive_uv > rest_uv + _ONSET_SD * sd_uv
    durations, stability = zip(*(_of_muscle(each) for each in is_on.T), strict=True)
    least = is_on.sum(axis=0).min()
    overlap = float(is_on.all(axis=1).sum() / least) if least else float("nan")
    return Bursts(float(np.mean(durations)), overlap, float(np.mean(stability)))


def _of_muscle(is_on: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the median duration and the tremor stability of bursts that lie in a window whole."""
    edges = np.diff(is_on.astype(np.int8))
    onsets, offsets = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    if onsets.size and offsets.size:
        offsets = offsets[offsets > onsets[0]]
        onsets = onsets[: offsets.size]
    if min(onsets.size, offsets.size) < _N_BURSTS_MIN:
        return float("nan"), float("nan")
    change_hz = np.diff(RATE_HZ / np.diff(onsets))
    low, high = np.percentile(change_hz, (25.0, 75.0))
    return float(np.median(offsets - onsets)) / RATE_HZ, float(high - low)


def _of_windows(
    activity: AnyActivity, n_seeds: int, levels_uv: Sequence[float]
) -> tuple[Signal, Signal, Signal]:
    """Return all measures of the drive, of it behind the envelope's low-pass, and what is found."""
    low_pass = butter(2, ENVELOPE_HZ, output="sos", fs=RATE_HZ)
    driven, seen, found = [], [], []
    for seed, base_uv in product(range(n_seeds), levels_uv):
        emg = simulated(activity, seed, base_uv)
        drive_uv = MODULUS * emg.drive_uv
        behind_uv = sosfilt(low_pass, drive_uv, axis=0)
        for read, window in windows_of_bursts(emg.samples, base_uv):
            driven.append(bursts_of_drive(drive_uv[window], base_uv))
            seen.append(bursts_of_drive(behind_uv[window], base_uv))
            means = [
                float(np.mean([read(each, key) for each in CHANNELS]))
                for key in ("duration_s", "tremor_stability_hz")
            ]
            found.append(Bursts(means[0], read(PAIR, "overlap"), means[1]))
    return np.array(driven), np.array(seen), np.array(found)


_RIGHT: Final[dict[str, Callable[[Signal, Signal], NDArray[np.bool_]]]] = {
    "duration_s": lambda true, found: np.abs(found - true) <= _DURATION_S,
    "overlap": lambda true, found: np.abs(found - true) <= _OVERLAP,
    "tremor_stability_hz": lambda true, found: (
        (np.abs(found - true) <= _STABILITY_HZ) | (np.minimum(found, true) > _NO_TREMOR_HZ)
    ),
}
