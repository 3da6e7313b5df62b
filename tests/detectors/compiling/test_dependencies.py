"""A kernel's digest changes with what its machine code depends on, and only with that."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest
from numba.core.dispatcher import Dispatcher

import detectors
import replay
from detectors.compiling.dependencies import UnknownDependencyError, digest_of

_OTHER = """
import enum
from typing import NamedTuple
import numpy as np
from detectors.compiling.layout import Array1, Array2, Record
GAIN = 2.0

class Bit(enum.IntFlag):
    LATE = 4
    EARLY = 8

class Pair(NamedTuple):
    low: float
    high: float

class Counters(Record):
    position: int

class State(NamedTuple):
    ring: Array2[np.float64]
    counters: Counters

def plus(x):
    return x + GAIN

def unrelated(x):
    return x
"""
_KERNEL = """
import math
import numpy as np
import other
from detectors.compiling.kernel import kernel
from detectors.kernels.fused import fused
from detectors.compiling.opened import opened
from other import Bit, Pair, State, plus

_LATE = int(Bit.LATE)
_TABLE = np.arange(3.0)
_STEPS = (1, 2, (3.0, None))

def _made(offset):
    @kernel
    def shifted(x):
        return x + offset
    return shifted

_shifted = _made(0.5)

@kernel
def called(x):
    return 2.0 * x

@kernel
def first(addresses):
    return opened(State, addresses).ring[0, 0]

@kernel
def asked(x, step=1):
    \"\"\"Return something.\"\"\"
    pair = Pair(x, x)
    some = [each + _STEPS[2][0] for each in _TABLE]
    some[0] += first(x)
    if step > _LATE and x != Bit.EARLY:
        return called(x) + math.sqrt(pair.low) + some[0]
    return fused(plus(x), other.GAIN, _shifted(x)) + np.floor(x) + len(_TABLE)

@kernel
def beside(x):
    return x
"""


def _digest(kernel: str = _KERNEL, other: str = _OTHER) -> str:
    return digest_of(_module({"other": other, "tried": kernel})["tried"].asked)


def _module(sources: Mapping[str, str]) -> dict[str, Any]:
    """Return modules made from sources, each of which may import the ones before."""
    made: dict[str, Any] = {}

    def imported(name: str, *given: Any) -> ModuleType:
        found: ModuleType = made[name] if name in made else __import__(name, *given)
        return found

    for name, source in sources.items():
        module = made[name] = ModuleType(name)
        vars(module)["__builtins__"] = {**vars(importlib.import_module("builtins"))}
        module.__builtins__["__import__"] = imported
        exec(compile(source, f"{name}.py", "exec"), vars(module))  # noqa: S102 sources of this file
    return made


@pytest.mark.parametrize(
    ("where", "before", "after"),
    [
        ("kernel", "2.0 * x", "3.0 * x"),
        ("kernel", "step=1", "step=2"),
        ("kernel", "math.sqrt", "math.exp"),
        ("kernel", "np.floor", "np.ceil"),
        ("kernel", "arange(3.0)", "arange(1.0, 4.0)"),
        ("kernel", "(3.0, None)", "(4.0, None)"),
        ("kernel", "_made(0.5)", "_made(0.25)"),
        ("kernel", "x + offset", "x - offset"),
        ("kernel", "@kernel\ndef called", "@kernel(inline=False)\ndef called"),
        ("kernel", "for each in _TABLE", "for each in _TABLE if each"),
        ("other", "GAIN = 2.0", "GAIN = 2.5"),
        ("other", "LATE = 4", "LATE = 1024"),
        ("other", "EARLY = 8", "EARLY = 1024"),
        ("other", "x + GAIN", "x - GAIN"),
        ("other", "low: float\n    high: float", "high: float\n    low: float"),
        ("other", "ring: Array2[np.float64]", "ring: Array1[np.float64]"),
        ("other", "ring: Array2[np.float64]", "ring: Array2[np.float32]"),
        ("other", "    counters: Counters", "    counters: Counters\n    level: Array1[np.int64]"),
        ("other", "position: int", "position: float"),
        ("other", "position: int", "position: int\n    since_hop: int"),
    ],
)
def test_what_is_compiled_in_changes_the_digest(where: str, before: str, after: str) -> None:
    source = {"kernel": _KERNEL, "other": _OTHER}
    assert source[where].count(before) == 1
    source[where] = source[where].replace(before, after)
    assert _digest(**source) != _digest()


@pytest.mark.parametrize(
    ("where", "before", "after"),
    [
        ("kernel", "Return something.", "Return another thing.\n\n    At length.\n    "),
        ("kernel", "@kernel\ndef asked", "# A comment.\n\n\n@kernel\ndef asked"),
        ("kernel", "def asked(x, step=1)", "def asked(x: float, step: int=1) -> float"),
        ("kernel", "def beside(x):\n    return x", "def beside(x):\n    return -x"),
        ("other", "def unrelated(x):\n    return x", "def unrelated(x):\n    return -x"),
        ("other", "def plus", "LOSS = 3.0\n\ndef plus"),
    ],
)
def test_what_is_not_compiled_in_does_not(where: str, before: str, after: str) -> None:
    source = {"kernel": _KERNEL, "other": _OTHER}
    assert source[where].count(before) == 1
    source[where] = source[where].replace(before, after)
    assert _digest(**source) == _digest()


def test_functions_that_call_each_other_have_a_digest() -> None:
    asked = "def asked(x):\n    return x if x < {} else again(x - 1)\n"
    source = f"{asked}def again(x):\n    return asked(x)\n"
    found = {digest_of(_module({"tried": source.format(limit)})["tried"].asked) for limit in "112"}
    assert len(found) == 2


@pytest.mark.parametrize("value", ["object()", "[1.0]", "{}", "type('Own', (), {})"])
def test_what_cannot_be_compared_is_refused(value: str) -> None:
    source = f"VALUE = {value}\ndef asked(x):\n    return VALUE"
    with pytest.raises(UnknownDependencyError):
        digest_of(_module({"tried": source})["tried"].asked)


def test_every_kernel_has_a_digest_of_its_own() -> None:
    kernels = {
        id(value): value
        for package in (detectors, replay)
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        for value in vars(importlib.import_module(each.name)).values()
        if isinstance(value, Dispatcher)
    }
    assert len(kernels) > 100
    assert len({digest_of(each) for each in kernels.values()}) > 0.9 * len(kernels)
