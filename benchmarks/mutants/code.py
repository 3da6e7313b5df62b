"""The code of a Python file without docstrings and comments: what a mutant's result depends on."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_ROOT = "tests"


@cache
def code_of(path: Path, test: str = "") -> str:
    """Return the code of a file as text that comments, docstrings and layout do not change.

    Parameters
    ----------
    path : Path
        The file.
    test : str
        Name of a test in it: without the other tests of the file then.
    """
    tree = ast.parse(path.read_bytes())
    if test:
        tree.body = [each for each in tree.body if not _is_other_test(each, test)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


@cache
def helpers_of(path: Path) -> tuple[Path, ...]:
    """Return the files below `tests` that a file of tests imports, and those that these import."""
    found: set[Path] = set()
    waiting = [path, *(each / "conftest.py" for each in path.parents)]
    while waiting:
        each = waiting.pop()
        if each in found or not each.is_file():
            continue
        found.add(each)
        waiting.extend(_imported(each))
    return tuple(sorted(found - {path}))


def _imported(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
        elif isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        else:
            continue
        for name in names:
            if name.partition(".")[0] == _ROOT:
                yield Path(*name.split(".")).with_suffix(".py")


def _is_other_test(node: ast.stmt, test: str) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    return node.name.startswith("test_") and node.name != test
