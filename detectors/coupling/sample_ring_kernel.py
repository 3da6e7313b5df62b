"""The newest samples, in a ring and in polyphase (decimated) layout."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.trust import is_good, is_voltage


@kernel
def load(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    columns: NDArray[np.int64],
    is_first: bool,
    at: int,
    n_clean: NDArray[np.int64],
    history: NDArray[np.float64],
) -> None:
    """Put a sample into the history; the first one of a stream fills all of it."""
    newest = history[at]
    before = history[at - 1 if at > 0 else history.shape[0] - 1]
    for channel in range(columns.size):
        value = samples_uv[row, columns[channel]]
        is_clean = is_good(value, taint[row, columns[channel]])
        n_clean[channel] = n_clean[channel] + 1 if is_clean else 0
        if not is_voltage(value):
            value = 0.0 if is_first else before[channel]
        newest[channel] = value
    if is_first:
        for other in range(history.shape[0]):
            history[other] = newest


@kernel
def to_polyphase(
    history: NDArray[np.float64], oldest: int, step: int, polyphase: NDArray[np.float64]
) -> None:
    """Write the history in polyphase layout, from the oldest sample on.

    The taps do not see a constant, so an offset need not cost precision.
    """
    n_rows, n_channels = history.shape
    stride = polyphase.size // step
    level = history[(oldest + n_rows // 2) % n_rows]
    for row in range(n_rows):
        at = oldest + row
        sample_uv = history[at if at < n_rows else at - n_rows]
        start = row % step * stride + row // step * n_channels
        taken = polyphase[start : start + n_channels]
        for channel in range(n_channels):
            taken[channel] = sample_uv[channel] - level[channel]
