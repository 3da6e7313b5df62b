"""The trace that can be zoomed: lowest and highest value of each step, as few bytes as can be."""

import base64
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Steps of a row: more than a screen has columns, ten times over.
N_STEPS: Final = 16_000
_FULL: Final = 32_767
_MISSING: Final = -32_768


class Envelope:
    """Lowest and highest value of equal steps of time; a longer signal has longer steps.

    Parameters
    ----------
    step_s : float
        Length of a step at first: that of a sample.
    n_channels : int
        Channels.
    n_steps : int
        Steps that are kept at most.

    Notes
    -----
    Where there would be more, pairs of steps become one, so that memory does not grow with time.

    Examples
    --------
    >>> envelope = Envelope(1.0, 1, n_steps=2)
    >>> envelope.take(np.arange(4.0), np.array([[3.0], [1.0], [7.0], [5.0]]))
    >>> envelope.step_s, envelope.low[:, 0].tolist(), envelope.high[:, 0].tolist()
    (2.0, [1.0, 5.0], [3.0, 7.0])
    """

    def __init__(self, step_s: float, n_channels: int, n_steps: int = N_STEPS) -> None:
        self.step_s = step_s
        self.start_s: float | None = None
        self._n_steps = n_steps
        self._low = np.full((n_steps, n_channels), np.inf)
        self._high = np.full((n_steps, n_channels), -np.inf)
        self._n_used = 0

    @property
    def low(self) -> NDArray[np.float64]:
        """Lowest values, of shape (n_steps, n_channels); infinite where there are none."""
        return self._low[: self._n_used]

    @property
    def high(self) -> NDArray[np.float64]:
        """Highest values; infinitely low where there are none."""
        return self._high[: self._n_used]

    def take(self, time_s: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        """Take in samples of shape (n_samples, n_channels); those that are not finite are none."""
        if not time_s.size:
            return
        if self.start_s is None:
            self.start_s = float(time_s[0])
        while (float(time_s.max()) - self.start_s) / self.step_s + 1e-6 >= self._n_steps:
            self._halve()
        index = ((time_s - self.start_s) / self.step_s + 1e-6).astype(np.int64)
        index = np.clip(index, 0, self._n_steps - 1)
        finite = np.isfinite(values)
        np.minimum.at(self._low, index, np.where(finite, values, np.inf))
        np.maximum.at(self._high, index, np.where(finite, values, -np.inf))
        self._n_used = max(self._n_used, int(index.max()) + 1)

    def _halve(self) -> None:
        n_pairs = self._n_steps // 2
        shape = (n_pairs, 2, self._low.shape[1])
        low = self._low[: 2 * n_pairs].reshape(shape).min(axis=1)
        high = self._high[: 2 * n_pairs].reshape(shape).max(axis=1)
        self._low[:], self._high[:] = np.inf, -np.inf
        self._low[:n_pairs], self._high[:n_pairs] = low, high
        self._n_used = -(-self._n_used // 2)
        self.step_s *= 2.0


class TraceRow(NamedTuple):
    """One row: its name and unit, the lowest and highest value of each step, and its colour."""

    name: str
    unit: str
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    colour: str


class TraceEpisodes(NamedTuple):
    """What is shaded: its name, its colour, and (start, end) in seconds."""

    name: str
    colour: str
    spans: Sequence[tuple[float, float]]


def trace_of(
    rows: Sequence[TraceRow],
    episodes: Sequence[TraceEpisodes],
    *,
    start_s: float,
    step_s: float,
    step_text: str,
    shown: tuple[float, float] | None = None,
) -> dict[str, Any]:
    """Return the data of a trace, for the template.

    Parameters
    ----------
    rows : sequence of TraceRow
        From top to bottom.
    episodes : sequence of TraceEpisodes
        What is shaded; each in its part of the height.
    start_s, step_s : float
        When the first step begins, and how long each lasts.
    step_text : str
        What one point is.
    shown : (float, float), optional
        What is shown at first.
    """
    return {
        "start_s": start_s,
        "step_s": step_s,
        "step_text": step_text,
        "shown": None if shown is None else list(shown),
        "rows": [_row(each) for each in rows],
        "episodes": [
            {
                "name": each.name,
                "colour": each.colour,
                "spans": [[round(start, 3), round(end, 3)] for start, end in each.spans],
            }
            for each in episodes
        ],
    }


def _row(row: TraceRow) -> dict[str, Any]:
    row = _filled(row)
    known = np.isfinite(row.low) & np.isfinite(row.high)
    ends = np.concatenate([row.low[known], row.high[known]])
    middle = float(np.median(ends)) if ends.size else 0.0
    # A few artifacts shall not make all else a line.
    spread = float(np.percentile(np.abs(ends - middle), 99.8)) if ends.size else 1.0
    scale = spread or 1.0
    return {
        "name": row.name,
        "unit": row.unit,
        "colour": row.colour,
        "scale": f"{scale:.3g}",
        "low": _coded(row.low - middle, known, scale),
        "high": _coded(row.high - middle, known, scale),
    }


def _filled(row: TraceRow) -> TraceRow:
    """Return a row in which a single empty step, as jitter leaves it, has the values before it."""
    known = np.isfinite(row.low) & np.isfinite(row.high)
    alone = np.zeros(known.size, np.bool_)
    alone[1:-1] = ~known[1:-1] & known[:-2] & known[2:]
    low, high = row.low.copy(), row.high.copy()
    low[alone], high[alone] = low[np.flatnonzero(alone) - 1], high[np.flatnonzero(alone) - 1]
    return row._replace(low=low, high=high)


def _coded(values: NDArray[np.float64], known: NDArray[np.bool_], scale: float) -> str:
    counted = np.clip(np.where(known, values, 0.0) / scale, -1.0, 1.0) * _FULL
    whole = np.where(known, np.round(counted), _MISSING).astype("<i2")
    return base64.b64encode(whole.tobytes()).decode()
