"""What a service publishes of its detectors, for displays and other listeners."""

from typing import TypeAlias

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


#: Any message of a detector for displays.
Shown: TypeAlias = EstimateMessage | DetectorInfo | EventMessage
