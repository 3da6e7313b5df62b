"""What numba asks whether a kernel has been compiled before; it never stops anything."""

import hashlib
import os
import pickle
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba import config
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from detectors.compiling.dependencies import UnknownDependencyError, digest_of
from detectors.compiling.folders import Folders, UnusableError

_PACKAGE = Path(__file__).parents[1]
#: Settings of numba that change the code it makes.
_SETTINGS = ("OPT", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "LOOP_VECTORIZE", "SLP_VECTORIZE")
#: The warning that this process has given.
_said: list[str] = []


class KernelCache(NullCache):
    """Keeps what one kernel was compiled to, for each signature, in the place of numba's own.

    A kernel is found again where all that it depends on is as it was: see
    `detectors.compiling.dependencies`, the versions of Python, numba, llvmlite and numpy, and the
    processor. Where nothing can be read or written it is compiled in memory at each start, and one
    warning a process says so.

    Parameters
    ----------
    dispatcher : numba dispatcher
        The kernel.
    """

    def __init__(self, dispatcher: Any) -> None:  # noqa: ANN401 numba's have no types
        self._dispatcher = dispatcher
        self._flaw = ""

    @property
    def cache_path(self) -> str:
        """The folder that is looked into first."""
        return str(_folders().first)

    def load_overload(self, signature: Any, target: Any) -> Any:  # noqa: ANN401 numba's
        """Return what the kernel was compiled to for a signature, None where that is not kept."""
        target.refresh()
        self._flaw = ""
        try:
            content = _folders().read(self._name(signature, target.codegen()))
            if content is None:
                return None
            # What was read is what this user or the installation has written.
            parts = pickle.loads(content)  # noqa: S301
            return CompileResult._rebuild(target, *parts)  # type: ignore[no-untyped-call] # noqa: SLF001
        except UnusableError as error:
            self._flaw = str(error)
        except UnknownDependencyError:
            pass  # it is said when it has been compiled
        except Exception as error:  # noqa: BLE001 whatever it is, compiling cures it
            self._flaw = f"{self.cache_path}: expected a kernel, found {error!r}"
        return None

    def save_overload(self, signature: Any, result: Any) -> None:  # noqa: ANN401 numba's
        """Keep what the kernel was compiled to for a signature."""
        if result.library.has_dynamic_globals or not all(each.can_cache for each in result.lifted):
            return
        try:
            name = self._name(signature, result.codegen)
            content = dumps(result._reduce())  # type: ignore[no-untyped-call] # noqa: SLF001
            _folders().write(name, content)
        except UnusableError as error:
            _warn(
                f"they cannot be kept, so each start will take as long as this one: {error}. Let "
                f"the folder be written, or name another in NUMBA_CACHE_DIR"
            )
        except UnknownDependencyError as error:
            function = self._dispatcher.py_func
            name = f"{function.__module__}.{function.__qualname__}"
            _warn(f"{name} is not kept: it reads {error}, of which no change would be seen")
        except Exception as error:  # noqa: BLE001 it is compiled, and in memory
            _warn(f"{self.cache_path}: a kernel could not be kept: {error!r}")
        else:
            if self._flaw:
                _warn(f"{self._flaw}; it was compiled anew and replaced")

    def _name(self, signature: Any, codegen: Any) -> str:  # noqa: ANN401 numba's
        function = self._dispatcher.py_func
        called_with = (*_texts(_arguments(signature)), *map(str, codegen.magic_tuple()))
        identity = _short((function.__module__, function.__qualname__, *called_with))
        module = function.__module__.rpartition(".")[2]
        state = _short([digest_of(self._dispatcher)])
        return f"{module}.{function.__name__}-{identity}-{state}"


def _arguments(signature: Any) -> Iterable[Any]:  # noqa: ANN401 a tuple, or a numba signature
    return signature if isinstance(signature, tuple) else signature.args


def _texts(types: Iterable[Any]) -> Iterator[str]:
    """Yield the names of types; of a named tuple its fields too, which its name leaves out."""
    for each in types:
        yield str(each)
        if hasattr(each, "fields") and hasattr(each, "types"):
            yield repr(each.fields)
            yield from _texts(each.types)


def _short(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _folders() -> Folders:
    """Return the user's own folder (``NUMBA_CACHE_DIR``); else the package's, then the user's."""
    versions = (sys.implementation.cache_tag, numba.__version__, llvmlite.__version__)
    settings = [f"{each} {getattr(config, each, None)}" for each in _SETTINGS]
    name = f"kernels-{_short([*map(str, versions), np.__version__, *settings])}"
    if config.CACHE_DIR:  # type: ignore[attr-defined]
        return Folders([Path(config.CACHE_DIR) / "stimloop"], name)  # type: ignore[attr-defined]
    users = [folder / "stimloop" for folder in _users_folders()]
    return Folders([_PACKAGE / "__pycache__", *users], name)


def _users_folders() -> list[Path]:
    """Return the user's folder for what can be made again, none where there is no home."""
    with suppress(RuntimeError):
        if sys.platform == "win32":
            return [Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")]
        if sys.platform == "darwin":
            return [Path.home() / "Library" / "Caches"]
        chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
        return [chosen if chosen.is_absolute() else Path.home() / ".cache"]
    return []


def _warn(text: str) -> None:
    """Say once a process why starting takes long, even where warnings are errors."""
    if not _said:
        _said.append(text)
        with suppress(RuntimeWarning):
            warnings.warn(f"compiled kernels: {text}", RuntimeWarning, stacklevel=2)
