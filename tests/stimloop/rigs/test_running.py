"""Running rigs leave a file, which a stop without a configuration finds."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from stimloop.errors import ConfigError, DoesNotHoldError
from stimloop.rigs.running import RunningRig, kept_running, running_rigs
from stimloop.rigs.which_rig import CONFIG_VARIABLE, all_running_rigs, the_rig
from stimulators.operator.known_rig import KnownDevice, KnownRig
from stimulators.wire.keys.files import SigningConfig
from stimulators.wire.mqtt import BrokerConfig

pytestmark = pytest.mark.skipif(os.name != "posix", reason="asks whether processes live")


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Use folders of this test for the files of running rigs."""
    return tmp_path / "runtime"


def _rig(name: str = "demo", *, pid: int | None = None, session: str = "s-1") -> RunningRig:
    device = KnownDevice(id="stn", unit="mA", amount_max=3.0, slew_per_s=12.0)
    broker = BrokerConfig(username="lab", password_file="secret.txt")  # noqa: S106 a file's name
    signing = SigningConfig(mode="hmac_sha256", key_folder="keys")
    known = KnownRig(name=name, broker=broker, devices=(device,), lease_s=0.25, signing=signing)
    return RunningRig(
        rig=known, config=f"{name}.toml", session=session, pid=os.getpid() if pid is None else pid
    )


def _dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def _fail(line: str) -> None:
    raise AssertionError(line)


def test_a_path_that_is_no_utf_8_comes_back_as_it_was() -> None:
    in_latin_1 = os.fsdecode(b"/lab/M\xfcller/rig.toml")
    broker = BrokerConfig(username="lab", password_file=in_latin_1)
    rig = _rig()
    known = msgspec.structs.replace(rig.rig, broker=broker)
    with kept_running(msgspec.structs.replace(rig, rig=known, config=in_latin_1), _fail):
        (found,) = running_rigs()
    assert (found.config, found.rig.broker.password_file) == (in_latin_1, in_latin_1)


def test_a_rig_is_found_while_it_runs_and_not_after(runtime: Path) -> None:
    with kept_running(_rig(), _fail):
        (found,) = running_rigs()
        assert found.rig.devices == _rig().rig.devices
        assert (found.config, found.session, found.is_alive) == ("demo.toml", "s-1", True)
        # From whichever folder it is read.
        assert found.rig.broker.password_file == str(Path("secret.txt").absolute())
        assert found.rig.signing is not None
        assert found.rig.signing.key_folder == str(Path("keys").absolute())
        (file,) = (runtime / "stimloop").iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE((runtime / "stimloop").stat().st_mode) == 0o700
    assert running_rigs() == []


def test_an_error_removes_the_file_too() -> None:
    with pytest.raises(RuntimeError), kept_running(_rig(), _fail):
        raise RuntimeError
    assert running_rigs() == []


def test_a_rig_whose_process_is_gone_is_told_from_one_that_runs(runtime: Path) -> None:
    with kept_running(_rig(), _fail):
        (file,) = (runtime / "stimloop").iterdir()
        kept = file.read_bytes().replace(b'"pid":%d' % os.getpid(), b'"pid":%d' % _dead_pid())
    file.write_bytes(kept)
    (gone,) = running_rigs()
    assert not gone.is_alive
    with kept_running(_rig("other", session="s-2"), _fail):
        assert [each.known.name for each in all_running_rigs()] == ["other", "demo"]
        assert the_rig(None).known.name == "other"
    # The next run of the same rig replaces the file.
    with kept_running(_rig(session="s-3"), _fail):
        assert [each.session for each in running_rigs()] == ["s-3"]


def test_without_a_runtime_folder_a_private_one_among_the_temporary_is_used(
    runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    with kept_running(_rig(), _fail):
        assert [each.session for each in running_rigs()] == ["s-1"]
        (folder,) = (tmp_path / "temporary").iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        # Whoever has the variable sees it as well.
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
        assert [each.session for each in running_rigs()] == ["s-1"]


def test_a_folder_that_others_can_write_to_is_not_believed(runtime: Path, tmp_path: Path) -> None:
    warned: list[str] = []
    (runtime / "stimloop").mkdir()
    (runtime / "stimloop").chmod(0o777)
    with kept_running(_rig(), warned.append):
        assert list((runtime / "stimloop").iterdir()) == []
        assert [each.session for each in running_rigs()] == ["s-1"]  # in the other folder
    (folder,) = (tmp_path / "temporary").iterdir()
    folder.rmdir()
    folder.symlink_to(runtime)
    with kept_running(_rig(), warned.append):
        assert running_rigs() == []
    (line,) = warned
    assert "without CONFIG will not find this rig" in line


def test_files_that_are_not_a_rigs_are_passed_over(runtime: Path) -> None:
    with kept_running(_rig(), _fail):
        for name, content in (("a.json", b"{"), ("b.json", b"\xff"), ("c.json", b'{"pid": 1}')):
            (runtime / "stimloop" / name).write_bytes(content)
        assert [each.session for each in running_rigs()] == ["s-1"]


def test_the_rig_that_is_named_comes_first_then_the_variable_then_the_only_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(f'[rig]\nname = "{name}"\n', encoding="utf-8")
    with pytest.raises(DoesNotHoldError, match=CONFIG_VARIABLE):
        the_rig(None)
    with kept_running(_rig(), _fail):
        assert the_rig(None).known.name == "demo"
        monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "one.toml"))
        assert the_rig(None).known.name == "one"
        assert the_rig(tmp_path / "two.toml").known.name == "two"


def test_of_two_rigs_that_run_neither_is_taken_and_both_are_named() -> None:
    with (
        kept_running(_rig("left", session="s-1"), _fail),
        kept_running(_rig("right", session="s-2"), _fail),
        pytest.raises(ConfigError, match=r"left \(left.toml.*right \(right.toml"),
    ):
        the_rig(None)
