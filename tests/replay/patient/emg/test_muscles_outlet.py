"""Simulated muscles on LSL: signals with labels and units, and a stream of markers."""

import asyncio

import numpy as np
import pytest
from msgspec.structs import replace

from replay.patient.emg.arm import Arm
from replay.patient.emg.arm_config import ArmConfig, Segment
from replay.patient.emg.drives import Myoclonus, Rest
from replay.patient.emg.outlet import run_muscles
from replay.patient.emg.pieces import marker_stream
from stimulators.wire.mqtt import BrokerConfig
from streamer.events import Marker
from streamer.lsl.network import LslConfig
from streamer.streams import Match, StreamConfig
from tests.streamer.lsl.lsl_feed import fed, joined_samples, joined_stamps_s

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
