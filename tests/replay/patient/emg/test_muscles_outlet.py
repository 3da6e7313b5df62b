"""Simulated muscles on LSL: signals with labels and units, and a stream of markers."""

import asyncio

import numpy as np
import pytest
from msgspec.structs import replace

from replay.patient.emg.arm import Arm
from replay.patient.emg.arm_config import ArmConfig, Segment
from replay.patient.emg.drives import Myoclonus, Rest, TonicCoContraction
from replay.patient.emg.outlet import run_muscles
from replay.patient.emg.pieces import marker_stream
from replay.patient.emg.stimulation import ArmStimulation
from stimulators.wire import topics
from stimulators.wire.messages import DeviceInfo
from stimulators.wire.mqtt import BrokerConfig, MqttLink
from stimulators.wire.payload import to_payload
from streamer.events import Marker
from streamer.lsl.network import LslConfig
from streamer.streams import Match, StreamConfig
from tests.streamer.lsl.lsl_feed import fed, joined_samples, joined_stamps_s
from tests.support.mosquitto import Mosquitto

#: Segments so short that a marker comes soon after whoever listens is there.
_ARM = ArmConfig(
    segments=(
        Segment(marker="rest", duration_s=0.2, activities=(Rest(),)),
        Segment(marker="shock", duration_s=0.3, activities=(Myoclonus(bursts_per_s=10.0),)),
    ),
    rate_hz=1000.0,
    name="ArmOfTest",
    source_id="arm-of-test",
)


@pytest.mark.lsl
def test_signals_come_evenly_and_markers_at_the_samples_that_they_mark(
    lsl_network: LslConfig,
) -> None:
    emg = StreamConfig(name="EMG", kind="emg", match=Match(source_id="arm-of-test"))
    markers = StreamConfig(name="M", kind="markers", match=Match(source_id="arm-of-test-markers"))

    async def main() -> None:
        there = asyncio.Event()
        playing = asyncio.create_task(
            run_muscles(Arm(_ARM), rig="test", device="", broker=BrokerConfig(), ready=there.set)
        )
        await there.wait()
        async with fed(emg, lsl_network) as signals, fed(markers, lsl_network) as marked:
            (info,), (said,) = signals.source.infos, (_ARM.info("EMG"),)
            assert info == replace(said, uid=info.uid, hostname=info.hostname)
            told = marker_stream(_ARM.info("EMG"))
            assert marked.source.infos[0].lsl_name == told.lsl_name == "ArmOfTestMarkers"
            found = [await marked.next_of(Marker) for _ in range(3)]
            chunks = await signals.chunks(300)
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        stamps_s, samples = joined_stamps_s(chunks), joined_samples(chunks)
        np.testing.assert_allclose(np.diff(stamps_s), 0.001, atol=1e-9)
        assert 3.0 < samples.std() < 100.0
        assert {each.text for each in found} == {"rest", "shock"}
        after_s = np.array([each.time_s for each in found]) - stamps_s[0]
        np.testing.assert_allclose(after_s * 1000.0, np.round(after_s * 1000.0), atol=1e-3)
        assert sorted(np.round(np.diff(after_s), 6)) == [
            pytest.approx(0.2, abs=1e-6),
            pytest.approx(0.3, abs=1e-6),
        ]

    asyncio.run(main())


@pytest.mark.lsl
@pytest.mark.broker
def test_the_applied_amplitude_lowers_what_is_dystonic(
    mosquitto: Mosquitto, lsl_network: LslConfig
) -> None:
    segment = Segment(marker="posture", duration_s=100.0, activities=(TonicCoContraction(),))
    stimulation = ArmStimulation(damping_added_per_s_max=1e4, onset_s=0.01)
    arm = replace(_ARM, segments=(segment,), stimulation=stimulation)
    where = BrokerConfig(host=mosquitto.host, port=mosquitto.port)
    emg = StreamConfig(name="EMG", kind="emg", match=Match(source_id="arm-of-test"))

    async def main() -> None:
        there, linked = asyncio.Event(), asyncio.Event()
        device = MqttLink(where, client_id="device", subscriptions=[])
        feeding = asyncio.create_task(
            device.feed(lambda *_: None, lambda is_up, _: linked.set() if is_up else None)
        )
        playing = asyncio.create_task(
            run_muscles(Arm(arm), rig="test", device="left", broker=where, ready=there.set)
        )
        await asyncio.gather(there.wait(), linked.wait())
        async with fed(emg, lsl_network) as signals:
            assert joined_samples(await signals.chunks(300)).std() > 40.0
            said = DeviceInfo(
                device="left", instance="boot-1", word=1, state="live", applied_ma=3.0
            )
            topic = topics.INFO.at(rig="test", device="left")
            assert device.publish(topic, to_payload(said), qos=1, retain=True)
            while joined_samples(await signals.chunks(100)).std() > 15.0:
                pass
        for each in (playing, feeding):
            each.cancel()
        await asyncio.gather(playing, feeding, return_exceptions=True)

    asyncio.run(main())
