"""Fourier sums of a window, to which samples are added some at a time."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.fused import fused
from detectors.power.periodogram_state import BIN, BOTH, GROUP, IMAGINARY, LANES, PASS, State

#: Up to this number samples are added one by one.
_FEW: Final = 2
_HALF: Final = PASS // 2


@kernel
def add_waiting(n_waiting: int, first: int, state: State) -> None:
    """Add the samples that wait to the sums, the first of them at this half sample."""
    if n_waiting > _FEW:
        _fill(state.work, n_waiting)
        _look_up(state.twiddle_table, state.bins, first + PASS - 1, state.twiddles)
        _add_pass(state.work, state.pass_table, state.twiddles, state.sums)
    else:
        for row in range(n_waiting):
            _look_up(state.twiddle_table, state.bins, first + 2 * row, state.twiddles)
            _add_one(state.work, state.twiddles, state.sums, row)


@kernel
def _look_up(
    table: NDArray[np.float64],
    bins: NDArray[np.int64],
    half_sample: int,
    twiddles: NDArray[np.float64],
) -> None:
    """Look twiddle factors up, by index, so that no rotation error grows.

    Half samples are counted from the period's first sample. Bin 0 gets none: the mean of the
    window has no part in the estimate.
    """
    n_steps = table.shape[1]
    for number in range(twiddles.shape[0]):
        k = bins[number]
        if k != 0:
            step = (k * half_sample) % n_steps
            twiddles[number, 0] = table[0, step]
            twiddles[number, 1] = table[1, step]


@kernel
def _fill(work: NDArray[np.float64], n_waiting: int) -> None:
    """Let a pass that is not whole end in zeros."""
    for group in range(work.size // GROUP):
        for lane in range(n_waiting * BOTH, PASS * BOTH):
            work[group * GROUP + lane] = 0.0


@kernel
def _add_pass(
    work: NDArray[np.float64],
    pass_table: NDArray[np.float64],
    twiddles: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add `PASS` samples to every sum.

    Seen from their middle, cosines are even and sines odd, so sums and differences of mirrored
    samples take half the products; the result is then rotated to where the middle is.
    """
    n_bins = twiddles.shape[0]
    width = work.size // (work.size // GROUP) // PASS  # unknown to the compiler, as below
    for group in range(work.size // GROUP):
        w = group * GROUP
        for row in range(_HALF):
            early = w + row * BOTH
            late = w + (PASS - 1 - row) * BOTH
            for lane in range(BOTH):
                total = work[late + lane] + work[early + lane]
                work[late + lane] -= work[early + lane]
                work[early + lane] = total
        for number in range(n_bins):
            at = (group * n_bins + number) * BIN
            c = twiddles[number, 0]
            s = twiddles[number, 1]
            c0, c1, c2 = pass_table[number, 0], pass_table[number, 1], pass_table[number, 2]
            c3, c4 = pass_table[number, 3], pass_table[number, 4]
            s0, s1, s2 = pass_table[number, 5], pass_table[number, 6], pass_table[number, 7]
            s3, s4 = pass_table[number, 8], pass_table[number, 9]
            for lane in range(width):
                even = work[w + lane] * c0
                even = fused(work[w + BOTH + lane], c1, even)
                even = fused(work[w + 2 * BOTH + lane], c2, even)
                even = fused(work[w + 3 * BOTH + lane], c3, even)
                even = fused(work[w + 4 * BOTH + lane], c4, even)
                odd = work[w + 9 * BOTH + lane] * s0
                odd = fused(work[w + 8 * BOTH + lane], s1, odd)
                odd = fused(work[w + 7 * BOTH + lane], s2, odd)
                odd = fused(work[w + 6 * BOTH + lane], s3, odd)
                odd = fused(work[w + 5 * BOTH + lane], s4, odd)
                sums[at + lane] = fused(even, c, fused(odd, s, sums[at + lane]))
                at_im = at + IMAGINARY + lane
                sums[at_im] = fused(even, s, fused(odd, -c, sums[at_im]))


@kernel
def _add_one(
    work: NDArray[np.float64], twiddles: NDArray[np.float64], sums: NDArray[np.float64], row: int
) -> None:
    """Add one sample to every sum."""
    n_bins = twiddles.shape[0]
    for group in range(work.size // GROUP):
        w = group * GROUP + row * BOTH
        for number in range(n_bins):
            at = (group * n_bins + number) * BIN
            c = twiddles[number, 0]
            s = twiddles[number, 1]
            for lane in range(BOTH):
                sums[at + lane] += work[w + lane] * c
                sums[at + IMAGINARY + lane] += work[w + lane] * s


@kernel
def renew(sums: NDArray[np.float64]) -> None:
    """Replace the running sums by those that began with this window."""
    for at in range(0, sums.size, BOTH):
        for lane in range(LANES):
            sums[at + lane] = sums[at + LANES + lane]
            sums[at + LANES + lane] = 0.0
