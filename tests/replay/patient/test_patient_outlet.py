"""The simulated patient on LSL: it sends evenly, and follows the device's amplitude."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import numpy as np
import pytest
from msgspec.structs import replace

from replay.patient.outlet import FeltDevice, Pace, run_patient
from replay.patient.patient import PatientConfig
from stimulators.wire import topics
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from stimulators.wire.mqtt import BrokerConfig, MqttLink
from stimulators.wire.payload import to_payload
from streamer.clock import now_s
from streamer.lsl.network import LslConfig
from streamer.streams import Match, StreamConfig
from tests.streamer.lsl.lsl_feed import Fed, fed, joined_samples, joined_stamps_s
from tests.support.mosquitto import Mosquitto

_ACK = topics.ACK.at(rig="test", device="left")
_INFO = topics.INFO.at(rig="test", device="left")
_STATE = topics.DEVICE_STATUS.at(rig="test", device="left")
#: Nothing but an oscillation, which stimulation all but ends.
_PATIENT = PatientConfig(
    device="left",
    name="PatientOfTest",
    source_id="patient-of-test",
    channels=("STN", "ECOG"),
    gains=(1.0, 0.5),
    pink_uv=0.0,
    line_uv=0.0,
    drive_sd=0.0,
    damping_added_per_s_max=10_000.0,
    onset_s=0.01,
)
_STREAM = StreamConfig(name="LFP", kind="lfp", match=Match(source_id="patient-of-test"))


def _ack(applied_ma: float | None) -> bytes:
    ack = Ack(
        session="s",
        instance="boot-1",
        word=2,
        last_seq=1,
        seq=1,
        received_us=0,
        applied_us=0,
        applied_ma=applied_ma,
    )
    return to_payload(ack)


def _info(**said: object) -> bytes:
    info = DeviceInfo(device="left", instance="boot-1", word=1, **said)  # type: ignore[arg-type]
    return to_payload(info)


def _report(applied_ma: float) -> bytes:
    report = DeviceStatus(
        instance="boot-1", word=3, session="s", state="live", last_seq=1, applied_ma=applied_ma
    )
    return to_payload(report)


def test_the_newest_word_of_the_device_counts() -> None:
    felt = FeltDevice("test", "left")
    assert felt.current_ma == 0.0
    felt.hear(_INFO, _info(state="live", safe_ma=0.5, applied_ma=1.0), retained=True)
    assert felt.current_ma == 1.0
    felt.hear(_ACK, _ack(2.5), retained=False)
    assert felt.current_ma == 2.5
    felt.hear(_ACK, _ack(None), retained=False)
    assert felt.current_ma == 2.5
    felt.hear(_STATE, _report(3.0), retained=False)
    assert felt.current_ma == 3.0


@pytest.mark.parametrize("how", ["offline", "link"])
def test_a_device_out_of_reach_is_at_its_safe_amplitude(how: str) -> None:
    felt = FeltDevice("test", "left")
    felt.hear(_INFO, _info(state="live", safe_ma=0.5, applied_ma=2.0), retained=False)
    if how == "offline":
        felt.hear(_INFO, _info(state="offline"), retained=False)
    else:
        felt.link(is_up=False, reason="gone")
    assert felt.current_ma == 0.5


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (_ACK, b""),
        (_ACK, b"\xff"),
        (_ACK, b'{"session": 1}'),
        (_ACK, b'{"session":"s","received_us":0,"applied_us":0,"applied_ma":1e999}'),
        (_INFO, b"[]"),
        ("stimloop/test/device/right/ack", _ack(3.0)),
        ("stimloop/test/stop", b"{}"),
    ],
)
def test_what_cannot_be_read_or_is_not_for_it_changes_nothing(topic: str, payload: bytes) -> None:
    felt = FeltDevice("test", "left")
    felt.hear(_ACK, _ack(2.0), retained=False)
    felt.hear(topic, payload, retained=False)
    assert felt.current_ma == 2.0


def test_a_patient_that_was_held_up_for_long_leaves_a_gap_of_whole_intervals() -> None:
    pace = Pace(1000.0, 50.0)
    assert pace.stamp_s(2000) == 52.0
    pace.leave_out(2000, 52.9)
    assert pace.stamp_s(2000) == 52.0
    pace.leave_out(2000, 112.0004)
    assert pace.stamp_s(2000) == pytest.approx(112.0, abs=1e-9)


@contextlib.asynccontextmanager
async def _patient(broker: Mosquitto, network: LslConfig) -> AsyncIterator[Fed]:
    where = BrokerConfig(host=broker.host, port=broker.port, backoff_s_max=0.2)
    there = asyncio.Event()
    living = asyncio.create_task(run_patient(_PATIENT, rig="test", broker=where, ready=there.set))
    try:
        await there.wait()
        async with fed(_STREAM, network) as listening:
            yield listening
    finally:
        living.cancel()
        await asyncio.gather(living, return_exceptions=True)


async def _until_still(listening: Fed) -> None:
    """Read until the oscillation is gone; time out where it never is."""
    while np.abs(joined_samples(await listening.chunks(100))).max() > 1.5:
        pass


@pytest.mark.lsl
@pytest.mark.broker
def test_the_applied_amplitude_is_felt_and_the_stamps_stay_even(
    mosquitto: Mosquitto, lsl_network: LslConfig
) -> None:
    where = BrokerConfig(host=mosquitto.host, port=mosquitto.port)

    async def main() -> None:
        linked = asyncio.Event()
        device = MqttLink(where, client_id="device", subscriptions=[])
        feeding = asyncio.create_task(
            device.feed(lambda *_: None, lambda is_up, _: linked.set() if is_up else None)
        )
        await linked.wait()
        async with _patient(mosquitto, lsl_network) as listening:
            info = listening.source.infos[0]
            said = _PATIENT.info("LFP")
            assert info == replace(said, uid=info.uid, hostname=info.hostname)
            before = await listening.chunks(500)
            assert np.abs(joined_samples(before)).max() > 3.0
            age_s = now_s() - float(before[-1].timestamps_s[-1])
            assert age_s > -0.001
            assert device.publish(_INFO, _info(state="live", applied_ma=3.0), qos=1, retain=True)
            await _until_still(listening)
            mosquitto.kill()
            after = await listening.chunks(300)
            stamps_s = joined_stamps_s(after)
            np.testing.assert_allclose(np.diff(stamps_s), 0.001, atol=1e-9)
            n_since = (stamps_s[-1] - before[0].timestamps_s[0]) * 1000.0
            assert n_since == pytest.approx(round(n_since), abs=1e-3)
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)

    asyncio.run(main())
