"""`stimloop config import`: formats are known by content; what is none of them is one line."""

from pathlib import Path

import pytest

from stimloop.__main__ import run_command
from stimloop.importing.registry import importer_of, importers
from tests.stimloop.importing.test_summit import document, write


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"Comment": 1}', "expected "),
        (b"[]", "expected a JSON object, found []"),
        (b'{"Detection": }', "line 1, column 15: expected JSON, found: expecting value"),
        (b'{"B0": 1, "B0": 2}', "expected each key once in an object, found 'B0' twice"),
        (b"\xff\xfe{", "expected JSON, text in UTF-8, found the byte 0xff"),
        (b"[" * 100_000, "expected JSON, found lists too deep to read"),
        (None, "expected a file that can be read, found none"),
    ],
)
def test_what_is_no_known_file_is_one_line(
    content: bytes | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.json"
    if content is not None:
        file.write_bytes(content)
    assert run_command(["config", "import", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"stimloop: {file}: {told}")


def test_a_file_that_is_there_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = write(tmp_path, document()), tmp_path / "rig.toml"
    out.write_text("kept", "utf-8")
    assert run_command(["config", "import", str(file), "--out", str(out)]) == 2
    assert "expected a new file, found one" in capsys.readouterr().err
    assert out.read_text("utf-8") == "kept"


def test_every_format_is_its_own_and_recognizes_nothing_that_is_empty() -> None:
    formats = [each.format for each in importers()]
    assert len(set(formats)) == len(formats) > 0
    assert importer_of({}) is None
