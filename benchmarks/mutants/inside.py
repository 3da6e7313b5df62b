"""Judges mutants in functions: tests are collected once, and a forked copy runs each mutant.

Only the function's code is exchanged there, so that nothing is imported or collected anew. What is
run by that already, when a file is imported, is judged by a `Trial`, which does both each time.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import NamedTuple

import pytest

from benchmarks.mutants.judge import (
    BaselineError,
    Judgement,
    Test,
    collect,
    fork,
    limit_time,
    name_of,
    say,
)
from benchmarks.mutants.operators import Mutant

_KILLED = 1
_BROKEN = 70


class Work(NamedTuple):
    """The mutants to judge, and how to judge them.

    Parameters
    ----------
    room : Path
        The file that is mutated.
    mutants : sequence of Mutant
        All of functions of the file.
    choose : callable
        Returns the tests for a mutant, in their order; called in other processes, as `hear`.
    hear : callable
        Is told what became of each mutant before the next is judged.
    n_jobs : int
        How many are judged at a time.
    """

    room: Path
    mutants: Sequence[Mutant]
    choose: Callable[[Mutant], list[Test]]
    hear: Callable[[Mutant, Judgement], None]
    n_jobs: int


def judge_inside(work: Work, files: Sequence[Path]) -> Iterator[tuple[Mutant, Judgement | None]]:
    """Judge mutants in functions; yield None for those of functions that run at import.

    Raises
    ------
    BaselineError
        Where the tests cannot be collected, or a function is not found.
    """
    reading, writing = os.pipe()
    pid, _ = fork(lambda _: _Inside(work, writing), map(str, files))
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        for line in lines:
            index, judged = json.loads(line)
            yield work.mutants[index], None if judged is None else Judgement(*judged)
    _, status = os.waitpid(pid, 0)
    if status:
        raise BaselineError(f"{work.room}: pytest exits with {os.waitstatus_to_exitcode(status)}")


class _Inside:
    """A pytest plugin that judges mutants instead of running the collected tests."""

    def __init__(self, work: Work, writing: int) -> None:
        self._work = work
        self._writing = writing
        self._ran_at_import: set[str] = set()
        self._tests: dict[str, Test] = {}
        self._words = -1

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Note which functions run while tests are collected."""
        file = str(self._work.room.resolve())

        def watch(frame: FrameType, _event: str, _: object) -> None:
            if frame.f_code.co_filename == file:
                self._ran_at_import.add(name_of(frame.f_code))

        sys.settrace(watch)
        try:
            return (yield)
        finally:
            sys.settrace(None)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge all mutants; print a line for each."""
        items = collect(session.items)
        gc.freeze()
        waiting = iter(enumerate(self._work.mutants))
        running: dict[int, tuple[int, int, float]] = {}
        while True:
            while len(running) < self._work.n_jobs and (found := next(waiting, None)) is not None:
                index, mutant = found
                if mutant.function in self._ran_at_import:
                    say(self._writing, [index, None])
                    continue
                words = os.memfd_create("words")
                pid = os.fork()
                if not pid:
                    self._try(items, mutant, words)
                running[pid] = (index, words, time.monotonic())
            if not running:
                return True
            pid, status = os.wait()
            index, words, start_s = running.pop(pid)
            if os.waitstatus_to_exitcode(status) == _BROKEN:
                os._exit(_BROKEN)
            judged = Judgement.of(status, words, time.monotonic() - start_s)
            self._work.hear(self._work.mutants[index], judged)
            say(self._writing, [index, judged])

    def _try(self, items: dict[str, pytest.Item], mutant: Mutant, words: int) -> None:
        """Run the tests of a mutant until one fails, and end the process."""
        self._words = words
        code = _BROKEN
        try:
            exchange(self._work.room, mutant)
            self._tests = {test.name: test for test in self._work.choose(mutant)}
            code = _KILLED
            for name in self._tests:
                items[name].ihook.pytest_runtest_protocol(item=items[name], nextitem=None)
            code = 0
        finally:
            os._exit(code)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Limit the processor time of a test."""
        say(self._words, {"runs": item.nodeid})
        with limit_time(self._tests[item.nodeid]):
            return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End the process at the first failure."""
        if report.failed:
            os._exit(_KILLED)


def exchange(room: Path, mutant: Mutant) -> None:
    """Replace the code of a function in an imported module by that of its mutant."""
    module = sys.modules[".".join(room.with_suffix("").parts)]
    source = compile(mutant.source, str(room.resolve()), "exec", dont_inherit=True)
    (function,) = (each for each in _functions(module) if each.__qualname__ == mutant.function)
    (code,) = (each for each in _codes(source) if each.co_qualname == mutant.function)
    function.__code__ = code


def _functions(holder: ModuleType | type) -> Iterator[FunctionType]:
    """Yield all functions of a module and of its classes."""
    name = holder.__name__ if isinstance(holder, ModuleType) else holder.__module__
    for value in vars(holder).values():
        found = getattr(value, "fget", getattr(value, "__func__", value))
        if isinstance(found, FunctionType) and found.__module__ == name:
            yield found
        elif isinstance(found, type) and found.__module__ == name:
            yield from _functions(found)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)
