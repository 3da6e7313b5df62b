"""What the columns and levels of a session's events mean, for `*_events.json`."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from stimulators.reasons import NothingReason, ReasonWord, SendReason
from stimulators.refusals import RefusalReason


class Column(NamedTuple):
    """A column of `*_events.tsv`: its name, meaning and unit, and the key of the row that has it.

    Those without a key are computed.
    """

    name: str
    description: str
    unit: str = ""
    key: str = ""


_SECONDS: Final = "s"
_FILE: Final = "seconds from the first data point of this file"
COLUMNS: Final = (
    Column("onset", f"When it happened, in {_FILE}; negative before it.", _SECONDS),
    Column("duration", "How long it lasted; 0 of what has no length.", _SECONDS),
    Column("trial_type", "What happened: the event, and which kind of it."),
    Column("sample", "Nearest data point of this file, from 0; n/a outside of it."),
    Column("stream", "Stream that it is about, or that it was found in.", key="stream"),
    Column("detector", "Id of the detector.", key="detector"),
    Column("detector_channel", "Channel of the detector; a-b of a pair.", key="channel"),
    Column("device", "Id of the stimulator.", key="device"),
    Column("policy", "Id of the policy that decides what is wanted.", key="policy"),
    Column("program", "Program of the stimulator.", key="program"),
    Column("seq", "Number of the command, in commands and answers to them.", key="seq"),
    Column(
        "amplitude_wanted",
        "Amount that the policy wanted of this device most recently.",
        "see amplitude_unit",
        "wanted",
    ),
    Column(
        "amplitude_allowed",
        "Amount that the safety gate let through and sent most recently.",
        "see amplitude_unit",
        "allowed",
    ),
    Column(
        "amplitude_applied",
        "Amount that the device itself said it gave, most recently.",
        "see amplitude_unit",
        "applied",
    ),
    Column("amplitude_unit", "mA, or level: a share, from 0 to 1, of what it can give."),
    Column("measure", "What the detector measured then, in its unit.", key="value"),
    Column("threshold", "Threshold that the measure is held against.", key="threshold"),
    Column("reason", "Why it was sent, refused, or nothing was sent, in one word."),
    Column(
        "latency",
        "Of a command: from the time of the newest sample it was decided on to its decision. Of "
        "an answer: from the command to when the device applied it. n/a in virtual time.",
        _SECONDS,
        "latency_s",
    ),
    Column("cause_onset", f"Onset of what a command follows from, in {_FILE}.", _SECONDS),
    Column("fire_onset", f"When a trigger was to be given, in {_FILE}.", _SECONDS),
    Column("known_onset", f"When the service knew of it, in {_FILE}.", _SECONDS),
    Column("limit", "Key of the limit that binds most.", key="limit"),
    Column("limit_share", "How much of it is used; 1: no more may be.", key="limit_share"),
    Column("runner_up", "Key of the limit that binds second.", key="runner_up"),
    Column("runner_up_share", "How much of that is used.", key="runner_up_share"),
    Column("complete", "false where a gap cut a detection short.", key="complete"),
    Column("text", "The same for people, or what was marked.", key="text"),
)

#: What each event is, before its kind.
_EVENTS: Final = {
    "BAD_ACQ_SKIP": "No sample came: the file is filled here, and nothing of it is a measurement",
    "BAD_not_finite": "Samples that are no number, which the format cannot keep: 0 in the file",
    "clock": "The sender's clock was set anew here: what is missing, if anything, is not known",
    "detection": "A detector found something",
    "wanted": "A policy wants another amount than before, or a trigger",
    "command": "A command was sent to a device",
    "nothing": "Nothing is sent to a device from now on",
    "ack": "A device answered a command",
    "report": "A device said what it gives",
    "refusal": "What was asked for was refused",
    "state": "The rig's state from now on",
    "quality": "Samples of a stream are doubtful, or good again",
    "stream": "A stream fell silent, was lost, or came back",
    "marker": "A marker of a marker stream",
    "operator": "An operator asked for something, or marked a moment",
    "stop": "The service itself pressed stop",
    "notice": "What the service told the operator",
    "link": "The connection to the broker",
    "fault": "Something in the service failed",
    "machine": "The machine slept",
}
_WORDS: Final[dict[str, type[ReasonWord]]] = {
    "command": SendReason,
    "nothing": NothingReason,
    "refusal": RefusalReason,
}


#: What one word of a device's, or of a person's, may be.
_OTHER_WORD: Final = "a word of the device"


def level_of(trial_type: str) -> str:
    """Return what a level of `trial_type` means.

    Examples
    --------
    >>> level_of("refusal/late")
    'What was asked for was refused: older or further in the future than it may be'
    >>> level_of("detection/onset")
    'A detector found something: onset'
    """
    event, _, kind = trial_type.partition("/")
    said = _EVENTS.get(event, event)
    return f"{said}: {_meaning(event, kind) or kind}" if kind else said


def reason_of(event: str, kind: str, reason: str | None, text: str) -> str | None:
    """Return the word for why a row is so, where it has one.

    Examples
    --------
    >>> reason_of("refusal", "late", None, "expected ..."), reason_of("ack", "done", None, "")
    ('late', None)
    """
    if reason is None and event in {"refusal", "nothing"}:
        return kind
    if event == "ack" and kind == "refused":
        return text
    return reason


def reasons_of(rows: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what each reason means, of pairs of event and reason; one word may mean two things.

    Examples
    --------
    >>> reasons_of([("nothing", "answer"), ("nothing", "there")])
    {'answer': 'its answer to the last command is awaited', 'there': 'it gives what is wanted'}
    """
    found: dict[str, list[str]] = {}
    for event, reason in sorted(set(rows)):
        kind = "refusal" if event in {"ack", "wanted"} else event
        meaning = _meaning(kind, reason) or _OTHER_WORD
        meanings = found.setdefault(reason, [])
        if meaning not in meanings:
            meanings.append(meaning)
    return {reason: "; or ".join(meanings) for reason, meanings in sorted(found.items())}


def _meaning(event: str, word: str) -> str | None:
    words = _WORDS.get(event, ())
    return next((each.meaning for each in words if each == word), None)
