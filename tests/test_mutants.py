"""Mutation testing itself: the kinds of mutants, and that each kept reason fits a mutant."""

from pathlib import Path

import pytest

from benchmarks.mutants import rooms
from benchmarks.mutants.code import code_of, helpers_of
from benchmarks.mutants.inside import exchange
from benchmarks.mutants.judge import Test as Judge
from benchmarks.mutants.operators import mutants_of
from benchmarks.mutants.order import Order
from benchmarks.mutants.reasons import reasons
from stimulators.gate.states.lapses import Lapses
from stimulators.gate_config import GateConfig


def _mutated(line: str) -> list[str]:
    source = f"def f(a, b, c):\n    {line}\n"
    return [each.mutated for each in mutants_of(source)]


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("return a < b", ["return (a <= b)", "return (a >= b)"]),
        ("return a is None", ["return (a is not None)"]),
        ("return a and b", ["return (a)", "return (b)"]),
        ("return not a", ["return (a)"]),
        ("return a - b", ["return (a + b)"]),
        ("return a * 2", ["return (a / 2)", "return a * 1", "return a * 3"]),
        ("return 3.0", ["return 1.5", "return 6.0"]),
        ("return 5_000", ["return 10000", "return 2500"]),
        ("return max(a, b)", ["return min(a, b)"]),
        ("return b if a else c", ["return b if (not a) else c"]),
        ("return 'word'", ["return 'XXword'"]),
        ("return True", ["return False"]),
        ("a.x = b", ["pass"]),
        ("a.x += b", ["a.x -= b", "pass"]),
        ("a.clear()", ["pass"]),
        ("return [x for x in a if x]", ["return [x for x in a if (not x)]"]),
        ("raise ValueError('expected 1')", ["pass"]),
        # Left alone: texts for people, margins, annotations.
        ("return f'{a + 1} words'", []),
        ("return 'two words'", []),
        ("return 1e-9", []),
        ("x: int | None = a", []),
        ("'a docstring of 1 line'", []),
    ],
)
def test_a_line_has_these_mutants(line: str, mutated: list[str]) -> None:
    assert sorted(_mutated(line)) == sorted(mutated)


def test_bounds_in_annotations_are_changed_and_run_at_import() -> None:
    mutants = mutants_of("class C:\n    x: Annotated[int, Meta(ge=1)] = 4\n")
    assert [each.mutated for each in mutants] == [
        "x: Annotated[int, Meta(ge=0)] = 4",
        "x: Annotated[int, Meta(ge=2)] = 4",
        "x: Annotated[int, Meta(ge=1)] = 3",
        "x: Annotated[int, Meta(ge=1)] = 5",
    ]
    assert all(each.is_at_import and each.function == "C" for each in mutants)


def test_lines_that_read_the_same_in_a_function_are_told_apart() -> None:
    first, second = (
        each for each in mutants_of("def f(a):\n    a.go()\n    a.go()\n") if each.mutated == "pass"
    )
    assert (first.nth, second.nth) == (1, 2)
    assert first.source != second.source


def test_every_reason_is_of_a_mutant_there_is_and_of_one_only() -> None:
    told = [(each.room, each.function, each.original, each.mutated, each.nth) for each in reasons()]
    assert len(set(told)) == len(told)
    there = {
        (room.as_posix(), each.function, each.original, each.mutated, each.nth)
        for room in rooms.rooms()
        for each in mutants_of(room.read_text("utf-8"))
    }
    assert set(told) <= there
    assert all(each.why for each in reasons())


def test_every_room_is_judged_by_tests_that_are_there() -> None:
    for room in rooms.rooms():
        assert rooms.judges(room)
        assert isinstance(room, Path)


def test_a_function_of_an_imported_file_gets_the_code_of_its_mutant() -> None:
    room = Path("stimulators/gate/states/lapses.py")
    mutants = mutants_of(room.read_text("utf-8"))
    (mutant,) = (each for each in mutants if each.function == "Lapses.note_tick")
    before, lapses = Lapses.note_tick.__code__, Lapses(GateConfig())
    try:
        exchange(room, mutant)
        lapses.note_tick(1.0)
        assert lapses.take_stall(9.0) is None
    finally:
        Lapses.note_tick.__code__ = before
    lapses.note_tick(1.0)
    assert lapses.take_stall(9.0) == 8.0


def test_tests_that_killed_for_their_time_come_first() -> None:
    quick, killer, slow = (
        Judge(name, cpu_s, frozenset())
        for name, cpu_s in (("q::quick", 0.01), ("k::killer", 0.1), ("s::slow", 1.0))
    )
    order = Order([("f", "k::killer")])
    assert order.of("f", [quick, slow, killer]) == [killer, quick, slow]
    assert order.of("g", [slow, killer, quick]) == [quick, killer, slow]
    for _ in range(200):
        order.note("g", "s::slow")
    order.note("g", "")
    assert order.of("g", [slow, killer, quick])[0] == slow
    assert order.of("g", [slow, killer, quick], cpu_s_max=0.2) == []
    assert order.of("f", [quick, killer], cpu_s_max=0.1) == [killer]


def test_a_result_rests_on_what_code_does_and_not_on_its_words(tmp_path: Path) -> None:
    path = tmp_path / "test_one.py"

    def code(text: str) -> str:
        path.write_text(text, "utf-8")
        code_of.cache_clear()
        return code_of(path, "test_a")

    first = code('"""A."""\nX = 1\ndef test_a():\n    "Says a."\n    f(X)  # one\n')
    assert first == code("X = 1\n\n\ndef test_a():\n    f(X)\n\ndef test_b():\n    g()\n")
    assert first != code("X = 2\ndef test_a():\n    f(X)\n")
    assert first != code("X = 1\ndef test_a():\n    f(X + 1)\n")


def test_a_kill_rests_on_the_helpers_that_its_test_imports() -> None:
    helpers = helpers_of(Path("tests/world/test_every_policy.py"))
    assert {Path("tests/world/scenario.py"), Path("tests/world/electrode_oracle.py")} <= {*helpers}
    assert Path("tests/support/blocks.py") not in helpers
