"""The newest value of each measure, for the screen, with its unit and its null."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

from detectors.detector import Detector
from detectors.estimates import Seen
from detectors.outputs import Output
from stimloop.terminal.plain_text import plain

#: Measures beyond this number are counted and not shown.
_N_ROWS_MAX = 12
_COLUMNS = ("now", "threshold", "chance", "mean before", "mean since active", "change")
#: What a channel's output is called that its measure is held against, and that says the outcome.
_THRESHOLD = "threshold"
_OUTCOMES = ("is_on", "is_open")
#: Outputs shown in the row of the measure that they belong to.
BESIDE = frozenset({_THRESHOLD, *_OUTCOMES})


class MeasureKey(NamedTuple):
    """One measure of one channel of a detector."""

    detector: str
    channel: str
    measure: str


class MeasuresTable:
    """Remembers measures: the newest value, and its mean before and since the loop was active.

    Before against since is the fair comparison: while a device is on, the measure is high because
    that is what turned the device on.

    Parameters
    ----------
    detectors : mapping of str to Detector
        All of the rig, by id.
    read : iterable of MeasureKey
        What policies read: it stands first. After it comes the first measure of every channel of
        the others.
    """

    def __init__(self, detectors: Mapping[str, Detector], read: Iterable[MeasureKey]) -> None:
        keys = list(dict.fromkeys((*read, *_first_measures(detectors))))
        self._n_more = max(0, len(keys) - _N_ROWS_MAX)
        self._rows: dict[str, list[_Row]] = {}
        for key in keys[:_N_ROWS_MAX]:
            row = _Row(key, detectors[key.detector].outputs)
            self._rows.setdefault(key.detector, []).append(row)

    def see(self, seen: Seen, *, is_active: bool) -> None:
        """Remember the hops of a detector, of which there is at least one."""
        for row in self._rows.get(seen.estimates.detector, ()):
            row.see(seen, is_active=is_active)

    def __rich__(self) -> Table:
        """Return the table as Rich draws it."""
        table = Table(box=None, pad_edge=False)
        for column in ("detector", "channel", "measure"):
            table.add_column(column)
        for column in _COLUMNS:
            table.add_column(column, justify="right")
        for rows in self._rows.values():
            for row in rows:
                table.add_row(*row.cells())
        if self._n_more:
            table.add_row(f"and {self._n_more} more")
        return table


class _Row:
    def __init__(self, key: MeasureKey, outputs: Sequence[Output]) -> None:
        columns = {
            output.measure: column
            for column, output in enumerate(outputs)
            if output.channel == key.channel
        }
        self._key = key
        self._column = columns[key.measure]
        output = outputs[self._column]
        self._unit = output.unit
        self._null = columns.get(output.null or "")
        self._threshold = columns.get(_THRESHOLD)
        self._outcome = next((columns[each] for each in _OUTCOMES if each in columns), None)
        self._newest: dict[int, float] = {}
        self._sums = {False: 0.0, True: 0.0}
        self._counts = {False: 0, True: 0}

    def see(self, seen: Seen, *, is_active: bool) -> None:
        values, valid = seen.estimates.values, seen.estimates.valid
        looked_at = (self._column, self._null, self._threshold, self._outcome)
        self._newest = {
            column: float(values[-1, column])
            for column in looked_at
            if column is not None and valid[-1, column]
        }
        is_valid = valid[:, self._column]
        self._sums[is_active] += float(values[is_valid, self._column].sum())
        self._counts[is_active] += int(is_valid.sum())

    def cells(self) -> Iterator[Text | str]:
        """Yield the text of each column."""
        yield from map(plain, self._key)
        now = self._text(self._column)
        unit = f" {plain(self._unit)}" if self._unit and now != "-" else ""
        is_on = self._outcome is not None and self._newest.get(self._outcome, 0.0) > 0.0
        yield Text(now + unit, "bold" if is_on else "")
        yield self._text(self._threshold)
        yield self._text(self._null)
        before, since = self._mean(is_active=False), self._mean(is_active=True)
        yield from ("-" if mean is None else figure(mean) for mean in (before, since))
        yield f"{100.0 * (since / before - 1.0):+.0f} %" if before and since else "-"

    def _text(self, column: int | None) -> str:
        value = None if column is None else self._newest.get(column)
        return "-" if value is None else figure(value)

    def _mean(self, *, is_active: bool) -> float | None:
        count = self._counts[is_active]
        return self._sums[is_active] / count if count else None


def figure(value: float) -> str:
    """Return a number with three digits; a very small or large one with an exponent.

    Examples
    --------
    >>> [figure(each) for each in (1234.5, 12.34, -0.3456, 0.00012, 0.0)]
    ['1234', '12.3', '-0.346', '1.2e-04', '0.000']
    """
    size = abs(value)
    if 0.0 < size < 0.001 or size >= 1e6:
        return f"{value:.1e}"
    n_decimals = 0 if size >= 100.0 else 1 if size >= 10.0 else 2 if size >= 1.0 else 3
    return f"{value:.{n_decimals}f}"


def _first_measures(detectors: Mapping[str, Detector]) -> Iterator[MeasureKey]:
    for id_, detector in detectors.items():
        known: set[str] = set()
        for output in detector.outputs:
            if output.channel not in known:
                known.add(output.channel)
                yield MeasureKey(id_, output.channel, output.measure)
