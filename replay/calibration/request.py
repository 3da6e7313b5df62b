"""What is asked of a calibration."""

from collections.abc import Callable
from typing import NamedTuple

from replay.calibration.rules import Limits
from replay.inspection.inspect import SEARCH_HZ

#: Called with the name of what is done now, how much of it is done, and how much there is.
Progress = Callable[[str, float, float], None]


class Request(NamedTuple):
    """What is asked for beside the recording.

    Parameters
    ----------
    stream, channel : str or None
        Only this one; by default all are looked at.
    search_hz : tuple of float
        Where a peak is searched for.
    window_s, hop_s : float
        Of the measure.
    averaging_s : float
        Of the means that are compared with thresholds, in the curve of onsets.
    limits : Limits or None
        When the amplitude was at its limits, for the rule ``capture``.
    n_surrogates, seed : int
        How many, and where their phases come from.
    """

    stream: str | None = None
    channel: str | None = None
    search_hz: tuple[float, float] = SEARCH_HZ
    window_s: float = 0.5
    hop_s: float = 0.01
    averaging_s: float = 0.1
    limits: Limits | None = None
    n_surrogates: int = 39
    seed: int = 1
