"""A library that is not installed is one line that names the format and what to install."""

from pathlib import Path
from types import ModuleType

import pytest

from replay.readers.library import library
from replay.recording import RecordingError


def test_what_is_installed_is_imported() -> None:
    found = library("email.mime.text", format="mail")
    assert isinstance(found, ModuleType)
    assert found.__name__ == "email.mime.text"


@pytest.mark.parametrize("name", ["not_here", "not_here.rawio"])
def test_what_is_not_installed_is_one_line_with_its_extra(name: str) -> None:
    with pytest.raises(RecordingError) as told:
        library(name, format="Blackrock")
    assert str(told.value) == (
        "Blackrock: expected the package 'not_here', found none: pip install 'stimloop[formats]'"
    )


def test_what_is_broken_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_here.py").write_text("from os import nothing_here", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RecordingError, match="package 'broken_here', found cannot import name"):
        library("broken_here", format="Intan")
