"""The simulated patient has no keys, and reads signed messages of its device all the same."""

from pathlib import Path

from replay.patient.outlet import FeltDevice
from stimulators.wire import topics
from stimulators.wire.messages import Ack, DeviceInfo
from stimulators.wire.payload import to_payload
from tests.stimulators.wire.keys.signing import DEVICE, RIG, SignedRig


def test_what_a_device_signs_is_felt(tmp_path: Path) -> None:
    keys = SignedRig(tmp_path / "keys").device
    felt = FeltDevice(RIG, DEVICE)
    info = DeviceInfo(device=DEVICE, instance="b", word=1, state="live", applied_ma=1.0)
    ack = Ack(
        session="s",
        instance="b",
        word=2,
        last_seq=1,
        received_us=0,
        applied_us=0,
        seq=1,
        applied_ma=2.5,
    )
    for topic, message, felt_ma in ((topics.INFO, info, 1.0), (topics.ACK, ack, 2.5)):
        address = topic.at(rig=RIG, device=DEVICE)
        felt.hear(address, keys.seal(address, to_payload(message)), retained=False)
        assert felt.current_ma == felt_ma
