"""The wire contract: one struct a message, times in integer microseconds of the service clock.

Topics stand under ``stimloop/{rig}/``; `docs/asyncapi.yaml` describes the same and a test keeps
the two in step. The payload carries all that safety needs, so plain MQTT 3.1.1 is enough.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

CommandKind = Literal["amplitude", "trigger"]

#: What every JSON reader holds exactly (RFC 7493). An endless number is read by Python, but has
#: no place in the journal and no float to be compared with.
Integer: TypeAlias = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Base of the wire structs. Unknown fields are ignored: a newer peer may send more."""


class Reason(Wire, frozen=True):
    """Why a command was sent: what was seen, against what, by which policy."""

    detector: str
    value: float
    threshold: float
    policy: str


class Command(Wire, frozen=True):
    """An amplitude to hold, or one trigger. Exactly one of amplitude and level is set."""

    session: str
    seq: Integer
    kind: CommandKind
    channel: str
    program: str
    onset_us: Integer
    issued_us: Integer
    expires_us: Integer
    reason: Reason
    simulated: bool
    amplitude_ma: float | None = None
    level: float | None = None
    fire_at_us: Integer | None = None


class Lease(Wire, frozen=True):
    """Leave to keep stimulating from `issued_us` for `valid_us`.

    `armed_us` is when the arming began that the lease rests on: a device that was stopped
    accepts only leases of a later one.
    """

    session: str
    lease_seq: Integer
    issued_us: Integer
    valid_us: Integer
    armed_us: Integer


class Ack(Wire, frozen=True):
    """A device's answer to a command (`seq`) or to a stop (`request_id`).

    Amounts are what the device gave when it answered. Stamps are 0 where it does not know the
    service's clock.
    """

    session: str
    received_us: Integer
    applied_us: Integer
    seq: Integer | None = None
    request_id: str | None = None
    applied_ma: float | None = None
    applied_level: float | None = None
    refused: str | None = None


class DeviceLimits(Wire, frozen=True):
    """The limits a device enforces by itself; a unit it does not speak is None."""

    amplitude_ma_max: float | None = None
    slew_ma_per_s_max: float | None = None
    level_max: float | None = None
    level_slew_per_s_max: float | None = None
    triggers_per_s_max: float | None = None


DeviceState = Literal["offline", "safe", "live", "stopped"]


class DeviceInfo(Wire, frozen=True):
    """What a device says of itself: retained, and sent anew at each change of state.

    `session` is the newest it has adopted, `reason` why it is in that state.
    """

    device: str
    state: DeviceState
    reason: str = ""
    simulated: bool = False
    firmware: str = ""
    programs: tuple[str, ...] = ()
    limits: DeviceLimits = DeviceLimits()
    safe_ma: float | None = None
    applied_ma: float | None = None
    applied_level: float | None = None
    session: str | None = None


class ClockRequest(Wire, frozen=True):
    """A device asks for the service's time; `sent_us` is in the device's own clock."""

    request_seq: Integer
    sent_us: Integer
    uncertainty_us: Integer | None = None


class ClockReply(Wire, frozen=True):
    """The three stamps: the request's own, then receipt and answer in the service clock."""

    request_seq: Integer
    sent_us: Integer
    received_us: Integer
    replied_us: Integer


class Stop(Wire, frozen=True):
    """Everything to `stop_ma`, now; every device subscribes to it directly."""

    request_id: str
    operator: str
    reason: str


#: What a payload on the stop topic means that cannot be read and is not empty.
UNREADABLE_STOP = Stop(request_id="", operator="somebody", reason="not readable")

ControlAction = Literal["arm", "disarm", "mark", "set"]


class Control(Wire, frozen=True):
    """An operator's wish, answered by what `status` says next."""

    request_id: str
    session: str
    operator: str
    issued_us: Integer
    expires_us: Integer
    action: ControlAction
    text: str = ""


class Status(Wire, frozen=True):
    """What the service is and does: retained, a heartbeat, Last Will ``offline``.

    `answered` is the newest request that was acted on, `refused` why it was not granted.
    """

    state: str
    session: str
    reason: str = ""
    now_us: Integer = 0
    config_digest: str = ""
    journal_head: str = ""
    versions: dict[str, str] = {}
    answered: str = ""
    refused: str = ""


class EstimateMessage(Wire, frozen=True):
    """Decimated values of one detector, for displays; one that is not finite is null."""

    sample: Integer
    time_us: Integer
    values: tuple[float | None, ...]
    valid: tuple[bool, ...]


class EventMessage(Wire, frozen=True):
    """One detection, for displays and other listeners."""

    kind: str
    channel: str
    sample: Integer
    onset_us: Integer
    strength: float
