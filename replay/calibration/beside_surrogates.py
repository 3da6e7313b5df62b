"""The measure of a recording beside that of its surrogates, and beside that of other bands."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from detectors.block import Block, StreamLayout
from detectors.power.band_power import BandPowerConfig
from replay.calibration.calibrated import BandOff, BesideSurrogates, Bursts
from replay.calibration.measure import (
    BurstTimes,
    Measured,
    MeasureSettings,
    bursts_over,
    log_correlation,
    measured,
    power_config,
    share_within,
)
from replay.calibration.surrogates import phase_randomised
from replay.inspection.inspected import ChannelInspection

#: How far other bands are off.
OFF_HZ: Final = (-3.0, -1.0, 1.0, 3.0)


class SurrogateRuns(NamedTuple):
    """What the surrogates of a channel give.

    Parameters
    ----------
    measures : tuple of Measured
        Of each.
    bursts : tuple of BurstTimes
        Over the level of the recording.
    """

    measures: tuple[Measured, ...]
    bursts: tuple[BurstTimes, ...]


def run_surrogates(
    kept: tuple[Block, StreamLayout],
    config: BandPowerConfig,
    level: float,
    n_and_seed: tuple[int, int],
    progress: Callable[[str, float, float], None],
) -> SurrogateRuns:
    """Measure surrogates of a channel, each with phases of its own.

    Parameters
    ----------
    kept : tuple of Block and StreamLayout
        The channel.
    config : BandPowerConfig
        The measure.
    level : float
        What its bursts are over.
    n_and_seed : tuple of int
        How many surrogates, and where their phases come from.
    progress : callable
        Called with what is done, how much of it, and of how much.
    """
    (block, layout), (n_surrogates, seed) = kept, n_and_seed
    measures: list[Measured] = []
    bursts: list[BurstTimes] = []
    for number in range(n_surrogates):
        progress("surrogates", number, n_surrogates)
        other = phase_randomised(block, np.random.default_rng((seed, number)))
        measures.append(measured(other, layout, config))
        bursts.append(bursts_over(other, layout, config, level))
    return SurrogateRuns(tuple(measures), tuple(bursts))


def bursts_beside(
    bursts: BurstTimes, surrogates: SurrogateRuns, duration_s: float
) -> Bursts | None:
    """Return number and length of bursts beside those of surrogates; None without any."""
    if not bursts.onset_s.size or not any(each.onset_s.size for each in surrogates.bursts):
        return None
    minutes = duration_s / 60.0

    def beside(number_of: Callable[[BurstTimes], float]) -> BesideSurrogates:
        return _beside(number_of(bursts), [number_of(each) for each in surrogates.bursts])

    return Bursts(
        per_minute=beside(lambda each: each.onset_s.size / minutes),
        mean_duration_s=beside(
            lambda each: float(each.duration_s.mean()) if each.onset_s.size else 0.0
        ),
        longest_s=beside(lambda each: float(each.duration_s.max(initial=0.0))),
    )


def bands_off(
    block: Block,
    layout: StreamLayout,
    config: BandPowerConfig,
    right: tuple[Measured, BurstTimes],
    channel: ChannelInspection,
) -> tuple[BandOff, ...]:
    """Return what bands of the same width lose whose centre is off.

    A band that would reach below a cycle in the window, or above half the rate, is left out.
    """
    assert config.band_hz is not None  # noqa: S101 the table of a calibration has a band
    assert config.window_s is not None  # noqa: S101 and a window
    low_hz, high_hz = config.band_hz
    settings = MeasureSettings(config.window_s, config.hop_s)
    measure, bursts = right
    whole = _over_line(channel, (low_hz, high_hz))
    found: list[BandOff] = []
    for off_hz in OFF_HZ:
        band_hz = (low_hz + off_hz, high_hz + off_hz)
        if band_hz[0] < 1.0 / config.window_s or band_hz[1] >= layout.rate_hz / 2.0:
            continue
        table = power_config(config.stream, config.channels[0], band_hz, settings)
        other = measured(block, layout, table)
        level = float(np.percentile(other.valid_values, 75.0))
        others = bursts_over(block, layout, table, level)
        found.append(
            BandOff(
                off_hz=off_hz,
                rhythm_share=_over_line(channel, band_hz) / whole if whole > 0.0 else np.nan,
                correlation=log_correlation(measure, other),
                burst_time_found=share_within(bursts, others, measure.time_s),
            )
        )
    return tuple(found)


def _over_line(channel: ChannelInspection, band_hz: tuple[float, float]) -> float:
    """Return the power of a band over the 1/f line; 0 where it is below."""
    spectrum, line = channel.spectrum, channel.line
    assert spectrum is not None  # noqa: S101 a peak is over a line,
    assert line is not None  # noqa: S101 and both are of a spectrum
    hz = spectrum.frequency_hz
    is_in = (hz >= band_hz[0]) & (hz <= band_hz[1])
    over = spectrum.density[is_in] - 10.0**line.offset * hz[is_in] ** -line.exponent
    return max(0.0, float(over.sum()))


def _beside(value: float, others: Sequence[float]) -> BesideSurrogates:
    low, median, high = np.percentile(others, (2.5, 50.0, 97.5)).tolist()
    n_as_much = int(sum(each >= value for each in others))
    return BesideSurrogates(
        value=value,
        median=median,
        low=low,
        high=high,
        p=(1 + n_as_much) / (1 + len(others)),
    )
