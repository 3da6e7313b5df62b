"""How a process that another one started says that it is there, and ends with it."""

import asyncio
import contextlib
import os
import sys
import threading

#: What such a process prints on its first line once others can reach it.
READY = "ready"


def say_ready() -> None:
    """Print the line that whoever started this process waits for."""
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


async def until_stdin_closes() -> None:
    """Wait until whoever started this process closes its standard input, or is gone."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def read() -> None:
        # Not by `sys.stdin`, whose lock would still be held when the interpreter shuts down.
        while os.read(0, 1024):
            pass
        with contextlib.suppress(RuntimeError):  # the loop may be over already
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    await ended.wait()
