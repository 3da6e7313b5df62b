"""File formats are recognised by first bytes and name; unknown files are an error."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from replay import readers
from replay.readers.folder import recordings_in
from replay.readers.opening import open_recording
from replay.readers.reader import Reader
from replay.readers.registry import GROUP, REGISTRY, ReaderRegistry, find
from replay.recording import Recording, RecordingError
from stimloop.recording_config import config_for
from tests.replay.readers import test_summit_rc_s, test_wfdb
from tests.replay.readers.xdf_files import example as xdf_example
from tests.replay.recordings import MemoryStream, signal
from tests.support.packages import EXAMPLES, entry_points

_ROOT = Path(__file__).parents[3]
_EXAMPLE = EXAMPLES / "npy_reader"


def _one_stream(path: Path) -> Recording:
    return Recording(path, (signal([0.0, 0.01]),))


def _broken(path: Path) -> Recording:
    raise KeyError(f"no header in {path.name}\nsecond line")


def _recognizes(_path: Path, first_bytes: bytes) -> bool:
    return first_bytes.startswith(b"OTHER")


def _fails(_path: Path, first_bytes: bytes) -> bool:
    raise IndexError(first_bytes)


OTHER = Reader(format="other", suffixes=(".oth",), recognizes=_recognizes, open=_one_stream)
BROKEN = Reader(format="broken", suffixes=(".brk",), recognizes=_fails, open=_broken)
NOTHING = Reader(
    format="nothing",
    suffixes=(".not",),
    recognizes=_fails,
    open=lambda path: path,  # type: ignore[arg-type,return-value]
)
SHADOW = Reader(format="XDF", suffixes=(".xdf",), recognizes=_recognizes, open=_one_stream)
SHOUTING = Reader(format="loud", suffixes=(".OTH",), recognizes=_recognizes, open=_one_stream)
NAMELESS = Reader(format="nameless", suffixes=(), recognizes=_recognizes, open=_one_stream)


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_one_that_fits_is_taken_beside_our_own(tmp_path: Path) -> None:
    found = find(entry_points(GROUP, other=f"{__name__}:OTHER"))
    assert found.readers == (*REGISTRY.readers, OTHER)
    assert found.refused == {}
    made = open_recording(_written(tmp_path / "a.oth", b"OTHER..."), found)
    assert (made.warnings, made.streams[0].n_samples) == ((), 2)


def test_our_own_are_found_and_stand_in_the_order_of_their_formats() -> None:
    formats = [each.format for each in find([]).readers]
    assert "XDF" in formats
    assert formats == sorted(set(formats))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module_here:READER", "No module named 'no_such_module_here'"),
        (f"{__name__}:MISSING", "has no attribute 'MISSING'"),
        (f"{__name__}:entry_points", "expected a replay.readers.reader.Reader, found <function"),
        (f"{__name__}:SHADOW", "expected a format of its own, found 'XDF' again"),
        (f"{__name__}:SHOUTING", "expected suffixes in lower case with their dot, found '.OTH'"),
        (f"{__name__}:NAMELESS", "expected suffixes in lower case with their dot, found ''"),
    ],
)
def test_one_that_does_not_fit_is_refused_in_one_line_and_the_rest_stays(
    tmp_path: Path, value: str, reason: str
) -> None:
    found = find(entry_points(GROUP, bad=value, other=f"{__name__}:OTHER"))
    assert found.readers == (*REGISTRY.readers, OTHER)
    assert set(found.refused) == {"bad"}
    assert reason in found.refused["bad"]
    assert "\n" not in found.refused["bad"]
    with pytest.raises(RecordingError) as told:
        open_recording(_written(tmp_path / "a.brk", b"..."), found)
    assert f"; reader 'bad' was refused: {value}: " in str(told.value)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.xyz", b"0       X X X X 01.01.24", r"suffix .xyz and first bytes b'0       X X X X '"),
        ("none", b"", "suffix none and an empty file"),
        ("a.gz", b"\x1f\x8b\x08\x00", r"suffix .gz and first bytes b'\x1f\x8b\x08\x00'"),
    ],
)
def test_what_nobody_knows_is_told_with_suffix_first_bytes_and_what_is_installed(
    tmp_path: Path, name: str, content: bytes, found: str
) -> None:
    path = _written(tmp_path / name, content)
    with pytest.raises(RecordingError) as told:
        readers.open(path)
    assert str(told.value) == (
        f"{path}: expected a recording of a known format ("
        f"{', '.join(map(str, REGISTRY.readers))}), found {found}"
    )


@pytest.mark.parametrize("name", ["none", "a.xdf", "a.json", "a.ns2", "a.hea", "a.sqlite"])
def test_an_empty_file_is_told_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path / name, b"")
    with pytest.raises(RecordingError, match=r"expected .* an empty file$") as told:
        readers.open(path)
    assert "\n" not in str(told.value)


def test_of_a_suffix_that_several_have_all_are_named(tmp_path: Path) -> None:
    path = _written(tmp_path / "notes.json", b'{"a": 1}')
    with pytest.raises(RecordingError) as told:
        readers.open(path)
    named = [each for each in REGISTRY.readers if ".json" in each.suffixes]
    assert len(named) > 1
    assert f"of a known format ({', '.join(map(str, named))}), found" in str(told.value)


def test_of_a_suffix_that_several_have_the_first_that_can_opens_it(tmp_path: Path) -> None:
    written = _written(tmp_path / "a.oth", b"no first bytes that anybody knows")
    twin = replace(OTHER, format="twin")
    known = ReaderRegistry((replace(BROKEN, suffixes=(".oth",)), twin), {})
    assert open_recording(written, known).warnings == ()


def test_files_that_belong_together_are_named_once(tmp_path: Path) -> None:
    for name in ("a.oth", "a.mark", "b.mark", "c.oth"):
        _written(tmp_path / name, b"OTHER")
    reader = replace(OTHER, suffixes=(".oth", ".mark"), companions=(".mark",))
    found = recordings_in(tmp_path, ReaderRegistry((reader,), {}))
    assert [each.path.name for each in found] == ["a.oth", "b.mark", "c.oth"]


def test_a_folder_of_mixed_files_names_those_that_can_be_opened(tmp_path: Path) -> None:
    xdf_example.write_example(tmp_path / "monday.xdf")
    (tmp_path / "later").mkdir()
    (tmp_path / ".hidden").mkdir()
    test_wfdb.write_example(tmp_path / "later" / "needle.hea")
    for name in ("notes.txt", "empty.xdf", ".hidden/again.xdf"):
        _written(tmp_path / name, b"" if name == "empty.xdf" else b"XDF:")
    (tmp_path / "notes.txt").write_text("Monday was fine", "utf-8")
    with pytest.raises(RecordingError) as told:
        readers.open(tmp_path)
    assert str(told.value) == (
        f"{tmp_path}: expected one recording, found a folder with 2 that can be opened: name one "
        f"of them: monday.xdf (XDF), {Path('later') / 'needle.hea'} (WFDB)"
    )
    found = [(each.path.name, each.reader.format) for each in recordings_in(tmp_path)]
    assert found == [("monday.xdf", "XDF"), ("needle.hea", "WFDB")]


def test_a_folder_that_is_a_recording_and_holds_another_one_is_not_guessed_at(
    tmp_path: Path,
) -> None:
    test_summit_rc_s.write_folder(tmp_path)
    assert [each.reader.format for each in recordings_in(tmp_path)] == ["Summit RC+S"]
    assert readers.open(tmp_path).streams
    xdf_example.write_example(tmp_path / "monday.xdf")
    with pytest.raises(RecordingError, match=r"the folder itself \(Summit RC\+S\), monday\.xdf"):
        readers.open(tmp_path)


def test_a_folder_nobody_knows_and_a_file_that_is_not_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "made.xyz").mkdir()
    (tmp_path / "made.xdf").mkdir()
    for name, problem in (
        ("made.xyz", r"found suffix \.xyz and a folder$"),
        ("none.xdf", r"none\.xdf: expected a file that can be read, found: No such file"),
        ("made.xdf", r"found suffix \.xdf and a folder$"),
    ):
        with pytest.raises(RecordingError, match=problem):
            readers.open(tmp_path / name)


def test_a_file_that_lies_about_its_suffix_is_opened_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "made.edf"
    xdf_example.write_example(path)
    made = readers.open(path)
    assert made.warnings == ("it is named .edf, and read as what it is, XDF",)


def test_a_reader_that_fails_is_one_line_with_its_format(tmp_path: Path) -> None:
    known = find(entry_points(GROUP, broken=f"{__name__}:BROKEN", nothing=f"{__name__}:NOTHING"))
    path = _written(tmp_path / "a.brk", b"...")
    with pytest.raises(RecordingError) as told:
        open_recording(path, known)
    assert str(told.value).startswith(f"{path}: the reader of broken failed: KeyError: 'no header")
    assert "\n" not in str(told.value)
    with pytest.raises(RecordingError, match="reader of nothing failed: expected a Recording"):
        open_recording(_written(tmp_path / "a.not", b"..."), known)


def test_samples_that_are_not_as_the_stream_said_are_one_line() -> None:
    stream = MemoryStream(signal([0.0]).info, np.zeros((2, 3), np.float32), np.zeros(2))
    with pytest.raises(RecordingError) as told:
        stream.read(0, 2)
    assert str(told.value) == (
        "stream 'LFP': samples 0 to 2: expected float32 samples of shape (2, 1) and stamps of "
        "shape (2,), found float32 samples of shape (2, 3) and stamps of shape (2,)"
    )


def test_the_example_of_the_guide_is_a_reader_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads((_EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    monkeypatch.syspath_prepend(_EXAMPLE)
    known = find(entry_points(GROUP, **project["entry-points"][GROUP]))
    assert (known.refused, known.readers[-1].format) == ({}, "numpy")
    values_uv = np.random.default_rng(1).normal(0.0, 10.0, (1000, 2)).astype(np.float32)
    np.save(tmp_path / "lfp_250Hz.npy", values_uv)
    made = open_recording(tmp_path / "lfp_250Hz.npy", known)
    (stream,) = made.streams
    samples, stamps_s = stream.read(100, 1000)
    np.testing.assert_array_equal(samples, values_uv[100:])
    np.testing.assert_array_equal(stamps_s, np.arange(100, 1000) / 250.0)
    config, remarks = config_for(made)
    assert ([each.name for each in config.streams], remarks) == (["lfp_250Hz"], ())


def test_the_guide_shows_the_example_as_it_is() -> None:
    guide = (_ROOT / "docs" / "guides" / "write-a-reader.md").read_text("utf-8")
    assert (_EXAMPLE / "npy_reader.py").read_text("utf-8") in guide
