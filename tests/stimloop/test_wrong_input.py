"""Wrong arguments on the command line: one line on stderr, and exit code 2."""

from pathlib import Path

import pytest

from stimloop.__main__ import run_command

_NONE = "none.toml"


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("unfinished.toml").write_text("x = [", encoding="utf-8")


@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("frobnicate", "No such command 'frobnicate'"),
        (f"run {_NONE}", "none.toml: expected a file that can be read, found none"),
        ("config check unfinished.toml", "unfinished.toml: "),
        (f"arm {_NONE}", "none.toml: expected a file that can be read"),
        (f"pause {_NONE}", "none.toml: expected a file that can be read"),
        (f"status {_NONE}", "none.toml: expected a file that can be read"),
        (f"stop {_NONE}", "nothing was stopped: `stimloop stop` without CONFIG"),
        ("keys make", "Missing argument 'folder'"),
        (f"keys make k {_NONE}", "none.toml: expected a file that can be read"),
        ("keys make file", "file: expected a file or folder that can be used, found: File exists"),
        ("keys rotate none", "expected the key file none/service/keys.toml"),
        ("broker-config", "Missing argument 'folder'"),
        ("broker-config file", "file: expected a folder that can be written"),
        ("broker-config out --operator a/b", "expected letters, digits, - and _, found 'a/b'"),
        ("broker-config out --port 0", "--port"),
        ("verify none", "none: expected a session folder with a journal, found none"),
        ("verify . --head xyz", "--head: expected 64 hexadecimal digits, found 'xyz'"),
        ("verify . --keys none", "none/journal.key: expected a key file that can be read"),
        ("device --id nobody", "$.devices: expected nobody, found stn_left"),
        ("device --forget-session", "expected --memory DIR beside it, found none"),
        ("device --forget-session --memory none", "--memory: expected a folder of devices' memory"),
    ],
)
def test_each_is_one_line_that_says_what_was_expected(
    line: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run_command(line.split())
    out, err = capsys.readouterr()
    assert told in err
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("stimloop: ")
    assert "[Errno" not in err
    assert not Path("none").exists()


def test_a_command_that_needs_another_shows_its_help_and_no_empty_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["keys"]) == 2
    out, err = capsys.readouterr()
    assert "rotate" in out
    assert err == ""


@pytest.mark.usefixtures("_here")
def test_a_devices_memory_that_is_no_folder_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["device", "--memory", "file"]) == 3
    told = "stimloop: file: expected a file or folder that can be used, found: File exists\n"
    assert capsys.readouterr().err == told
