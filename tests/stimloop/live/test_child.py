"""A child process is awaited without blocking anything else, and none is left behind."""

import asyncio

import pytest

from stimloop.live.child import Child


def _child(program: str) -> Child:
    return Child("child", ["-c", program])


def test_its_first_line_and_its_last_words_are_heard() -> None:
    async def run() -> None:
        child = _child("import sys; print('ready'); sys.exit('so it ends')")
        assert await child.first_line() == "ready"
        await child.until_over()
        assert child.is_over
        assert child.death == (
            f"child (process {child.pid}) ended with exit code 1; its last error line: 'so it ends'"
        )
        await child.end(1.0)

    asyncio.run(run())


def test_one_that_ends_at_once_has_no_first_line() -> None:
    async def run() -> None:
        child = _child("")
        assert await child.first_line() == ""
        assert child.last_words == "none"
        await child.end(1.0)

    asyncio.run(run())


def test_it_ends_when_its_input_closes() -> None:
    async def run() -> None:
        child = _child("import sys; print('ready', flush=True); sys.stdin.read(); sys.exit(3)")
        await child.first_line()
        assert not child.is_over
        await child.end(30.0)
        assert child._process.returncode == 3

    asyncio.run(run())


def test_one_that_does_not_end_is_killed() -> None:
    async def run() -> None:
        child = _child("import threading; print('ready', flush=True); threading.Event().wait()")
        await child.first_line()
        await child.end(0.01)
        assert child.is_over

    asyncio.run(run())


def test_waiting_can_be_given_up() -> None:
    async def run() -> None:
        child = _child("import sys; sys.stdin.read()")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(child.first_line(), 0.01)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(child.until_over(), 0.01)
        await child.end(30.0)
        assert child.is_over

    asyncio.run(run())
