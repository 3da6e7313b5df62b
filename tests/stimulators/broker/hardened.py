"""A real mosquitto as `stimloop broker-config` sets it up, on free ports."""

import os
from pathlib import Path

import msgspec

from stimulators.broker.access import Users
from stimulators.broker.mosquitto import Hardened, write_hardened
from stimulators.wire.mqtt import BrokerConfig
from tests.stimulators.wire.keys.signing import DEVICE, OPERATOR, RIG
from tests.support.mosquitto import Mosquitto, free_port


class _Address(msgspec.Struct, frozen=True):
    broker: BrokerConfig


class HardenedMosquitto(Mosquitto):
    """Mosquitto on the configuration that was written, and its clients' `[broker]` tables."""

    def __init__(
        self,
        folder: Path,
        *,
        rig: str = RIG,
        devices: tuple[str, ...] = (DEVICE, "other"),
        client_certificates: bool = False,
    ) -> None:
        super().__init__(["# see _settings"])
        self._clients = folder / "clients"
        wanted = Hardened(
            users=Users(rig=rig, devices=devices, operators=[OPERATOR]),
            hosts=["localhost", "127.0.0.1"],
            port=self.port,
            operator_port=free_port(),
            bind="127.0.0.1",
            client_certificates=client_certificates,
        )
        self.file = write_hardened(folder, wanted)

    def client(self, user: str, **changes: object) -> BrokerConfig:
        """Return the `[broker]` table of a user, with short time-outs."""
        text = self.address(user).read_text(encoding="utf-8")
        found = msgspec.toml.decode(text, type=_Address).broker
        patience = {"puback_s_max": 0.5, "backoff_s_min": 0.02, "backoff_s_max": 0.1}
        return msgspec.structs.replace(found, **{**patience, **changes})

    def address(self, user: str) -> Path:
        """Return the file with the `[broker]` table of a user."""
        return self._clients / user / "address.toml"

    def _settings(self) -> list[str]:
        written = self.file.read_text(encoding="utf-8").splitlines()
        # Started by root, mosquitto becomes a user who cannot read root's files.
        is_root = os.name == "posix" and os.geteuid() == 0
        return ["connection_messages false", *(["user root"] if is_root else []), *written]
