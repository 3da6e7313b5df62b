"""Judges a mutant: runs the tests of its file in a forked process that imports the mutant."""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType, ModuleType
from typing import Any, NamedTuple, Self

import hypothesis
import pytest

#: A test hangs if it takes this many times its processor time without a mutant.
_TIMES_MAX = 6.0
_TIMES_MAX_PLUS_S = 2.0
_MEMORY_BYTES_MAX = 4 << 30
#: Imports from other projects that tests need: done once, before processes are forked.
_IMPORTED_ONCE = ("aiomqtt", "amqtt", "asyncio", "hypothesis.stateful", "numpy", "psutil", "pylsl")
_HANGS = 124
#: Random examples of a test; fewer for a state machine, each example of which has many steps.
_N_EXAMPLES = 50
_N_MACHINE_EXAMPLES = 15
#: Even on a busy machine a test takes longer than this only if it never ends.
_WALL_S_MAX = 900
_OPTIONS = (
    *("-q", "--tb=no", "--assert=plain", f"--timeout={_WALL_S_MAX}"),
    *("-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


class Test(NamedTuple):
    """A test, its processor time without a mutant, and the functions that it ran."""

    name: str
    cpu_s: float
    ran: frozenset[tuple[str, str]]


class Judgement(NamedTuple):
    """The result for a mutant: ``killed`` by a test, ``hangs`` or ``survived``."""

    outcome: str
    by: str
    took_s: float

    @classmethod
    def of(cls, status: int, words: int, took_s: float) -> Self:
        """Return the result from the exit status of a process and the messages it wrote."""
        said = _read(words)
        by = next((each["runs"] for each in reversed(said) if "runs" in each), "its import")
        code = os.waitstatus_to_exitcode(status)
        if code in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            return cls("survived", "", took_s)
        return cls("hangs" if code in {_HANGS, -signal.SIGKILL} else "killed", by, took_s)


class BaselineError(Exception):
    """A test fails although there is no mutant."""


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: Path, source: str) -> None:
        super().__init__(name, str(path.resolve()))
        self._text = source

    def get_code(self, fullname: str) -> CodeType:
        """Compile the mutant's text; Python's compiled file of the original is ignored."""
        return self.source_to_code(self._text.encode(), self.get_filename(fullname))


class _Source(importlib.abc.MetaPathFinder):
    """An import hook that loads one module from a text instead of its file."""

    def __init__(self, path: Path, source: str) -> None:
        name = ".".join(path.with_suffix("").parts)
        self._loader = _Loader(name, path, source)

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a loader for the mutated module, None for any other."""
        if name != self._loader.name:
            return None
        return importlib.util.spec_from_file_location(name, self._loader.path, loader=self._loader)


class _Plugin:
    """A pytest plugin that runs chosen tests in order, each with a limit of processor time."""

    def __init__(self, words: int, tests: Sequence[Test]) -> None:
        self._words = words
        self._tests = {test.name: test for test in tests}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the chosen tests, in their order."""
        found = collect(items)
        items[:] = [found[name] for name in self._tests if name in found]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run a test with a limit of processor time; an endless loop ends the process."""
        say(self._words, {"runs": item.nodeid})
        with limit_time(self._tests[item.nodeid]):
            return (yield)


class _Recorder:
    """A pytest plugin that runs all tests without a mutant and records duration and coverage."""

    def __init__(self, words: int, paths: Iterable[Path]) -> None:
        self._words = words
        self._files = {str(path.resolve()): path.as_posix() for path in paths}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep all tests."""
        collect(items)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Record which functions a test runs, including those of its fixtures."""
        ran: set[CodeType] = set()

        def watch(frame: FrameType, _event: str, _: object) -> None:
            ran.add(frame.f_code)

        start_s = time.process_time()
        sys.settrace(watch)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            took_s = time.process_time() - start_s
            found = {
                (self._files[code.co_filename], name_of(code))
                for code in ran
                if code.co_filename in self._files
            }
            say(self._words, {"test": item.nodeid, "cpu_s": took_s, "ran": sorted(found)})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the name of a test that failed."""
        if report.failed:
            say(self._words, {"failed": report.nodeid})


def prepare() -> None:
    """Import what all tests need, and make random tests repeatable."""
    # Compiled code is kept for later processes, in a folder away from the sources.
    sys.dont_write_bytecode = False
    sys.pycache_prefix = tempfile.mkdtemp(prefix="compiled-")
    for name in _IMPORTED_ONCE:
        importlib.import_module(name)
    hypothesis.settings.register_profile(
        "mutants",
        max_examples=_N_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutants")
    gc.freeze()


class Baseline:
    """A run of one file of tests without a mutant, in a process of its own.

    Parameters
    ----------
    paths : iterable of Path
        The files that are to be mutated.
    judge : Path
        The file of tests.
    """

    def __init__(self, paths: Iterable[Path], judge: Path) -> None:
        self.pid, self._words = fork(lambda words: _Recorder(words, paths), [str(judge)])

    def end(self, status: int) -> list[Test]:
        """Return the tests with their durations, once the process has ended.

        Raises
        ------
        BaselineError
            Where one fails: then nothing can be said about mutants.
        """
        said, code = _read(self._words), os.waitstatus_to_exitcode(status)
        failed = [each["failed"] for each in said if "failed" in each]
        if failed or code != 0:
            raise BaselineError(f"without a mutant: {failed or f'pytest exits with {code}'}")
        return [
            Test(each["test"], each["cpu_s"], frozenset(map(tuple, each["ran"])))
            for each in said
            if "test" in each
        ]


class Trial:
    """A mutant that is being judged, in a process of its own."""

    def __init__(self, path: Path, source: str, tests: Sequence[Test]) -> None:
        files = list(dict.fromkeys(test.name.partition("::")[0] for test in tests))
        self._start_s = time.monotonic()
        self.pid, self._words = fork(
            lambda words: _Plugin(words, tests), files, _Source(path, source)
        )

    def end(self, status: int) -> Judgement:
        """Return the result, once the process has ended with this status."""
        return Judgement.of(status, self._words, time.monotonic() - self._start_s)


def fork(
    plugin: Callable[[int], object], files: Iterable[str], source: _Source | None = None
) -> tuple[int, int]:
    """Start a process that runs tests; return its id and the file it writes messages to."""
    words = os.memfd_create("words")
    pid = os.fork()
    if pid:
        return pid, words
    try:
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
        stop = []
        if source is not None:
            sys.meta_path.insert(0, source)
            stop = ["-x"]
        os._exit(pytest.main([*files, *stop, *_OPTIONS], plugins=[plugin(words)]))
    finally:
        os._exit(pytest.ExitCode.INTERNAL_ERROR)


def name_of(code: CodeType) -> str:
    """Return the name of the function that a code object belongs to."""
    return code.co_qualname.partition(".<locals>")[0]


@contextmanager
def limit_time(test: Test) -> Iterator[None]:
    """Limit the processor time of a test; an endless loop ends the process."""
    signal.signal(signal.SIGPROF, _hangs)
    signal.setitimer(signal.ITIMER_PROF, _TIMES_MAX * test.cpu_s + _TIMES_MAX_PLUS_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def collect(items: Iterable[pytest.Item]) -> dict[str, pytest.Item]:
    """Return tests by name; state machines run fewer examples than in a usual test run."""
    found = {item.nodeid: item for item in items}
    for item in found.values():
        machine = getattr(item, "cls", None)
        settings = getattr(machine, "settings", None)
        if machine is not None and isinstance(settings, hypothesis.settings):
            machine.settings = hypothesis.settings(settings, max_examples=_N_MACHINE_EXAMPLES)
    return found


def say(words: int, message: object) -> None:
    """Write one line of JSON."""
    os.write(words, json.dumps(message).encode() + b"\n")


def _read(words: int) -> list[dict[str, Any]]:
    os.lseek(words, 0, os.SEEK_SET)
    with os.fdopen(words, "rb") as said:
        return [json.loads(line) for line in said]


def _hangs(_signal: int, _frame: FrameType | None) -> None:
    os._exit(_HANGS)
