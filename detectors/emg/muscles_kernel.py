"""EMG made ready sample by sample: band-pass, rectified or as energy, and its envelope."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Array3, Record
from detectors.emg.filters import EmgFilters
from detectors.kernels.trust import is_good


class MuscleSettings(Record):
    """Numbers that never change."""

    #: Whether the envelope is that of the Teager-Kaiser energy.
    is_energy: bool


class Muscles(NamedTuple):
    """What is kept of each channel; the first three never change."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Sections of the band-pass, ``b0, b1, b2, a1, a2``, shape (n_sections, 5).
    band: Array2[np.float64]
    #: The same of the low-pass, shape (5,).
    low_pass: Array1[np.float64]
    #: Good samples in a row, shape (n_channels,), as all below.
    n_good: Array1[np.int64]
    #: Whether there was a bad sample since the restart.
    was_bad: Array1[np.bool_]
    #: The first good sample, from which all are counted.
    origin_uv: Array1[np.float64]
    #: The sample as it came, counted from there.
    raw_uv: Array1[np.float64]
    #: Behind the band-pass.
    filtered_uv: Array1[np.float64]
    #: Its envelope.
    envelope_uv: Array1[np.float64]
    #: What the sections keep, shape (n_channels, n_sections, 2).
    band_memory: Array3[np.float64]
    #: What the low-pass keeps, shape (n_channels, 2).
    envelope_memory: Array2[np.float64]
    #: The two samples before, behind the band-pass, shape (n_channels, 2).
    before_uv: Array2[np.float64]
    #: Numbers that never change.
    settings: MuscleSettings


def muscles_of(
    columns: NDArray[np.int64], filters: EmgFilters, *, is_energy: bool = False
) -> Muscles:
    """Return channels of which nothing has come yet."""
    n_channels = columns.size
    return Muscles(
        columns=columns,
        band=filters.band,
        low_pass=filters.envelope,
        n_good=np.zeros(n_channels, dtype=np.int64),
        was_bad=np.zeros(n_channels, dtype=np.bool_),
        origin_uv=np.zeros(n_channels),
        raw_uv=np.zeros(n_channels),
        filtered_uv=np.zeros(n_channels),
        envelope_uv=np.zeros(n_channels),
        band_memory=np.zeros((n_channels, len(filters.band), 2)),
        envelope_memory=np.zeros((n_channels, 2)),
        before_uv=np.zeros((n_channels, 2)),
        settings=MuscleSettings(is_energy=is_energy),
    )


@kernel
def restart_muscles(muscles: Muscles) -> None:
    """Forget everything, of all channels."""
    for channel in range(muscles.columns.size):
        forget_muscle(channel, muscles)
        muscles.was_bad[channel] = False


@kernel
def forget_muscle(channel: int, muscles: Muscles) -> None:
    """Forget the past of a channel."""
    muscles.n_good[channel] = 0
    muscles.raw_uv[channel] = muscles.filtered_uv[channel] = muscles.envelope_uv[channel] = 0.0
    muscles.band_memory[channel] = 0.0
    muscles.envelope_memory[channel] = 0.0
    muscles.before_uv[channel] = 0.0


@kernel
def take_muscles(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], row: int, muscles: Muscles
) -> None:
    """Take one sample of all channels; a bad one ends the past of its channel."""
    for channel in range(muscles.columns.size):
        column = muscles.columns[channel]
        value = samples_uv[row, column]
        if not is_good(value, taint[row, column]):
            forget_muscle(channel, muscles)
            muscles.was_bad[channel] = True
            continue
        if muscles.n_good[channel] == 0:
            muscles.origin_uv[channel] = value
        muscles.n_good[channel] += 1
        raw = value - muscles.origin_uv[channel]
        muscles.raw_uv[channel] = raw
        found = raw
        for section in range(len(muscles.band)):
            memory = muscles.band_memory[channel, section]
            found = filter_section(found, muscles.band[section], memory)
        muscles.filtered_uv[channel] = found
        if muscles.settings.is_energy:
            before = muscles.before_uv[channel]
            energy = abs(before[0] * before[0] - before[1] * found)
            before[1] = before[0]
            before[0] = found
            smooth = filter_section(energy, muscles.low_pass, muscles.envelope_memory[channel])
            muscles.envelope_uv[channel] = np.sqrt(max(smooth, 0.0))
        else:
            memory = muscles.envelope_memory[channel]
            muscles.envelope_uv[channel] = filter_section(abs(found), muscles.low_pass, memory)


@kernel
def filter_section(x: float, section: NDArray[np.float64], memory: NDArray[np.float64]) -> float:
    """Return what a section gives, in scipy's form and order (transposed direct form II)."""
    made = section[0] * x + memory[0]
    memory[0] = section[1] * x - section[3] * made + memory[1]
    memory[1] = section[2] * x - section[4] * made
    return float(made)
