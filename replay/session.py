"""A recording through the same loop, in virtual time: the same session folder as live."""

import asyncio
import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from detectors.compiling.listening import Compiling, compiling
from replay.ahead.ahead_loop import AheadLoop
from replay.recording import Recording, describe
from replay.recording_source import Chunking, RecordingSource
from replay.virtual_devices import VirtualDevices
from replay.virtual_time import run_virtually
from stimulators.wire.session_id import session_id
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.config import LoopConfig
from streamer.events import Chunk, Event
from streamer.session import PreparedSession, remarks_of
from streamer.session_parts import EndedSession, Ends, RunningSession
from streamer.watching.watchers import Watcher

#: How long before the first sample the devices are there.
_LEAD_S = 0.1
#: Without devices nothing follows from ticks: they only let the journal be committed.
_IDLE_TICK_S = 10.0

Progress = Callable[[int, int], None]


def replay_session(
    recording: Recording,
    config: LoopConfig,
    *,
    config_toml: bytes,
    out: Path,
    may_number: bool = False,
    chunking: Chunking = Chunking(),  # noqa: B008 frozen
    runs_ahead: bool = True,
    progress: Progress = lambda _done, _total: None,
    warn: Callable[[str], None] = lambda _: None,
    compiles: Compiling = lambda _n_compiled, _name: None,
) -> dict[str, Any]:
    """Run a recording through the loop, as fast as the processor goes.

    Parameters
    ----------
    recording : Recording
        The file.
    config : LoopConfig
        The rig. Its devices are simulated in virtual time, with their own limits, and armed by
        themselves; what is detected depends neither on them nor on the chunks.
    config_toml : bytes
        The resolved configuration file, kept in the folder as it is.
    out : Path
        The session folder to create.
    may_number : bool
        Where it is taken, another number may be put behind its name.
    chunking : Chunking
        How samples are cut.
    runs_ahead : bool
        Whether detectors may take stretches of many chunks at once, which changes nothing but the
        time that it takes: see `replay.ahead.ahead_loop`.
    progress : callable, optional
        Given the samples done and the samples in all.
    warn : callable, optional
        Given what the operator should know, a line each.
    compiles : callable, optional
        Given the number of kernels compiled so far and the name of the next.

    Returns
    -------
    dict
        The session's ``folder``, the recording's ``unused_streams``, a text for each, and what
        `summary.json` says.

    Raises
    ------
    StreamError
        Where the recording has not the streams that the configuration asks for.
    ValueError
        Where configuration and streams do not fit each other; begins with the key path.
    JournalError
        Where the folder is taken or cannot be written.

    Notes
    -----
    The session's name is made of the configuration and the recording: the same of both, cut in
    the same way, give the same journal but for the time it took.
    """
    source = RecordingSource(recording, config.streams, chunking)
    source.open()
    config = _with_simulated_devices(config, warn)
    for remark in (*source.remarks, *remarks_of(config, source.infos)):
        warn(remark)
    name = _session_name(recording, config_toml)
    with compiling(compiles):
        loop = (
            AheadLoop(config, source, name)
            if runs_ahead
            else ClosedLoop(config, source.infos, name)
        )
        session = PreparedSession(loop, config, source.infos, name=name, config_toml=config_toml)

    async def run() -> EndedSession:
        ends = Ends(
            sources=[source],
            transport=VirtualDevices(config.devices, name),
            now_s=asyncio.get_running_loop().time,
            tick_s=config.rig.tick_s if config.devices else _IDLE_TICK_S,
            is_timed=False,
            samples_wait=True,
            stays_inside=True,
            folder=out,
            may_number=may_number,
            watching=functools.partial(_showing, source.n_samples, progress),
        )
        async with AsyncExitStack() as last:
            return await session.run(ends, last)

    ended = run_virtually(run(), start_s=source.span_s[0] - _LEAD_S)
    if ended.fault is not None:
        raise ended.fault
    unused = [describe(each.info, each.n_samples) for each in source.unused]
    return {"folder": str(ended.folder.path), "unused_streams": unused, **ended.summary}


@contextlib.contextmanager
def _showing(n_samples: int, progress: Progress, session: RunningSession) -> Iterator[None]:
    session.service.watchers.append(_watcher(n_samples, progress))
    yield


def _watcher(n_samples: int, progress: Progress) -> Watcher:
    n_done = 0

    def watch(event: Event, _now_s: float, _outcome: Outcome) -> None:
        nonlocal n_done
        if isinstance(event, Chunk):
            n_done += len(event.timestamps_s)
            progress(n_done, n_samples)

    return watch


def _with_simulated_devices(config: LoopConfig, warn: Callable[[str], None]) -> LoopConfig:
    """Return the rig with a simulated twin, of the same limits, in place of every real device."""
    real = [device.id for device in config.devices if not device.simulated]
    if real:
        warn(
            f"devices {', '.join(real)}: simulated, with the same limits, since a recording "
            "drives nobody"
        )
    return replace(
        config,
        rig=replace(config.rig, arm="auto"),
        devices=tuple(replace(device, simulated=True) for device in config.devices),
    )


def _session_name(recording: Recording, config_toml: bytes) -> str:
    """Return a name that sorts before every live session's."""
    digest = hashlib.sha256(config_toml)
    for stream in recording.streams:
        digest.update(stream.info.lsl_name.encode())
        stamps, samples = hashlib.sha256(), hashlib.sha256()
        for stretch in stream.stretches():
            stamps.update(stretch.timestamps_s.tobytes())
            samples.update(stretch.content)
        digest.update(stamps.digest() + samples.digest())
    return session_id(0, digest.hexdigest()[:8])
