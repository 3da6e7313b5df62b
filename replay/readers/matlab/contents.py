"""What is in a MATLAB file: text and numbers at once, matrices of samples where it can be later."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from replay.readers.hdf5 import HDF5_MAGIC, open_hdf5
from replay.readers.library import library
from replay.recording import RecordingError

MATLAB_BEGINS: Final = b"MATLAB "
#: Arrays of 7.3 with more numbers are not read when a file is opened.
_N_SMALL_MAX: Final = 10_000
_CELLS: Final = ("trial", "time")


def is_matlab(first_bytes: bytes, path: Path, suffix: str) -> bool:
    """Return whether a file begins as those of version 5 and 7.3 do.

    What begins as any HDF5 file, which other programs write, has to have the suffix as well.
    """
    if first_bytes.startswith(MATLAB_BEGINS):
        return True
    return first_bytes.startswith(HDF5_MAGIC) and path.suffix.lower() == suffix


class Matrix:
    """A matrix of channels by samples, as MATLAB has it, in memory or in the file.

    Parameters
    ----------
    values : ndarray or h5py.Dataset
        Numbers.
    is_transposed : bool
        Whether it is held as samples by channels.
    """

    def __init__(self, values: Any, *, is_transposed: bool) -> None:  # noqa: ANN401
        self._values: Final = values
        self._is_transposed: Final = is_transposed
        shape = values.shape if len(values.shape) == 2 else (1, *values.shape)
        #: Rows and columns, as MATLAB counts them.
        self.shape: Final = tuple(reversed(shape)) if is_transposed else tuple(shape)

    @property
    def transposed(self) -> "Matrix":
        """The same numbers with rows as columns."""
        return Matrix(self._values, is_transposed=not self._is_transposed)

    def columns(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return columns as rows: shape (stop - start, n_rows)."""
        if len(self._values.shape) == 1:
            return np.array(self._values[start:stop], np.float64)[:, None]
        held = self._values[start:stop] if self._is_transposed else self._values[:, start:stop].T
        return np.array(held, np.float64, order="C")


class MatFile:
    """A MATLAB file of version 5 (in memory) or 7.3 (its matrices stay in the file).

    Parameters
    ----------
    path : Path
        The file.
    format : str
        What it is for, for messages.

    Raises
    ------
    RecordingError
        Where it is no MATLAB file, or not whole, or a library is not installed.
    """

    def __init__(self, path: Path, format: str) -> None:  # noqa: A002
        with path.open("rb") as file:
            begins = file.read(128)
            file.seek(512)
            is_hdf5 = begins.startswith(HDF5_MAGIC) or file.read(8) == HDF5_MAGIC
        if not begins.startswith((MATLAB_BEGINS, HDF5_MAGIC)):
            found = repr(begins[:16]) if begins else "an empty file"
            raise RecordingError(f"{path}: expected a file of MATLAB 5 to 7.3, found {found}")
        self._hdf5: Final = open_hdf5(path, format) if is_hdf5 else None
        mat = library("pymatreader", format=format)
        try:
            if self._hdf5 is None:
                found_all = mat.read_mat(str(path))
            else:
                names = [each for each in self._hdf5 if not _is_large(self._hdf5[each])]
                found_all = mat.read_mat(
                    str(path), variable_names=names, ignore_fields=list(_large_in(self._hdf5))
                )
        except Exception as error:
            reason = str(error).partition("\n")[0]
            raise RecordingError(
                f"{path}: expected a whole {format} file, found {path.stat().st_size} bytes that "
                f"cannot be read: {type(error).__name__}: {reason}"
            ) from error
        #: By name, structures as dictionaries; of 7.3 without large arrays.
        self.variables: Final[Mapping[str, Any]] = {
            name: each for name, each in found_all.items() if not name.startswith("__")
        }

    def matrices(self) -> Mapping[str, Matrix]:
        """Return the variables that are matrices of numbers."""
        if self._hdf5 is None:
            return {
                name: Matrix(each, is_transposed=False)
                for name, each in self.variables.items()
                if isinstance(each, np.ndarray) and each.dtype.kind in "iuf" and each.ndim <= 2
            }
        return {
            name: Matrix(each, is_transposed=True)
            for name, each in self._hdf5.items()
            if hasattr(each, "dtype")
            and each.dtype.kind in "iuf"
            and each.ndim == 2
            and "MATLAB_empty" not in each.attrs
        }

    def cells(self, *names: str) -> Sequence[Matrix]:
        """Return the matrices of a cell array, or a matrix alone; none where it is not there."""
        if self._hdf5 is not None:
            return [Matrix(each, is_transposed=True) for each in _datasets(self._hdf5, names)]
        held: Any = self.variables
        for name in names:
            held = held.get(name) if isinstance(held, Mapping) else None
        if held is None:
            return []
        is_one = isinstance(held, np.ndarray) and held.dtype.kind in "iuf"
        return [
            Matrix(np.asarray(each), is_transposed=False) for each in ([held] if is_one else held)
        ]


def _is_cells(node: Any) -> bool:  # noqa: ANN401
    return hasattr(node, "dtype") and node.dtype.kind == "O"


def _is_large(node: Any) -> bool:  # noqa: ANN401 an h5py node
    return hasattr(node, "dtype") and node.size > _N_SMALL_MAX


def _large_in(file: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the fields of structures that are large, or cells of such."""
    for name, node in file.items():
        if name.startswith("#") or hasattr(node, "dtype"):
            continue
        for field, held in node.items():
            if (field in _CELLS and _is_cells(held)) or _is_large(held):
                yield field


def _datasets(file: Any, names: Sequence[str]) -> Iterator[Any]:  # noqa: ANN401
    node = file
    for name in names:
        if name not in node:
            return
        node = node[name]
    if not _is_cells(node):
        yield node
        return
    for reference in node[()].reshape(-1):
        yield file[reference]


def texts_of(held: Any) -> list[str]:  # noqa: ANN401 what pymatreader made of it
    """Return a cell array of texts, or a text alone, as a list.

    Examples
    --------
    >>> texts_of("STN"), texts_of(None), texts_of(["a", "b"])
    (['STN'], [], ['a', 'b'])
    """
    if held is None:
        return []
    if isinstance(held, str):
        return [held]
    return [each if isinstance(each, str) else "" for each in np.asarray(held, object).ravel()]


def rows_of(held: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
    """Return an array of structures, or a structure alone, as a list of dictionaries.

    Examples
    --------
    >>> rows_of({"type": ["cue", "go"], "sample": [1, 9]})
    [{'type': 'cue', 'sample': 1}, {'type': 'go', 'sample': 9}]
    >>> rows_of({"type": "cue", "sample": 1})
    [{'type': 'cue', 'sample': 1}]
    """
    if isinstance(held, Mapping):
        sizes = {len(each) for each in held.values() if isinstance(each, list | np.ndarray)}
        many = {size for size in sizes if size > 0}
        if len(many) != 1:
            return [held] if held else []
        (size,) = many
        return [
            {
                name: each[row] if isinstance(each, list | np.ndarray) and len(each) else None
                for name, each in held.items()
            }
            for row in range(size)
        ]
    if isinstance(held, list | np.ndarray):
        return [each for each in held if isinstance(each, Mapping)]
    return []


def number_of(held: Any) -> float:  # noqa: ANN401
    """Return a number; NaN where it is none.

    Examples
    --------
    >>> number_of(np.array([[250.0]])), number_of([])
    (250.0, nan)
    """
    try:
        found = np.asarray(held, np.float64).ravel()
    except (TypeError, ValueError):
        return float("nan")
    return float(found[0]) if found.size == 1 else float("nan")
