"""Duration and coverage of each test without a mutant, kept until a test or source changes."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from benchmarks.mutants import rooms
from benchmarks.mutants.code import code_of
from benchmarks.mutants.judge import Baseline, Test
from benchmarks.mutants.results import Results

_SOURCES = Path("stimulators")


class Baselines:
    """Runs files of tests without a mutant, unless the result is kept.

    Parameters
    ----------
    kept : Results
        Where it is kept.
    n_jobs : int
        How many files run at a time.
    """

    def __init__(self, kept: Results, n_jobs: int) -> None:
        self._kept = kept
        self._n_jobs = n_jobs
        self._sources = _digest(sorted(_SOURCES.rglob("*.py")))

    def of(self, judges: Iterable[Path]) -> list[Test]:
        """Return the tests of these files, the fastest first.

        Raises
        ------
        BaselineError
            Where one fails.
        """
        files = list(judges)
        missing = iter([each for each in files if self._known(each) is None])
        running: dict[int, tuple[Path, Baseline]] = {}
        while True:
            while len(running) < self._n_jobs and (path := next(missing, None)) is not None:
                began = Baseline(rooms.rooms(), path)
                running[began.pid] = (path, began)
            if not running:
                break
            pid, status = os.wait()
            path, began = running.pop(pid)
            self._kept.keep_baseline(path, self._state_of(path), _text(began.end(status)))
        found = [each for path in files for each in self._known(path) or []]
        return sorted(found, key=lambda each: each.cpu_s)

    def _known(self, path: Path) -> list[Test] | None:
        text = self._kept.baseline_of(path, self._state_of(path))
        if text is None:
            return None
        return [
            Test(name, cpu_s, frozenset(map(tuple, ran))) for name, cpu_s, ran in json.loads(text)
        ]

    def _state_of(self, path: Path) -> str:
        return self._sources + _digest([*rooms.helpers(), path])


def _digest(paths: Iterable[Path]) -> str:
    return hashlib.sha256("\0".join(map(code_of, paths)).encode()).hexdigest()


def _text(tests: Iterable[Test]) -> str:
    return json.dumps([(each.name, each.cpu_s, sorted(each.ran)) for each in tests])
