"""Consoles without accents, paths in Latin-1, and files as any editor saves them."""

import io
import json
import os
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from stimloop.__main__ import main, run_command
from stimloop.address import read_address
from stimloop.config import load, to_toml
from stimloop.errors import ConfigError
from stimloop.toml_file import read_toml
from stimulators.wire.first_line import first_line
from tests.replay import xdf_writer as xdf

_ACCENTS = "Mu\u0308ller \u8133 \u00b5V"
_RIG = 'rig.name = "rig"\nstreams = []\ndetectors = []\nsession.notes = "M\u00fcller"\n'


def _recording(file: Path, name: str = "LFP") -> Path:
    stamps_s = [each / 200.0 for each in range(600)]
    values = np.random.default_rng(3).normal(0.0, 15.0, (600, 2)).astype(np.float32)
    header = xdf.header(1, name=name, rate_hz="200", labels=["L", "R"])
    content = xdf.file_header() + header + xdf.samples(1, values, stamps_s) + xdf.footer(1, 600)
    file.write_bytes(content)
    return file


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["stimloop", *arguments])
    with pytest.raises(SystemExit) as ending:
        main()
    sys.stdout.flush()
    return ending.value.code


def test_an_ascii_console_shows_what_it_can_and_every_document_is_still_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ascii_console = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(ascii_console, encoding="ascii"))
    folder = tmp_path / _ACCENTS
    folder.mkdir()
    file = _recording(folder / "odd.xdf", _ACCENTS)
    assert _run(monkeypatch, "replay", str(file), "--show-config") == 0
    shown = tomllib.loads(ascii_console.getvalue().decode("ascii"))
    assert shown["streams"][0]["match"]["name"] == _ACCENTS
    ascii_console.seek(0)
    ascii_console.truncate()
    out = folder / "out"
    assert _run(monkeypatch, "replay", str(file), "--out", str(out), "--json") == 0
    assert json.loads(ascii_console.getvalue().decode("ascii"))["folder"] == str(out)
    assert _run(monkeypatch, "verify", str(out)) == 0
    assert b"Mu\\u0308ller" in ascii_console.getvalue()
    (rig := folder / "rig.toml").write_text(_RIG, encoding="utf-8")
    assert _run(monkeypatch, "config", "check", str(rig)) == 0
    assert _run(monkeypatch, "replay", "--help") == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_a_path_in_latin_1_is_a_path_like_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/M\xfcller"))
    folder.mkdir()
    monkeypatch.chdir(folder)
    file = _recording(folder / "odd.xdf")
    (folder / "rig.toml").write_text(_RIG, encoding="utf-8")
    assert run_command(["config", "check", str(folder / "rig.toml")]) == 0
    assert run_command(["replay", str(file), "--json"]) == 0
    (session,) = (folder / "sessions").iterdir()
    assert run_command(["verify", str(session)]) == 0
    assert run_command(["replay", str(folder / "none.xdf")]) == 2
    told = capsys.readouterr()
    assert "M\\udcfcller/none.xdf: expected a file that can be read" in told.err
    assert "holds" in told.out


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_configuration_is_read_as_any_editor_saved_it(
    tmp_path: Path, encoding: str, end: str
) -> None:
    file = tmp_path / "rig.toml"
    file.write_bytes(_RIG.replace("\n", end).encode(encoding))
    assert load(file).session.notes == "M\u00fcller"
    assert read_address(file).name == "rig"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b'a = 1\nb = "\xb5V"\n',
            "line 2: expected text in UTF-8, found the byte 0xb5 (\u00b5 in Latin-1): save it",
        ),
        (_RIG.encode("utf-16-le"), "expected text in UTF-8, found bytes that are 0, as of UTF-16"),
        (b"\xff\xfea", "line 1: expected text in UTF-16-LE, found the byte 0x61"),
    ],
)
def test_what_is_no_text_is_named_with_its_line(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "rig.toml"
    file.write_bytes(content)
    for read in (load, read_address, read_toml):
        with pytest.raises(ConfigError) as caught:
            read(file)
        assert str(caught.value).startswith(f"{file}: {told}")
        assert "\n" not in str(caught.value)


def test_texts_are_composed_and_names_of_files_left_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "rig.toml"
    text = '[streams."Mu\u0308"]\nlabels = ["u\u0308"]\nkey_file = "u\u0308"\n'
    file.write_text(text, encoding="utf-8")
    expected = {"M\u00fc": {"labels": ["\u00fc"], "key_file": "u\u0308"}}
    assert read_toml(file) == {"streams": expected}


def test_a_resolved_configuration_is_read_as_the_same(tmp_path: Path) -> None:
    (file := tmp_path / "rig.toml").write_text(_RIG, encoding="utf-8")
    config = load(file)
    (again := tmp_path / "again.toml").write_bytes(to_toml(config))
    assert load(again) == config


@pytest.mark.parametrize(
    "content", [b"p\xc3\xbc\n", b"\xef\xbb\xbfp\xc3\xbc\r\nmore", b"p\xc3\xbc"]
)
def test_a_password_is_the_first_line_whatever_the_editor_added(
    tmp_path: Path, content: bytes
) -> None:
    (file := tmp_path / "password").write_bytes(content)
    assert first_line(file) == "p\u00fc"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("p\u00fc".encode("utf-16"), "which is not text in UTF-8 but in UTF-16: save "),
        (b"p\xfc", "which is not text in UTF-8 (byte 0xfc): save "),
    ],
)
def test_a_password_that_is_no_utf_8_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    (file := tmp_path / "password").write_bytes(content)
    with pytest.raises(ValueError, match="save it as UTF-8") as caught:
        first_line(file)
    assert str(caught.value).startswith(f"{file}, {told}")
