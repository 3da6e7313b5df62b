"""Why anything is refused: every reason of the gate and of the device, in one word."""

from enum import StrEnum
from typing import Self


class RefusalReason(StrEnum):
    """One word for why a target, a request, a command, a lease or a device is refused.

    A value is its word: as text, in JSON and in the journal it is that and nothing more. What
    a device of somebody else answers may be any text and is none of these.

    Attributes
    ----------
    meaning : str
        The same in a line, for people.

    Examples
    --------
    >>> print(RefusalReason.LATE, "-", RefusalReason("late").meaning)
    late - older or further in the future than it may be
    """

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> Self:
        """Make the word that it is, with its meaning beside it."""
        reason = str.__new__(cls, word)
        reason._value_ = word
        reason.meaning = meaning
        return reason

    # The state that a rig is in.
    IDLE = "idle", "the rig is not armed"
    ARMED = "armed", "the rig is armed and waits for its first valid estimate"
    ACTIVE = "active", "the rig is driven, this device or its estimates are not ready"
    HOLD = "hold", "the rig holds: something is suspect"
    PAUSED = "paused", "an operator paused the rig"
    # The safe amount, and the state of that name.
    SAFE = "safe", "the rig is made safe; or a device has another safe amount or program"
    STATE = "state", "the request does not fit the state of the rig"

    # Limits, of the gate and of the device.
    LIMIT = "limit", "not a number from 0 to the highest amount"
    SLEW = "slew", "a larger step up than the slew allows by now"
    REFRACTORY = "refractory", "a trigger too soon after the last"
    TRIGGERS = "triggers", "too many triggers in a minute, or waiting for their time"
    COMMANDS = "commands", "too many commands in a second"
    RISES = "rises", "too many departures from the safe amount in a minute"
    ON_TIME = "on_time", "above the safe amount too long, the way down included"
    CHARGE = "charge", "too much charge in ten minutes, the way down included"
    LIMITS = "limits", "a device keeps narrower limits than are configured"

    # What is asked for.
    PROGRAM = "program", "not one of its programs, or another than now while it gives something"
    UNIT = "unit", "not the unit of this device"
    NUMBER = "number", "not a finite number"
    WITHHELD = "withheld", "a policy holds it back"
    SUPERSEDED = "superseded", "a newer target for the same device came with it"
    UNSUPPORTED = "unsupported", "nothing of that kind can be asked for"
    SIMULATED = "simulated", "simulated on one side and real on the other"

    # When.
    LATE = "late", "older or further in the future than it may be"
    EXPIRED = "expired", "it came after its expiry, or its time to fire is over or after that"
    VALIDITY = "validity", "valid for longer than 10 s, or from before the arming"
    FIRE_AT = "fire_at", "its time to fire is over, or beyond its command or the lease"
    CLOCK = "clock", "a clock is not known well enough, or behind the message"
    INTERVAL = "interval", "blocks of a stream come too seldom"
    DATA = "data", "data are not good, or not for long enough"

    # Who.
    SESSION = "session", "of another session than the one that drives the device"
    ORDER = "order", "older than what was already done"
    REPEATED = "repeated", "it was asked for before"
    RETAINED = "retained", "a broker remembered it"
    BUSY = "busy", "too many requests at once"
    SERVICE = "service", "another service drives the same rig"
    INSTANCES = "instances", "two devices of one name"

    # The device and the way to it.
    LINK = "link", "there is no broker"
    DEVICE = "device", "the device is not there, not live, or not configured"
    REST = "rest", "the device has not said that it is at rest"
    STOP = "stop", "a device has another stop amount"
    TOLERANCE = "tolerance", "a device says its amounts too coarsely"
    REFUSED = "refused", "a device refused the command"
    LEASE = "lease", "no lease is running"
    STOPPED = "stopped", "a stop came, and no lease of a later arming since"
    DROPPED = "dropped", "a trigger that waited when a new amount was asked for"
