"""A session computed again up to a moment, with all that is needed to say what happened there."""

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import msgspec

from detectors.block import Block
from replay.explanation.scan import Scan
from replay.explanation.shown_loop import Answered, ShownLoop
from stimulators.decisions import Decision, Notice, Refusal, Send, State, StateChanged
from stimulators.wire.messages import Command
from streamer.closed_loop import Outcome
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.events import Event
from streamer.journal.reader import JournalRecord
from streamer.journal.records import StepRecord, encode_outcome

if TYPE_CHECKING:
    from stimulators.targets import Target


class Kept(NamedTuple):
    """One step of the window: its event, its outcome, and the requests to the limits."""

    record: JournalRecord
    since_s: float
    event: Event
    outcome: Outcome
    block: Block | None
    answered: tuple[Answered, ...]


class RigBefore(NamedTuple):
    """The state of the rig before a step, why, and since when."""

    state: State
    reason: str
    since_s: float | None


class LastRefusal(NamedTuple):
    """The newest refusal of a policy, and when it was; forgotten once a command of it is sent."""

    refusal: Refusal
    since_s: float


class Witness:
    """Feeds the steps of a journal to its loop, and keeps those of a window.

    Parameters
    ----------
    found : Scan
        A first look at the journal.
    window_s : float
        How long a step is kept.
    shown_from_s : float
        From when on limits are asked for all they say, in seconds since the session began.

    Attributes
    ----------
    loop : ShownLoop
        As it is after the newest step.
    kept : deque of Kept
        The steps of the window, the newest last.
    rig : RigBefore
        As it was before the newest step.
    amounts : dict of str to (float, float)
        What each device may have given as the window begins.
    wishes : dict of str to Target or None
        What is followed at each device, as of the newest step.
    refusals : dict of str to LastRefusal
        By device.
    told : dict of str to Decision
        The newest command, refusal or nothing of each device.
    difference : str or None
        The first step that came out otherwise than it was recorded.

    Raises
    ------
    JournalError
        Where the configuration of the journal cannot be used.
    """

    def __init__(self, found: Scan, *, window_s: float, shown_from_s: float) -> None:
        self.config = config_of(found)
        try:
            self.loop = ShownLoop(self.config, found.header.infos, found.header.session)
        except ValueError as error:
            raise JournalError(_unusable(found, error)) from error
        self.kept: deque[Kept] = deque()
        self.rig = RigBefore(self.loop.gate.state, self.loop.gate.reason, None)
        self.wishes: dict[str, Target | None] = {}
        self.refusals: dict[str, LastRefusal] = {}
        self.amounts: dict[str, tuple[float, float]] = {}
        self.told: dict[str, Decision] = {}
        self.difference: str | None = None
        self._window_s = window_s
        self._shown_from_s = shown_from_s
        self._state_since_s: float | None = None

    def take(self, record: JournalRecord, since_s: float) -> Kept | None:
        """Compute a record's step again; return it, or None where the record is no step."""
        step = record.payload
        if not isinstance(step, StepRecord):
            return None
        loop = self.loop
        loop.is_shown = since_s >= self._shown_from_s
        self.rig = RigBefore(loop.gate.state, loop.gate.reason, self._state_since_s)
        outcome = loop.step(step.event, record.now_s)
        if self.difference is None and encode_outcome(outcome) != bytes(step.outcome):
            self.difference = f"record {record.number} comes out otherwise here"
        kept = Kept(record, since_s, step.event, outcome, loop.block, tuple(loop.answered))
        self.kept.append(kept)
        while self.kept[0].since_s < since_s - self._window_s:
            self._forget(self.kept.popleft())
        self._note(kept)
        return kept

    def _note(self, kept: Kept) -> None:
        for each in kept.outcome.decisions:
            if _is_told(each):
                self.told[each.device] = each
            if isinstance(each, StateChanged):
                self._state_since_s = kept.since_s
            elif isinstance(each, Refusal) and each.device:
                self.refusals[each.device] = LastRefusal(each, kept.since_s)
            elif isinstance(each, Send) and _is_of_policy(each):
                self.refusals.pop(each.device, None)
        for name in self.loop.gate.devices:
            self.wishes[name] = self.loop.gate.drive_of(name).wishes.newest

    def _forget(self, kept: Kept) -> None:
        for event in kept.outcome.device_events:
            self.amounts[event.device] = (event.lowest, event.highest)


def _is_told(decision: Decision) -> TypeGuard[Send | Refusal]:
    """Return whether a decision is one about a device, with its reason."""
    if isinstance(decision, Send):
        return isinstance(decision.message, Command)
    return not isinstance(decision, Notice) and bool(getattr(decision, "device", ""))


def _is_of_policy(sent: Send) -> bool:
    return isinstance(sent.message, Command) and bool(sent.message.reason.policy)


def config_of(found: Scan) -> LoopConfig:
    """Return the configuration of a journal.

    Raises
    ------
    JournalError
        Where this version of the program cannot use it.
    """
    try:
        return msgspec.json.decode(found.header.config_json, type=LoopConfig)
    except ValueError as error:
        raise JournalError(_unusable(found, error)) from error


def _unusable(found: Scan, error: ValueError) -> str:
    version = found.header.versions.get("stimloop", "of another version")
    return (
        f"{found.path}: record 0: the configuration cannot be used here, explain it with stimloop "
        f"{version}, which wrote it: {str(error).partition(chr(10))[0]}"
    )
