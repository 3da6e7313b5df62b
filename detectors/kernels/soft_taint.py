"""Where each channel last carried a bit of soft taint, and which hops depend on it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Stands for the sample at which a channel last carried a bit, where it never has.
NEVER: Final = int(np.iinfo(np.int64).min)


@kernel
def has_bits(taint: NDArray[np.uint16], bits: int) -> bool:
    """Return whether any sample of a block carries one of these bits."""
    found = 0
    flat = taint.reshape(-1)  # one loop over all, which becomes vector instructions
    for at in range(flat.size):
        found |= flat[at]
    return found & bits != 0


@kernel
def update(
    taint: NDArray[np.uint16],
    first_sample: int,
    bits: NDArray[np.uint16],
    last: NDArray[np.int64],
    rows: NDArray[np.int64],
) -> None:
    """Write for each row of a block where each channel last carried each bit.

    Parameters
    ----------
    taint : ndarray of uint16, shape (n_rows, n_channels)
        Of the block.
    first_sample : int
        Index of its first row.
    bits : ndarray of uint16, shape (n_bits,)
        One a time.
    last : ndarray of int64, shape (n_bits, n_channels)
        The newest sample that carried the bit, or `NEVER`; kept from block to block.
    rows : ndarray of int64, shape (n_rows, n_bits, n_channels)
        What `last` is after each row.
    """
    for row in range(taint.shape[0]):
        for number in range(bits.size):
            for channel in range(taint.shape[1]):
                if taint[row, channel] & bits[number]:
                    last[number, channel] = first_sample + row
                rows[row, number, channel] = last[number, channel]


@kernel
def mark(
    sample: NDArray[np.int64],
    first_sample: int,
    columns: NDArray[np.int64],
    span_samples: int,
    bits: NDArray[np.uint16],
    rows: NDArray[np.int64],
    out_taint: NDArray[np.uint16],
) -> None:
    """Add the bits that lie in the span of each hop to its taint.

    Parameters
    ----------
    sample : ndarray of int64, shape (n_hops,)
        The newest sample of each hop, of the block that `rows` is of.
    first_sample : int
        Index of the block's first row.
    columns : ndarray of int64, shape (n_used,)
        Channels that the hops depend on.
    span_samples : int
        How far back they depend on them.
    bits, rows
        See `update`.
    out_taint : ndarray of uint16, shape (n_hops,)
        Changed in place.
    """
    for hop in range(sample.size):
        for number in range(bits.size):
            for column in columns:
                if rows[sample[hop] - first_sample, number, column] > sample[hop] - span_samples:
                    out_taint[hop] |= bits[number]
                    break
