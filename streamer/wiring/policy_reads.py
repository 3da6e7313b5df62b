"""Finds the columns of detectors' estimates that a policy reads."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from detectors.detector import Detector
from detectors.spelling import case_hint
from stimulators.policies.policy import EventRead, MeasureRead, PolicyConfig, ResolvedRead

#: The measure by which a detector says that it is still calibrating.
_CALIBRATING = "is_calibrating"


class Found(NamedTuple):
    """A column that a policy reads, as found in a detector's estimates.

    Parameters
    ----------
    read : ResolvedRead
        For the policy.
    column : int
        Of the measure in the detector's estimates; -1 for detections.
    needed : tuple of int
        Columns that must be valid.
    calibrating : int
        Column that says whether the channel still calibrates; -1 where there is none.
    kinds : tuple of str
        Of detections.
    """

    read: ResolvedRead
    column: int
    needed: tuple[int, ...]
    calibrating: int
    kinds: tuple[str, ...]


class Declared(NamedTuple):
    """The measures that a policy's table reads, and the devices that it drives."""

    reads: tuple[MeasureRead | EventRead, ...]
    drives: tuple[str, ...]


def declared(config: PolicyConfig) -> Declared:
    """Return what a policy's table reads and drives, as its struct declares.

    Raises
    ------
    ValueError
        Where the struct, of a package of its own perhaps, says it in another form; begins with
        the key.
    """
    try:
        reads, drives = tuple(config.reads), tuple(config.drives)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise ValueError(
            f"kind: the policy does not declare what it reads and drives: {reason}"
        ) from error
    for each in reads:
        if not isinstance(each, MeasureRead | EventRead):
            raise ValueError(  # noqa: TRY004 the package is wrong, not a type of ours
                f"kind: expected a policy that reads MeasureRead or EventRead, found {each!r:.80}"
            )
    if not reads:
        raise ValueError("kind: expected a policy that reads something, found none")
    is_text = all(isinstance(each, str) for each in drives)
    if not (drives and is_text) or len(set(drives)) < len(drives):
        found = ", ".join(map(str, drives)) or "none"
        raise ValueError(f"kind: expected a policy that drives each device once, found {found}")
    return Declared(reads, drives)


def resolve(
    reads: Sequence[MeasureRead | EventRead], detectors: Mapping[str, Detector]
) -> tuple[Found, ...]:
    """Return the column of each measure that a policy reads.

    Raises
    ------
    ValueError
        Where a detector, channel or measure is not there, or units do not go together; the text
        begins with the key.
    """
    found = tuple(_resolve(each, detectors) for each in reads)
    units: dict[str, tuple[str, Found]] = {}
    for asked, each in zip(reads, found, strict=True):
        if isinstance(asked, MeasureRead):
            _check_unit(asked, each, units)
    return found


def _resolve(asked: MeasureRead | EventRead, detectors: Mapping[str, Detector]) -> Found:
    detector = detectors.get(asked.detector)
    if detector is None:
        raise ValueError(
            f"{asked.key}: expected a detector ({', '.join(detectors) or 'there is none'}), "
            f"found {asked.detector!r}{case_hint(asked.detector, tuple(detectors))}"
        )
    columns = detector.outputs
    measure = asked.measure if isinstance(asked, MeasureRead) else ""
    if measure and all(each.measure != measure for each in columns):
        gives = ", ".join(dict.fromkeys(each.measure for each in columns))
        raise ValueError(
            f"{asked.key}: expected a detector that gives {measure!r}"
            f"{_suited(measure, detectors)}, found {asked.detector!r}, which gives {gives}"
        )
    channel = _channel(asked, detector)
    indices = [index for index, each in enumerate(columns) if each.channel == channel]
    by_measure = {columns[index].measure: index for index in indices}
    if measure and measure not in by_measure:
        gives = ", ".join(by_measure) or "nothing"
        raise ValueError(
            f"{asked.key}: expected a detector that gives {measure!r} of {channel}, found "
            f"{asked.detector!r}, which gives {gives} of it"
        )
    detects = getattr(detector, "detects", ())
    if isinstance(asked, EventRead) and not set(asked.kinds) <= set(detects):
        raise ValueError(
            f"{asked.key}: expected a detector that detects {', '.join(asked.kinds)}"
            f"{_detecting(asked.kinds, detectors)}, found {asked.detector!r}, which detects "
            f"{', '.join(detects) or 'nothing'}"
        )
    calibrating = by_measure.get(_CALIBRATING, -1)
    if isinstance(asked, EventRead):
        return Found(
            ResolvedRead(asked.detector, channel), -1, tuple(indices), calibrating, asked.kinds
        )
    column = columns[by_measure[measure]]
    read = ResolvedRead(asked.detector, channel, measure, column.unit, column.signed)
    index = by_measure[measure]
    return Found(read, index, (index,), calibrating, ())


def _channel(asked: MeasureRead | EventRead, detector: Detector) -> str:
    channels = detector.channels
    key = channel_key(asked.key)
    if asked.channel and asked.channel not in channels:
        raise ValueError(
            f"{key}: expected one of {', '.join(channels)}, found {asked.channel!r}"
            f"{case_hint(asked.channel, channels)}"
        )
    if not asked.channel and len(channels) > 1:
        raise ValueError(f"{key}: expected one of {', '.join(channels)}, found none")
    return asked.channel or channels[0]


def channel_key(key: str) -> str:
    """Return the key that names a channel, from the key that names its detector.

    >>> channel_key("of"), channel_key("wraps.of"), channel_key("ceiling")
    ('channel', 'wraps.channel', 'ceiling_channel')
    """
    table, dot, last = key.rpartition(".")
    return f"{table}{dot}channel" if last == "of" else f"{key}_channel"


def _detecting(kinds: Sequence[str], detectors: Mapping[str, Detector]) -> str:
    """Return the detectors with all of these kinds of detection, in brackets; "" where none."""
    names = [
        name for name, each in detectors.items() if set(kinds) <= set(getattr(each, "detects", ()))
    ]
    return f" ({', '.join(names)})" if names else ""


def _suited(measure: str, detectors: Mapping[str, Detector]) -> str:
    """Return the detectors with a measure, in brackets; "" where none."""
    names = [
        name
        for name, each in detectors.items()
        if any(column.measure == measure for column in each.outputs)
    ]
    return f" ({', '.join(names)})" if names else ""


def _check_unit(asked: MeasureRead, found: Found, units: dict[str, tuple[str, Found]]) -> None:
    unit, whose = found.read.unit, f"{found.read.measure} of {asked.detector!r}"
    if asked.unit and unit and unit != asked.unit:
        raise ValueError(f"{asked.key}: expected {whose} in {asked.unit}, found it in {unit}")
    if not (asked.compared and unit):
        return
    other, first = units.setdefault(asked.compared, (unit, found))
    if other != unit:
        raise ValueError(
            f"{asked.key}: expected one unit for what is compared, found {first.read.measure} of "
            f"{first.read.detector!r} in {other} and {whose} in {unit}"
        )
