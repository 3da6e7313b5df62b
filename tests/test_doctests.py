"""The examples in docstrings run and give what they show."""

import ast
import doctest
import importlib
from pathlib import Path

import pytest

from replay.patient.emg.recorded import record_muscles
from replay.patient.emg.scenarios import open_scenario
from stimloop.__main__ import run_command
from tests.stimloop.library.patient_file import write_patient

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("detectors", "stimulators", "streamer", "replay", "stimloop", "tests")
_PARSER = doctest.DocTestParser()


def _n_examples(path: Path) -> int:
    """Return the number of examples in the docstrings of a file."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(path.read_text("utf-8"))
    texts = [ast.get_docstring(each) for each in ast.walk(tree) if isinstance(each, documented)]
    return sum(len(_PARSER.get_examples(text)) for text in texts if text)


_WITH_EXAMPLES = {
    str(path.relative_to(_ROOT).with_suffix("")).replace("/", "."): n_examples
    for package in _PACKAGES
    for path in sorted((_ROOT / package).rglob("*.py"))
    if path != Path(__file__) and (n_examples := _n_examples(path))
}


def test_there_are_examples() -> None:
    assert len(_WITH_EXAMPLES) > 5


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a recording and a session, as examples of the library expect."""
    folder = tmp_path_factory.mktemp("lab")
    recording = write_patient(folder)
    record_muscles(open_scenario("dystonic-arm"), folder / "arm.xdf", duration_s=20.0)
    assert run_command(["replay", str(recording), "--out", str(folder / "session")]) == 0
    return folder


@pytest.mark.parametrize("module", _WITH_EXAMPLES)
def test_examples_in_docstrings_give_what_they_say(
    module: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if module.startswith("stimloop."):
        monkeypatch.chdir(request.getfixturevalue("lab"))
    done = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert done == (0, _WITH_EXAMPLES[module])
