"""Common mistakes in a file: one line each, and all of them in one check."""

import re
from pathlib import Path
from typing import get_args

import pytest

from stimloop.__main__ import run_command
from stimulators.broker.certificates import Authority
from streamer.config import Allowed
from tests.stimloop.checking.changed import LAB, MistakeRow, changed, rows, told_of
from tests.stimloop.test_recommended import CASES

_ROWS = rows()
_WORD = re.compile(r'\[rig\] allow = \["(\w+)"\] allows it$')
_BY_WORD = {found[1]: row for row in _ROWS if (found := _WORD.search(row.line))}
#: What a word lets through may need another for another reason, or a window to go with it.
_AND_ALSO = {"slew_like_a_step": ("fast_slew_with_real_device",)}
_TOGETHER = {"slow_band": (MistakeRow("a longer window", "window_s = 1.0", "window_s = 60.0", ""),)}


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two certificates with their keys."""
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    for folder in folders:
        Authority(folder, folder.name)
    return folders


@pytest.fixture
def folder(tmp_path: Path, authorities: tuple[Path, Path]) -> Path:
    """Return a folder with an empty file and two certificates."""
    (tmp_path / "empty").touch()
    for name, made in zip(("one", "two"), authorities, strict=True):
        (tmp_path / f"{name}.pem").write_bytes((made / "ca.pem").read_bytes())
        (tmp_path / f"{name}.key").write_bytes((made / "ca.key").read_bytes())
    return tmp_path


def test_the_file_that_the_rows_change_holds_and_nothing_is_said_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = changed(folder=tmp_path)
    assert run_command(["config", "check", str(file)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert re.fullmatch(rf"{re.escape(str(file))}: holds, digest [0-9a-f]{{64}}\n", out)


def test_the_table_has_81_mistakes_each_once() -> None:
    assert len(_ROWS) == 81
    assert len({row.what for row in _ROWS}) == 81
    assert len({(row.before, row.after) for row in _ROWS}) == 81


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.what)
def test_each_is_one_line_that_says_where_what_was_expected_and_what_was_found(
    row: MistakeRow, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, lines = told_of(changed(row, folder=folder), capsys)
    assert code == 2
    assert len(lines) == 1, lines
    assert row.fits(lines[0], folder), lines[0]
    where, _, what = lines[0].partition(": expected ")
    assert ", found" in what
    assert re.fullmatch(r"line \d+|((stream|detector|policy|device) '\w+': )?\$\.\S+", where)


@pytest.mark.parametrize("word", _BY_WORD)
def test_what_only_looks_wrong_is_taken_with_its_word(
    word: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = (_BY_WORD[word], *_TOGETHER.get(word, ()))
    file = changed(*made, folder=folder, allow=(word, *_AND_ALSO.get(word, ())))
    assert told_of(file, capsys) == (0, [])


def test_every_word_is_needed_by_a_row_or_by_a_case_of_what_is_not_recommended() -> None:
    words = [*_BY_WORD, *(case.word for case in CASES)]
    assert sorted(words) == sorted(get_args(Allowed))


def test_one_check_finds_all_of_them_in_the_order_of_the_tables(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (
        "a stream of a kind in capitals",
        "a key of another unit",
        "a percentile as a fraction",
        "a detector reads the markers",
        "more than the device may give",
        "milliseconds of dwelling",
        "square millimetres",
        "a slew in microampere",
        "a certificate without TLS",
        "nothing said of signing",
    )
    wrong = [row for row in _ROWS if row.what in names]
    assert len(wrong) == len(names)
    code, lines = told_of(changed(*wrong, folder=folder), capsys)
    assert code == 2
    for row in wrong:
        assert sum(row.fits(line, folder) for line in lines) == 1, row.what
    assert len(lines) == len(wrong), lines


def test_a_figure_of_another_scale_is_told_beside_what_the_table_refuses_as_a_whole(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = "band_hz = [0.02, 0.03]\ntime_constant_s = 0.2"
    code, lines = told_of(
        changed(MistakeRow("", "band_hz = [3.0, 8.0]", after, ""), folder=folder), capsys
    )
    assert code == 2
    assert [line.partition(": expected")[0].rpartition(".")[2] for line in lines] == [
        "time_constant_s",
        "band_hz",
    ]


def test_a_file_that_is_not_text_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rig.toml"
    file.write_bytes(LAB.encode().replace(b"stimulator,", "stimülator,".encode("latin-1")))
    assert told_of(file, capsys) == (
        2,
        ["line 6: expected text in UTF-8, found the byte 0xfc (ü in Latin-1): save it as UTF-8"],
    )
