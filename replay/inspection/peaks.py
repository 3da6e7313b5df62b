"""Peaks of a spectrum over its 1/f line: where, how high, how wide, and how sure."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from replay.inspection.one_over_f import FitGrid, OneOverF, fit, worth_of
from replay.inspection.peak_null import p_of

#: The least height of a peak, and how far it must stand above its own flanks.
HEIGHT_DB_MIN: Final = 1.0
#: What is wider is no rhythm.
WIDTH_HZ_MAX: Final = 12.0
#: Highest chance of a peak in noise.
P_MAX: Final = 0.05
_N_RESAMPLED: Final = 200
_SEED: Final = 20150
_INTERVAL: Final = (2.5, 97.5)
#: How far a resampled peak may be from the peak it is of.
_SAME_PEAK_HZ: Final = 2.0


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """A peak over the 1/f line.

    Parameters
    ----------
    frequency_hz : float
        The middle of what is higher than half its height over the line.
    low_hz, high_hz : float
        Its 95 % interval, from a bootstrap over segments.
    height_db : float
        Its highest point over the line.
    low_db, high_db : float
        The 95 % interval of that.
    width_hz : float
        Full width at half its height over the line.
    p : float
        How often noise of a 1/f spectrum without a peak has a point as high, anywhere where peaks
        were searched for.
    """

    frequency_hz: float
    low_hz: float
    high_hz: float
    height_db: float
    low_db: float
    high_db: float
    width_hz: float
    p: float


class LineFit(msgspec.Struct, frozen=True, kw_only=True):
    """The 1/f line of a channel: ``log10 P(f) = offset - exponent log10 f``.

    Parameters
    ----------
    exponent, offset : float
        The offset in log10 µV²/Hz at 1 Hz.
    exponent_low, exponent_high : float
        The 95 % interval of the exponent, from a bootstrap over segments.
    from_hz, to_hz : float
        Where it was fitted.
    """

    exponent: float
    offset: float
    exponent_low: float
    exponent_high: float
    from_hz: float
    to_hz: float


class Decomposed(msgspec.Struct, frozen=True, kw_only=True):
    """A spectrum as a line and the peaks over it, the highest first."""

    line: LineFit
    peaks: tuple[Peak, ...]


def decompose(sums: NDArray[np.float64], counts: NDArray[np.int64], grid: FitGrid) -> Decomposed:
    """Fit the line of one channel and find the peaks over it.

    Parameters
    ----------
    sums : ndarray of float64, shape (n_blocks, n_bins)
        Densities summed over blocks of segments, at the bins of the grid.
    counts : ndarray of int64, shape (n_blocks,)
        Segments in each.
    grid : FitGrid
        Where to fit and to search.

    Notes
    -----
    Peaks are over a line as of [1]_; a peak counts where noise alone has one as high in at most
    one recording of twenty (`replay.inspection.peak_null`), it stands 1 dB above the line and
    above its own flanks, and is at most 12 Hz wide. Intervals are percentiles of 200 resamplings
    of the blocks with replacement [2]_.

    References
    ----------
    .. [1] T. Donoghue et al., "Parameterizing neural power spectra into periodic and aperiodic
       components", Nature Neuroscience 23, 2020, doi:10.1038/s41593-020-00744-x.
    .. [2] B. Efron, R. J. Tibshirani, "An introduction to the bootstrap", 1993,
       doi:10.1201/9780429246593.
    """
    n_segments = int(counts.sum())
    worth = worth_of(n_segments)
    whole = fit((sums.sum(axis=0) / n_segments)[None], grid, worth)
    resampled = _resampled(sums, counts, grid, worth)
    low, high = np.percentile(resampled.exponent, _INTERVAL)
    line = LineFit(
        exponent=float(whole.exponent[0]),
        offset=float(whole.offset[0]),
        exponent_low=float(low),
        exponent_high=float(high),
        from_hz=float(grid.frequency_hz[0]),
        to_hz=float(grid.frequency_hz[-1]),
    )
    return Decomposed(line=line, peaks=tuple(_peaks(whole, resampled, grid, n_segments)))


def _resampled(
    sums: NDArray[np.float64], counts: NDArray[np.int64], grid: FitGrid, worth: float
) -> OneOverF:
    random = np.random.default_rng(_SEED)
    picked = random.multinomial(len(sums), np.full(len(sums), 1.0 / len(sums)), _N_RESAMPLED)
    taken = picked @ counts
    taken_sums = picked @ sums
    power = taken_sums[taken > 0] / taken[taken > 0, None]
    return fit(power, grid, worth)


def _peaks(whole: OneOverF, resampled: OneOverF, grid: FitGrid, n_segments: int) -> list[Peak]:
    over_db = whole.over_db[0]
    at, told = find_peaks(over_db, height=HEIGHT_DB_MIN, prominence=HEIGHT_DB_MIN)
    found: list[Peak] = []
    for number in np.argsort(-over_db[at]):
        k = int(at[number])
        # A lower peak ends where the flank of a higher one begins.
        flanks = int(told["left_bases"][number]), int(told["right_bases"][number])
        p = p_of(float(over_db[k]), grid, n_segments)
        centre_hz, width_hz = _middle_and_width(over_db, k, flanks, grid)
        if not grid.is_searched[k] or p > P_MAX or width_hz > WIDTH_HZ_MAX:
            continue
        near = np.flatnonzero(np.abs(grid.frequency_hz - grid.frequency_hz[k]) <= _SAME_PEAK_HZ)
        tops = near[np.argmax(resampled.over_db[:, near], axis=1)]
        rows = zip(resampled.over_db, tops.tolist(), strict=True)
        again_hz = [_middle_and_width(row, top, flanks, grid)[0] for row, top in rows]
        low_hz, high_hz = np.percentile(again_hz, _INTERVAL)
        low_db, high_db = np.percentile(resampled.over_db[:, near].max(axis=1), _INTERVAL)
        found.append(
            Peak(
                frequency_hz=centre_hz,
                low_hz=min(float(low_hz), centre_hz),
                high_hz=max(float(high_hz), centre_hz),
                height_db=float(over_db[k]),
                low_db=float(low_db),
                high_db=float(high_db),
                width_hz=width_hz,
                p=p,
            )
        )
    return found


def _middle_and_width(
    over_db: NDArray[np.float64], top: int, flanks: tuple[int, int], grid: FitGrid
) -> tuple[float, float]:
    """Return the centre of mass of what is above half the height, and the width there."""
    hz = grid.frequency_hz
    over = 10.0 ** (over_db / 10.0) - 1.0
    half = over[top] / 2.0
    if half <= 0.0:
        return float(hz[top]), 0.0
    below = np.flatnonzero(over < half)
    first, last = min(flanks[0], top), max(flanks[1], top)
    left = max(int(below[below < top].max(initial=-1)) + 1, first)
    right = min(int(below[below > top].min(initial=over.size)) - 1, last)
    weight = over[left : right + 1] - half * 0.999
    before = _part(over, left, left - 1, half) if left > first else 0.0
    after = _part(over, right, right + 1, half) if right < last else 0.0
    width_hz = float(hz[right] - hz[left]) + (before + after) * grid.bin_hz
    return float(weight @ hz[left : right + 1] / weight.sum()), width_hz


def _part(over: NDArray[np.float64], inside: int, outside: int, half: float) -> float:
    """Return where, from one bin to its neighbour, the curve passes half its height."""
    return float((over[inside] - half) / (over[inside] - over[outside]))
