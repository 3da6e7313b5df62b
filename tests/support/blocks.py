"""Blocks of samples for tests: made of arrays, and cut into pieces."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, Break, StreamLayout, Taint


def layout_of(n_channels: int = 1, rate_hz: float = 1000.0, stream: str = "LFP") -> StreamLayout:
    """Return a stream of channels C0, C1, ..."""
    return StreamLayout(stream, rate_hz, tuple(f"C{number}" for number in range(n_channels)))


def restart_taint(shape: tuple[int, ...], *rows: int) -> NDArray[np.uint16]:
    """Return taint of this shape, ``RESTART`` at some rows and 0 elsewhere."""
    taint = np.zeros(shape, dtype=np.uint16)
    taint[list(rows)] = np.uint16(Taint.RESTART)
    return taint


def block_of(
    samples_uv: NDArray[np.float64],
    rate_hz: float = 1000.0,
    *,
    stream: str = "LFP",
    first: int = 0,
    taint: NDArray[np.uint16] | None = None,
) -> Block:
    """Return samples as a block: evenly spaced, and a restart where the first one is the stream's.

    Parameters
    ----------
    samples_uv : ndarray, shape (n_samples, n_channels)
        Microvolts.
    rate_hz : float
        Of the stream, whose sample 0 is at 0 s.
    stream : str
        Its name.
    first : int
        Index of the first sample.
    taint : ndarray of uint16, shape (n_samples, n_channels), optional
        What the samples carry beside the restart.
    """
    marked = restart_taint(samples_uv.shape, *([0] if first == 0 else []))
    if taint is not None:
        marked |= taint
    time_s = (first + np.arange(len(samples_uv))) / rate_hz
    return Block(stream, first, samples_uv, time_s, marked)


def pieces_of(
    whole: Block, cuts: Sequence[int], after: Mapping[int, Break] | None = None
) -> Iterator[Block]:
    """Yield a block cut before these rows, each piece in memory of its own.

    Parameters
    ----------
    whole : Block
        What is cut.
    cuts : sequence of int
        Rows; those that are not inside the block cut nothing.
    after : mapping of int to Break, optional
        Breaks that lie before a row at which a piece begins.
    """
    n_rows = whole.time_s.size
    edges = sorted({0, n_rows, *(cut for cut in cuts if 0 < cut < n_rows)})
    for start, stop in pairwise(edges):
        yield Block(
            whole.stream,
            whole.first_sample + start,
            whole.samples_uv[start:stop].copy(),
            whole.time_s[start:stop].copy(),
            whole.taint[start:stop].copy(),
            after=(after or {}).get(start),
        )
