"""Detections in pairs: each episode with its onset, offset, duration and strength."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from detectors.offline import DetectorResult
from stimloop.library.results.optional_packages import pandas

if TYPE_CHECKING:
    from pandas import DataFrame

    from detectors.estimates import Detection


class Episode(NamedTuple):
    """One episode, from its onset to its offset, or a phase event, which has no end.

    Parameters
    ----------
    channel : str
        Label of the channel, or pair.
    onset_s : float
        When it began, or the time of the phase event.
    offset_s, duration_s : float
        When it ended, and how long it lasted; NaN for a phase event, and where no end was detected.
    strength : float
        The measure at the onset.
    peak : float
        The highest measure from onset to offset; NaN for a phase event.
    is_complete : bool
        Whether its end was detected: not where a gap or bad samples cut it short, or the signal
        ended first.
    """

    channel: str
    onset_s: float
    offset_s: float
    duration_s: float
    strength: float
    peak: float
    is_complete: bool


class Episodes(Sequence[Episode]):
    """Episodes in the order of their onsets; each column is an array.

    Examples
    --------
    >>> import numpy as np
    >>> import stimloop as sl
    >>> time_s = np.arange(30_000) / 1000
    >>> rhythm = np.sin(2 * np.pi * 20 * time_s) * (np.sin(2 * np.pi * 0.5 * time_s) > 0.6)
    >>> x_uv = 20 * rhythm + np.random.default_rng(1).normal(0, 10, 30_000)
    >>> beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
    >>> burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=10))
    >>> events = sl.detect(x_uv, beta, burst, rate_hz=1000, channels="STN_L")["burst"].events()
    >>> len(events), round(float(np.median(events.duration_s)), 2), events[0].channel
    (10, 0.52, 'STN_L')
    """

    def __init__(self, rows: Sequence[Episode]) -> None:
        self._rows = tuple(rows)

    @property
    def channel(self) -> NDArray[np.str_]:
        """Label of each episode's channel."""
        return np.array([each.channel for each in self._rows], np.str_)

    @property
    def onset_s(self) -> NDArray[np.float64]:
        """When each episode began."""
        return self._column("onset_s")

    @property
    def offset_s(self) -> NDArray[np.float64]:
        """When each episode ended; NaN where its end was not detected."""
        return self._column("offset_s")

    @property
    def duration_s(self) -> NDArray[np.float64]:
        """How long each episode lasted; NaN where its end was not detected."""
        return self._column("duration_s")

    @property
    def strength(self) -> NDArray[np.float64]:
        """The measure at each onset."""
        return self._column("strength")

    @property
    def peak(self) -> NDArray[np.float64]:
        """The highest measure from onset to offset of each episode."""
        return self._column("peak")

    @property
    def is_complete(self) -> NDArray[np.bool_]:
        """Whether the end of each episode was detected."""
        return np.array([each.is_complete for each in self._rows], np.bool_)

    def to_frame(self) -> "DataFrame":
        """Return a row for each episode, as a pandas table.

        Raises
        ------
        InputError
            Where pandas is not installed.
        """
        return pandas().DataFrame(list(self._rows), columns=list(Episode._fields))

    def _column(self, name: str) -> NDArray[np.float64]:
        return np.array([getattr(each, name) for each in self._rows], np.float64)

    @overload
    def __getitem__(self, index: int) -> Episode: ...
    @overload
    def __getitem__(self, index: slice) -> "Episodes": ...
    def __getitem__(self, index: int | slice) -> "Episode | Episodes":
        if isinstance(index, slice):
            return Episodes(self._rows[index])
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        shown = "".join(f"\n  {_text(each)}" for each in self._rows[:5])
        more = len(self) - 5
        return f"<{len(self)} episodes>{shown}" + (f"\n  and {more} more" if more > 0 else "")

    def _repr_html_(self) -> str | None:
        """Show a table in a notebook, where pandas is installed."""
        try:
            found: Any = self.to_frame()
        except ValueError:
            return None
        html: str = found.to_html(max_rows=10)
        return html


def episodes_of(result: DetectorResult) -> Episodes:
    """Return the detections of one detector, each onset with the offset of its channel."""
    return Episodes(sorted(_paired(result), key=lambda each: (each.onset_s, each.channel)))


def _paired(result: DetectorResult) -> Iterator[Episode]:
    peaks = _Peaks(result)
    begun: dict[str, Detection] = {}
    for each in result.detections:
        if each.kind == "moment":
            nothing = float("nan")
            yield Episode(
                each.channel, each.onset_s, nothing, nothing, each.strength, nothing, each.complete
            )
        elif each.kind == "onset":
            begun[each.channel] = each
        elif (onset := begun.pop(each.channel, None)) is not None:
            yield Episode(
                each.channel,
                onset.onset_s,
                each.onset_s,
                each.onset_s - onset.onset_s,
                onset.strength,
                peaks.between(each.channel, onset.sample, each.sample),
                each.complete,
            )
    for channel, onset in begun.items():
        peak = peaks.between(channel, onset.sample, None)
        nothing = float("nan")
        yield Episode(
            channel, onset.onset_s, nothing, nothing, onset.strength, peak, is_complete=False
        )


class _Peaks:
    """The highest value of the first measure of a channel between two samples."""

    def __init__(self, result: DetectorResult) -> None:
        self._estimates = result.estimates
        self._columns: dict[str, int] = {}
        for column, output in enumerate(result.detector.outputs):
            self._columns.setdefault(output.channel, column)

    def between(self, channel: str, first: int, last: int | None) -> float:
        estimates = self._estimates
        start = int(np.searchsorted(estimates.sample, first))
        stop = None if last is None else int(np.searchsorted(estimates.sample, last, "right"))
        column = self._columns[channel]
        is_valid = estimates.valid[start:stop, column]
        measured = estimates.values[start:stop][is_valid, column]  # noqa: PD011 no table
        return float(measured.max()) if measured.size else float("nan")


def _text(episode: Episode) -> str:
    if np.isnan(episode.offset_s):
        return f"{episode.channel}: {episode.onset_s:.3f} s, strength {episode.strength:.4g}"
    return (
        f"{episode.channel}: {episode.onset_s:.3f} to {episode.offset_s:.3f} s "
        f"({episode.duration_s:.3f} s), strength {episode.strength:.4g}, peak {episode.peak:.4g}"
    )
