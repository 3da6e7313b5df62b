"""Ctrl-C while a session is kept: it ends the session well, however often and early it comes."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import TypeAlias

_Handler: TypeAlias = Callable[[int, FrameType | None], object] | signal.Handlers
#: What asks a program to end; which of them there are depends on the system.
_ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


@contextlib.contextmanager
def cancelling() -> Iterator[None]:
    """Let each Ctrl-C cancel the running task, and none break off what it is doing.

    Without, a second Ctrl-C is raised wherever the program is: a journal would have no end.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def cancel(_number: int, _frame: FrameType | None) -> None:
        if task is not None:
            loop.call_soon_threadsafe(task.cancel)

    with _handled((signal.SIGINT,), cancel):
        yield


@contextlib.asynccontextmanager
async def ignored() -> AsyncIterator[None]:
    """Let no signal disturb what is left to do, one that has just come included."""
    with _handled(_ENDING, signal.SIG_IGN):
        for _ in range(2):  # a cancellation that waits for the loop comes by the second
            with undisturbed():
                await asyncio.sleep(0)
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """End what is awaited within early where the task is cancelled, and the task not at all."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()


@contextlib.contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handler: _Handler) -> Iterator[None]:
    """Put a handler in place of those of some signals; only the main thread has any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, usual in before.items():
            if usual is not None:
                signal.signal(number, usual)
