"""What a session is given, what its watchers get, and what is left of it when it has ended."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from stimulators.wire.transport import Transport
from streamer.journal.session_folder import SessionFolder
from streamer.ledger import Ledger, NoLedger
from streamer.service import Service
from streamer.source import Source
from streamer.watching.summary import Summary


@dataclass(frozen=True, kw_only=True)
class RunningSession:
    """A session that runs, for those who watch it.

    Parameters
    ----------
    service : Service
        Runs it; takes more watchers.
    summary : Summary
        The counts so far.
    folder : SessionFolder
        Where it is kept.
    transport : Transport
        Where its commands go.
    """

    service: Service
    summary: Summary
    folder: SessionFolder
    transport: Transport


Watching = Callable[[RunningSession], AbstractContextManager[object]]


@contextlib.contextmanager
def unwatched(_session: RunningSession) -> Iterator[None]:
    """Watch nothing."""
    yield


class SessionRecording(Protocol):
    """Records a session beside its journal; neither call raises on what goes wrong with it."""

    async def begin(self, session: RunningSession) -> None:
        """Begin, before the session's first event, and add watchers."""
        ...

    async def end(self) -> dict[str, Any] | None:
        """End, and return what the summary says of the recording, where there is one."""
        ...


class NoRecording:
    """A session of which the journal is the only record."""

    async def begin(self, session: RunningSession) -> None:
        """Do nothing."""

    async def end(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """What differs between a live session, a recording and a simulation: all but the loop.

    Parameters
    ----------
    sources : sequence of Source
        Entered already; those that have no stream too (companions that must stay alive).
    transport : Transport
        Where commands go.
    now_s : callable
        The service's clock.
    tick_s : float, optional
        Interval between two ticks in seconds; without, as the rig is configured.
    is_timed : bool
        Whether that is a real clock, so that latencies mean something.
    samples_wait : bool
        Whether samples wait for what detectors compute beside the loop, as those of a file may.
    stays_inside : bool
        Whether no message leaves this process, as to devices in virtual time: then steps are
        journalled many at a time.
    folder : Path
        The session folder to create.
    may_number : bool
        Where it is taken, another number may be put behind its name.
    ledger : Ledger or NoLedger
        What earlier services of the rig gave; entered already.
    past_s : float, optional
        When that was read, at the earliest, by the service's clock.
    slept_s : callable
        How long the machine has slept since then.
    duration_s : float, optional
        Seconds after which the session ends by itself.
    journal_key : bytes, optional
        What the end of the journal is signed with.
    recording : SessionRecording
        Entered already, where it has to be.
    watching : callable
        Given the session, returns a context in which it runs, and which may add watchers.
    """

    sources: Sequence[Source]
    transport: Transport
    now_s: Callable[[], float]
    folder: Path
    tick_s: float | None = None
    is_timed: bool = True
    samples_wait: bool = False
    stays_inside: bool = False
    may_number: bool = False
    ledger: Ledger | NoLedger = field(default_factory=NoLedger)
    past_s: float | None = None
    slept_s: Callable[[], float] = lambda: 0.0
    duration_s: float | None = None
    journal_key: bytes | None = None
    recording: SessionRecording = field(default_factory=NoRecording)
    watching: Watching = unwatched


@dataclass(frozen=True, kw_only=True)
class EndedSession:
    """A session that has ended.

    Parameters
    ----------
    folder : SessionFolder
        Complete, whatever ended the session.
    summary : dict
        What its `summary.json` says.
    head : str
        Newest link of the journal, for ``verify --head``.
    fault : Exception or None
        What ended it, where that was a fault.
    """

    folder: SessionFolder
    summary: dict[str, Any]
    head: str
    fault: Exception | None
