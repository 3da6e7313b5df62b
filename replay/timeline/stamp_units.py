"""The unit of a recording's stamps: seconds, or by mistake milli-, micro- or nanoseconds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replay.recording import RecordedStream, ranges
from replay.timeline.filled_stamps import BLOCK_SAMPLES
from streamer.stamp_rate import SECONDS, StampRate, StampUnit, looks_like


def stamp_units(streams: Sequence[RecordedStream], near_s: float) -> list[StampUnit]:
    """Return the unit of each stream's stamps.

    Parameters
    ----------
    streams : sequence of RecordedStream
        Of one recording. A signal's unit follows from its nominal rate, that of markers from all
        signals where they count the same.
    near_s : float
        A signal whose stamps, as seconds, begin and end as near to those of one that counts
        seconds, has another rate than it says, and not another unit.
    """
    signals = [each for each in streams if each.is_signal and each.n_samples]
    found = {id(each): _unit(each) for each in signals}
    sure_s = [_ends_s(each) for each in signals if found[id(each)] == SECONDS]
    for each in signals:
        if any((np.abs(_ends_s(each) - ends_s) <= near_s).all() for ends_s in sure_s):
            found[id(each)] = SECONDS
    of_all = set(found.values())
    of_markers = of_all.pop() if len(of_all) == 1 else SECONDS
    return [found.get(id(each), of_markers) for each in streams]


def _unit(signal: RecordedStream) -> StampUnit:
    measured = StampRate(signal.info.rate_hz)
    for start, stop in ranges(signal.n_samples, BLOCK_SAMPLES):
        measured.add(signal.read_stamps(start, stop))
    return looks_like(measured.measured_hz, signal.info.rate_hz)


def _ends_s(signal: RecordedStream) -> NDArray[np.float64]:
    """Return the first and the last stamp."""
    last = signal.n_samples - 1
    return np.concatenate([signal.read_stamps(0, 1), signal.read_stamps(last, last + 1)])
