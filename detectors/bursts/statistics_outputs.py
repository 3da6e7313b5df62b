"""The outputs of burst statistics: which measures each channel has, and in which columns."""

from typing import NamedTuple

from detectors.bursts.burst import Burst
from detectors.bursts.statistics_state import N_COLUMNS
from detectors.outputs import Measure, with_null


class BurstStatisticsColumns(NamedTuple):
    """Indices of one channel's outputs in the columns of `Estimates.values`."""

    rate_hz: int
    mean_duration_s: int
    mean_amplitude: int
    peak_amplitude: int
    long_fraction: int
    rate_hz_null: int
    mean_duration_s_null: int
    mean_amplitude_null: int
    peak_amplitude_null: int
    long_fraction_null: int
    n_bursts: int
    seen_s: int
    is_null_white: int


def columns_of(channel_index: int) -> BurstStatisticsColumns:
    """Return the columns of the channel with this index."""
    first = channel_index * N_COLUMNS
    return BurstStatisticsColumns(*range(first, first + N_COLUMNS))


def measures_of(burst: Burst) -> tuple[Measure, ...]:
    """Return the measures of a channel, in the order of the kernel's columns."""
    found, nulls = zip(
        with_null("rate_hz", "Hz"),
        with_null("mean_duration_s", "s"),
        with_null("mean_amplitude", burst.unit, signed=burst.rule.is_signed),
        with_null("peak_amplitude", burst.unit, signed=burst.rule.is_signed),
        with_null("long_fraction", ""),
        strict=True,
    )
    return (
        *found,
        *nulls,
        Measure("n_bursts", ""),
        Measure("seen_s", "s"),
        Measure("is_null_white", ""),
    )
