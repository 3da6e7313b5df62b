"""What a service publishes of its detectors and decisions, for displays and other listeners."""

from typing import Literal, TypeAlias

from stimulators.wire.messages import Integer, Wire


class EstimateMessage(Wire, frozen=True):
    """Decimated values of one detector, for displays; one that is not finite is null.

    `DetectorInfo` describes the values, in the same order.
    """

    sample: Integer
    time_us: Integer
    values: tuple[float | None, ...]
    valid: tuple[bool, ...]


class EstimateColumn(Wire, frozen=True):
    """One column of `values` in `EstimateMessage`.

    `unit` is empty where the measure has none. `null` is the measure of the same channel that gives
    the chance level, None where there is none.
    """

    channel: str
    measure: str
    unit: str
    null: str | None = None


class DetectorInfo(Wire, frozen=True):
    """The columns of one detector's values, in their order: retained, of the newest session."""

    session: str
    columns: tuple[EstimateColumn, ...]


class EventMessage(Wire, frozen=True):
    """One detection, for displays and other listeners."""

    kind: str
    channel: str
    sample: Integer
    onset_us: Integer
    strength: float


class LimitShare(Wire, frozen=True):
    """Which share of a limit is used: 1 where it is used up. `limit` is its key."""

    limit: str
    share: float


class DecisionMessage(Wire, frozen=True):
    """What is wanted of a device, what it was sent, and why: on each change, at most 10 a second.

    `wanted` is the amount of the newest target, whether granted or not, and `allowed` the newest
    that was sent; both are in the unit of the device, as `lowest` to `highest`, what it may give.
    `decided` says what was decided last, `reason` why, in a word, and `text` in words where it was
    refused. `bounds` are the limits that bind most, the nearest first.
    """

    session: str
    time_us: Integer
    state: str
    stage: str
    wanted: float | None
    allowed: float | None
    lowest: float | None
    highest: float | None
    certain: bool
    decided: Literal["sent", "nothing", "refused", ""]
    reason: str
    text: str
    bounds: tuple[LimitShare, ...]


#: Any message for displays, of a detector or of a device.
Shown: TypeAlias = EstimateMessage | DetectorInfo | EventMessage | DecisionMessage
