"""Reads the outcome of a step back from the journal, without computing anything again."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from detectors.conditioning.conditioner import Note
from detectors.estimates import Detection
from stimulators.decisions import Decided, Decision, Send
from stimulators.targets import DeviceEvent, Target
from stimulators.wire.messages import Command, Lease
from streamer.errors import JournalError
from streamer.journal.reader import JournalRecord
from streamer.journal.records import StepRecord

_DECISIONS: Final[Mapping[str, Any]] = {each.__name__: each for each in Decided.__subclasses__()}
#: The fields of what was sent beside the message, with their types.
_SENT: Final[Mapping[str, Any]] = {
    each.name: each.type for each in msgspec.structs.fields(Send) if each.name != "message"
}

Plain: TypeAlias = dict[str, Any]


class ReadOutcome(msgspec.Struct, frozen=True):
    """Notes, detections, targets and decisions of one step; of estimates only their number.

    Parameters
    ----------
    notes, detections, targets, decisions, device_events : tuple
        In order.
    n_estimates : dict of str to int
        Hops of each detector that completed some.
    """

    notes: tuple[Note, ...] = ()
    detections: tuple[Detection, ...] = ()
    targets: tuple[Target, ...] = ()
    decisions: tuple[Decision, ...] = ()
    device_events: tuple[DeviceEvent, ...] = ()
    n_estimates: dict[str, int] = {}


def read_outcome(record: JournalRecord, step: StepRecord) -> ReadOutcome:
    """Return the outcome of a step.

    Raises
    ------
    JournalError
        Where it holds something that this version of the program does not know.
    """
    plain: Plain = msgspec.msgpack.decode(step.outcome)
    try:
        seen = plain.get("seen", ())
        return ReadOutcome(
            notes=msgspec.convert(plain.get("notes", ()), tuple[Note, ...]),
            detections=tuple(
                msgspec.convert(each, Detection)
                for detector in seen
                for each in detector.get("detections", ())
            ),
            targets=msgspec.convert(plain.get("targets", ()), tuple[Target, ...]),
            decisions=tuple(map(_decision, plain.get("decisions", ()))),
            device_events=msgspec.convert(plain.get("device_events", ()), tuple[DeviceEvent, ...]),
            n_estimates={
                detector["detector"]: detector["n_estimates"]
                for detector in seen
                if detector.get("n_estimates")
            },
        )
    except (msgspec.ValidationError, LookupError) as error:
        raise JournalError(
            f"record {record.number}: its outcome cannot be read, as another version of stimloop "
            f"wrote it: {error}"
        ) from error


def _decision(plain: Plain) -> Decision:
    if plain["type"] != Send.__name__:
        decision: Decision = msgspec.convert(plain, _DECISIONS[plain["type"]])
        return decision
    # A message has no tag: a command has a number of its own, a lease another one.
    of = plain["message"]
    message: Command | Lease = (
        msgspec.convert(of, Command) if "seq" in of else msgspec.convert(of, Lease)
    )
    fields = {
        name: msgspec.convert(plain[name], kind) for name, kind in _SENT.items() if name in plain
    }
    return Send(message=message, **fields)
