"""A kernel that writes hops, with all that it keeps from one call to the next."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import numpy as np

from detectors.block import Block
from detectors.compiling.bundle import Bundle
from detectors.estimates import Estimates
from detectors.kernels.edges import empty_edges
from detectors.kernels.hops import empty_hops

_State = TypeVar("_State", bound=tuple[Any, ...])

#: Bytes of a page, where one call does not need more: it is allocated once for many hops.
_PAGE_BYTES: Final = 1 << 16
#: Bytes of a hop beside its outputs, and of each output.
_HOP_BYTES: Final = 18
_OUTPUT_BYTES: Final = 9


class HopKernel(Generic[_State]):
    """Calls a kernel and returns the hops that it has written.

    The kernel writes them to a page, in memory that is allocated for many hops at once; estimates
    are views of it, and none of their memory is written again.

    Parameters
    ----------
    update : kernel
        Takes its inputs and the addresses of a bundle of `state`, and writes hops.
    detector : str
        Id of the detector.
    n_outputs : int
        Outputs of a hop.
    state : named tuple
        What the kernel reads and keeps: a class of `detectors.compiling.bundle` whose last field is
        ``hops``, a `detectors.kernels.hops.Hops`; what stands there is replaced.

    Attributes
    ----------
    none : Estimates
        What a call returns that completed no hop.
    """

    def __init__(
        self, update: Callable[..., None], detector: str, n_outputs: int, state: _State
    ) -> None:
        self._update = update
        self._detector = detector
        self._n_outputs = n_outputs
        self._page_rows = max(1, _PAGE_BYTES // (_HOP_BYTES + _OUTPUT_BYTES * n_outputs))
        self._bundle = Bundle(state)
        self._renew(1)
        self.none = self._estimates(0, 0)

    @property
    def state(self) -> _State:
        """What the kernel reads and keeps now."""
        return self._bundle.fields

    def update(self, block: Block, hop_samples: int) -> Estimates:
        """Return every hop that a block completes.

        Parameters
        ----------
        block : Block
            Of the stream.
        hop_samples : int
            Samples from one hop to the next.
        """
        row = self._n_written.item()
        n_most = block.time_s.size // hop_samples + 1
        if row + n_most > self._n_rows:
            self._renew(n_most)
            row = 0
        self._update(
            block.samples_uv,
            block.time_s,
            block.taint,
            block.first_sample,
            self._bundle.addresses,
        )
        stop = self._n_written.item()
        return self._estimates(row, stop) if stop > row else self.none

    def call(self, n_most: int, *inputs: object) -> Estimates:
        """Return the hops that other inputs complete, at most `n_most` of them."""
        row = self._n_written.item()
        if row + n_most > self._n_rows:
            self._renew(n_most)
            row = 0
        self._update(*inputs, self._bundle.addresses)
        stop = self._n_written.item()
        return self._estimates(row, stop) if stop > row else self.none

    def require_edges(self, n_edges: int) -> None:
        """Make ``edges`` of the state large enough for this number; none may be left in it."""
        state: Any = self.state
        if state.edges.kind.size < n_edges:
            self._bundle.replace(edges=empty_edges(n_edges))

    def _estimates(self, row: int, stop: int) -> Estimates:
        return Estimates(
            self._detector,
            self._sample[row:stop],
            self._time_s[row:stop],
            self._values[row:stop],
            self._valid[row:stop],
            self._taint[row:stop],
        )

    def _renew(self, n_most: int) -> None:
        """Begin a new page with at least this number of rows."""
        self._n_rows = max(n_most, self._page_rows)
        hops = empty_hops(self._n_rows, self._n_outputs)
        self._sample, self._time_s, self._values, self._valid, counter = hops
        self._n_written = counter.view("n_written")
        self._taint = np.zeros(self._n_rows, dtype=np.uint16)
        self._bundle.replace(hops=hops)
