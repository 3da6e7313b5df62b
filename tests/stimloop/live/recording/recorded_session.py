"""A session of a small rig on a real LSL stream, recorded by the real LabRecorder."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from stimloop.live.recording.lab_recording import LabRecording, Recorded
from stimloop.recorder_config import RecordingConfig
from streamer import clock
from streamer.closed_loop import ClosedLoop
from streamer.events import Event, RecorderChanged
from streamer.lsl.network import LslConfig
from streamer.lsl.outlet import open_outlet
from streamer.lsl.source import LslSource
from streamer.session import PreparedSession
from streamer.session_parts import EndedSession, Ends, RunningSession
from streamer.streams import Match
from streamer.watching.watchers import Delivered
from tests.streamer.answering_transport import AnsweringTransport
from tests.streamer.rigs import CONFIG, INFOS, RATE_HZ, chunk

#: Nothing that is waited for here takes so long.
_LONGEST_S = 60.0


@dataclass
class Watched:
    """What a session shows a test while it runs."""

    recording: LabRecording
    #: Given each event; returns whether the session may end.
    ends: Callable[[Event, "Watched"], bool]
    told: list[RecorderChanged] = field(default_factory=list)
    n_samples: int = 0
    n_events: int = 0

    @contextlib.contextmanager
    def watching(self, session: RunningSession) -> Iterator[None]:
        def watch(event: Event, _now_s: float, _outcome: Delivered) -> None:
            self.n_events += 1
            if isinstance(event, RecorderChanged):
                self.told.append(event)
            self.n_samples = session.summary.n_samples
            if self.ends(event, self):
                session.service.end("enough")

        session.service.watchers.append(watch)
        yield


def run_recorded(
    folder: Path,
    recording: RecordingConfig,
    ends: Callable[[Event, Watched], bool],
    *,
    name: str,
    speed: float = 1.0,
    publishes: bool = False,
) -> tuple[EndedSession, Watched]:
    """Run a session until `ends` says so; return it with what it told.

    Samples come at `speed` times their rate, as one that sends a lot.
    """
    network = LslConfig(resolve_s=5.0, correction_s=1.0, publish=publishes)
    return asyncio.run(_run(folder, recording, network, ends, name=name, speed=speed))


async def _run(
    folder: Path,
    table: RecordingConfig,
    network: LslConfig,
    ends: Callable[[Event, Watched], bool],
    *,
    name: str,
    speed: float,
) -> tuple[EndedSession, Watched]:
    info = replace(INFOS[0], lsl_name=name, lsl_type="LFP", source_id=f"{name}-1")
    outlet = open_outlet(info)
    stream = replace(CONFIG.streams[0], match=Match(source_id=info.source_id))
    config = replace(CONFIG, streams=(stream,))
    session = clock.new_session_id()
    async with AsyncExitStack() as last, AsyncExitStack() as stack:
        source = LslSource(stream, network, clock.now_s)
        await stack.enter_async_context(source)
        loop = ClosedLoop(config, source.infos, session)
        recorded = Recorded(
            recording=table,
            network=network,
            rig=config.rig.name,
            session=session,
            subject="s",
            uids=[each.uid for each in source.infos],
            now_s=clock.now_s,
            report=lambda _line: None,
        )
        kept = await stack.enter_async_context(LabRecording(recorded))
        watched = Watched(kept, ends)
        prepared = PreparedSession(loop, config, source.infos, name=session, config_toml=b"x = 1\n")
        sending = asyncio.create_task(_send(outlet, speed))
        try:
            ended = await prepared.run(
                Ends(
                    sources=[source],
                    transport=AnsweringTransport(),
                    now_s=clock.now_s,
                    folder=folder,
                    duration_s=_LONGEST_S,
                    recording=kept,
                    watching=watched.watching,
                ),
                last,
            )
        finally:
            sending.cancel()
    return ended, watched


async def _send(outlet: Any, speed: float) -> None:
    loop = asyncio.get_running_loop()
    start_s, n_sent = clock.now_s(), 0
    while True:
        n_samples = round(0.04 * speed * RATE_HZ)
        outlet.push_chunk(
            chunk(n_sent, n_samples).samples,
            [start_s + (n_sent + k) / RATE_HZ / speed for k in range(n_samples)],
        )
        n_sent += n_samples
        due: asyncio.Future[None] = loop.create_future()
        loop.call_later(0.04, due.set_result, None)
        await due
