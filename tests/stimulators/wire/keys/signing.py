"""The keys of a rig with one device and one operator, for tests."""

from pathlib import Path

from stimulators.wire.keys.files import SigningConfig, device_keys, operator_keys, service_keys
from stimulators.wire.keys.keys import Keys
from stimulators.wire.keys.maker import make_keys

RIG = "rig-1"
DEVICE = "stn"
OPERATOR = "anna"


class SignedRig:
    """A folder with the keys of all parties, and each party's keys as it reads them now."""

    def __init__(self, folder: Path, *, devices: tuple[str, ...] = (DEVICE,)) -> None:
        self.folder = folder
        self.devices = devices
        self.signing = SigningConfig(mode="hmac_sha256", key_folder=str(folder))
        make_keys(folder, RIG, devices=devices, operators=[OPERATOR])

    @property
    def service(self) -> Keys:
        return service_keys(self.signing, RIG, self.devices)

    @property
    def device(self) -> Keys:
        return device_keys(self.signing, RIG, self.devices[0])

    @property
    def operator(self) -> Keys:
        return operator_keys(self.signing, RIG, OPERATOR)
