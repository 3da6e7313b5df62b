"""What the kernel of alignment reads and keeps, by name."""

from typing import Final, NamedTuple

import numpy as np

from detectors.alignment.backlog import Extent
from detectors.compiling.layout import Array1, Array2, Record

#: Rows that a queue begins with.
_N_ROWS: Final = 256


class QueuedSamples(NamedTuple):
    """A queue of samples of the stream that are still needed; shapes (n_rows,)."""

    #: Smoothed, corrected time.
    time_s: Array1[np.float64]
    #: Number of the newest break before the sample.
    epoch: Array1[np.int64]
    #: Restarts up to the sample.
    segment: Array1[np.int64]
    #: The last good value of each channel, shape (n_rows, n_channels).
    samples_uv: Array2[np.float64]
    #: Bits of `Taint` but ``RESTART``, shape (n_rows, n_channels).
    taint: Array2[np.uint16]
    #: Whether any channel carries any.
    is_tainted: Array1[np.bool_]
    #: The rows in use.
    extent: Extent


class GridRows(NamedTuple):
    """A queue of rows of the grid that not all streams have passed; shapes (n_rows,)."""

    #: Index of the reference's sample.
    sample: Array1[np.int64]
    #: Its time.
    time_s: Array1[np.float64]
    #: Number of the newest break before it.
    epoch: Array1[np.int64]
    #: Whether the reference restarts here, or another stream is found again after its restart.
    restarts: Array1[np.bool_]
    #: Whether each of the other streams is silent then, shape (n_rows, n_streams).
    is_silent: Array2[np.bool_]
    #: Microvolts of all streams' channels, shape (n_rows, n_columns).
    samples_uv: Array2[np.float64]
    #: Bits of `Taint`, shape (n_rows, n_columns).
    taint: Array2[np.uint16]
    #: The rows in use.
    extent: Extent


class Settings(Record):
    """Numbers that never change."""

    #: A segment that begins this much later than a row is of another clock.
    jump_s: float
    #: Samples nearer than this to a row's time have a weight.
    reach_s: float
    #: Nominal rate of the stream.
    rate_hz: float
    #: Number of the stream in `GridRows.is_silent`.
    stream: int
    #: First column of its channels in the rows of the grid.
    first_column: int


class Progress(Record):
    """How far samples and rows have been matched; positions count from the queue's first row."""

    #: Restarts of the stream so far.
    n_segments: int
    #: Rows of the grid that are filled in.
    n_done: int
    #: All samples before this break have come.
    settled_epoch: int
    #: The oldest sample that is still needed.
    oldest: int
    #: The newest sample before the reach of the row that waits.
    before: int
    #: The first sample after the reach of that row.
    after: int
    #: Segment of the newest row that was found.
    segment: int


class State(NamedTuple):
    """What one stream is resampled by; the first two never change."""

    #: Columns of the stream's blocks that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Weights of samples 0 to `reach_s` from a row in equal steps, shape (n_steps + 1,).
    weights: Array1[np.float64]
    #: Last good value of each channel, shape (n_channels,).
    good_uv: Array1[np.float64]
    #: The newest row that was found, which stands in for missing ones, shape (n_channels,).
    held_uv: Array1[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: How far samples and rows have been matched.
    progress: Progress


def no_samples(n_channels: int) -> QueuedSamples:
    """Return an empty queue of samples."""
    return QueuedSamples(
        time_s=np.zeros(_N_ROWS),
        epoch=np.zeros(_N_ROWS, dtype=np.int64),
        segment=np.zeros(_N_ROWS, dtype=np.int64),
        samples_uv=np.zeros((_N_ROWS, n_channels)),
        taint=np.zeros((_N_ROWS, n_channels), dtype=np.uint16),
        is_tainted=np.zeros(_N_ROWS, dtype=np.bool_),
        extent=Extent(),
    )


def no_rows(n_streams: int, n_columns: int) -> GridRows:
    """Return an empty queue of rows of the grid."""
    return GridRows(
        sample=np.zeros(_N_ROWS, dtype=np.int64),
        time_s=np.zeros(_N_ROWS),
        epoch=np.zeros(_N_ROWS, dtype=np.int64),
        restarts=np.zeros(_N_ROWS, dtype=np.bool_),
        is_silent=np.zeros((_N_ROWS, n_streams), dtype=np.bool_),
        samples_uv=np.zeros((_N_ROWS, n_columns)),
        taint=np.zeros((_N_ROWS, n_columns), dtype=np.uint16),
        extent=Extent(),
    )
