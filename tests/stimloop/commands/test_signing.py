"""Keys on the command line: made, found by each party, and refused in one line."""

import re
import stat
from pathlib import Path

import msgspec
import pytest

from stimloop.__main__ import run_command
from stimloop.address import known_rig, read_address
from stimloop.config import Config, load, to_toml
from stimloop.errors import ConfigError
from stimloop.rigs.device_keys import load_device_keys
from stimloop.rigs.operator_keys import KEY_FOLDER_VARIABLE, load_operator_keys, load_stop_keys
from stimulators.wire import topics
from stimulators.wire.keys.files import read_key_file, service_keys
from stimulators.wire.keys.keys import ListenerKeys, NoKeys
from stimulators.wire.mqtt import BrokerConfig

_ROOT = Path(__file__).parents[3]
_DEFAULT = (_ROOT / "stimloop" / "default.toml").read_text(encoding="utf-8")
_CONTROL = topics.CONTROL.at(rig="demo")
_STOP = topics.STOP.at(rig="demo")


@pytest.fixture(autouse=True)
def no_keys_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FOLDER_VARIABLE, raising=False)


def _rig(tmp_path: Path, signing: str, *, simulated: bool = True) -> Path:
    text = _DEFAULT
    if not simulated:
        words = '["embedded_broker_with_real_device"]'
        text = text.replace('arm = "auto" ', 'arm = "operator" ')
        text = text.replace("simulated = true", "simulated = false")
        text = text.replace("[rig]\n", f"[rig]\nallow = {words}\n")
    path = tmp_path / "rig.toml"
    path.write_text(f"{text}\n{signing}\n", encoding="utf-8")
    return path


def _signed(tmp_path: Path, folder: Path) -> Path:
    return _rig(tmp_path, f'[signing]\nmode = "hmac_sha256"\nkey_folder = "{folder.as_posix()}"')


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    made = tmp_path / "keys"
    assert run_command(["keys", "make", str(made), "--operator", "anna"]) == 0
    capsys.readouterr()
    return made


def test_signing_is_off_unless_given_where_every_device_is_simulated(tmp_path: Path) -> None:
    config = load(_rig(tmp_path, ""))
    assert config.signing is None
    assert isinstance(service_keys(config.signing, "demo", ["stn_left"]), NoKeys)


def test_a_device_that_is_not_simulated_has_it_written_either_way(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\$\.signing: expected a \[signing\] table .*stn_left"):
        load(_rig(tmp_path, "", simulated=False))
    assert load(_rig(tmp_path, '[signing]\nmode = "off"', simulated=False)).signing is not None


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('mode = "hmac_sha256"', r"\$\.signing\.key_folder: expected a folder"),
        ('mode = "rsa"', r"\$\.signing\.mode"),
        ('key_folder = "k"', r"\$\.signing"),
        ('mode = "off"\nkey = "k"', r"\$\.signing"),
    ],
)
def test_a_table_that_cannot_be_is_refused_with_its_key(
    tmp_path: Path, table: str, problem: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        load(_rig(tmp_path, f"[signing]\n{table}"))


def test_no_secret_is_in_what_is_journalled_of_the_configuration(
    tmp_path: Path, folder: Path
) -> None:
    written = to_toml(load(_signed(tmp_path, folder))).decode()
    assert folder.as_posix() in written
    keys = read_key_file(folder, "service").keys
    assert not [key for each in keys.values() for key in each if key.secret in written]


def test_keys_are_made_for_every_party_and_nothing_that_is_printed_is_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "keys"
    command = ["keys", "make", str(folder), "--operator", "anna", "--operator", "ben"]
    assert run_command(command) == 0
    printed = capsys.readouterr().out
    assert [line.removeprefix(f"{folder}/") for line in printed.splitlines()] == [
        "service",
        "devices/stn_left",
        "operators/anna",
        "operators/ben",
    ]
    files = list(folder.rglob("keys.toml"))
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert run_command(["keys", "rotate", str(folder)]) == 0
    printed += capsys.readouterr().out
    secrets = re.findall(r'secret = "(\w+)"', "".join(file.read_text() for file in files))
    assert len(set(secrets)) == 12
    assert not [secret for secret in secrets if secret in printed]


def test_an_exchange_of_keys_says_what_it_has_done(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stages = []
    for _ in range(3):
        assert run_command(["keys", "rotate", str(folder)]) == 0
        stages.append(capsys.readouterr().out.split(": ")[1])
    assert stages == ["introduced", "switched", "steady"]
    assert run_command(["keys", "revoke", str(folder), "anna"]) == 0
    assert not (folder / "operators" / "anna").exists()


@pytest.mark.parametrize(
    "arguments", [["rotate", "nowhere"], ["revoke", "nowhere", "anna"], ["make", "k/\0"]]
)
def test_what_cannot_be_done_with_keys_is_told_in_one_line(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(tmp_path / "none") if each == "nowhere" else each for each in arguments]
    assert run_command(["keys", *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_run_without_its_keys_ends_before_anything_is_started(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = _signed(tmp_path, folder)
    (folder / "service" / "keys.toml").chmod(0o644)
    session = tmp_path / "session"
    assert run_command(["run", str(rig), "--session", str(session)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "$.signing.key_folder: expected mode 600" in line
    assert not session.exists()


def test_an_operator_finds_the_keys_in_the_table_the_environment_or_an_option(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = _signed(tmp_path, folder)
    expected = load_operator_keys(read_address(rig)).seal(_CONTROL, b"{}")
    assert len(expected) == 76
    plain = tmp_path / "plain.toml"
    plain.write_text(_DEFAULT, encoding="utf-8")
    assert isinstance(load_operator_keys(read_address(plain)), ListenerKeys)
    named = load_operator_keys(read_address(plain), operator="anna", key_folder=folder)
    assert named.seal(_CONTROL, b"{}") == expected
    monkeypatch.setenv(KEY_FOLDER_VARIABLE, str(folder))
    assert load_operator_keys(read_address(plain)).seal(_CONTROL, b"{}") == expected


def test_what_an_operator_reads_of_a_rig_says_where_its_keys_are(
    tmp_path: Path, folder: Path
) -> None:
    rig = _signed(tmp_path, folder)
    assert read_address(rig) == known_rig(load(rig))
    broken = _rig(tmp_path, '[signing]\nmode = "rsa"')
    assert read_address(broken).signing is None, "a stop must not fail for it"


def test_keys_that_cannot_be_used_refuse_a_request_and_never_a_stop(
    tmp_path: Path, folder: Path
) -> None:
    rig = _signed(tmp_path, folder)
    (folder / "operators" / "anna" / "keys.toml").chmod(0o640)
    with pytest.raises(ConfigError, match=r"\$\.signing\.key_folder: expected mode 600"):
        load_operator_keys(read_address(rig))
    warned: list[str] = []
    keys = load_stop_keys(read_address(rig), warn=warned.append)
    assert keys.seal(_STOP, b"{}") == b"{}"
    assert len(warned) == 1
    assert warned[0].startswith("the stop goes out unsigned: ")


def test_a_reference_device_is_given_its_own_keys_alone(tmp_path: Path, folder: Path) -> None:
    config: Config = load(_signed(tmp_path, folder))
    keys = load_device_keys(config, ["stn_left"])["stn_left"]
    service = service_keys(config.signing, "demo", ["stn_left"])
    command = topics.COMMAND.at(rig="demo", device="stn_left")
    assert keys.open(command, service.seal(command, b"{}")) == b"{}"
    assert keys.seal(_CONTROL, b"{}") == b"{}"
    (folder / "devices" / "stn_left" / "keys.toml").unlink()
    with pytest.raises(ConfigError, match=r"\$\.signing\.key_folder: expected the key file"):
        load_device_keys(config, ["stn_left"])


def test_a_hardened_broker_is_written_for_a_rig(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "broker"
    command = ["broker-config", str(folder), "--host", "rig.example", "--operator", "anna"]
    assert run_command(command) == 0
    first, *clients = capsys.readouterr().out.splitlines()
    assert first == f"mosquitto -c {folder}/broker/mosquitto.conf"
    assert [line.split(": ")[0] for line in clients] == [
        "service",
        "device-stn_left",
        "operator-anna",
        "display",
    ]
    # With it an operator can judge what the devices say, and needs no other file.
    found = read_address(folder / "clients" / "operator-anna" / "address.toml")
    assert found.broker.host == "rig.example"
    assert msgspec.structs.replace(found, broker=BrokerConfig()) == msgspec.structs.replace(
        known_rig(load(None)), broker=BrokerConfig()
    )


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--certificate", "c.pem"], "expected a certificate with its key"),
        (["--port", "8884"], "found 8884 for both"),
        (["--operator", "a b"], "letters, digits, - and _"),
        (["--host", "a\nb"], "a host name or address"),
    ],
)
def test_what_no_broker_can_be_set_up_with_is_refused(
    tmp_path: Path, options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["broker-config", str(tmp_path / "b"), *options]) == 2
    assert problem in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
