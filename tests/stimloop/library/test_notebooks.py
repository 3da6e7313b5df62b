"""The guide and the notebooks run as they are written, block by block."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from stimloop.__main__ import run_command
from tests.stimloop.library.patient_file import write_patient

_DOCS = Path(__file__).parents[3] / "docs"
_NOTEBOOKS = sorted((_DOCS / "examples").rglob("*.ipynb"))


@pytest.fixture(autouse=True)
def without_a_screen() -> None:
    mpl.use("agg")


def _run(blocks: list[str], name: str) -> tuple[dict[str, Any], list[Any]]:
    """Run blocks as a notebook does; return its names and the output of each block."""
    names: dict[str, Any] = {"__name__": "__main__"}
    shown: list[Any] = []
    for number, block in enumerate(blocks):
        tree = ast.parse(block, f"{name}, block {number}")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"{name}, block {number}", "exec"), names)  # noqa: S102 it is ours
        if isinstance(last, ast.Expr):
            expression = compile(ast.Expression(last.value), f"{name}, block {number}", "eval")
            shown.append(eval(expression, names))  # noqa: S307 it is ours
            repr(shown[-1])
    return names, shown


def test_every_block_of_the_guide_runs_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_patient(tmp_path)
    assert run_command(["replay", str(file), "--out", str(tmp_path / "session")]) == 0
    monkeypatch.chdir(tmp_path)
    text = (_DOCS / "guides" / "in-a-notebook.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 8
    names, _ = _run(blocks, "guide")
    told = capsys.readouterr().out
    assert "onset 2" in told
    assert "channels stand first; pass x.T" in told
    assert names["verdict"].passes
    for rig in ("rig.toml", "clinic.toml"):
        assert run_command(["config", "check", rig]) == 0


def test_there_is_a_notebook() -> None:
    assert _NOTEBOOKS


@pytest.mark.parametrize("notebook", _NOTEBOOKS, ids=lambda path: path.name)
def test_every_cell_of_a_notebook_runs_in_order(
    notebook: Path,
    data_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STIMLOOP_DATA", str(data_dir.resolve()))
    monkeypatch.chdir(tmp_path)
    content = json.loads(notebook.read_text("utf-8"))
    cells = [each for each in content["cells"] if each["cell_type"] == "code"]
    names, shown = _run(["".join(each["source"]) for each in cells], notebook.name)
    assert len(names["bursts"]) > 5
    assert any(type(each).__name__ == "Figure" for each in shown)
    assert any(type(each).__name__ == "DataFrame" for each in shown)


@pytest.mark.parametrize("notebook", _NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_one_and_keeps_nothing_of_a_run(notebook: Path) -> None:
    content = json.loads(notebook.read_text("utf-8"))
    assert (content["nbformat"], content["metadata"]["language_info"]["name"]) == (4, "python")
    ids = [each["id"] for each in content["cells"]]
    assert len(set(ids)) == len(ids)
    for each in content["cells"]:
        assert each["cell_type"] in {"code", "markdown"}
        assert each.get("outputs", []) == []
        assert each.get("execution_count") is None
