"""A session's recording: own streams sent, LabRecorder watched, the file compared at the end."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from stimloop.live.recording.recorder import Recorder
from stimloop.live.recording.recorder_watch import RecorderWatch
from stimloop.recorder_config import RecordingConfig
from stimloop.terminal.plain_text import plain
from streamer.events import Chunk, Event, RecorderChanged
from streamer.lsl.network import LslConfig
from streamer.publishing.publisher import Publisher
from streamer.session_parts import RunningSession
from streamer.watching.watchers import Delivered

#: How often the recorder is looked at.
_LOOK_S: Final = 0.25
_BYTES_PER_MB: Final = 1e6


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What is recorded of a session, where to, and who is told.

    Parameters
    ----------
    recording : RecordingConfig
        The `[recording]` table.
    network : LslConfig
        The `[lsl]` table.
    rig, session, subject : str
        Names.
    uids : sequence of str
        Of the streams that the rig reads.
    now_s : callable
        The service's clock.
    report : callable
        Takes a line for the operator.
    """

    recording: RecordingConfig
    network: LslConfig
    rig: str
    session: str
    subject: str
    uids: Sequence[str]
    now_s: Callable[[], float]
    report: Callable[[str], None]


class LabRecording:
    """Sends own streams where they are wanted, and records everything where that is wanted.

    The session begins once the recorder has every stream, or has failed to: what is recorded is
    then whole from the first event on. Whether it is written is an event of the loop, at its
    beginning and at each change.

    Parameters
    ----------
    recorded : Recorded
        What is recorded of which session.
    """

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._publisher: Publisher | None = None
        self._recorder: Recorder | None = None
        self._watch: RecorderWatch | None = None
        self._looking: asyncio.Task[None] | None = None
        self._folder = Path()
        self._n_raw_bytes = 0
        self._held = contextlib.ExitStack()
        self._problems: list[str] = []
        self._lost_streams = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what a session that did not end well has left."""
        await self._end_recorder()

    @property
    def recorder(self) -> Recorder | None:
        """The recorder, while there is one."""
        return self._recorder

    async def begin(self, session: RunningSession) -> None:
        """Open own streams, and wait until the recorder has all streams or has failed."""
        wanted = self._recorded
        is_recorded = wanted.recording.record
        if not (is_recorded or wanted.network.publish):
            return
        publisher = Publisher(wanted.rig, wanted.session, session.service.loop)
        try:
            self._publisher = self._held.enter_context(publisher)
        except RuntimeError as error:
            self._lost_streams = str(error)
            wanted.report(plain(f"own streams cannot be sent: {error}"))
        session.service.watchers.append(self._take)
        if is_recorded:
            await self._begin_recorder(session, publisher.uids)

    async def _begin_recorder(self, session: RunningSession, own_uids: Sequence[str]) -> None:
        wanted = self._recorded
        self._folder = session.folder.path
        file = wanted.recording.file_of(
            folder=self._folder, rig=wanted.rig, session=wanted.session, subject=wanted.subject
        ).absolute()
        recorder = self._recorder = Recorder(
            file, [*wanted.uids, *own_uids], wanted.network, self._hear
        )
        wanted.report(f"starting the recorder: {plain(str(file))}")
        try:
            death = await recorder.begin()
        except OSError as error:
            death = str(error)
        free_bytes_min = wanted.recording.free_mb_min * _BYTES_PER_MB
        watch = self._watch = RecorderWatch(free_bytes_min, wanted.now_s())
        watch.die(death)
        watch.lose_streams(self._lost_streams)
        self._looking = asyncio.create_task(self._look(session.service.emit), name="recorder")

    async def end(self) -> dict[str, Any] | None:
        """End the recorder, compare its file with the journal, and return what came of it."""
        if self._looking is not None:
            self._looking.cancel()
        recorder = self._recorder
        if recorder is None:
            self._held.close()
            return None
        self._recorded.report("ending the recorder")
        await self._end_recorder()
        self._recorded.report("comparing the recording with the journal")
        compared = await asyncio.to_thread(_compared, self._folder, recorder.file)
        self._recorded.report(plain(compared["text"]))
        return {**compared, "interruptions": self._problems}

    def _take(self, event: Event, now_s: float, outcome: Delivered) -> None:
        """Send what a step gave, and count what the file must hold of it; never raises."""
        if isinstance(event, Chunk):
            self._n_raw_bytes += event.samples.nbytes
        publisher = self._publisher
        if publisher is None:
            return
        try:
            publisher.watch(event, now_s, outcome)
        except Exception as error:  # noqa: BLE001 no display may end a session
            self._publisher = None
            if self._watch is not None:
                self._watch.lose_streams(f"{type(error).__name__}: {error}")
            self._recorded.report(plain(f"own streams are not sent any more: {error}"))

    @property
    def _n_due_bytes(self) -> int:
        sent = self._publisher
        return self._n_raw_bytes + (0 if sent is None else sent.n_bytes)

    def _hear(self, size_bytes: int, free_bytes: int) -> None:
        if self._watch is not None:
            self._watch.hear(
                size_bytes,
                free_bytes,
                n_due_bytes=self._n_due_bytes,
                now_s=self._recorded.now_s(),
            )

    async def _look(self, emit: Callable[[Event], None]) -> None:
        """Tell the loop whether the recording is written: at once, and when that changes."""
        told: str | None = None
        while True:
            changed, told = self._change(told)
            if changed is not None:
                emit(changed)
            await asyncio.sleep(_LOOK_S)

    def _change(self, told: str | None) -> tuple[RecorderChanged | None, str]:
        recorder, watch = self._recorder, self._watch
        if recorder is None or watch is None:
            return None, told or ""
        if death := recorder.death:
            watch.die(death)
        problem = watch.problem(self._n_due_bytes, self._recorded.now_s())
        fault = "" if problem is None else problem.fault
        if fault == told:
            return None, fault
        if problem is None:
            return RecorderChanged(is_recording=True, detail=f"to {recorder.file}"), fault
        self._problems.append(problem.found)
        changed = RecorderChanged(is_recording=False, detail=problem.found, remedy=problem.remedy)
        return changed, fault

    async def _end_recorder(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        if self._recorder is not None:
            await self._recorder.end()
        self._held.close()


def _compared(session: Path, file: Path) -> dict[str, Any]:
    """Return the comparison of a recording with its session's journal, as the summary says it."""
    from replay.verification.recording.check import check_recording  # noqa: PLC0415 at the end

    check = check_recording(session, file)
    return {**msgspec.to_builtins(check), "text": check.text}
