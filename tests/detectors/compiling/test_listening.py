"""Kernels that are being compiled are reported by name, cached ones are not."""

from typing import Any

import numpy as np
from numba import njit

from detectors.compiling.listening import compiling


def _doubled(value: float) -> float:
    return 2.0 * value


def _sorted(values: Any) -> Any:
    return np.sort(values)


def test_each_kernel_is_told_when_it_is_compiled_and_counted_after() -> None:
    kernel: Any = njit(_doubled)
    told: list[tuple[int, str]] = []

    def tell(n_compiled: int, name: str) -> None:
        told.append((n_compiled, name))

    with compiling(tell):
        kernel(1.0)
        kernel(2.0)
        kernel(1)
    assert told == [(0, "doubled"), (1, "doubled")]
    kernel(1 + 2j)
    assert len(told) == 2


def test_what_numba_compiles_of_its_own_goes_by_the_name_of_the_kernel_it_is_for() -> None:
    kernel: Any = njit(_sorted)
    names: list[str] = []
    with compiling(lambda _n_compiled, name: names.append(name)):
        kernel(np.array([2.0, 1.0]))
    assert len(names) > 1
    assert set(names) == {"sorted"}
