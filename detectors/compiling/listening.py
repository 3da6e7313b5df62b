"""Which kernels are being compiled, told as it goes: the first start on a machine takes minutes."""

import contextlib
from collections.abc import Callable, Iterator

from numba.core import event

#: Given the number of kernels compiled so far and the name of the one that is next.
Compiling = Callable[[int, str], None]


class _Listener(event.Listener):
    """Counts kernels: those that one inlines are compiled within it, and counted as well.

    What numba compiles of its own for one, a sort say, is counted, and goes by the name of that.
    """

    def __init__(self, told: Compiling) -> None:
        self._told = told
        self._n_compiled = 0
        self._name = ""

    def on_start(self, event: event.Event) -> None:
        """Tell which kernel is compiled now."""
        function = event.data["dispatcher"].py_func
        if not function.__module__.startswith("numba."):
            self._name = function.__name__.strip("_")
        self._told(self._n_compiled, self._name)

    def on_end(self, event: event.Event) -> None:  # noqa: ARG002 numba's own names
        """Count it."""
        self._n_compiled += 1


@contextlib.contextmanager
def compiling(told: Compiling) -> Iterator[None]:
    """Tell of every kernel that is compiled within; of those that were kept, nothing.

    Parameters
    ----------
    told : callable
        Given the number compiled so far and the name of the next.
    """
    listener = _Listener(told)
    event.register("numba:compile", listener)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)  # type: ignore[no-untyped-call]
