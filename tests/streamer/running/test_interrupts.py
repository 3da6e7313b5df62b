"""Ctrl-C, however often, ends a session in order once its folder exists."""

import asyncio
import signal

import pytest

from streamer.running.interrupts import cancelling, ignored, undisturbed


async def _loop_once() -> None:
    """Let the event loop run what is due."""
    is_due = asyncio.Event()
    asyncio.get_running_loop().call_soon(is_due.set)
    await is_due.wait()


def test_ctrl_c_cancels_each_time_and_is_never_raised() -> None:
    usual = signal.getsignal(signal.SIGINT)

    async def main() -> int:
        n_cancelled = 0
        with cancelling():
            for _ in range(3):
                asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
                is_over = False
                with undisturbed():
                    await asyncio.Event().wait()
                    is_over = True
                n_cancelled += not is_over
            for _ in range(3):  # in what does not wait, too
                signal.raise_signal(signal.SIGINT)
        return n_cancelled

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(main()) == 3
    assert signal.getsignal(signal.SIGINT) is usual


@pytest.mark.parametrize("n_before", [0, 1, 3])
def test_what_is_left_to_do_is_not_disturbed_by_what_came_just_before(n_before: int) -> None:
    done: list[str] = []

    async def main() -> None:
        with cancelling():
            for _ in range(n_before):
                signal.raise_signal(signal.SIGINT)
            async with ignored():
                for name in ("SIGINT", "SIGTERM"):
                    signal.raise_signal(getattr(signal, name))
                    await _loop_once()
                done.append("written")
            done.append("left")

    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(main())
    assert done == ["written", "left"]
