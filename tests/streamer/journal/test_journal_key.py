"""The file with the journal's key: one format, readable by its owner only."""

import os
from pathlib import Path

import pytest

from streamer.errors import JournalError
from streamer.journal.key import load_journal_key

_DIGITS = "0123456789abcdef" * 4


def _write(folder: Path, text: str, mode: int = 0o600) -> None:
    file = folder / "journal.key"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)


@pytest.mark.parametrize("text", [_DIGITS, f"{_DIGITS}\n"])
def test_64_digits_are_32_bytes(tmp_path: Path, text: str) -> None:
    _write(tmp_path, text)
    assert load_journal_key(tmp_path) == bytes.fromhex(_DIGITS)


@pytest.mark.parametrize("text", ["", _DIGITS[1:], _DIGITS.upper(), f"{_DIGITS}\n\n", "µ" * 64])
def test_anything_else_is_no_key_and_is_not_said(tmp_path: Path, text: str) -> None:
    _write(tmp_path, text)
    with pytest.raises(
        JournalError, match=r"journal\.key: expected 64 hexadecimal digits"
    ) as error:
        load_journal_key(tmp_path)
    assert not text or text.strip() not in str(error.value)


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    _write(tmp_path, _DIGITS, mode)
    with pytest.raises(JournalError, match=f"found mode {mode:o}: run chmod 600"):
        load_journal_key(tmp_path)


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"journal\.key: expected a key file that can be read"):
        load_journal_key(tmp_path)
