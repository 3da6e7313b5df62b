"""The data type of columns that hold wall-clock time."""

from typing import Final

import pyarrow as pa

#: Whole microseconds of UTC; the type that pandas, polars, R and MATLAB read as a date with time.
UTC_TIME: Final = pa.timestamp("us", tz="UTC")
