"""The loop over the samples of a block, the same for every kernel that takes them one by one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.kernels.hops import add_hop
from detectors.kernels.trust import RESTART


def sample_loop(
    state_type: type[Any],
    restart: Callable[..., None],
    take: Callable[..., None],
    write: Callable[..., None],
) -> Callable[..., None]:
    """Return the entry point of a kernel: samples in, a row of outputs at every hop.

    Parameters
    ----------
    state_type : type
        A class of `detectors.compiling.bundle` with ``columns``, ``hops`` and ``counters``, which
        has ``since_hop`` and ``hop_samples``.
    restart : kernel
        ``restart(state)``, where the stream begins anew: forgets all channels.
    take : kernel
        ``take(samples_uv, taint, row, state, addresses)``: takes one sample of all channels.
    write : kernel
        ``write(hop, taint, state, addresses)``: writes the outputs of the hop that ends with it.

    Returns
    -------
    kernel
        ``update(samples_uv, time_s, taint, first_sample, addresses)``: takes a block, see
        `detectors.block.Block`, and the addresses of a bundle of `state_type`.

    Notes
    -----
    The parts become part of the loop: it costs what it would cost written out. No part is handed a
    row by itself: a view of an array that compiled code was handed costs 5 to 10 ns.
    """

    def update(
        samples_uv: NDArray[np.float64],
        time_s: NDArray[np.float64],
        taint: NDArray[np.uint16],
        first_sample: int,
        addresses: NDArray[np.int64],
    ) -> None:
        state = opened(state_type, addresses)
        counters = state.counters
        hop_samples = counters.hop_samples
        since_hop = counters.since_hop
        for row in range(samples_uv.shape[0]):
            if taint[row, state.columns[0]] & RESTART:
                restart(state)
                since_hop = 0
            take(samples_uv, taint, row, state, addresses)
            since_hop += 1
            if since_hop == hop_samples:
                since_hop = 0
                hop = add_hop(state.hops, first_sample + row, time_s[row])
                write(hop, taint[row], state, addresses)
        counters.since_hop = since_hop

    # Each loop is kept on disk by its name.
    update.__qualname__ = f"{state_type.__module__}.update"
    return kernel(update)
