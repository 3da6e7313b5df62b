"""Rows of estimates: nothing is lost, and each measure has its null beside it."""

import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from detectors.detector import Detector
from detectors.estimates import Estimates
from detectors.outputs import Measure, outputs_of, with_null
from streamer.tables import estimate_rows
from streamer.tables.estimate_rows import EstimateRows

_OUTPUTS = outputs_of(
    ("STN_L", "STN_R"), (*with_null("coherence", "", signed=False), Measure("power", "µV²"))
)
_SCHEMA = pa.schema(estimate_rows.COLUMNS)
#: Four rows a hop: two channels with two measures; nulls are in the rows of their measures.
_N_ROWS_PER_HOP = 4


class _Coherence:
    """The part of a detector that a table reads."""

    id = "coherence"
    outputs = _OUTPUTS


def _rows(n_group_rows: int) -> EstimateRows:
    detector: Any = _Coherence()
    assert Detector.__annotations__.keys() >= {"id", "outputs"}
    return EstimateRows(detector, _SCHEMA, n_group_rows)


def _hops(n_hops: int) -> Estimates:
    random = np.random.default_rng(4)
    values = random.normal(size=(n_hops, len(_OUTPUTS)))
    valid = random.random(values.shape) > 0.3
    values[~valid] = 0.0
    sample = np.arange(n_hops, dtype=np.int64) * 5 + 4
    taint = random.integers(0, 2, n_hops).astype(np.uint16) * 64
    return Estimates("coherence", sample, 100.0 + sample / 250.0, values, valid, taint)


def _pieces(hops: Estimates, lengths: Sequence[int]) -> Iterator[Estimates]:
    first = 0
    for length in lengths:
        part = slice(first, first + length)
        yield Estimates(
            hops.detector,
            hops.sample[part],
            hops.time_s[part],
            hops.values[part],
            hops.valid[part],
            hops.taint[part],
        )
        first += length


def _groups(
    hops: Estimates, lengths: Sequence[int], n_group_rows: int = 40, offset_us: int | None = None
) -> list[pa.Table]:
    rows = _rows(n_group_rows)
    found = [group for piece in _pieces(hops, lengths) for group in rows.add(piece, offset_us)]
    return [*found, *rows.take()]


def test_every_value_is_in_one_row_and_its_null_beside_it() -> None:
    hops = _hops(23)
    table = pa.concat_tables(_groups(hops, [23])).to_pandas()
    assert len(table) == 23 * _N_ROWS_PER_HOP
    for column, output in enumerate(_OUTPUTS):
        if output.measure.endswith("_null"):
            continue
        rows = table[(table.channel == output.channel) & (table.measure == output.measure)]
        valid = hops.valid[:, column]
        np.testing.assert_array_equal(rows.value, np.where(valid, hops.values[:, column], np.nan))
        np.testing.assert_array_equal(rows.valid, valid)
        np.testing.assert_array_equal(rows["sample"], hops.sample)
        np.testing.assert_array_equal(rows.time_s, hops.time_s)
        np.testing.assert_array_equal(rows.taint, hops.taint)
        assert set(rows.unit) == {output.unit}
        assert set(rows.detector) == {"coherence"}
        null = np.full(23, np.nan)
        if output.null is not None:
            null = np.where(hops.valid[:, column + 1], hops.values[:, column + 1], np.nan)
        np.testing.assert_array_equal(rows.value_null, null)
    assert not any(name.endswith("_null") for name in set(table.measure))


@pytest.mark.parametrize("lengths", [[57], [1] * 57, [9, 1, 20, 0, 27], [10, 10, 10, 27]])
def test_groups_do_not_depend_on_how_hops_were_handed_over(lengths: list[int]) -> None:
    hops = _hops(57)
    groups = _groups(hops, lengths)
    assert [each.num_rows for each in groups] == [40] * 5 + [7 * _N_ROWS_PER_HOP]
    for group, expected in zip(groups, _groups(hops, [57]), strict=True):
        assert group.equals(expected)


def test_one_hop_of_more_rows_than_a_group_is_a_group() -> None:
    groups = _groups(_hops(3), [3], n_group_rows=1)
    assert [each.num_rows for each in groups] == [_N_ROWS_PER_HOP] * 3


def test_wall_clock_is_the_time_and_the_offset_to_the_microsecond_and_missing_without_one() -> None:
    hops = _hops(3)
    (group,) = _groups(hops, [3], offset_us=1_700_000_000_000_000)
    expected = np.rint(hops.time_s * 1e6).astype(np.int64) + 1_700_000_000_000_000
    found = group["time_utc"].cast(pa.int64()).to_numpy().reshape(-1, 3)
    np.testing.assert_array_equal(found, np.tile(expected, (_N_ROWS_PER_HOP, 1)))
    assert str(group["time_utc"].type) == "timestamp[us, tz=UTC]"
    (without,) = _groups(hops, [3])
    assert without["time_utc"].null_count == without.num_rows


def test_memory_does_not_grow_with_the_session() -> None:
    hops = _hops(1000)

    def peak(n_times: int) -> int:
        rows = _rows(4000)
        tracemalloc.start()
        for _ in range(n_times):
            for _group in rows.add(hops, 0):
                pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    short = peak(3)
    assert peak(60) < 1.5 * short
