"""How a child process tells its parent that it is ready, and ends when the parent does."""

import asyncio
import contextlib
import os
import sys
import threading

#: The first line that such a process prints, once others can reach it.
READY = "ready"


def say_ready() -> None:
    """Print the line that the parent process waits for."""
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


async def until_stdin_closes() -> None:
    """Wait until the parent process closes our standard input, or ends."""
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
