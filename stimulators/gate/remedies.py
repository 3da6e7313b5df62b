"""What an operator can do about a condition that does not hold: its likely cause, and a remedy."""

import math
from collections.abc import Mapping

from stimulators.refusals import RefusalReason

#: Unix time of any recent year, in seconds; no machine has been up for that long.
_UNIX_S = (1e9, 4e9)
#: A stamp in milliseconds is about this many times the LSL clock in seconds.
_MILLI = (500.0, 2000.0)
#: A stamp that is off by more than this is from another clock, not from one that is a little wrong.
_OTHER_CLOCK_S = 10.0
#: The highest that `clock_uncertainty_s_max` and `data_age_s_max` may be.
_UNCERTAINTY_S_MAX, _AGE_S_MAX = 1.0, 10.0
_STAMP_BY_LSL = "let its sender stamp with the LSL clock (local_clock), in seconds"

#: What to do, by the reason of a refusal; reasons whose own text says it, or that pass with time,
#: are not listed.
REMEDIES: Mapping[RefusalReason, str] = {
    RefusalReason.LINK: "start the broker that [broker] names, or correct its host and port; the "
    "service goes on by itself once it is there",
    RefusalReason.INSTANCES: "end one of the two; `stimloop status` shows both",
    RefusalReason.SERVICE: "end one of the two; `stimloop status` shows both",
    RefusalReason.SIMULATED: "write under [[devices]] what the device is",
    RefusalReason.PROGRAM: "let the device and [devices.programs] say the same",
    RefusalReason.SAFE: "let the device and [[devices]] say the same",
    RefusalReason.STOP: "let the device and [[devices]] say the same",
    RefusalReason.TOLERANCE: "let the device keep its amounts more exactly",
    RefusalReason.LIMITS: "write limits under [devices.limits] that the device can keep",
}
OF_SILENCE = "no data arrive: look at the amplifier and its network"
OF_CLOCK = (
    "the first answer takes some seconds; after that the network to its sender is too slow: wire "
    "it, or write a larger clock_uncertainty_s_max under [gate]"
)
#: What to do about taint of the newest sample.
_OF_TAINT = {
    "implausible": 'its unit is wrong: write the one that fits, as unit = "..." under [[streams]]',
    "suspect_stamp": "its stamps do not fit its rate, or jump: look at the sender's clock and the "
    "nominal rate",
    "not_finite": "its amplifier gives no number: look at the channel, or leave it out",
    "frozen": "look at the channel's cable and reference",
    "saturated": "lower the amplifier's gain, or look at the electrode",
    "movement": "wait until the electrode moves no more",
}


def of_device(found: str) -> str:
    """Return what to do about a device that is not there; `found` is the refusal's own word."""
    if found == "no device":
        return "a rig without [[devices]] only watches"
    return "switch it on, and look that its broker, rig and id are those of this file"


def of_future(ahead_s: float, stamp_s: float, now_s: float) -> str:
    """Return what to do about data that are ahead of the clock.

    Parameters
    ----------
    ahead_s : float
        By how many seconds.
    stamp_s, now_s : float
        Time of the newest sample, and of the service.
    """
    if _UNIX_S[0] <= stamp_s < _UNIX_S[1] and now_s < _UNIX_S[0]:
        return f"its stamps look like Unix time (seconds since 1970): {_STAMP_BY_LSL}"
    if _UNIX_S[0] <= stamp_s / 1e3 < _UNIX_S[1]:
        return f"its stamps look like Unix time in milliseconds: {_STAMP_BY_LSL}"
    if now_s > 0.0 and _MILLI[0] <= stamp_s / now_s <= _MILLI[1]:
        return f"its stamps look like milliseconds: {_STAMP_BY_LSL}"
    # Half as much again, so that the limit is not passed again at once.
    enough_s = math.ceil(1.5e3 * min(ahead_s, 1.0)) / 1e3
    if ahead_s > _OTHER_CLOCK_S or enough_s > _UNCERTAINTY_S_MAX:
        return f"its stamps are of another clock: {_STAMP_BY_LSL}"
    return (
        "its sender's clock or stamps run ahead: let it stamp samples when they are taken, or "
        f"write clock_uncertainty_s_max = {enough_s:g} under [gate]"
    )


def of_late(age_s: float) -> str:
    """Return what to do about data that are older than they may be."""
    if not age_s <= _OTHER_CLOCK_S:
        return f"its stamps are of another clock: {_STAMP_BY_LSL}"
    return "look at the amplifier, its network, and what else this machine does; or " + of_interval(
        age_s
    )


def of_interval(interval_s: float) -> str:
    """Return what to do about blocks that come too seldom for the age that data may have."""
    enough_s = min(math.ceil(150.0 * interval_s) / 100.0, _AGE_S_MAX)
    if enough_s <= interval_s:
        return "let its sender send more often: no data may be that old"
    return f"let its sender send more often, or write data_age_s_max = {enough_s:g} under [gate]"


def of_problem(problem: str) -> str:
    """Return what to do about the taint of the newest sample, named as `Taint` names it."""
    known = [text for word, text in _OF_TAINT.items() if word in problem.split("|")]
    return known[0] if known else "wait for good samples"
