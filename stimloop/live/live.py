"""Puts a live session together: child processes, streams, journal, broker and session folder."""

import contextlib
import functools
import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack
from pathlib import Path
from typing import Any

from detectors.compiling.listening import compiling
from stimloop.address import known_rig
from stimloop.config import Config, build_loop, needless_words, sign_warnings, to_toml
from stimloop.errors import ConfigError, FaultError
from stimloop.key_path import with_path_first
from stimloop.live.companions import Companions
from stimloop.live.one_service import require_alone
from stimloop.live.recording.lab_recording import LabRecording, Recorded
from stimloop.live.recording.recorder import require_recorder
from stimloop.live.sources import open_sources
from stimloop.live.stop_key import press_stop, stop_key
from stimloop.recommended import allowed_text
from stimloop.rigs.running import RunningRig, kept_running
from stimloop.terminal.progress import progress_of_named
from stimulators.wire.keys.files import SERVICE, service_keys
from stimulators.wire.keys.keys import Keys
from stimulators.wire.service_link import MqttTransport
from streamer import clock
from streamer.closed_loop import ClosedLoop
from streamer.journal.key import load_journal_key
from streamer.journal.session_folder import require_free
from streamer.ledger import ledger_of
from streamer.session import PreparedSession, remarks_of
from streamer.session_parts import Ends, RunningSession
from streamer.source import StreamInfo
from streamer.watching.watchers import Watcher

#: How long a thread may keep the interpreter before another gets it; Python's own 5 ms would
#: let a display's thread hold the loop up for as long.
_SWITCH_S = 0.0005

TellLine = Callable[[str], None]
MakeWatcher = Callable[[RunningSession], AbstractContextManager[Watcher]]


async def run(
    config: Config,
    config_name: str,
    folder: Path,
    *,
    may_number: bool = False,
    duration_s: float | None,
    report: TellLine,
    warn: TellLine,
    watching: MakeWatcher,
) -> dict[str, Any]:
    """Run one session and return its folder and what its summary says.

    Parameters
    ----------
    config : Config
        The rig.
    config_name : str
        Where it was read, for messages.
    folder : Path
        The session folder, which is made once all streams are there.
    may_number : bool
        Where it is taken, another number may be put behind its name.
    duration_s : float, optional
        Seconds after which the session ends by itself.
    report : callable
        Takes a line for the operator.
    warn : callable
        The same for what may not be as it should.
    watching : callable
        Given the session, a context that gives what is called after each step.

    Raises
    ------
    ConfigError
        Where configuration and streams do not fit each other, or the recorder is not installed.
    StreamError
        Where a stream is not there or not what it should be.
    FaultError
        Where another service of the rig speaks, before anything is created; or where a fault
        ended the run: then the session folder is complete all the same.
    """
    if not may_number:
        require_free(folder)
    if config.recording.record:
        require_recorder()
    keys = _keys(config, config_name)
    journal_key = _journal_key(config)
    rig = known_rig(config)
    await require_alone(rig, config_name, keys)
    name = clock.new_session_id()
    config_toml = to_toml(config)
    if allowed := allowed_text(config):
        report(allowed)
    # What is entered into `last` is left after everything else.
    async with AsyncExitStack() as last, AsyncExitStack() as stack:
        companions = Companions(config, stack.enter_context(_config_file(config_toml)), report)
        await stack.enter_async_context(companions)
        sources = await open_sources(stack, config, companions, report)
        infos = [info for source in sources for info in source.infos]
        loop, session = _put_together(config, config_name, infos, name, config_toml)
        for remark in (
            *remarks_of(config.loop, infos),
            *needless_words(config, loop),
            *sign_warnings(config),
        ):
            warn(f"{config_name}: {remark}")
        recording = await stack.enter_async_context(_recording(config, name, infos, report))
        this = RunningRig(rig=rig, config=config_name, session=name, pid=os.getpid())
        past_s, slept_before_s = clock.now_s(), clock.suspended_s()
        ledger = ledger_of(config.rig.name, config.devices, clock.unix_us)
        ends = Ends(
            sources=[*sources, companions],
            transport=_transport(config, name, keys),
            now_s=clock.now_s,
            folder=folder,
            may_number=may_number,
            ledger=stack.enter_context(ledger),
            past_s=past_s,
            slept_s=lambda: clock.suspended_s() - slept_before_s,
            duration_s=duration_s,
            journal_key=journal_key,
            recording=recording,
            watching=functools.partial(_watched, watching, this, report, warn),
        )
        ended = await session.run(ends, last)
        report(f"journal ended, head {ended.head} (for verify --head)")
    path = ended.folder.path
    if ended.fault is not None:
        text = f"{path}: the session was ended by a fault: {ended.fault}"
        raise FaultError(text) from ended.fault
    return {"folder": str(path), **ended.summary}


def _put_together(
    config: Config, config_name: str, infos: list[StreamInfo], name: str, config_toml: bytes
) -> tuple[ClosedLoop, PreparedSession]:
    """Return the loop and its session, with all kernels compiled."""
    with (
        progress_of_named("compiling") as compiles,
        compiling(lambda n_compiled, name: compiles(n_compiled, None, name)),
    ):
        loop = build_loop(config_name, config, infos, session=name)
        return loop, PreparedSession(loop, config.loop, infos, name=name, config_toml=config_toml)


def _recording(
    config: Config, name: str, infos: Sequence[StreamInfo], report: TellLine
) -> LabRecording:
    return LabRecording(
        Recorded(
            recording=config.recording,
            network=config.lsl,
            rig=config.rig.name,
            session=name,
            subject=config.session.subject,
            uids=[info.uid for info in infos],
            now_s=clock.now_s,
            report=report,
        )
    )


def _transport(config: Config, name: str, keys: Keys) -> MqttTransport:
    return MqttTransport(
        config.broker,
        rig=config.rig.name,
        session=name,
        now_s=clock.now_s,
        keys=keys,
        devices={each.id: each.limits.commands_per_s_max for each in config.devices},
    )


@contextlib.contextmanager
def _watched(
    watching: MakeWatcher,
    this: RunningRig,
    report: TellLine,
    warn: TellLine,
    session: RunningSession,
) -> Iterator[None]:
    """Leave a file that lets operators find this session, show it, and listen for the stop key."""
    report(f"session {session.folder.path}")
    pressed = functools.partial(press_stop, session.service, session.transport)
    with (
        kept_running(this, warn),
        watching(session) as watcher,
        stop_key(pressed),
        _without_collections(),
    ):
        session.service.watchers.append(watcher)
        yield


@contextlib.contextmanager
def _config_file(content: bytes) -> Iterator[Path]:
    """Write the resolved configuration to a temporary file that the child processes read."""
    with tempfile.TemporaryDirectory(prefix="stimloop-") as folder:
        file = Path(folder) / "config.toml"
        file.write_bytes(content)
        yield file


def _keys(config: Config, config_name: str) -> Keys:
    devices = [each.id for each in config.devices]
    try:
        return service_keys(config.signing, config.rig.name, devices)
    except ValueError as error:
        raise ConfigError(f"{config_name}: {with_path_first(f'signing.{error}')}") from error


def _journal_key(config: Config) -> bytes | None:
    """Return the key that signs the end of the journal, where the rig signs its messages."""
    signing = config.signing
    if signing is None or not signing.is_on or signing.key_folder is None:
        return None
    return load_journal_key(Path(signing.key_folder) / SERVICE)


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Exempt what exists by now from garbage collection, and switch threads more often."""
    before_s = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before_s)
        gc.unfreeze()
