"""How high the highest point of a spectrum over its 1/f line is where there is no peak."""

import functools
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window

from replay.inspection.one_over_f import FitGrid, correlation_of, fit, worth_of

#: Simulated spectra: the smallest p is one part in five thousand.
N_SIMULATED: Final = 4999
_SEED: Final = 20120
#: Segments up to which the noise itself is simulated; beyond, bins are nearly normal.
_N_SIMULATED_SEGMENTS: Final = 32


def p_of(height_db: float, grid: FitGrid, n_segments: int) -> float:
    """Return how often noise of a 1/f spectrum has a point as high, anywhere in the search.

    Parameters
    ----------
    height_db : float
        A smoothed bin over the line.
    grid : FitGrid
        Where the line was fitted and peaks were searched for.
    n_segments : int
        Half-overlapping segments of the spectrum.

    Notes
    -----
    A Monte Carlo test [1]_: ``(1 + n) / (1 + 4999)``, with n of 4999 simulated spectra of noise
    whose highest point is as high; each went through the same fit. Up to 32 segments the noise
    itself is simulated; beyond, its bins: gamma variables whose shape is the number of
    independent segments, with the correlation of neighbours that a Hann window gives. The
    exponent of the noise makes next to no difference to what is over the line: white noise
    stands for all.

    References
    ----------
    .. [1] A. C. A. Hope, "A simplified Monte Carlo significance test procedure", Journal of the
       Royal Statistical Society B 30(3), 1968, doi:10.1111/j.2517-6161.1968.tb00759.x.
    """
    maxima_db = _maxima_db(_Case.of(grid, n_segments))
    return float(1 + (maxima_db >= height_db).sum()) / (1 + N_SIMULATED)


class _Case(NamedTuple):
    """A grid as bytes, and a number of segments: what a simulation depends on."""

    frequency_hz: bytes
    is_anchor: bytes
    is_masked: bytes
    is_searched: bytes
    segment_s: float
    n_segments: int

    @classmethod
    def of(cls, grid: FitGrid, n_segments: int) -> Self:
        """Return the case of a grid."""
        return cls(
            grid.frequency_hz.tobytes(),
            grid.is_anchor.tobytes(),
            grid.is_masked.tobytes(),
            grid.is_searched.tobytes(),
            grid.segment_s,
            n_segments,
        )

    @property
    def grid(self) -> FitGrid:
        """The grid."""
        return FitGrid(
            np.frombuffer(self.frequency_hz),
            np.frombuffer(self.is_anchor, np.bool_),
            np.frombuffer(self.is_masked, np.bool_),
            np.frombuffer(self.is_searched, np.bool_),
            self.segment_s,
        )


@functools.lru_cache(maxsize=64)
def _maxima_db(case: _Case) -> NDArray[np.float64]:
    """Return the highest point of each simulated spectrum over its line."""
    grid, n_segments = case.grid, case.n_segments
    random = np.random.default_rng(_SEED)
    power = (
        _of_noise(grid, n_segments, random)
        if n_segments <= _N_SIMULATED_SEGMENTS
        else _of_bins(grid.frequency_hz.size, worth_of(n_segments), random)
    )
    found = fit(power, grid, worth_of(n_segments))
    maxima_db: NDArray[np.float64] = found.over_db[:, grid.is_searched].max(axis=1)
    return maxima_db


def _of_noise(grid: FitGrid, n_segments: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return spectra of white noise, sampled as slowly as the highest bin allows."""
    bins = np.round(grid.frequency_hz * grid.segment_s).astype(np.int64)
    step = int(bins[-1]) + 4
    window = get_window("hann", 2 * step)
    made = np.empty((N_SIMULATED, bins.size))
    for row in made:
        halves = random.standard_normal((n_segments + 1, step))
        segments = np.concatenate((halves[:-1], halves[1:]), axis=1)
        segments -= segments.mean(axis=1, keepdims=True)
        parts = np.fft.rfft(segments * window, axis=1)[:, bins]
        row[:] = (parts.real**2 + parts.imag**2).mean(axis=0)
    return made


def _of_bins(n_bins: int, worth: float, random: np.random.Generator) -> NDArray[np.float64]:
    """Return gamma variables, by Wilson and Hilferty's cube of correlated normal ones."""
    root = np.linalg.cholesky(correlation_of(n_bins))
    normal = random.standard_normal((N_SIMULATED, n_bins)) @ root.T
    made: NDArray[np.float64] = (1.0 - 1.0 / (9.0 * worth) + normal / (3.0 * np.sqrt(worth))) ** 3
    return made
