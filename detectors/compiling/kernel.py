"""The one way in which a function becomes a kernel."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from numba import njit
from numba.core.dispatcher import Dispatcher

from detectors.compiling.cache import KernelCache

_F = TypeVar("_F", bound=Callable[..., Any])


@overload
def kernel(function: _F, /) -> _F: ...


@overload
def kernel(*, inline: bool) -> Callable[[_F], _F]: ...


def kernel(function: _F | None = None, /, *, inline: bool = True) -> _F | Callable[[_F], _F]:
    """Return a function compiled at its first call, the same bits every time.

    It runs without the interpreter's lock, divides by zero as IEEE 754 says, and is kept on
    disk for the next start (`detectors.compiling.cache`).

    Parameters
    ----------
    function : callable
        Takes arrays and numbers; sums in a fixed order.
    inline : bool
        Whether the machine code becomes part of each kernel that calls it: a named tuple of arrays
        then costs nothing to hand on. False for an inner loop over a length that the caller knows,
        as the compiler makes vectors of it only where it does not know; and for a large part that
        opens the bundle itself, so that it is compiled once and not again with its callers.

    Returns
    -------
    callable
        The compiled function; or, without `function`, what makes it of one.

    Examples
    --------
    >>> @kernel
    ... def halved(x):
    ...     return 0.5 * x
    >>> halved(3.0)
    1.5
    """

    def compiled(plain: _F) -> _F:
        found: Any = njit(nogil=True, error_model="numpy", forceinline=inline)(plain)
        if isinstance(found, Dispatcher):  # not so with NUMBA_DISABLE_JIT
            found._cache = KernelCache(found)  # type: ignore[attr-defined]  # noqa: SLF001 no other way
        return found  # type: ignore[no-any-return]

    return compiled if function is None else compiled(function)
