"""The stop key on a real pseudo-terminal: immediate, without echo, inactive afterwards."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stimloop.live.stop_key import has_stop_key, stop_key

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import pty
import termios

_ROOT = Path(__file__).parents[3]
_PROGRAM = """
import asyncio, os, sys
from stimloop.live.stop_key import stop_key

async def main():
    pressed = asyncio.Event()
    with stop_key(pressed.set):
        print("ready", flush=True)
        await pressed.wait()
        print("pressed", flush=True)
        {end}

asyncio.run(main())
"""
_LOOKS_AFTERWARDS = """
import subprocess, sys, termios

before = termios.tcgetattr(0)
subprocess.call([sys.executable, "-c", {program!r}])
print("is restored:", termios.tcgetattr(0) == before, flush=True)
"""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """Open a terminal that is the standard input of this test; return both ends."""
    ours, theirs = pty.openpty()
    with open(theirs, encoding="utf-8", closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours, theirs
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("typed", [b"s", b"S", b"qs", b"\x1b[As"])
def test_the_key_is_heard_at_once_without_a_line_end(
    terminal: tuple[int, int], typed: bytes
) -> None:
    async def run() -> None:
        pressed = asyncio.Event()
        with stop_key(pressed.set):
            os.write(terminal[0], typed)
            async with asyncio.timeout(5.0):
                await pressed.wait()

    asyncio.run(run())


@pytest.mark.parametrize("typed", [b"q", b"\n", b"stop"[1:], b"\x1bOS", b"\x1b[1;2S", b"\xc3\x9f"])
def test_other_keys_do_nothing(terminal: tuple[int, int], typed: bytes) -> None:
    async def run() -> int:
        n_pressed = 0
        pressed = asyncio.Event()

        def press() -> None:
            nonlocal n_pressed
            n_pressed += 1
            pressed.set()

        with stop_key(press):
            os.write(terminal[0], typed)
            await asyncio.wait([asyncio.ensure_future(pressed.wait())], timeout=0.1)
            before = n_pressed
            os.write(terminal[0], b"s")
            async with asyncio.timeout(5.0):
                await pressed.wait()
        return before

    assert asyncio.run(run()) == 0


def test_nothing_is_echoed_and_the_terminal_is_as_before_afterwards(
    terminal: tuple[int, int],
) -> None:
    before = termios.tcgetattr(terminal[1])

    async def run() -> None:
        with stop_key(lambda: None):
            during = termios.tcgetattr(terminal[1])[3]
            assert not during & (termios.ECHO | termios.ICANON)
            assert during & termios.ISIG  # Ctrl-C works as ever
        assert termios.tcgetattr(terminal[1]) == before
        with pytest.raises(RuntimeError), stop_key(lambda: None):
            raise RuntimeError

    asyncio.run(run())
    assert termios.tcgetattr(terminal[1]) == before


@pytest.mark.parametrize(
    "end",
    [
        "pass",
        "raise RuntimeError('crash')",
        "sys.exit(7)",
        "os.kill(os.getpid(), 2); await asyncio.Event().wait()",
    ],
)
def test_the_terminal_is_restored_however_the_program_ends(end: str) -> None:
    # Between the terminal and the program there is a shell, which checks the terminal later.
    script = _LOOKS_AFTERWARDS.format(program=_PROGRAM.format(end=end))
    child, ours = pty.fork()
    if child == 0:
        os.chdir(_ROOT)
        os.execv(sys.executable, [sys.executable, "-c", script])  # noqa: S606 no shell needed
    drawn = b""
    try:
        while b"ready" not in drawn:
            drawn += os.read(ours, 4096)
        assert not termios.tcgetattr(ours)[3] & termios.ECHO
        os.write(ours, b"s")
        while not re.search(rb"is restored: \w+\r\n", drawn):
            drawn += os.read(ours, 4096)
    finally:
        os.close(ours)
        os.waitpid(child, 0)
    assert b"ready\r\npressed\r\n" in drawn
    assert b"is restored: True" in drawn


def test_without_a_terminal_there_is_no_key() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from stimloop.live.stop_key import *; print(has_stop_key())"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_a_terminal_that_hangs_up_ends_the_key_not_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = pty.openpty()

    async def run() -> None:
        with stop_key(lambda: None):
            os.close(ours)
            await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=0.1)

    with os.fdopen(theirs) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert has_stop_key()
        asyncio.run(run())
