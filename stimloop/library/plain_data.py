"""Converts values of a user of the library to plain data, as a TOML file holds them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from stimloop.short_toml import table_of


def plain_data(value: object) -> Any:  # noqa: ANN401 any plain data
    """Return a value as plain data: numbers of numpy, tuples and structs as a file has them.

    Examples
    --------
    >>> import numpy as np
    >>> plain_data({"band_hz": (np.float64(13.0), 30), "channels": np.array(["left", "right"])})
    {'band_hz': [13.0, 30], 'channels': ['left', 'right']}
    """
    if hasattr(value, "tolist"):  # of numpy, a scalar or an array
        return value.tolist()
    if isinstance(value, msgspec.Struct):
        return table_of(value)
    if isinstance(value, Mapping):
        return {key: plain_data(each) for key, each in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain_data(each) for each in value]
    return value
