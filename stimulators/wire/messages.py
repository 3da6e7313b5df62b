"""The wire contract: one struct a message, times in integer microseconds of the service clock.

Topics stand under ``stimloop/{rig}/``; `docs/asyncapi.yaml` describes the same and a test keeps
the two in step. The payload carries all that safety needs, so plain MQTT 3.1.1 is enough.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

CommandKind = Literal["amplitude", "trigger"]

#: The integers that every JSON reader holds exactly (RFC 7493). Python reads longer ones, too, but
#: they fit neither the journal nor a float.
Integer: TypeAlias = Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]


class Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Base of the wire structs. Unknown fields are ignored: a newer peer may send more."""


class Reason(Wire, frozen=True):
    """Why a command was sent: the detector, its value and threshold, and the policy."""

    detector: str
    value: float
    threshold: float
    policy: str


class Command(Wire, frozen=True):
    """An amplitude to hold, or one trigger. Exactly one of amplitude and level is set.

    A trigger with `fire_at_us` waits at the device for that time. With `fire_uncertainty_us_max` it
    is given only where the uncertainty of the device's clock, and how late it is by that clock,
    are no more than this together; else it is refused.
    """

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
    fire_uncertainty_us_max: Integer | None = None


class Lease(Wire, frozen=True):
    """Permission to be driven from `issued_us` for `valid_us`.

    `armed_us` is when the arming of the lease began: a device that was stopped accepts only leases
    of a later arming.
    """

    session: str
    lease_seq: Integer
    issued_us: Integer
    valid_us: Integer
    armed_us: Integer
    simulated: bool


class Ack(Wire, frozen=True):
    """A device's answer to a command (`seq`) or to a stop (`request_id`).

    `instance` names the device's boot, `word` counts its acks, infos and states since then,
    `last_seq` is the newest amplitude command it has done of the session that holds it (0: none).
    Amounts are those of the device when it answered. Stamps are 0 where it does not know the
    service's clock. `verified` is false in the answer to a stop whose signature does not fit.
    """

    session: str
    instance: str
    word: Integer
    last_seq: Integer
    received_us: Integer
    applied_us: Integer
    seq: Integer | None = None
    request_id: str | None = None
    applied_ma: float | None = None
    applied_level: float | None = None
    program: str = ""
    refused: str | None = None
    verified: bool = True


class DeviceLimits(Wire, frozen=True):
    """The limits that a device enforces by itself; those of the other unit are None."""

    amplitude_ma_max: float | None = None
    slew_ma_per_s_max: float | None = None
    level_max: float | None = None
    level_slew_per_s_max: float | None = None
    triggers_per_s_max: float | None = None
    charge_uc_per_10_min_max: float | None = None
    on_time_s_max: float | None = None


DeviceState = Literal["offline", "safe", "live", "stopped"]


class DeviceInfo(Wire, frozen=True):
    """A device's description of itself: retained, and sent anew at each change of state.

    `session` is the newest it has adopted, `reason` why it is in that state. `amount_tolerance`
    is how far its amount may be from the one that it reports, in its unit; None where it does not
    say. `off_when_unpowered` says that it gives nothing without power. A Last Will has `word` 0.
    """

    device: str
    instance: str
    word: Integer
    state: DeviceState
    last_seq: Integer = 0
    reason: str = ""
    simulated: bool = False
    firmware: str = ""
    programs: tuple[str, ...] = ()
    limits: DeviceLimits = DeviceLimits()
    safe_ma: float | None = None
    safe_level: float | None = None
    safe_program: str = ""
    stop_ma: float | None = None
    stop_level: float | None = None
    amount_tolerance: float | None = None
    off_when_unpowered: bool = False
    applied_ma: float | None = None
    applied_level: float | None = None
    program: str = ""
    session: str | None = None


class DeviceStatus(Wire, frozen=True):
    """A device's report: each second, at the end of a movement, and once it knows a clock.

    `charge_uc` is the charge of the last ten minutes as the device counts it, first phases
    summed, `on_s` how long it has been above its safe amount (breaks shorter than its
    `off_time_s_min` included), and `counted_since_s` how many seconds both counts reach back.

    `said_us` is the time of the report, by the clock of the service whose session is `said_clock`,
    and `said_uncertainty_us` its uncertainty; 0 where the device knows no service's clock, None
    where it never states a time. `clock_asked_us` is `received_us` of the clock reply that the time
    rests on; 0 where the device does not say.
    """

    instance: str
    word: Integer
    session: str | None
    state: DeviceState
    last_seq: Integer
    applied_ma: float | None = None
    applied_level: float | None = None
    program: str = ""
    charge_uc: float = 0.0
    on_s: float = 0.0
    counted_since_s: float = 0.0
    said_us: Integer | None = None
    said_uncertainty_us: Integer = 0
    said_clock: str = ""
    clock_asked_us: Integer = 0


class ClockRequest(Wire, frozen=True):
    """A device asks for the service's time; `sent_us` is in the device's own clock."""

    request_seq: Integer
    sent_us: Integer
    nonce: str
    instance: str
    uncertainty_us: Integer | None = None


class ClockReply(Wire, frozen=True):
    """The three stamps: the request's own, then receipt and answer in the service clock.

    `nonce` is the request's own and `session` that of the service that answers.
    """

    request_seq: Integer
    sent_us: Integer
    nonce: str
    session: str
    received_us: Integer
    replied_us: Integer


class Stop(Wire, frozen=True):
    """Every device goes to its stop amount, now; each subscribes to this directly."""

    request_id: str
    operator: str
    reason: str


#: A payload on the stop topic that cannot be decoded, and is not empty, means this.
UNREADABLE_STOP = Stop(request_id="", operator="somebody", reason="not readable")

ControlAction = Literal["arm", "disarm", "pause", "resume", "mark", "set"]


class Control(Wire, frozen=True):
    """An operator's request, answered in the next `status`."""

    request_id: str
    session: str
    operator: str
    issued_us: Integer
    expires_us: Integer
    action: ControlAction
    text: str = ""


class DeviceBelief(Wire, frozen=True):
    """The range of amounts that a device may give, as the service knows it, in its unit.

    `lowest` and `highest` are None while nothing is known. `certain` says that both are the
    same and that no command is open. `state` and `word_age_s` are of the device's newest word.
    """

    lowest: float | None = None
    highest: float | None = None
    certain: bool = False
    state: DeviceState = "offline"
    instance: str = ""
    word_age_s: float | None = None


class Status(Wire, frozen=True):
    """The state of the service: retained, a heartbeat, Last Will ``offline``.

    `answered` is the newest request that was answered, `refused` why it was not granted.
    `drives` are the devices that the service leases, or still brings to their safe amount;
    `devices` is the range of amounts that each may give. `allow` lists what the configuration
    allows beyond the recommended.
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
    drives: tuple[str, ...] = ()
    devices: dict[str, DeviceBelief] = {}
    allow: tuple[str, ...] = ()
