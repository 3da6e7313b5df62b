"""Columns of a table from numbers, flags and texts, without loading pandas.

Every conversion of pyarrow loads pandas where it is installed, which takes 46 MB of a rig's memory;
what is laid out here as Arrow's columnar format has it is taken over as it is.
"""

from collections.abc import Sequence
from operator import index

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def numbers(
    values: NDArray[np.generic], kind: pa.DataType, valid: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Return a column of numbers, or of points of time as whole numbers.

    Parameters
    ----------
    values : ndarray, shape (n_rows,)
        Of as many bytes each as `kind` has. The column keeps this memory.
    kind : pyarrow.DataType
        Its type.
    valid : ndarray of bool, shape (n_rows,), optional
        Where false, the value is missing.

    Examples
    --------
    >>> numbers(np.array([1.5, 2.5]), pa.float64(), np.array([True, False])).to_pylist()
    [1.5, None]
    """
    memory = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(kind, values.size, [_bits(valid), memory])


def flags(values: NDArray[np.bool_]) -> pa.BooleanArray:
    """Return a column of true and false.

    Examples
    --------
    >>> flags(np.array([True, False])).to_pylist()
    [True, False]
    """
    return pa.Array.from_buffers(pa.bool_(), values.size, [None, _bits(values)])


def texts(values: Sequence[str | None]) -> pa.StringArray:
    """Return a column of texts; None is missing.

    Examples
    --------
    >>> texts(["µV", None, ""]).to_pylist()
    ['µV', None, '']
    """
    encoded = [(each or "").encode("utf-8", "backslashreplace") for each in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    valid = np.array([each is not None for each in values], np.bool_)
    memory = [_bits(valid), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), memory)


def names(values: Sequence[str | None]) -> pa.DictionaryArray:
    """Return a column of names that repeat, each kept once; None is missing.

    Examples
    --------
    >>> names(["left", None, "left"]).to_pylist()
    ['left', None, 'left']
    """
    unique = list(dict.fromkeys(each for each in values if each is not None))
    code_of = {each: code for code, each in enumerate(unique)}
    codes = np.array([code_of.get(each or "", 0) for each in values], np.int32)
    valid = np.array([each is not None for each in values], np.bool_)
    return pa.DictionaryArray.from_arrays(numbers(codes, pa.int32(), valid), texts(unique))


def column(values: Sequence[object], kind: pa.DataType) -> pa.Array:
    """Return a column of any of these types; None is missing.

    Parameters
    ----------
    values : sequence
        All of one type, or None.
    kind : pyarrow.DataType
        Texts, names, true and false, 64-bit numbers or points of time.

    Raises
    ------
    TypeError
        Fractions, where whole numbers are kept.

    Examples
    --------
    >>> column([3, None], pa.int64()).to_pylist()
    [3, None]
    """
    if pa.types.is_dictionary(kind):
        return names(values)  # type: ignore[arg-type]
    if pa.types.is_string(kind):
        return texts(values)  # type: ignore[arg-type]
    if pa.types.is_boolean(kind):
        return flags(np.array(values, np.bool_))
    valid = np.array([each is not None for each in values], np.bool_)
    if pa.types.is_floating(kind):
        return numbers(np.array([each or 0.0 for each in values], np.float64), kind, valid)
    whole = [0 if each is None else index(each) for each in values]  # type: ignore[arg-type]
    return numbers(np.array(whole, np.int64), kind, valid)


def _bits(values: NDArray[np.bool_] | None) -> pa.Buffer | None:
    return None if values is None else pa.py_buffer(np.packbits(values, bitorder="little"))
