"""A whole rig over TLS and a hardened mosquitto, with every message signed."""

import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from stimulators.wire.keys.maker import make_keys
from tests.stimulators.broker.hardened import HardenedMosquitto
from tests.stimulators.wire.keys.signing import OPERATOR
from tests.support.mosquitto import mosquitto_program
from tests.support.programs import Program, ask, call
from tests.support.rig_toml import rig_file

pytestmark = [pytest.mark.broker, pytest.mark.lsl]

_DEVICE = "stn_left"


class RigFiles:
    """A file for each party of a rig, with its own credentials and its own keys only."""

    def __init__(self, folder: Path, broker: HardenedMosquitto) -> None:
        self._folder = folder
        self._broker = broker
        make_keys(folder / "all", "demo", devices=[_DEVICE], operators=[OPERATOR])
        self.service = self.file("service", "service")
        self.device = self.file(f"device-{_DEVICE}", f"devices/{_DEVICE}")
        self.operator = self.file(f"operator-{OPERATOR}", f"operators/{OPERATOR}")
        self.patient = self.file("display", None)

    def file(self, user: str, party: str | None, *, is_signed: bool = True) -> Path:
        """Write the rig's file for one party."""
        address = tomllib.loads(self._broker.address(user).read_text(encoding="utf-8"))
        keys = self._folder / f"keys-of-{user}"
        if party is not None and is_signed:
            (keys / party).parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(self._folder / "all" / party, keys / party)
        tables = {"broker": address["broker"]}
        if is_signed:
            tables["signing"] = {"mode": "hmac_sha256", "key_folder": str(keys)}
        path = self._folder / f"{user}{'' if is_signed else '-unsigned'}.toml"
        return rig_file(path, lambda rig: rig.update(tables))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RigFiles]:
    if mosquitto_program() is None or shutil.which("openssl") is None:
        pytest.skip("mosquitto or openssl is not installed")
    folder = tmp_path / "broker"
    with HardenedMosquitto(folder, rig="demo", devices=(_DEVICE,)) as broker:
        yield RigFiles(tmp_path, broker)


def test_a_rig_arms_is_asked_and_is_stopped_over_tls_with_every_word_signed(
    tmp_path: Path, rig: RigFiles
) -> None:
    session = tmp_path / "session"
    with (
        Program("device", rig.device) as device,
        Program("patient", rig.patient) as patient,
        Program("run", rig.service, "--session", session) as service,
    ):
        patient.until("on LSL")
        service.until("armed -> active")
        asked = ask("status", rig.operator)
        assert asked.returncode == 0, asked.stderr
        assert "active" in asked.stdout
        # A second service that listens whether it is alone pushes the first off nowhere.
        second = call("run", rig.service, "--session", tmp_path / "second")
        assert second.returncode == 3
        assert "expected no other service" in second.stderr
        service.freeze()
        stopped = call("stop", rig.operator, "--reason", "a test")
        assert stopped.returncode == 0, stopped.stderr
        assert "unsigned" not in stopped.stderr
        device.until("stopped")
        service.thaw()
        service.until("-> safe")
        assert service.interrupt() == 0, service.text
    assert "not verified" not in service.text
    without_key = ask("verify", session)
    assert without_key.returncode == 1
    assert "not checked" in without_key.stdout + without_key.stderr
    keys = tmp_path / "keys-of-service" / "service"
    assert ask("verify", session, "--keys", keys).returncode == 0


@pytest.mark.slow
def test_an_unsigned_device_is_never_armed_and_an_unsigned_stop_stops(
    tmp_path: Path, rig: RigFiles
) -> None:
    unsigned_device = rig.file(f"device-{_DEVICE}", None, is_signed=False)
    unsigned_operator = rig.file(f"operator-{OPERATOR}", None, is_signed=False)
    with (
        Program("patient", rig.patient) as patient,
        Program("run", rig.service, "--session", tmp_path / "session") as service,
    ):
        patient.until("on LSL")
        with Program("device", unsigned_device) as device:
            device.until("linked")
            service.until("broker reached")
            refused = ask("arm", rig.operator)
            assert refused.returncode == 1, refused.stdout
        with Program("device", rig.device) as device:
            service.until("armed -> active")
            refused = ask("disarm", unsigned_operator)
            assert refused.returncode == 3, refused.stdout
            assert "armed -> active" in service.text
            stopped = call("stop", unsigned_operator)
            assert stopped.returncode == 0, stopped.stderr
            device.until("stopped")
            service.until("-> safe")
