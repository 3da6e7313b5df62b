"""Surrogates of a channel: the same spectrum, gaps and flaws, and phases that are random."""

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import WINDOW_TAINT, Block, Taint

_SPOILS: Final = np.uint16(WINDOW_TAINT)
_RESTART: Final = np.uint16(Taint.RESTART)


def phase_randomised(block: Block, random: np.random.Generator) -> Block:
    """Return a channel whose rhythms come and go as those of noise with its spectrum do.

    Parameters
    ----------
    block : Block
        One channel.
    random : Generator
        Where the phases come from.

    Notes
    -----
    The transform of each row of good samples without a gap keeps its amplitudes and gets phases
    that are uniform and independent [1]_. A row first loses the straight line from its first
    sample to its last, so that its ends meet and their step adds nothing to the spectrum. What is
    not good stays as it is, with its taint.

    References
    ----------
    .. [1] J. Theiler et al., "Testing for nonlinearity in time series: the method of surrogate
       data", Physica D 58, 1992, doi:10.1016/0167-2789(92)90102-S.
    """
    samples_uv = block.samples_uv.copy()
    is_good = (block.taint[:, 0] & _SPOILS) == 0
    is_cut = (block.taint[:, 0] & _RESTART) != 0
    is_cut[1:] |= is_good[1:] != is_good[:-1]
    is_cut[0] = True
    edges = [*np.flatnonzero(is_cut).tolist(), is_good.size]
    for start, stop in pairwise(edges):
        if is_good[start] and stop - start > 3:
            samples_uv[start:stop, 0] = _randomised(samples_uv[start:stop, 0], random)
    return Block(block.stream, block.first_sample, samples_uv, block.time_s, block.taint)


def _randomised(row_uv: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    slope = np.linspace(row_uv[0], row_uv[-1], row_uv.size)
    parts = np.fft.rfft(row_uv - slope)
    phases = np.exp(2j * np.pi * random.random(parts.size))
    # The mean, and of an even length the highest frequency, have no phase.
    phases[0] = 1.0
    if row_uv.size % 2 == 0:
        phases[-1] = 1.0
    made: NDArray[np.float64] = np.fft.irfft(parts * phases, row_uv.size)
    return made
