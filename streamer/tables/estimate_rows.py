"""Rows of `estimates.parquet`: one for each hop, channel and measure, its null beside it."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from detectors.detector import Detector
from detectors.estimates import Estimates
from detectors.outputs import column_of
from streamer.tables.columns import flags, numbers, texts
from streamer.tables.utc_time import UTC_TIME

#: Rows of a group at most: what a reader has in memory at once, and the writer of each detector.
N_GROUP_ROWS: Final = 1 << 16
#: Calls of a detector whose hops are copied together: one hop at a time, each copy costs as much.
_N_WAITING_MAX: Final = 16

_NAME: Final = pa.dictionary(pa.int32(), pa.string())
COLUMNS: Final = (
    pa.field("time_s", pa.float64(), nullable=False),
    pa.field("time_utc", UTC_TIME),
    pa.field("sample", pa.int64(), nullable=False),
    pa.field("detector", _NAME, nullable=False),
    pa.field("channel", _NAME, nullable=False),
    pa.field("measure", _NAME, nullable=False),
    pa.field("unit", _NAME, nullable=False),
    pa.field("value", pa.float64()),
    pa.field("valid", pa.bool_(), nullable=False),
    pa.field("value_null", pa.float64()),
    pa.field("taint", pa.uint16(), nullable=False),
)
#: The columns whose values repeat from row to row, or from measure to measure.
REPEATING: Final = [each.name for each in COLUMNS if each.name not in {"value", "value_null"}]


class EstimateRows:
    """Gathers the hops of one detector, and makes a row group whenever enough are there.

    Which hops share a group depends on their number alone, so the same hops give the same groups
    however they were handed over. In a group the rows of each channel and measure stand together,
    in the order of time.

    Parameters
    ----------
    detector : Detector
        Whose hops they are.
    schema : pyarrow.Schema
        Of the table.
    n_group_rows : int
        Rows of a group at most; one hop always fits.
    """

    def __init__(
        self, detector: Detector, schema: pa.Schema, n_group_rows: int = N_GROUP_ROWS
    ) -> None:
        outputs = detector.outputs
        nulls = {
            column_of(outputs, each.channel, each.null) for each in outputs if each.null is not None
        }
        columns = [column for column in range(len(outputs)) if column not in nulls]
        measured = [outputs[column] for column in columns]
        with_null = [row for row, each in enumerate(measured) if each.null is not None]
        self._columns = np.array(columns)
        #: Which of the measures have a null, and the columns of these nulls.
        self._with_null = np.array(with_null, np.int64)
        self._null_columns = np.array(
            [
                column_of(outputs, measured[row].channel, measured[row].null or "")
                for row in with_null
            ],
            np.int64,
        )
        self._schema = schema
        self._names = {
            "detector": _Codes([detector.id] * len(measured)),
            "channel": _Codes([each.channel for each in measured]),
            "measure": _Codes([each.measure for each in measured]),
            "unit": _Codes([each.unit for each in measured]),
        }
        self._n_hops_max = max(1, n_group_rows // len(measured))
        shape = (len(measured), self._n_hops_max)
        self._n_hops = 0
        self._sample = np.empty(self._n_hops_max, np.int64)
        self._time_s = np.empty(self._n_hops_max)
        self._offset_us = np.empty(self._n_hops_max, np.int64)
        self._taint = np.empty(self._n_hops_max, np.uint16)
        self._values, self._valid = np.empty(shape), np.empty(shape, np.bool_)
        self._nulls, self._null_valid = np.zeros(shape), np.zeros(shape, np.bool_)
        self._has_utc = False
        self._waiting: list[Estimates] = []
        self._waiting_offset_us: int | None = None

    def add(self, estimates: Estimates, offset_us: int | None) -> Iterator[pa.Table]:
        """Take in the hops of one call, and yield each row group that they complete.

        Hops of some calls wait to be taken in together, which changes no group.
        """
        if offset_us != self._waiting_offset_us:
            yield from self._take_waiting()
            self._waiting_offset_us = offset_us
        self._waiting.append(estimates)
        if len(self._waiting) == _N_WAITING_MAX or estimates.sample.size >= _N_WAITING_MAX:
            yield from self._take_waiting()

    def take(self) -> Iterator[pa.Table]:
        """Yield what is left as row groups, if anything."""
        yield from self._take_waiting()
        if self._n_hops:
            yield self._group()

    def _take_waiting(self) -> Iterator[pa.Table]:
        if not self._waiting:
            return
        estimates = self._waiting[0].followed_by(self._waiting[1:])
        self._waiting.clear()
        self._has_utc = self._waiting_offset_us is not None
        done, n_hops = 0, estimates.sample.size
        while done < n_hops:
            n_taken = min(n_hops - done, self._n_hops_max - self._n_hops)
            self._copy(estimates, done, n_taken, self._waiting_offset_us or 0)
            self._n_hops += n_taken
            done += n_taken
            if self._n_hops == self._n_hops_max:
                yield self._group()

    def _group(self) -> pa.Table:
        """Return all hops that were taken in as a row group."""
        n_hops, n_measures = self._n_hops, self._columns.size
        # Copies: the next hops are gathered in the same memory.
        valid = self._valid[:, :n_hops].flatten()
        null_valid = self._null_valid[:, :n_hops].flatten()
        columns: dict[str, pa.Array] = {
            "time_s": numbers(np.tile(self._time_s[:n_hops], n_measures), pa.float64()),
            "time_utc": self._utc(n_measures),
            "sample": numbers(np.tile(self._sample[:n_hops], n_measures), pa.int64()),
            **{name: each.repeated(n_hops) for name, each in self._names.items()},
            "value": numbers(self._values[:, :n_hops].flatten(), pa.float64(), valid),
            "valid": flags(valid),
            "value_null": numbers(self._nulls[:, :n_hops].flatten(), pa.float64(), null_valid),
            "taint": numbers(np.tile(self._taint[:n_hops], n_measures), pa.uint16()),
        }
        self._n_hops = 0
        return pa.table([columns[each.name] for each in self._schema], schema=self._schema)

    def _copy(self, estimates: Estimates, first: int, n_hops: int, offset_us: int) -> None:
        given = slice(first, first + n_hops)
        here = slice(self._n_hops, self._n_hops + n_hops)
        self._sample[here] = estimates.sample[given]
        self._time_s[here] = estimates.time_s[given]
        self._taint[here] = estimates.taint[given]
        self._offset_us[here] = offset_us
        values, valid = estimates.values[given].T, estimates.valid[given].T
        if self._with_null.size:
            self._nulls[self._with_null, here] = values[self._null_columns]
            self._null_valid[self._with_null, here] = valid[self._null_columns]
            values, valid = values[self._columns], valid[self._columns]
        self._values[:, here] = values
        self._valid[:, here] = valid

    def _utc(self, n_measures: int) -> pa.Array:
        if not self._has_utc:
            return pa.nulls(self._n_hops * n_measures, UTC_TIME)
        utc_us = np.rint(self._time_s[: self._n_hops] * 1e6).astype(np.int64)
        utc_us += self._offset_us[: self._n_hops]
        return numbers(np.tile(utc_us, n_measures), UTC_TIME)


class _Codes:
    """A column of names: each name once, and for each measure which of them it has."""

    def __init__(self, names: Sequence[str]) -> None:
        unique = list(dict.fromkeys(names))
        self._names = texts(unique)
        self._codes = np.array([unique.index(each) for each in names], np.int32)

    def repeated(self, n_hops: int) -> pa.DictionaryArray:
        codes = numbers(np.repeat(self._codes, n_hops), pa.int32())
        return pa.DictionaryArray.from_arrays(codes, self._names)
