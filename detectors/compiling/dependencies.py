"""What compiled code depends on: the code of a kernel, of all it calls, and the values it reads."""

import builtins
import enum
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import types

from detectors.compiling.layout import Record, layout_of

#: Packages that belong to the folder's key by their versions, so not to that of a kernel.
_VERSIONED = frozenset(
    {"builtins", "cmath", "hashlib", "llvmlite", "math", "numba", "numpy", "operator", "typing"}
)
_PLAIN = (int, float, complex, str, bytes)


class UnknownDependencyError(Exception):
    """A kernel reads an object whose state cannot be read."""


def digest_of(function: Any) -> str:  # noqa: ANN401 numba's dispatchers have no types
    """Return a digest of everything in the source that a kernel's machine code depends on.

    numba itself looks at the one file that a function is in: a comment there compiles anew, and a
    constant that was imported from elsewhere does not. Here it is the bytecode of the function and
    of all that it calls, and the values of the names that they read. Comments, documentation and
    line numbers count for nothing.

    Parameters
    ----------
    function : callable
        A kernel or a plain function.

    Raises
    ------
    UnknownDependencyError
        Where a name stands for an object of which nothing is known, so that a change of it would
        go unseen.
    """
    found = hashlib.sha256()
    for part in _Reader().parts(function):
        found.update(part.encode())
        found.update(b"\0")
    return found.hexdigest()


class _Reader:
    """Reads functions in the order in which they are first met, each one once."""

    def __init__(self) -> None:
        self._functions: list[Any] = []
        self._numbers: dict[int, int] = {}

    def parts(self, function: Any) -> Iterator[str]:  # noqa: ANN401 as above
        """Yield the parts of a function and of all that it reads."""
        yield self._numbered(function)
        for number in itertools.count():
            if number == len(self._functions):
                return
            yield from self._function(self._functions[number])

    def _numbered(self, function: Any) -> str:  # noqa: ANN401 as above
        number = self._numbers.setdefault(id(function), len(self._functions))
        if number == len(self._functions):
            self._functions.append(function)
        return f"function {number}"

    def _function(self, function: Any) -> Iterator[str]:  # noqa: ANN401 as above
        yield repr(sorted(getattr(function, "targetoptions", {}).items()))
        plain: FunctionType = getattr(function, "py_func", function)
        yield from self._code(plain.__code__, plain.__doc__)
        yield from self._value(plain.__defaults__)
        yield from self._value(tuple(sorted((plain.__kwdefaults__ or {}).items())))
        for cell in plain.__closure__ or ():
            yield from self._value(cell.cell_contents)
        yield from self._names(plain)

    def _code(self, code: CodeType, documentation: str | None) -> Iterator[str]:
        yield code.co_code.hex()
        yield repr((code.co_argcount, code.co_kwonlyargcount, code.co_flags))
        yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                yield from self._code(constant, None)
            elif constant != documentation or constant is None:
                yield from self._value(constant)

    def _names(self, function: FunctionType) -> Iterator[str]:
        names = sorted(set(_names_in(function.__code__)))
        for name in names:
            if name in function.__globals__:
                value = function.__globals__[name]
                yield name
                yield from self._module(value, names) if _is_own(value) else self._value(value)
            elif hasattr(builtins, name):
                yield f"builtin {name}"

    def _module(self, module: ModuleType, names: Iterable[str]) -> Iterator[str]:
        """Yield all of a module that may be read of it: numba freezes its values as well."""
        for name in names:
            value = vars(module).get(name)
            if value is not None and not isinstance(value, ModuleType):
                yield f"{module.__name__}.{name}"
                yield from self._value(value)

    def _value(self, value: Any) -> Iterator[str]:  # noqa: ANN401 whatever a name may stand for
        if isinstance(value, enum.Enum):
            yield f"{type(value).__qualname__}.{value.name}"
            yield from self._value(value.value)
        elif isinstance(value, tuple):
            yield f"{type(value).__name__} of {len(value)}"
            for each in value:
                yield from self._value(each)
        elif isinstance(value, type):
            yield from self._type(value)
        elif (called := _python_of(value)) is not None:
            yield self._numbered(called)
        else:
            yield _text_of(value)

    def _type(self, value: type) -> Iterator[str]:
        yield f"{value.__module__}.{value.__qualname__}"
        if issubclass(value, enum.Enum):
            for member in value:
                yield from self._value(member)
        elif issubclass(value, tuple) and hasattr(value, "_fields"):
            yield repr(value._fields)
            with suppress(TypeError):  # one that is no bundle: numba finds out what is in it
                yield layout_of(value)
        elif value is Record:
            pass  # it has no fields
        elif issubclass(value, Record):
            yield layout_of(value)
        elif _package_of(value) not in _VERSIONED:
            raise UnknownDependencyError(f"the type {value.__qualname__}")


def _python_of(value: Any) -> Any | None:  # noqa: ANN401 whatever a name may stand for
    """Return what is a function of ours, of an intrinsic what defines it; None for all else."""
    defined = getattr(value, "_defn", value)
    is_function = isinstance(defined, FunctionType) or hasattr(defined, "py_func")
    return defined if is_function and _package_of(defined) not in _VERSIONED else None


def _text_of(value: Any) -> str:  # noqa: ANN401 whatever a name may stand for
    if value is None or value is ... or isinstance(value, _PLAIN):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, np.ndarray | np.generic):
        return f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    if isinstance(value, types.Type | np.dtype):
        return str(value)
    # A list has no name of its own: only a function or a module of a versioned package has.
    if hasattr(value, "__name__") and _package_of(value) in _VERSIONED:
        return f"{getattr(value, '__module__', '')}.{value.__name__}"
    raise UnknownDependencyError(f"a {type(value).__qualname__}")


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)


def _package_of(value: object) -> str:
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0]
    # numpy's ufuncs have no module.
    module = getattr(value, "__module__", None) or type(value).__module__
    return str(module).partition(".")[0]


def _is_own(value: object) -> bool:
    return isinstance(value, ModuleType) and _package_of(value) not in _VERSIONED
