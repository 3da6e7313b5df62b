"""Key files hold only what each party may know, readable by its owner alone, or are refused."""

import os
import stat
from pathlib import Path

import pytest

from stimulators.wire import topics
from stimulators.wire.keys.files import (
    SigningConfig,
    device_keys,
    operator_keys,
    read_key_file,
    service_keys,
)
from stimulators.wire.keys.keys import Keys, ListenerKeys, NoKeys, UnverifiedError
from stimulators.wire.keys.maker import make_keys, revoke_keys, rotate_keys
from tests.stimulators.wire.keys.signing import DEVICE, OPERATOR, RIG, SignedRig

_BODY = b"{}"
_PARTIES = ("service", f"devices/{DEVICE}", f"operators/{OPERATOR}")
_COMMAND = topics.COMMAND.at(rig=RIG, device=DEVICE)
_ACK = topics.ACK.at(rig=RIG, device=DEVICE)
_STATUS = topics.STATUS.at(rig=RIG)
_CONTROL = topics.CONTROL.at(rig=RIG)
_STOP = topics.STOP.at(rig=RIG)


@pytest.fixture
def rig(tmp_path: Path) -> SignedRig:
    return SignedRig(tmp_path / "keys")


def _opens(keys: Keys, topic: str, payload: bytes) -> bool:
    try:
        return keys.open(topic, payload) == _BODY
    except UnverifiedError:
        return False


def test_each_party_is_given_what_it_may_know(rig: SignedRig) -> None:
    known = {party: set(read_key_file(rig.folder, party).keys) for party in _PARTIES}
    assert known == {
        "service": {"stop", "status", "to/stn", "from/stn", "control/anna"},
        "devices/stn": {"stop", "to/stn", "from/stn"},
        "operators/anna": {"stop", "status", "control/anna"},
    }


def test_all_secrets_and_names_of_keys_differ(rig: SignedRig) -> None:
    keys = [key for each in read_key_file(rig.folder, "service").keys.values() for key in each]
    assert len({key.secret for key in keys}) == len({key.id for key in keys}) == len(keys) == 5


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_nobody_but_their_owner_can_read_them(rig: SignedRig) -> None:
    for party in _PARTIES:
        file = rig.folder / party / "keys.toml"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(rig.folder.stat().st_mode) == 0o700


def test_making_them_again_keeps_what_is_there_and_adds_who_is_new(rig: SignedRig) -> None:
    before = read_key_file(rig.folder, "service").keys
    parties = make_keys(rig.folder, RIG, devices=[DEVICE, "right"], operators=["ben"])
    after = read_key_file(rig.folder, "service").keys
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"to/right", "from/right", "control/ben"}
    assert set(parties) == {*_PARTIES, "devices/right", "operators/ben"}
    assert read_key_file(rig.folder, "operators/ben").keys["stop"] == before["stop"]


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 65, "a\n"])
def test_an_operators_name_that_is_no_folders_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"^name: expected letters"):
        make_keys(tmp_path / "keys", RIG, devices=[], operators=[name])
    assert not (tmp_path / "keys").exists()


def test_keys_of_another_rig_are_not_added_to(rig: SignedRig) -> None:
    with pytest.raises(ValueError, match="expected the keys of rig 'rig-2'"):
        make_keys(rig.folder, "rig-2", devices=[], operators=[])


def _talk(service: Keys, device: Keys, operator: Keys) -> dict[str, bool]:
    said = {
        "command": (service, device, _COMMAND),
        "ack": (device, service, _ACK),
        "status": (service, operator, _STATUS),
        "control": (operator, service, _CONTROL),
        "stop of an operator": (operator, device, _STOP),
        "stop of the service": (service, device, _STOP),
    }
    return {
        name: _opens(listener, topic, speaker.seal(topic, _BODY))
        for name, (speaker, listener, topic) in said.items()
    }


def test_keys_are_exchanged_without_a_moment_in_which_two_parties_do_not_understand_each_other(
    rig: SignedRig,
) -> None:
    first = (rig.service, rig.device, rig.operator)
    before = first
    stages = []
    for _ in range(3):
        stage, parties = rotate_keys(rig.folder)
        stages.append(stage)
        assert set(parties) == set(_PARTIES)
        after = (rig.service, rig.device, rig.operator)
        # Whoever has its new file already, whoever has not: all eight cases.
        for case in range(8):
            ends = [(before, after)[case >> index & 1][index] for index in range(3)]
            assert all(_talk(*ends).values()), (stage, case, _talk(*ends))
        before = after
    assert stages == ["introduced", "switched", "steady"]
    assert not any(_talk(first[0], *before[1:])[name] for name in ("command", "status"))
    assert not _opens(before[0], _CONTROL, first[2].seal(_CONTROL, _BODY))


def test_an_operator_who_is_revoked_is_no_longer_heard(rig: SignedRig) -> None:
    anna = rig.operator
    make_keys(rig.folder, RIG, devices=[DEVICE], operators=["ben"])
    revoke_keys(rig.folder, OPERATOR)
    assert not (rig.folder / "operators" / OPERATOR).exists()
    assert not _opens(rig.service, _CONTROL, anna.seal(_CONTROL, _BODY))
    ben = operator_keys(rig.signing, RIG, None)
    assert _opens(rig.service, _CONTROL, ben.seal(_CONTROL, _BODY))
    with pytest.raises(ValueError, match=r"expected an operator of .*ben.*, found 'anna'"):
        revoke_keys(rig.folder, OPERATOR)


def test_signing_that_is_off_needs_no_files() -> None:
    for signing in (None, SigningConfig(mode="off")):
        assert isinstance(service_keys(signing, RIG, [DEVICE]), NoKeys)
        assert isinstance(device_keys(signing, RIG, DEVICE), NoKeys)
        assert isinstance(operator_keys(signing, RIG, None), ListenerKeys)


def test_signing_that_is_on_names_its_folder() -> None:
    with pytest.raises(ValueError, match=r"^key_folder: expected a folder"):
        SigningConfig(mode="hmac_sha256")


_HEAD = 'rig = "{}"\nparty = "{}"\nstage = "{}"\n[keys]\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, r"keys\.toml, found: No such file"),
        ("", "as `stimloop keys make` writes it, found .*rig"),
        ("rig = [", "as `stimloop keys make` writes it"),
        (b"\xff".decode("latin-1"), "as `stimloop keys make` writes it"),
        (_HEAD.format(RIG, "service", "late"), "Invalid enum value 'late'"),
        (
            _HEAD.format(RIG, "service", "steady") + 'stop = [{ id = "1", secret = "abcdef" }]',
            "matching regex",
        ),
        (
            _HEAD.format(RIG, "service", "steady"),
            r"expected the keys stop, status, to/stn, from/stn in .*/service \(`stimloop keys",
        ),
        (
            _HEAD.format("rig-2", "service", "steady"),
            "expected the keys of rig 'rig-1' in .*, found those of 'rig-2'",
        ),
        (
            _HEAD.format(RIG, "devices/stn", "steady"),
            "expected the keys of party 'service' in .*, found those of 'devices/stn'",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_one_line(
    rig: SignedRig, text: str | None, problem: str
) -> None:
    file = rig.folder / "service" / "keys.toml"
    file.unlink()
    if text is not None:
        file.write_text(text, encoding="latin-1")
        file.chmod(0o600)
    with pytest.raises(ValueError, match=f"^key_folder: .*{problem}") as refused:
        _ = rig.service
    assert "\n" not in str(refused.value)
    assert "abcdef" not in str(refused.value)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o700])
def test_a_file_that_others_may_read_is_refused(rig: SignedRig, mode: int) -> None:
    file = rig.folder / "devices" / DEVICE / "keys.toml"
    file.chmod(mode)
    with pytest.raises(ValueError, match=rf"^key_folder: expected mode 600 of .*found {mode:o}"):
        _ = rig.device


def test_an_operators_keys_are_found_by_name_or_where_there_is_only_one(rig: SignedRig) -> None:
    control = rig.operator.seal(_CONTROL, _BODY)
    assert operator_keys(rig.signing, RIG, None).seal(_CONTROL, _BODY) == control
    assert operator_keys(rig.signing, RIG, "A. Name").seal(_CONTROL, _BODY) == control
    make_keys(rig.folder, RIG, devices=[DEVICE], operators=["ben"])
    assert operator_keys(rig.signing, RIG, OPERATOR).seal(_CONTROL, _BODY) == control
    with pytest.raises(ValueError, match=r"keys of carl in .*found those of anna, ben"):
        operator_keys(rig.signing, RIG, "carl")


def test_a_folder_without_operators_is_told_as_such(tmp_path: Path) -> None:
    signing = SigningConfig(mode="hmac_sha256", key_folder=str(tmp_path))
    with pytest.raises(ValueError, match=r"expected the keys of one operator .*those of nobody"):
        operator_keys(signing, RIG, None)
