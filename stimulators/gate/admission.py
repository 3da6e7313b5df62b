"""Decides about each target of a policy: it becomes a command, or a refusal with its reason."""

import math

import msgspec

from stimulators.decisions import Bound, Refusal
from stimulators.gate.driving.drive import Drive
from stimulators.gate.limits.limit import Asked
from stimulators.gate.states.rig_state import RigState
from stimulators.gate_config import GateConfig
from stimulators.refusals import RefusalReason
from stimulators.targets import Target

#: Times beyond this have more microseconds than a message can hold.
_TIME_S_MAX = 9e9


class Admission:
    """Checks each target against the rig's state, its age and the limits; refused ones are dropped.

    Parameters
    ----------
    rig : RigState
        The state, and where decisions go.
    timing : GateConfig
        How old data may be.
    is_shadow : bool
        Whether all is withheld.
    """

    def __init__(self, rig: RigState, timing: GateConfig, *, is_shadow: bool = False) -> None:
        self._rig = rig
        self._timing = timing
        self._is_shadow = is_shadow

    def hold_to_limits(self, drive: Drive, target: Target) -> bool:
        """Refuse an amount outside the limits and go safe; return whether it is within them."""
        asked = Asked("target", target.amount, target.program, self._rig.now_s)
        refusal = drive.limits.check(asked)
        if refusal is None:
            return True
        self._rig.decide(_of(target, refusal))
        self._rig.break_off(f"policy {target.policy} wants {refusal.found} of {target.device}")
        return False

    def admit(self, drive: Drive, target: Target) -> None:
        """Grant or refuse the newest target for a device."""
        rig = self._rig
        if rig.state == "active" and drive.wishes.is_wished(target):
            return
        drive.wishes.asked = target
        if rig.state == "active":
            rig.look()
        refusal = self._objection(drive, target)
        if target.kind == "trigger":
            self._trigger(drive, target, refusal)
        elif refusal is None:
            drive.aim(target)
            rig.step(drive)
        else:
            amount = None if refusal.reason is RefusalReason.WITHHELD else target.amount
            was_told = drive.wishes.was_refused(amount, refusal.reason)
            drive.wishes.refuse(amount, refusal.reason)
            if not was_told:
                drive.newest_decision = refusal
                rig.decide(refusal)
            if drive.wishes.is_withheld:
                rig.step(drive)

    def _trigger(self, drive: Drive, target: Target, refusal: Refusal | None) -> None:
        if refusal is None:
            refusal = self._unconfirmed(drive, target)
        if refusal is not None:
            drive.newest_decision = refusal
            self._rig.decide(refusal)
            return
        sent = drive.trigger(self._with_what_is_left(target), self._rig.now_s)
        self._rig.decide(_of(target, sent) if isinstance(sent, Refusal) else sent)

    def _objection(self, drive: Drive, target: Target) -> Refusal | None:
        state = self._rig.state
        if state != "active" or not drive.may_move:
            found: str = state
            if state == "active":
                found = "no valid estimate" if drive.is_live else "a device that is not live"
            return refusal_of(target, RefusalReason(state), found, "active, on valid estimates")
        if target.withheld or self._is_shadow:
            return refusal_of(
                target, RefusalReason.WITHHELD, "a target that is not to be sent", "one that is"
            )
        programs = drive.config.programs
        if target.program not in programs and (programs or target.program):
            return refusal_of(target, RefusalReason.PROGRAM, target.program, ", ".join(programs))
        age_s = self._rig.now_s - target.time_s
        timing = self._timing
        if not -timing.clock_uncertainty_s_max <= age_s <= timing.data_age_s_max:
            expected = f"at most {timing.data_age_s_max:g} s"
            return refusal_of(target, RefusalReason.LATE, f"{age_s:g} s old", expected)
        numbers = (target.onset_s, target.value, target.threshold)
        if not (all(map(math.isfinite, numbers)) and abs(target.onset_s) < _TIME_S_MAX):
            return refusal_of(target, RefusalReason.NUMBER, f"{numbers}", "finite numbers")
        refusal = None
        if target.fire_at_s is not None:
            refusal = self._untimely(drive, target, target.fire_at_s) or self._unsure(drive, target)
        if refusal is None and target.kind != "trigger":
            refusal = self._one_rise_more(drive, target)
        return refusal

    def _untimely(self, drive: Drive, target: Target, fire_at_s: float) -> Refusal | None:
        """Refuse a trigger that would fire after its command or the device's lease has expired."""
        ahead_s = fire_at_s - self._rig.now_s
        horizon_s = min(self._timing.command_valid_s, drive.lease_until_s - self._rig.now_s)
        if 0.0 <= ahead_s < horizon_s:
            return None
        expected = f"from now to {horizon_s:g} s ahead"
        return refusal_of(target, RefusalReason.FIRE_AT, f"{ahead_s:g} s ahead", expected)

    def _unsure(self, drive: Drive, target: Target) -> Refusal | None:
        """Refuse a trigger whose time to fire is less certain than it must be."""
        allowed_s = target.fire_uncertainty_s_max
        if allowed_s is None:
            return None
        stream_s = self._rig.stream_uncertainty_s
        device_s = drive.known_time.uncertainty_s(self._rig.now_s)
        if device_s is not None and stream_s + device_s <= allowed_s:
            return None
        found = "a device that does not say how well it knows the time"
        if device_s is not None:
            found = f"{stream_s + device_s:.2g} s uncertain ({device_s:.2g} s of it the device)"
        expected = f"at most {allowed_s:g} s (fire_uncertainty_s_max)"
        return refusal_of(target, RefusalReason.CLOCK, found, expected)

    def _with_what_is_left(self, target: Target) -> Target:
        """Leave to the device what the clock of the stream does not use up of the uncertainty."""
        allowed_s = target.fire_uncertainty_s_max
        if allowed_s is None:
            return target
        left_s = min(allowed_s - self._rig.stream_uncertainty_s, self._timing.command_valid_s)
        return msgspec.structs.replace(target, fire_uncertainty_s_max=left_s)

    def _unconfirmed(self, drive: Drive, target: Target) -> Refusal | None:
        """Refuse, and offer, a trigger of more than an operator said yes to."""
        at_s = self._rig.now_s if target.fire_at_s is None else target.fire_at_s
        highest = drive.rises.highest(target.program, at_s, kind="trigger")
        if target.amount <= max(0.0, highest):
            return None
        self._rig.offer(drive, target)
        expected = "an operator's yes" if highest < 0.0 else f"at most {highest:g}"
        found = f"a trigger of {target.amount:g}"
        return refusal_of(target, RefusalReason.UNCONFIRMED, found, expected)

    def _one_rise_more(self, drive: Drive, target: Target) -> Refusal | None:
        refusal = drive.objection_to_rise(target, self._rig.now_s)
        return None if refusal is None else _of(target, refusal)


def refusal_of(
    target: Target,
    reason: RefusalReason,
    found: str,
    expected: str,
    bounds: tuple[Bound, ...] = (),
) -> Refusal:
    """Return the refusal of a target."""
    return Refusal(
        reason,
        device=target.device,
        policy=target.policy,
        sample=target.sample,
        found=found,
        expected=expected,
        bounds=bounds,
    )


def _of(target: Target, refusal: Refusal) -> Refusal:
    """Return the refusal of a limit as the refusal of a target."""
    return refusal_of(target, refusal.reason, refusal.found, refusal.expected, refusal.bounds)
