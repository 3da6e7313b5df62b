"""MATLAB files of version 7.3, as MATLAB writes them, for tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

h5py: Any = pytest.importorskip("h5py")

_HEAD = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan 01 10:00:00 2024 HDF5 schema"


def write_mat73(path: Path, variables: Mapping[str, Any]) -> None:
    """Write variables: text, numbers, matrices, structures and cell arrays."""
    with h5py.File(path, "w", userblock_size=512) as file:
        cells = file.create_group("#refs#")
        for name, value in variables.items():
            _put(file, name, value, cells)
    with path.open("r+b") as raw:
        raw.write(_HEAD.ljust(124) + b"\x00\x02IM")


def _put(where: Any, name: str, value: Any, cells: Any) -> Any:
    if isinstance(value, Mapping):
        node = where.create_group(name)
        node.attrs["MATLAB_class"] = np.bytes_(b"struct")
        for field, each in value.items():
            _put(node, field, each, cells)
    elif isinstance(value, str):
        node = where.create_dataset(name, data=np.array([[ord(each)] for each in value], "u2"))
        node.attrs["MATLAB_class"] = np.bytes_(b"char")
        node.attrs["MATLAB_int_decode"] = 2
    elif isinstance(value, np.ndarray) and value.dtype == object:
        references = [_put(cells, f"c{len(cells)}", each, cells).ref for each in value.ravel()]
        held = np.array(references, h5py.ref_dtype).reshape(value.T.shape)
        node = where.create_dataset(name, data=held, dtype=h5py.ref_dtype)
        node.attrs["MATLAB_class"] = np.bytes_(b"cell")
    else:
        node = where.create_dataset(name, data=np.atleast_2d(np.asarray(value)).T)
        node.attrs["MATLAB_class"] = np.bytes_(b"double")
    return node
