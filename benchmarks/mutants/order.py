"""The order of tests for a mutant: fast tests that often killed mutants come first."""

import math
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

from benchmarks.mutants.judge import Test

#: What a kill in the same function, and one elsewhere in the file, says for the next mutant; and
#: what a test may hope for that has killed none.
_IN_FUNCTION, _IN_ROOM, _UNTRIED = 1.0, 0.1, 0.02
#: What a kill by another test of the same file says, in the same function and elsewhere.
_BY_FILE_IN_FUNCTION, _BY_FILE_IN_ROOM = 0.02, 0.005
#: Time to start a test, in addition to the test itself.
_START_S = 0.002


class Order:
    """Remembers which tests killed mutants of a file.

    Parameters
    ----------
    killers : iterable of (str, str)
        The function and the test of each kill until now.
    """

    def __init__(self, killers: Iterable[tuple[str, str]]) -> None:
        # Kills of tests and, by their names, of files of tests.
        self._in_function: Counter[tuple[str, str]] = Counter()
        self._in_room: Counter[str] = Counter()
        for function, killer in killers:
            self.note(function, killer)

    def note(self, function: str, killer: str) -> None:
        """Count a kill by a test; an empty name stands for no test."""
        if killer:
            for each in (killer, _file_of(killer)):
                self._in_function[function, each] += 1
                self._in_room[each] += 1

    def of(self, function: str, tests: Iterable[Test], cpu_s_max: float = math.inf) -> list[Test]:
        """Return the tests, those most likely to kill for their time first, within a time limit."""

        def price(test: Test) -> float:
            file = _file_of(test.name)
            hope = _UNTRIED + _IN_ROOM * self._in_room[test.name]
            hope += _IN_FUNCTION * self._in_function[function, test.name]
            hope += _BY_FILE_IN_ROOM * self._in_room[file]
            hope += _BY_FILE_IN_FUNCTION * self._in_function[function, file]
            return (test.cpu_s + _START_S) / hope

        ordered = sorted(tests, key=price)
        ends_s = accumulate(each.cpu_s for each in ordered)
        return [each for each, end_s in zip(ordered, ends_s, strict=True) if end_s <= cpu_s_max]


def _file_of(test: str) -> str:
    return test.partition("::")[0]
