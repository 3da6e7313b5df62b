"""Hops are written to pages, each once, however many hops one call completes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block
from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1
from detectors.compiling.opened import opened
from detectors.estimates import Estimates
from detectors.kernels.hop_kernel import HopKernel
from detectors.kernels.hops import NO_HOPS, Hops, add_hop, write_value

_N_OUTPUTS = 40
_HOP_SAMPLES = 3


class _State(NamedTuple):
    #: Samples so far.
    n_samples: Array1[np.int64]
    hops: Hops = NO_HOPS


@kernel
def _update(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],  # noqa: ARG001 kernels of blocks take these
    first_sample: int,
    addresses: NDArray[np.int64],
) -> None:
    state = opened(_State, addresses)
    for row in range(samples_uv.shape[0]):
        state.n_samples[0] += 1
        if state.n_samples[0] % _HOP_SAMPLES == 0:
            hop = add_hop(state.hops, first_sample + row, time_s[row])
            for output in range(_N_OUTPUTS):
                is_valid = (first_sample + row + output) % 4 != 0
                write_value(state.hops, hop, output, samples_uv[row, 0] + output, is_valid)


def _seen(n_samples_of_call: list[int]) -> list[Estimates]:
    """Return the hops of each call, for a stream whose samples are their own indices."""
    hops = HopKernel(_update, "d", _N_OUTPUTS, _State(np.zeros(1, dtype=np.int64)))
    first = 0
    found = []
    for n_samples in n_samples_of_call:
        sample = np.arange(first, first + n_samples)
        time_s = (0.5 * sample).astype(np.float64)
        taint = np.zeros((n_samples, 1), dtype=np.uint16)
        block = Block("S", first, sample[:, None].astype(np.float64), time_s, taint)
        found.append(hops.update(block, _HOP_SAMPLES))
        first += n_samples
    return found


def test_no_row_is_written_twice_on_however_many_pages() -> None:
    n_samples_of_call = np.random.default_rng(3).integers(1, 9, 2000).tolist()
    n_samples_of_call[700] = 30_000  # more hops than a page holds
    found = _seen(n_samples_of_call)
    sample = np.concatenate([each.sample for each in found])
    expected = np.arange(_HOP_SAMPLES - 1, sum(n_samples_of_call), _HOP_SAMPLES)
    assert sample.tolist() == expected.tolist()
    output = np.arange(_N_OUTPUTS)
    for each in found:
        is_valid = (each.sample[:, None] + output) % 4 != 0
        values = np.where(is_valid, each.sample[:, None] + output, 0.0)
        assert each.values.tolist() == values.tolist()
        assert each.valid.tolist() == is_valid.tolist()
        assert each.time_s.tolist() == (0.5 * each.sample).tolist()
        assert not each.taint.any()


def test_estimates_are_what_kernels_take_without_being_compiled_anew() -> None:
    for each in _seen([1, 2, 3, 300]):
        assert all(
            array.flags.carray
            for array in (each.sample, each.time_s, each.values, each.valid, each.taint)
        )


def test_a_call_that_completes_no_hop_gives_none() -> None:
    found = _seen([1, 1, 1, 1])
    assert [each.sample.size for each in found] == [0, 0, 1, 0]
    assert all(each.values.shape[1] == _N_OUTPUTS for each in found)
