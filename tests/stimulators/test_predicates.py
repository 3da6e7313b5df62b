"""Predicates and properties of gate and device change nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2] / "stimulators"
_PREDICATE = re.compile(r"_?(is|are|has|was|may|can|allows|needs|holds)(_|$)")
_CHANGES = frozenset(
    {
        *("append", "appendleft", "add", "clear", "discard", "extend", "insert", "pop"),
        *("popitem", "popleft", "remove", "setdefault", "update"),
    }
)


def _asked(room: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every property, and every function whose name is that of a predicate."""
    for file in sorted((_ROOT / room).rglob("*.py")):
        for owner in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(owner, ast.ClassDef):
                continue
            for each in owner.body:
                if not isinstance(each, ast.FunctionDef):
                    continue
                is_property = any(ast.unparse(by) == "property" for by in each.decorator_list)
                if is_property or _PREDICATE.match(each.name):
                    yield f"{owner.name}.{each.name}", each


def _changes(function: ast.FunctionDef) -> list[str]:
    """Return what a function sets, deletes or alters of its own object."""
    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Delete):
            targets: list[ast.expr] = getattr(node, "targets", None) or [vars(node)["target"]]
            parts = [part for target in targets for part in ast.walk(target)]
            found += [
                ast.unparse(part)
                for part in parts
                if isinstance(part, ast.Attribute | ast.Subscript)
                and ast.unparse(part).startswith("self.")
            ]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            if called.startswith("self.") and node.func.attr in _CHANGES:
                found.append(called)
    return found


@pytest.mark.parametrize("room", ["gate", "device"])
def test_what_only_asks_changes_nothing(room: str) -> None:
    asked = dict(_asked(room))
    assert len(asked) > 10
    assert {name: found for name, each in asked.items() if (found := _changes(each))} == {}


def test_a_change_is_found() -> None:
    text = "def is_lost(self):\n    self._times[0] += 1\n    self._all.pop()\n    return True\n"
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert _changes(function) == ["self._times[0]", "self._times", "self._all.pop"]
