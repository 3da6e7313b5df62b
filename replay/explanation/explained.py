"""Why a command was sent, or none, as data: for text, JSON and a picture."""

from typing import Literal, TypeAlias

import msgspec

from replay.explanation.entries import Entry
from replay.explanation.session_times import SessionTimes


class Samples(msgspec.Struct, frozen=True, kw_only=True):
    """One channel of the window, in µV after units, montage and artifacts.

    Parameters
    ----------
    stream, channel : str
        Which.
    since_s : list of float
        Of each sample, in seconds since the session began.
    values_uv : list of float
        The samples.
    """

    stream: str
    channel: str
    since_s: list[float]
    values_uv: list[float]


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One measure that the policy reads, hop by hop of the window.

    Parameters
    ----------
    detector, channel, measure, unit : str
        Which.
    since_s : list of float
        Of each hop's newest sample, in seconds since the session began.
    values : list of float or None
        The measure; None where it is not valid.
    """

    detector: str
    channel: str
    measure: str
    unit: str
    since_s: list[float]
    values: list[float | None]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The rule by which the policy decided.

    Parameters
    ----------
    policy, kind : str
        Its id and its kind.
    text : str
        What that kind does, in a line.
    value, threshold : float or None
        The measure that it decided on, and the threshold of that measure.
    upper, lower : float or None
        The thresholds of its table, where it has them.
    side : str
        ``above``, ``between`` or ``below``; empty without a threshold.
    onset_since_s : float or None
        Since when it has been so, in seconds since the session began.
    """

    policy: str
    kind: str
    text: str
    value: float | None = None
    threshold: float | None = None
    upper: float | None = None
    lower: float | None = None
    side: Literal["above", "between", "below", ""] = ""
    onset_since_s: float | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The target of the policy that was followed, or refused.

    Parameters
    ----------
    kind, amount, program, is_withheld
        As the policy wanted it.
    sample : int
        The hop that it was decided at.
    since_s : float
        Of that sample, in seconds since the session began.
    """

    kind: str
    amount: float
    program: str
    sample: int
    since_s: float
    is_withheld: bool


class GateStep(msgspec.Struct, frozen=True, kw_only=True):
    """One check of the gate before it sent a command, in the order of the checks.

    Parameters
    ----------
    name : str
        A condition, or the key of a limit.
    limit : float or None
        The limit as it is configured.
    allows : bool
        Whether it allowed it.
    text : str
        What it is, and what was found.
    """

    name: str
    limit: float | None
    allows: bool
    text: str


class Bind(msgspec.Struct, frozen=True, kw_only=True):
    """Which share of a limit the request used: 1 where it is used up."""

    limit: str
    share: float


class SentCommand(msgspec.Struct, frozen=True, kw_only=True):
    """The command as it was sent.

    Parameters
    ----------
    seq : int
        Its number.
    record : int
        The record of the step that sent it.
    kind, amount, program
        What it asked for.
    since_s, expires_s : float
        When it was issued, and when it expires, in seconds since the session began.
    fire_at_s : float or None
        When a trigger was to be given, the same way.
    by : str
        Whose it is: the policy's, or empty where the gate itself decided.
    """

    seq: int
    record: int
    kind: str
    amount: float
    program: str
    since_s: float
    expires_s: float
    fire_at_s: float | None
    by: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the device answered.

    Parameters
    ----------
    record : int
        The record that has it.
    since_s : float
        When it was heard, in seconds since the session began.
    refused : str or None
        The reason of a refusal.
    amount : float or None
        What it gave as it answered.
    """

    record: int
    since_s: float
    refused: str | None
    amount: float | None


#: In seconds since the session began, and an amount.
Course: TypeAlias = list[tuple[float, float]]


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """What was wanted of the device, sent to it and given by it around the moment.

    Parameters
    ----------
    wanted, sent : list of (float, float)
        The policy's targets, and the commands.
    lowest, highest : list of (float, float)
        The range that the device may have given, as its own words leave it; each holds until the
        next.
    """

    wanted: Course
    sent: Course
    lowest: Course
    highest: Course


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to one device at a moment of a session, and why.

    Parameters
    ----------
    session : str
        Name of the session.
    device, unit : str
        The device, and the unit of its amounts: ``mA``, or empty for a level.
    times : SessionTimes
        Of the session.
    since_s, until_s : float
        The moment, in seconds since the session began; of a command both are the same.
    window_s : float
        How much is told of the time before and after.
    command : SentCommand or None
        The command that went at that moment; None for none.
    why : tuple of str
        What was decided and why, in sentences.
    state, state_reason : str
        Of the rig, before it decided.
    state_since_s : float or None
        Since when, in seconds since the session began.
    binds : tuple of Bind
        The limits that bound most, the nearest first, as far as the gate told them.
    data, features, rule, wanted, steps
        What it rests on, in the order in which it was decided.
    answer : Answer or None
        Of the device.
    latencies_ms : dict of str to float
        From one to the next, as far as the journal knows.
    amounts : Amounts
        What was wanted, sent and given.
    happened : tuple of Entry
        What the journal says of the time around it.
    warnings : tuple of str
        What to know about what was computed again.
    """

    session: str
    device: str
    unit: str
    times: SessionTimes
    since_s: float
    until_s: float
    window_s: float
    command: SentCommand | None
    why: tuple[str, ...]
    state: str
    state_reason: str
    state_since_s: float | None
    data: tuple[Samples, ...]
    features: tuple[Feature, ...]
    rule: Rule | None
    wanted: Wanted | None
    steps: tuple[GateStep, ...]
    binds: tuple[Bind, ...]
    answer: Answer | None
    latencies_ms: dict[str, float]
    amounts: Amounts
    happened: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()
