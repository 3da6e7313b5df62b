"""The one way in which a function becomes a kernel."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar, overload

from numba import njit
from numba.core.dispatcher import Dispatcher

from detectors.compiling.cache import KernelCache

_F = TypeVar("_F", bound=Callable[..., Any])


@overload
def kernel(function: _F, /) -> _F: ...


@overload
def kernel(*, inline: Literal["never", "always"]) -> Callable[[_F], _F]: ...


def kernel(
    function: _F | None = None, /, *, inline: Literal["never", "always"] = "never"
) -> _F | Callable[[_F], _F]:
    """Return a function compiled at its first call, the same bits every time.

    It runs without the interpreter's lock, divides by zero as IEEE 754 says, and is kept on
    disk for the next start (`detectors.compiling.cache`).

    Parameters
    ----------
    function : callable
        Takes arrays and numbers; sums in a fixed order.
    inline : {"never", "always"}
        Whether numba puts its body into each caller.

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
        found: Any = njit(nogil=True, error_model="numpy", inline=inline, forceinline=True)(plain)
        if isinstance(found, Dispatcher):  # not so with NUMBA_DISABLE_JIT
            found._cache = KernelCache(found)  # type: ignore[attr-defined]  # noqa: SLF001 no other way
        return found  # type: ignore[no-any-return]

    return compiled if function is None else compiled(function)
