"""The reasons of every refusal, by the gate or by a device, in one word each."""

from stimulators.reasons import ReasonWord


class RefusalReason(ReasonWord):
    """One word for why a target, a request, a command, a lease or a device is refused.

    A device of another maker may answer any other text, which is none of these.

    Attributes
    ----------
    meaning : str
        The reason in a line, for people.

    Examples
    --------
    >>> print(RefusalReason.LATE, "-", RefusalReason("late").meaning)
    late - older or further in the future than it may be
    """

    # The state that a rig is in.
    IDLE = "idle", "the rig is not armed"
    ARMED = "armed", "the rig is armed and waits for its first valid estimate"
    ACTIVE = "active", "the rig is active, but this device or its estimates are not ready"
    HOLD = "hold", "the rig holds, because data or a device are suspect"
    PAUSED = "paused", "an operator paused the rig"
    # The safe amount, and the state of that name.
    SAFE = (
        "safe",
        "the rig is in safe; or a device has another safe amount or program than configured",
    )
    STATE = "state", "the request does not fit the state of the rig"

    # Limits, of the gate and of the device.
    LIMIT = "limit", "not a number from 0 to the highest amount"
    SLEW = "slew", "a larger step up than the slew limit allows yet"
    REFRACTORY = "refractory", "a trigger too soon after the last one"
    TRIGGERS = "triggers", "too many triggers in a minute, or waiting for their time"
    COMMANDS = "commands", "too many commands in a second"
    RISES = "rises", "too many departures from the safe amount in a minute"
    ON_TIME = "on_time", "above the safe amount too long, the way down included"
    CHARGE = "charge", "too much charge in ten minutes, the way down included"
    CLINICAL = "clinical", "more than the configured multiple of the clinical amplitude"
    MEAN = "mean", "too far above the mean of the last ten minutes"
    LIMITS = "limits", "a device keeps narrower limits than are configured"

    # What is asked for.
    PROGRAM = "program", "not one of its programs, or a change of program at an amount above 0"
    UNIT = "unit", "not the unit of this device"
    NUMBER = "number", "not a finite number"
    WITHHELD = "withheld", "the policy, or the stage of the rig, withheld it"
    UNCONFIRMED = "unconfirmed", "a rise that no operator said yes to, or not in time"
    OFFER = "offer", "a yes to a rise that is not offered, or not any more"
    SUPERSEDED = "superseded", "a newer target for the same device came in the same step"
    UNSUPPORTED = "unsupported", "requests of that kind are not supported"
    SIMULATED = "simulated", "simulated on one side and real on the other"

    # When.
    LATE = "late", "older or further in the future than it may be"
    EXPIRED = (
        "expired",
        "it came after its expiry, or its time to fire is past or after that expiry",
    )
    VALIDITY = "validity", "valid for longer than 10 s, or from before the arming"
    FIRE_AT = "fire_at", "its time to fire is past, or after the end of its command or of the lease"
    CLOCK = "clock", "a clock is too uncertain, or behind the time of the message"
    INTERVAL = "interval", "blocks of a stream arrive too seldom"
    DATA = "data", "data are not good, or have not been for long enough"

    RECORDING = "recording", "the recording of the session is not being written"

    # Who.
    SESSION = "session", "of another session than the one that drives the device"
    ORDER = "order", "older than the newest command that was done"
    REPEATED = "repeated", "the same request came before"
    RETAINED = "retained", "the broker had kept the request"
    BUSY = "busy", "too many requests at once"
    SERVICE = "service", "another service of the same rig is running"
    INSTANCES = "instances", "two devices of one name"

    # The device and the way to it.
    LINK = "link", "there is no broker"
    DEVICE = "device", "the device is not there, not live, or not configured"
    REST = "rest", "the device has not reported that it is at rest"
    STOP = "stop", "a device has another stop amount than configured"
    TOLERANCE = "tolerance", "a device reports its amounts too coarsely"
    REFUSED = "refused", "a device refused the command"
    LEASE = "lease", "no lease is running"
    STOPPED = "stopped", "a stop came, and no lease of a later arming since"
    DROPPED = "dropped", "a trigger that still waited when a new amount came, or the broker went"
