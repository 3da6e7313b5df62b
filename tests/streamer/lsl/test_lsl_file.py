"""Settings of liblsl's own file that a table replaces are reported; others stay."""

from pathlib import Path

import pytest

from streamer.lsl.configuration_file import own_file, replaced_settings
from streamer.lsl.network import LslConfig


@pytest.fixture
def of_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "lsl_api.cfg"
    file.write_text(
        "[multicast]\nResolveScope = site\n"
        "[lab]\nKnownPeers = {10.0.0.5, amp}\nSessionID = ward3\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("LSLAPICFG", str(file))
    return file


def test_the_file_of_the_variable_comes_first_and_then_the_one_in_this_folder(
    of_lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert own_file() == of_lab
    monkeypatch.delenv("LSLAPICFG")
    monkeypatch.chdir(tmp_path)
    assert own_file() == Path("lsl_api.cfg")
    of_lab.unlink()
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "lsl_api").mkdir()
    (tmp_path / "lsl_api" / "lsl_api.cfg").touch()
    assert own_file() == tmp_path / "lsl_api" / "lsl_api.cfg"


def test_a_scope_that_replaces_the_session_of_the_file_says_so(of_lab: Path) -> None:
    (told,) = replaced_settings(LslConfig(scope="machine"), of_lab)
    assert told == (
        f"$.lsl.session_id: expected what {of_lab} has, as [lsl] takes the place of that file, "
        'found none: SessionID = ward3 is not in force; write session_id = "ward3"'
    )


def test_any_key_replaces_the_whole_file_and_each_setting_that_is_lost_is_told(
    of_lab: Path,
) -> None:
    (told,) = replaced_settings(LslConfig(session_id="other"), of_lab)
    assert told.endswith('write peers = ["10.0.0.5", "amp"]')
    assert len(replaced_settings(LslConfig(base_port=20_000), of_lab)) == 2


def test_nothing_is_said_where_the_file_stays_in_force_or_says_nothing(
    of_lab: Path,
) -> None:
    assert replaced_settings(LslConfig(), of_lab) == []
    assert replaced_settings(LslConfig(scope="machine", session_id="mine"), of_lab) == []
    assert replaced_settings(LslConfig(scope="machine"), None) == []
    for text in ("", "[lab]\nSessionID = default\n", "no section at all\n", "[lab]\nSessionID\n"):
        of_lab.write_text(text, encoding="utf-8")
        assert replaced_settings(LslConfig(scope="machine"), of_lab) == []
