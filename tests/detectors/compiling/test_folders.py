"""Cached kernels that are damaged, another user's, or too many are handled, never trusted."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from detectors.compiling.folders import Folders, UnusableError

_NAME = "burst.follow-0123-89ab"
_CONTENT = bytes(range(256)) * 40


def _folders(*folders: Path) -> Folders:
    return Folders(folders, "kernels-77")


def _file(folder: Path) -> Path:
    return folder / "kernels-77" / f"{_NAME}.kernel"


def _in_the_way(folder: Path) -> Path:
    """Return a path at which nobody can create a folder, not even root."""
    folder.write_text("a file", "utf-8")
    return folder


@contextmanager
def _full_disk() -> Iterator[None]:
    """Let every write fail after 1000 bytes, as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    folders = _folders(tmp_path / "not" / "there" / "yet")
    assert folders.read(_NAME) is None
    folders.write(_NAME, _CONTENT)
    assert folders.read(_NAME) == _CONTENT
    assert folders.read("burst.follow-0123-cdef") is None
    assert [each.name for each in folders.first.iterdir()] == [f"{_NAME}.kernel"]


@pytest.mark.parametrize("n_bytes", [0, 1, 31, 32, 33, 5000, len(_CONTENT) + 31])
def test_a_file_that_was_cut_is_refused_and_can_be_replaced(tmp_path: Path, n_bytes: int) -> None:
    folders = _folders(tmp_path)
    folders.write(_NAME, _CONTENT)
    os.truncate(_file(tmp_path), n_bytes)
    with pytest.raises(UnusableError, match=f"^{tmp_path}/kernels-77: .* a damaged one"):
        folders.read(_NAME)
    folders.write(_NAME, _CONTENT)
    assert folders.read(_NAME) == _CONTENT


def test_a_file_that_was_changed_or_renamed_is_refused(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    folders.write(_NAME, _CONTENT)
    written = bytearray(_file(tmp_path).read_bytes())
    written[-7] ^= 1
    _file(tmp_path).write_bytes(written)
    with pytest.raises(UnusableError, match="damaged"):
        folders.read(_NAME)
    folders.write(_NAME, _CONTENT)
    other = "burst.follow-0123-cdef"
    _file(tmp_path).rename(_file(tmp_path).with_name(f"{other}.kernel"))
    with pytest.raises(UnusableError, match="damaged"):
        folders.read(other)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="root gives files away")
def test_a_file_of_another_user_is_refused_and_replaced(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    folders.write(_NAME, _CONTENT)
    os.chown(_file(tmp_path), 12345, 12345)
    os.chown(_file(tmp_path).parent, 12345, 12345)
    with pytest.raises(UnusableError, match="another's"):
        folders.read(_NAME)
    folders.write(_NAME, _CONTENT)
    assert folders.read(_NAME) == _CONTENT


def test_the_next_folder_is_taken_where_the_first_cannot_be_written(tmp_path: Path) -> None:
    second = tmp_path / "second"
    folders = _folders(_in_the_way(tmp_path / "first"), second)
    folders.write(_NAME, _CONTENT)
    assert _file(second).exists()
    assert folders.read(_NAME) == _CONTENT


def test_a_whole_file_is_read_where_a_damaged_one_comes_first(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        _folders(folder).write(_NAME, _CONTENT)
    os.truncate(_file(first), 100)
    assert _folders(first, second).read(_NAME) == _CONTENT


def test_every_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folders = [_in_the_way(tmp_path / name) for name in ("first", "second")]
    with pytest.raises(UnusableError) as raised:
        _folders(*folders).write(_NAME, _CONTENT)
    assert str(raised.value) == "; ".join(f"{each}/kernels-77: Not a directory" for each in folders)
    with pytest.raises(UnusableError):
        _folders().write(_NAME, _CONTENT)


def test_a_full_disk_leaves_nothing_half_behind(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    with _full_disk(), pytest.raises(UnusableError, match="kernels-77: File too large"):
        folders.write(_NAME, _CONTENT)
    assert list(folders.first.iterdir()) == []
    assert folders.read(_NAME) is None


def test_the_states_of_a_kernel_that_were_used_last_are_kept(tmp_path: Path) -> None:
    folders = _folders(tmp_path)
    for state in "abc":
        folders.write(f"fold-01-{state}", _CONTENT)
        os.utime(folders.first / f"fold-01-{state}.kernel", ns=(0, ord(state)))
    folders.write("fold-02-a", _CONTENT)
    assert folders.read("fold-01-a") == _CONTENT
    folders.write("fold-01-d", _CONTENT)
    kept = {each.stem for each in folders.first.iterdir()}
    assert kept == {"fold-01-a", "fold-01-c", "fold-01-d", "fold-02-a"}


def test_folders_of_old_versions_are_removed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for version in range(5):
        folder = tmp_path / f"kernels-{version}"
        Folders([tmp_path], folder.name).write(_NAME, _CONTENT)
        os.utime(folder, ns=(0, version))
    Folders([tmp_path], "kernels-9").write(_NAME, _CONTENT)
    kept = {each.name for each in tmp_path.iterdir()}
    assert kept == {"mine", "kernels-3", "kernels-4", "kernels-9"}
