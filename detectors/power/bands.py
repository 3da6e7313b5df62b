"""The bands of band power: their names, and where they stand in a table."""

from typing import NamedTuple


class PowerBand(NamedTuple):
    """A band whose power is estimated.

    Parameters
    ----------
    key : str
        Where the table gives it; errors begin with it.
    name : str
        What its outputs are called after.
    band_hz : tuple of float
        Low and high edge.
    """

    key: str
    name: str
    band_hz: tuple[float, float]
