"""A session put together, the same way for an amplifier, a recording and a simulation."""

import contextlib
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from streamer import clock
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.deferred_work import DeferredWork
from streamer.errors import JournalError
from streamer.journal.gathering import GatheringJournal
from streamer.journal.journal import Journal
from streamer.journal.provenance import header, versions
from streamer.journal.session_folder import SessionFolder
from streamer.running.interrupts import cancelling, ignored, undisturbed
from streamer.service import Service
from streamer.session_parts import EndedSession, Ends, RunningSession, SessionRecording
from streamer.source import StreamInfo
from streamer.tables.writer import TableWriter
from streamer.warm_up import warm_up
from streamer.watching.decisions import DecisionDisplays
from streamer.watching.displays import Displays
from streamer.watching.heartbeat import Heartbeat
from streamer.watching.stream_remarks import stream_remarks
from streamer.watching.summary import Summary
from streamer.watching.watchers import Watcher
from streamer.wiring.stimulation_bands import stimulation_in_bands


class PreparedSession:
    """A session ready to run: a loop whose kernels are compiled, and the rig it is of.

    Parameters
    ----------
    loop : ClosedLoop
        Of this configuration, these streams and this name. Its kernels are compiled here, so that
        no sample waits for that.
    config : LoopConfig
        The rig.
    infos : sequence of StreamInfo
        The streams as they were found, in the order of the configuration.
    name : str
        Of the session; later sessions sort after earlier ones.
    config_toml : bytes
        The resolved configuration file, kept in the folder as it is.
    """

    def __init__(
        self,
        loop: ClosedLoop,
        config: LoopConfig,
        infos: Sequence[StreamInfo],
        *,
        name: str,
        config_toml: bytes,
    ) -> None:
        warm_up(config, infos)
        self.loop = loop
        self._config = config
        self._infos = tuple(infos)
        self._name = name
        self._config_toml = config_toml

    async def run(self, ends: Ends, last: AsyncExitStack) -> EndedSession:
        """Take the folder, run until the end, and leave the folder complete whatever that was.

        Parameters
        ----------
        ends : Ends
            Where samples come from, where commands go, what time it is.
        last : AsyncExitStack
            Left by the caller after all else: until then an interrupt ends the session in order,
            and once it is over disturbs nothing.

        Raises
        ------
        JournalError
            Where the folder is taken, or it or the journal cannot be written.
        """
        first = header(
            self._config,
            self._infos,
            session=self._name,
            config_toml=self._config_toml,
            signs_end=ends.journal_key is not None,
            utc_offset_us=clock.utc_offset_us() if ends.is_timed else None,
        )
        async with AsyncExitStack() as stack:
            deferred = DeferredWork(self.loop.chain, waits=ends.samples_wait)
            stack.enter_context(deferred)
            last.enter_context(cancelling())
            folder = SessionFolder.create(
                ends.folder, self._config_toml, may_number=ends.may_number
            )
            began_s, started_s = clock.now_s(), ends.now_s()
            journal = stack.enter_context(Journal(folder.journal_file, first, started_s))
            summary = Summary(self.loop, is_timed=ends.is_timed, utc_offset_us=first.utc_offset_us)
            summary.begin(started_s)
            tables = stack.enter_context(
                TableWriter(folder.path, self.loop, first, waits=ends.samples_wait)
            )
            watchers = (tables.watch, summary.watch)
            service = self._service(ends, journal, watchers, deferred, first.config_sha256)
            running = RunningSession(
                service=service, summary=summary, folder=folder, transport=ends.transport
            )
            is_begun = await _begun(ends.recording, running)
            stack.enter_context(ends.watching(running))
            reason, fault = await _until_over(service, ends) if is_begun else ("stopped", None)
            await last.enter_async_context(ignored())
            recording = await _ended(ends.recording, journal)
            # A journal that could not be written raises here again; then nothing else is.
            content = folder.end(
                summary,
                journal,
                reason=reason,
                now_s=ends.now_s(),
                real_time_factor=(ends.now_s() - started_s) / max(clock.now_s() - began_s, 1e-9),
                key=ends.journal_key,
                tables_problem=tables.end(journal.n_steps),
                recording=recording,
            )
        return EndedSession(folder=folder, summary=content, head=journal.head, fault=fault)

    def _service(
        self,
        ends: Ends,
        journal: Journal,
        watchers: Sequence[Watcher],
        deferred: DeferredWork,
        config_digest: str,
    ) -> Service:
        heartbeat = Heartbeat(
            ends.transport,
            self.loop.gate,
            head=lambda: journal.head,
            session=self._name,
            config_digest=config_digest,
            versions=versions(),
            allow=self._config.rig.allow,
        )
        if not ends.stays_inside:  # else nobody could look
            displays = Displays(ends.transport, self._name, self.loop.chain.detectors.values())
            decisions = DecisionDisplays(ends.transport, self.loop.gate)
            watchers = (*watchers, displays.watch, decisions.watch)
        return Service(
            loop=self.loop,
            journal=GatheringJournal(journal) if ends.stays_inside else journal,
            transport=ends.transport,
            heartbeat=heartbeat,
            now_s=ends.now_s,
            session=self._name,
            tick_s=self._config.rig.tick_s if ends.tick_s is None else ends.tick_s,
            watchers=watchers,
            past=ends.ledger.past,
            past_s=ends.past_s,
            keep_past=ends.ledger.keep,
            slept_s=ends.slept_s,
            deferred=deferred,
        )


def remarks_of(config: LoopConfig, infos: Sequence[StreamInfo]) -> list[str]:
    """Return what an operator should know of streams and stimulation before a session."""
    rates_hz = {info.name: info.rate_hz for info in infos}
    return [*stream_remarks(config.streams, infos), *stimulation_in_bands(config, rates_hz)]


async def _begun(recording: SessionRecording, running: RunningSession) -> bool:
    """Begin the recording; return whether nobody interrupted it, and the session may begin."""
    with undisturbed():
        await recording.begin(running)
        return True
    return False


async def _ended(recording: SessionRecording, journal: Journal) -> dict[str, Any] | None:
    """End the recording, which is compared with all that the journal holds by now."""
    with contextlib.suppress(JournalError):  # raised again by whoever ends the journal
        journal.commit()
    return await recording.end()


async def _until_over(service: Service, ends: Ends) -> tuple[str, Exception | None]:
    """Run until the end and return its reason, with the error where one ended it."""
    try:
        return await service.run(ends.sources, duration_s=ends.duration_s), None
    except Exception as error:  # noqa: BLE001 raised again by the caller
        return f"fault: {error}", error
