"""Which channels of a stream can be used, by their units, and what makes them microvolts."""

from collections.abc import Sequence
from typing import Final

from detectors.conditioning.config import ConditioningConfig
from detectors.conditioning.units import is_voltage_unit, microvolts_per

#: Kinds of stream whose channels must have a unit of voltage.
_SIGNALS: Final = ("lfp", "emg")


def usable_columns(config: ConditioningConfig, units: Sequence[str]) -> list[int]:
    """Return the columns of a stream's channels that can be used, by the unit of each.

    Of an LFP or EMG stream those that have a unit of voltage, of another all of them.
    """
    written = [config.unit or unit for unit in units]
    return [
        column
        for column, unit in enumerate(written)
        if config.kind not in _SIGNALS or is_voltage_unit(unit)
    ]


def factors_of(
    config: ConditioningConfig, channels: Sequence[str], units: Sequence[str], columns: list[int]
) -> list[float]:
    """Return the factor from each column's numbers to microvolts; 1 where they are no voltage.

    Raises
    ------
    ValueError
        Where no channel has a unit of voltage, and one needs it.
    """
    written = [config.unit or unit for unit in units]
    if not columns:
        try:
            microvolts_per(written[0])
        except ValueError as error:
            where = "" if config.unit else f" for channel {channels[0]}"
            raise ValueError(f"unit: {error}{where}") from error
    return [
        microvolts_per(written[column]) if is_voltage_unit(written[column]) else 1.0
        for column in columns
    ]
