"""How commands run what is asynchronous."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from stimloop.errors import FaultError

_T = TypeVar("_T")


def run_async(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine to its end; Ctrl-C, SIGTERM and a closed terminal cancel it.

    Raises
    ------
    FaultError
        Where it was cancelled before it had anything to give.
    """
    try:
        return _run(main)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise FaultError("interrupted") from None


def until_interrupted(main: Coroutine[Any, Any, _T]) -> _T | None:
    """Run a coroutine to its end, or until it is interrupted, which gives None."""
    try:
        return _run(main)
    except (KeyboardInterrupt, asyncio.CancelledError):
        return None


def _run(main: Coroutine[Any, Any, _T]) -> _T:
    # aiomqtt needs a selector loop, which is not what Windows uses by itself.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        return runner.run(_ended_by_signals(main))


async def _ended_by_signals(main: Coroutine[Any, Any, _T]) -> _T:
    task = asyncio.current_task()
    if task is not None and sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await main
