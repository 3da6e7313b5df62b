"""Amounts over time with as many points as a picture can show, however long the session is."""

from typing import Final

#: Changes of a course that are kept.
_N_KEPT: Final = 6000


class Course:
    """A value that stays until it changes.

    Parameters
    ----------
    n_kept : int
        Changes that are kept at most.

    Notes
    -----
    Where there are more, time is cut into equal steps, longer ones as the session goes on, of which
    only the first, lowest and highest value are kept: what a picture of the whole would show.

    Examples
    --------
    >>> course = Course()
    >>> for time_s, amount in ((0.0, 1.0), (1.0, 1.0), (2.0, 3.0)):
    ...     course.take(time_s, amount)
    >>> course.points
    [(0.0, 1.0), (2.0, 3.0)]
    """

    def __init__(self, n_kept: int = _N_KEPT) -> None:
        self._n_kept = n_kept
        self._points: list[tuple[float, float]] = []
        self._last: float | None = None
        self.end_s = 0.0

    def take(self, time_s: float, value: float) -> None:
        """Take in a value from a moment on."""
        self.end_s = max(self.end_s, time_s)
        if value == self._last:
            return
        self._last = value
        self._points.append((time_s, value))
        if len(self._points) > 2 * self._n_kept:
            self._points = _thinned(self._points, self._n_kept)

    @property
    def points(self) -> list[tuple[float, float]]:
        """When it changed, and to what."""
        if len(self._points) > self._n_kept:
            return _thinned(self._points, self._n_kept)
        return list(self._points)

    def stairs(self) -> tuple[list[float], list[float]]:
        """Return the corners of the course, up to its newest moment."""
        times: list[float] = []
        values: list[float] = []
        for time_s, value in self.points:
            if values:
                times.append(time_s)
                values.append(values[-1])
            times.append(time_s)
            values.append(value)
        if values:
            times.append(self.end_s)
            values.append(values[-1])
        return times, values


def _thinned(points: list[tuple[float, float]], n_kept: int) -> list[tuple[float, float]]:
    first_s, last_s = points[0][0], points[-1][0]
    n_steps = n_kept // 4
    step_s = (last_s - first_s) / n_steps or 1.0
    steps: dict[int, list[tuple[float, float]]] = {}
    for each in points:
        steps.setdefault(int((each[0] - first_s) / step_s), []).append(each)
    kept: list[tuple[float, float]] = []
    for inside in steps.values():
        ends = (inside[0], min(inside, key=_value), max(inside, key=_value), inside[-1])
        kept += sorted(set(ends))
    return kept


def _value(point: tuple[float, float]) -> float:
    return point[1]
