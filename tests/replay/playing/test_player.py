"""A recording played onto real LSL: complete, at its own speed, from the first sample on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from replay.playing.player import play
from replay.recording import Recording, RecordingError
from streamer.clock import now_s
from streamer.events import Marker
from streamer.lsl.network import LslConfig
from streamer.lsl.source import LslSource
from streamer.streams import Match, StreamConfig
from tests.replay.recordings import markers, recording, signal, whole
from tests.streamer.lsl.lsl_feed import Fed, joined_samples, joined_stamps_s

_N_LFP = 120


def _made() -> Recording:
    """Return 1.5 s: a signal with a gap, a signal with a clock reset, and markers."""
    lfp_s = 100.0 + np.arange(_N_LFP) / 100.0
    lfp_s[60:] += 0.3
    emg_s = 1105.0 + np.arange(300) / 250.0
    emg_s[150:] -= 1100.0
    samples = np.random.default_rng(1).normal(0.0, 10.0, (_N_LFP, 2)).astype(np.float32)
    return recording(
        signal(
            lfp_s,
            name="PlayedLFP",
            samples=samples,
            channels=("STN_1", "STN_2"),
            units=("microvolts", "millivolts"),
        ),
        signal(emg_s, name="PlayedEMG", rate_hz=250.0, offsets=[(1105.1, -1005.0), (5.7, 95.0)]),
        markers([100.25, 101.0], ["cue", "µ stop"], name="PlayedEvents"),
    )


@contextlib.asynccontextmanager
async def _listening(network: LslConfig, **kinds: Any) -> AsyncIterator[list[Fed]]:
    """Find all streams, then read all of them at once, as the service does."""
    async with contextlib.AsyncExitStack() as stack:
        fed = []
        for name, kind in kinds.items():
            config = StreamConfig(name=name, kind=kind, match=Match(name=name))
            fed.append(Fed(await stack.enter_async_context(LslSource(config, network, now_s))))
        feeding = [asyncio.create_task(each.source.feed(each.take)) for each in fed]
        try:
            yield fed
        finally:
            for task in feeding:
                task.cancel()
            await asyncio.gather(*feeding, return_exceptions=True)


@pytest.mark.lsl
def test_every_stream_comes_whole_with_the_recorded_steps_between_its_stamps(
    lsl_network: LslConfig,
) -> None:
    made = _made()
    lfp = made.streams[0]

    async def main() -> None:
        playing = asyncio.create_task(play(made, chunk_samples=7))
        kinds = {"PlayedLFP": "lfp", "PlayedEMG": "other", "PlayedEvents": "markers"}
        async with _listening(lsl_network, **kinds) as (of_lfp, of_emg, of_events):
            info = of_lfp.source.infos[0]
            assert (info.channels, info.units) == (lfp.info.channels, lfp.info.units)
            assert (info.lsl_type, info.source_id) == ("LFP", "PlayedLFP-1")
            assert (info.rate_hz, info.dtype) == (100.0, "float32")
            assert await playing == _N_LFP + 300 + 2
            chunks = await of_lfp.chunks(_N_LFP)
            np.testing.assert_array_equal(joined_samples(chunks), whole(lfp).samples)
            lfp_s = joined_stamps_s(chunks)
            emg_s = joined_stamps_s(await of_emg.chunks(300))
            first: Marker = await of_events.next_of(Marker)
            second: Marker = await of_events.next_of(Marker)
        np.testing.assert_allclose(lfp_s - lfp_s[0], whole(lfp).timestamps_s - 100.0, atol=1e-9)
        np.testing.assert_allclose(emg_s - lfp_s[0], np.arange(300) / 250.0, atol=1e-9)
        assert [first.text, second.text] == ["cue", "µ stop"]
        assert [first.time_s - lfp_s[0], second.time_s - lfp_s[0]] == pytest.approx([0.25, 1.0])

    asyncio.run(main())


@pytest.mark.lsl
def test_no_sample_is_sent_before_somebody_listens(lsl_network: LslConfig) -> None:
    told: list[str] = []

    async def main() -> None:
        made = recording(signal(np.arange(50) / 100.0, name="PlayedLate"))
        playing = asyncio.create_task(play(made, report=told.append))
        config = StreamConfig(name="LFP", kind="lfp", match=Match(name="PlayedLate"))
        # Entering takes most of a second: found, described, and asked for its clock.
        async with LslSource(config, lsl_network, now_s):
            assert len(told) == 1
            assert told[0].startswith("waiting for a consumer of 'PlayedLate' (type 'LFP'")
        async with _listening(lsl_network, PlayedLate="lfp") as (fed,):
            await playing
            samples = joined_samples(await fed.chunks(50))
        np.testing.assert_array_equal(samples[:, 0], np.arange(50))

    asyncio.run(main())
    assert told[1:] == ["playing"]


@pytest.mark.lsl
def test_a_loop_goes_on_without_a_seam_until_it_is_cancelled(lsl_network: LslConfig) -> None:
    async def main() -> None:
        made = recording(signal(np.arange(40) / 200.0, name="PlayedLoop", rate_hz=200.0))
        playing = asyncio.create_task(play(made, loop=True, speed=2.0))
        async with _listening(lsl_network, PlayedLoop="lfp") as (fed,):
            chunks = await fed.chunks(100)
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        assert playing.cancelled()
        samples, stamps_s = joined_samples(chunks)[:100, 0], joined_stamps_s(chunks)[:100]
        np.testing.assert_array_equal(samples, np.arange(100) % 40)
        np.testing.assert_allclose(np.diff(stamps_s), 0.0025, atol=1e-9)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"streams": ["EEG"]}, r"expected one of its streams \(PlayedLFP, .*\), found 'EEG'"),
        ({"speed": 0.0}, "expected above 0, found 0 and 10"),
        ({"speed": float("nan")}, "expected above 0, found nan"),
        ({"chunk_samples": 0}, "expected above 0, found 1 and 0"),
    ],
)
def test_what_cannot_be_played_is_told_before_anything_is_shown(
    keys: dict[str, Any], problem: str
) -> None:
    with pytest.raises((RecordingError, ValueError), match=problem):
        asyncio.run(play(_made(), **keys))


def test_a_recording_of_nothing_is_not_played() -> None:
    with pytest.raises(RecordingError, match=r"made\.xdf: expected samples, found none"):
        asyncio.run(play(recording(signal([]), markers([]))))
