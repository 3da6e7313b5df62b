"""Hops as kernels write them: rows of a page, one after the other."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Record


class HopCounter(Record):
    """How many rows of a page are written."""

    #: Rows that are written.
    n_written: int


class Hops(NamedTuple):
    """A page of hops, filled from its first row on; see `detectors.estimates.Estimates`."""

    #: Index of the newest sample of each hop, shape (n_rows,).
    sample: Array1[np.int64]
    #: Time of that sample, shape (n_rows,).
    time_s: Array1[np.float64]
    #: Finite where valid, zero elsewhere, shape (n_rows, n_outputs).
    values: Array2[np.float64]
    #: Whether the value may be used, shape (n_rows, n_outputs).
    valid: Array2[np.bool_]
    #: How many of the rows are written.
    counter: HopCounter


@kernel
def add_hop(hops: Hops, sample: int, time_s: float) -> int:
    """Begin the hop that ends with this sample; return its row."""
    row = hops.counter.n_written
    hops.sample[row] = sample
    hops.time_s[row] = time_s
    hops.counter.n_written = row + 1
    return row


@kernel
def write_value(hops: Hops, row: int, output: int, value: float, is_valid: bool) -> None:
    """Write one output of a hop: what is not valid is zero."""
    hops.valid[row, output] = is_valid
    hops.values[row, output] = value if is_valid else 0.0


def empty_hops(n_rows: int, n_outputs: int) -> Hops:
    """Return a page with nothing written."""
    return Hops(
        np.empty(n_rows, dtype=np.int64),
        np.empty(n_rows),
        np.empty((n_rows, n_outputs)),
        np.empty((n_rows, n_outputs), dtype=np.bool_),
        HopCounter(),
    )


#: Stands where a page will be.
NO_HOPS: Final = empty_hops(0, 0)
