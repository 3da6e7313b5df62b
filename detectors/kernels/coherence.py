"""Cross-spectra of pairs over a sliding window of Welch segments, summed without subtracting."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, Taint

#: Beyond this a sample is no voltage; it counts as tainted and never reaches a segment.
_LIMIT_UV: Final = 1e12
#: A bin with no more than this, over the window, is dead: there is no phase to compare.
_DEAD: Final = 1e-24
#: Samples that are added in one pass over the bins of a segment.
PASS: Final = 4

#: Places in the `state` array: samples and whole segments since the restart.
SAMPLES: Final = 0
SEGMENTS: Final = 1
N_STATE: Final = 2

#: Rows of one channel's segment in `spectra`.
_RE: Final = 0
_IM: Final = 1
_UNIT_RE: Final = 2
_UNIT_IM: Final = 3
N_SPECTRUM: Final = 4

#: Rows of one pair in the sums, which follow one row of power for each channel.
_CROSS_RE: Final = 0
_CROSS_IM: Final = 1
_LOCK_RE: Final = 2
_LOCK_IM: Final = 3
_SIZE_IM: Final = 4
N_SUMS: Final = 5

#: Columns of a pair in the output.
COHERENCE: Final = 0
IMAGINARY: Final = 1
PHASE_LOCKING: Final = 2
PHASE_LAG: Final = 3
LEVEL: Final = 4
LOWER: Final = 5
N_COLUMNS: Final = 6
#: So many of them are averaged over the bins of the band.
N_AVERAGED: Final = 4

_RESTART: Final = int(Taint.RESTART)
_SPOILS_WINDOW: Final = int(WINDOW_TAINT)
_SPOILS_NEWEST: Final = int(NEWEST_TAINT)


@njit(cache=True, nogil=True, error_model="numpy")
def fold(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    pairs: NDArray[np.int64],
    table: NDArray[np.float64],
    step: int,
    hop: int,
    n_segments: int,
    level: float,
    margin: float,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
    ring: NDArray[np.float64],
    piece: NDArray[np.float64],
    folded: NDArray[np.float64],
    spectra: NDArray[np.float64],
    newest: NDArray[np.float64],
    middle: NDArray[np.float64],
    oldest: NDArray[np.float64],
    measures: NDArray[np.float64],
    out_sample: NDArray[np.int64],
    out_time_s: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> int:
    """Fold samples in and write every hop they complete; return the number of hops.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        A block, see `detectors.block.Block`.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    pairs : ndarray of int64, shape (n_pairs, 2)
        Places in `columns`.
    table : ndarray of float64, shape (n_segment // 2 rounded up to whole passes, 2, n_bins)
        Window times cosine and minus sine of each bin, from a segment's second sample to its
        middle; zeros beyond.
    step, hop, n_segments : int
        Samples from one segment to the next, from one estimate to the next (whole steps), and
        segments in the window.
    level, margin : float
        Level that chance exceeds rarely; how far the lower bound is below, in atanh.
    state, clean, ring, piece, folded, spectra, newest, middle, oldest, measures
        What is kept between calls: see `detectors.coherence`.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.

    Notes
    -----
    Segments are counted in blocks of half a window. The window is what is there of the newest
    block, the whole block before it, and the last segments of the one before that. Sums of the
    last 1, 2, .. segments of a block are made while the next block comes in, one a step, so they
    are all there when it becomes the oldest. Nothing is ever subtracted: no drift, and what has
    left the window has left every sum.
    """
    n_segment = ring.shape[1]
    n_window = (n_segments - 1) * step + n_segment
    n_hops = 0
    n_samples = state[SAMPLES]
    n_found = state[SEGMENTS]
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & _RESTART:
            clean[:] = 0
            newest[:] = 0.0
            n_samples = n_found = 0
        _load(samples_uv[row], taint[row], columns, n_samples, clean, ring)
        n_samples += 1
        if n_samples % step != 0:
            continue
        if n_samples >= n_segment:
            _transform(
                ring, n_samples % n_segment, table, piece, folded, spectra[n_found % len(spectra)]
            )
            _gather(spectra, n_found, pairs, newest, middle, oldest)
            n_found += 1
        if n_samples % hop == 0:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            n_half = len(spectra) // 2
            n_newest = n_found % n_half
            block = (n_found // n_half) % 2
            n_oldest = n_segments - n_half - n_newest
            _emit(
                newest,
                middle,
                oldest[block * (n_half + 1) + n_oldest],
                n_segments,
                n_window,
                level,
                margin,
                taint[row],
                columns,
                pairs,
                clean,
                measures,
                out_values[n_hops],
                out_valid[n_hops],
            )
            n_hops += 1
    state[SAMPLES] = n_samples
    state[SEGMENTS] = n_found
    return n_hops


@njit(cache=True, nogil=True, error_model="numpy")
def _load(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    n_samples: int,
    clean: NDArray[np.int64],
    ring: NDArray[np.float64],
) -> None:
    """Put a sample into the ring, the last good value in the place of what is no voltage."""
    n_segment = ring.shape[1]
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        clean[channel] += 1
        if taint[column] & _SPOILS_WINDOW:
            clean[channel] = 0
        if not abs(value) <= _LIMIT_UV:
            clean[channel] = 0
            value = ring[channel, (n_samples - 1) % n_segment] if n_samples > 0 else 0.0
        ring[channel, n_samples % n_segment] = value


@njit(cache=True, nogil=True, error_model="numpy")
def _transform(
    ring: NDArray[np.float64],
    start: int,
    table: NDArray[np.float64],
    piece: NDArray[np.float64],
    folded: NDArray[np.float64],
    spectrum: NDArray[np.float64],
) -> None:
    """Compute the windowed spectrum of the newest segment, its mean removed, and its phases.

    Window and cosine are even and the sine is odd about the segment's first sample, which itself
    has no weight, so sums and differences of mirrored samples take half the products.
    """
    n_segment = ring.shape[1]
    n_bins = table.shape[2]
    for channel in range(ring.shape[0]):
        # Counted from the segment's first sample, so an offset costs no precision.
        origin = ring[channel, start]
        total = 0.0
        at = start
        for place in range(n_segment):
            piece[place] = ring[channel, at] - origin
            total += piece[place]
            at = at + 1 if at + 1 < n_segment else 0
        mean = total / n_segment
        for place in range(1, (n_segment + 1) // 2):
            early = piece[place] - mean
            late = piece[n_segment - place] - mean
            folded[place - 1, 0] = late + early
            folded[place - 1, 1] = early - late
        if n_segment % 2 == 0:
            folded[n_segment // 2 - 1, 0] = piece[n_segment // 2] - mean
        rows = spectrum[channel]
        rows[:] = 0.0
        for at in range(0, table.shape[0], PASS):
            for part in range(2):
                x0, x1 = folded[at, part], folded[at + 1, part]
                x2, x3 = folded[at + 2, part], folded[at + 3, part]
                for k in range(n_bins):
                    rows[part, k] += (x0 * table[at, part, k] + x1 * table[at + 1, part, k]) + (
                        x2 * table[at + 2, part, k] + x3 * table[at + 3, part, k]
                    )
        for k in range(n_bins):
            size = np.sqrt(rows[_RE, k] * rows[_RE, k] + rows[_IM, k] * rows[_IM, k])
            if size > 0.0:
                rows[_UNIT_RE, k] = rows[_RE, k] / size
                rows[_UNIT_IM, k] = rows[_IM, k] / size


@njit(cache=True, nogil=True, error_model="numpy")
def _gather(
    spectra: NDArray[np.float64],
    n_found: int,
    pairs: NDArray[np.int64],
    newest: NDArray[np.float64],
    middle: NDArray[np.float64],
    oldest: NDArray[np.float64],
) -> None:
    """Take a segment into the newest block, and one of the block before into its last sums."""
    n_half = len(spectra) // 2
    place = n_found % n_half
    block = (n_found // n_half) % 2
    _add(spectra[block * n_half + place], pairs, newest, newest)
    if n_found >= n_half:
        before = (1 - block) * (n_half + 1) + place
        mirrored = spectra[(1 - block) * n_half + n_half - 1 - place]
        _add(mirrored, pairs, oldest[before], oldest[before + 1])
    if place == n_half - 1:
        middle[:] = newest
        newest[:] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _add(
    spectrum: NDArray[np.float64],
    pairs: NDArray[np.int64],
    given: NDArray[np.float64],
    made: NDArray[np.float64],
) -> None:
    """Add the products of one segment to the sums `given`, into `made`."""
    n_channels, _, n_bins = spectrum.shape
    for channel in range(n_channels):
        own = spectrum[channel]
        for k in range(n_bins):
            power = own[_RE, k] * own[_RE, k] + own[_IM, k] * own[_IM, k]
            made[channel, k] = given[channel, k] + power
    for pair in range(len(pairs)):
        a = spectrum[pairs[pair, 0]]
        b = spectrum[pairs[pair, 1]]
        row = n_channels + pair * N_SUMS
        for k in range(n_bins):
            cross_re = a[_RE, k] * b[_RE, k] + a[_IM, k] * b[_IM, k]
            cross_im = a[_IM, k] * b[_RE, k] - a[_RE, k] * b[_IM, k]
            lock_re = a[_UNIT_RE, k] * b[_UNIT_RE, k] + a[_UNIT_IM, k] * b[_UNIT_IM, k]
            lock_im = a[_UNIT_IM, k] * b[_UNIT_RE, k] - a[_UNIT_RE, k] * b[_UNIT_IM, k]
            made[row + _CROSS_RE, k] = given[row + _CROSS_RE, k] + cross_re
            made[row + _CROSS_IM, k] = given[row + _CROSS_IM, k] + cross_im
            made[row + _LOCK_RE, k] = given[row + _LOCK_RE, k] + lock_re
            made[row + _LOCK_IM, k] = given[row + _LOCK_IM, k] + lock_im
            made[row + _SIZE_IM, k] = given[row + _SIZE_IM, k] + abs(cross_im)


@njit(cache=True, nogil=True, error_model="numpy")
def _emit(
    newest: NDArray[np.float64],
    middle: NDArray[np.float64],
    oldest: NDArray[np.float64],
    n_segments: int,
    n_window: int,
    level: float,
    margin: float,
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    pairs: NDArray[np.int64],
    clean: NDArray[np.int64],
    measures: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the columns of every pair."""
    for pair in range(len(pairs)):
        is_valid = True
        for channel in pairs[pair]:
            is_valid = is_valid and clean[channel] >= n_window
            is_valid = is_valid and not taint[columns[channel]] & _SPOILS_NEWEST
        if is_valid:
            is_valid = _measure(
                newest, middle, oldest, n_segments, columns.size, pairs, pair, measures
            )
        first = pair * N_COLUMNS
        out_valid[first : first + N_COLUMNS] = is_valid
        out_values[first : first + N_COLUMNS] = 0.0
        if not is_valid:
            continue
        n_bins = measures.shape[1]
        total = imaginary = locking = lag = 0.0
        for k in range(n_bins):
            total += measures[COHERENCE, k]
            imaginary += measures[IMAGINARY, k]
            locking += measures[PHASE_LOCKING, k]
            lag += measures[PHASE_LAG, k]
        coherence = min(total / n_bins, 1.0)
        bound = np.tanh(max(0.0, np.arctanh(np.sqrt(coherence)) - margin))
        out_values[first + COHERENCE] = coherence
        out_values[first + IMAGINARY] = imaginary / n_bins
        out_values[first + PHASE_LOCKING] = locking / n_bins
        out_values[first + PHASE_LAG] = lag / n_bins
        out_values[first + LEVEL] = level
        out_values[first + LOWER] = bound * bound


@njit(cache=True, nogil=True, error_model="numpy")
def _measure(
    newest: NDArray[np.float64],
    middle: NDArray[np.float64],
    oldest: NDArray[np.float64],
    n_segments: int,
    n_channels: int,
    pairs: NDArray[np.int64],
    pair: int,
    measures: NDArray[np.float64],
) -> bool:
    """Compute the measures of a pair at each bin; return whether no bin is dead."""
    a = pairs[pair, 0]
    b = pairs[pair, 1]
    row = n_channels + pair * N_SUMS
    n_dead = 0
    for k in range(measures.shape[1]):
        power_a = oldest[a, k] + middle[a, k] + newest[a, k]
        power_b = oldest[b, k] + middle[b, k] + newest[b, k]
        n_dead += int(power_a <= _DEAD) + int(power_b <= _DEAD)
        r = row + _CROSS_RE
        cross_re = oldest[r, k] + middle[r, k] + newest[r, k]
        r = row + _CROSS_IM
        cross_im = oldest[r, k] + middle[r, k] + newest[r, k]
        r = row + _LOCK_RE
        lock_re = oldest[r, k] + middle[r, k] + newest[r, k]
        r = row + _LOCK_IM
        lock_im = oldest[r, k] + middle[r, k] + newest[r, k]
        r = row + _SIZE_IM
        size_im = oldest[r, k] + middle[r, k] + newest[r, k]
        power = power_a * power_b
        measures[COHERENCE, k] = (cross_re * cross_re + cross_im * cross_im) / power
        measures[IMAGINARY, k] = cross_im / np.sqrt(power)
        measures[PHASE_LOCKING, k] = np.sqrt(lock_re * lock_re + lock_im * lock_im) / n_segments
        measures[PHASE_LAG, k] = abs(cross_im) / max(size_im, 1e-300)
    return n_dead == 0
