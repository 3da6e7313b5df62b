"""Columns of tables: what goes in comes out, and pandas stays out of a rig's memory."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.tables import event_rows
from streamer.tables.columns import column, flags, numbers

_WHOLE = st.integers(-(2**63), 2**63 - 1)
_VALUES = {
    "text": st.text(st.characters(exclude_categories=["Cs"])),
    "names": st.sampled_from(["left", "right", ""]),
    "numbers": st.floats(allow_nan=False),
    "whole": _WHOLE,
    "times": _WHOLE,
}
_TYPES = {
    "text": pa.string(),
    "names": pa.dictionary(pa.int32(), pa.string()),
    "numbers": pa.float64(),
    "whole": pa.int64(),
    "times": pa.timestamp("us", tz="UTC"),
}
#: Loads all that writes tables, and makes a column of each type that they have.
_SCRIPT = """
import sys, numpy as np
from streamer.tables import estimate_rows, event_rows, session_tables
from streamer.tables.columns import column, numbers
for field in event_rows.COLUMNS:
    column([True, False] if str(field.type) == "bool" else [None, None], field.type)
numbers(np.zeros(3), estimate_rows.COLUMNS[0].type)
estimate_rows._Codes(["left", "right"]).repeated(3)
assert "pandas" not in sys.modules
"""


@pytest.mark.parametrize("kind", sorted(_TYPES))
@given(st.data())
def test_a_column_has_what_pyarrow_makes_of_the_same_values(kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | _VALUES[kind], max_size=20))
    made = column(values, _TYPES[kind])
    made.validate(full=True)
    whole = _TYPES[kind] if kind != "times" else pa.int64()
    assert made.equals(pa.array(values, whole).cast(_TYPES[kind]))


def test_numbers_and_flags_of_any_length_keep_what_is_missing() -> None:
    for n_rows in (0, 1, 7, 8, 9, 65):
        values = np.arange(n_rows, dtype=np.float64)
        valid = values % 3 != 0
        assert numbers(values, pa.float64(), valid).equals(pa.array(values, mask=~valid))
        assert flags(valid).equals(pa.array(valid))


def test_a_text_that_is_no_unicode_is_kept_in_escapes() -> None:
    assert column(["a\ud800"], pa.string()).to_pylist() == ["a\\ud800"]


def test_a_fraction_is_no_whole_number() -> None:
    with pytest.raises(TypeError):
        column([1, 1.5], pa.int64())


def test_tables_are_written_without_pandas() -> None:
    assert {str(each.type) for each in event_rows.COLUMNS} >= {"bool", "string", "double"}
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True)
