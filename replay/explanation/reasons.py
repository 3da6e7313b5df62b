"""Why a command was sent to a device at a moment, or none, in sentences."""

from collections.abc import Iterator

from replay.explanation.explained import SentCommand, Wanted
from replay.explanation.witness import Witness
from stimulators.decisions import Refusal, Send
from stimulators.device_config import DeviceConfig
from stimulators.gate.driving.drive import Drive
from stimulators.targets import Target

#: Amounts that differ by less are shown as equal.
_SAME = 1e-6


def unit_text(device: DeviceConfig) -> str:
    """Return the unit that follows an amount of a device."""
    return " mA" if device.unit == "ma" else ""


def why_sent(
    witness: Witness, device: DeviceConfig, command: SentCommand, wanted: Wanted | None
) -> Iterator[str]:
    """Yield why a command went, and why with this amount."""
    unit = unit_text(device)
    if wanted is None:
        yield _own_reason(witness, device, command)
        yield from _word(witness, device)
        return
    if command.kind == "trigger":
        yield f"policy {command.by} wanted a trigger of {wanted.amount:.4g}{unit}: it was allowed"
        return
    yield f"policy {command.by} wanted {wanted.amount:.4g}{unit}, and the gate allowed a command"
    if command.program != wanted.program:
        yield (
            f"it goes by way of 0 in program {command.program}, as a program changes to "
            f"{wanted.program} at 0 only"
        )
    elif abs(command.amount - wanted.amount) > _SAME:
        yield (
            f"{command.amount:.4g}{unit} is the next step on the way to {wanted.amount:.4g}{unit}: "
            f"the amount changes by at most {device.slew_per_s_max:g}{unit} a second"
        )


def why_nothing(
    witness: Witness, device: DeviceConfig, *, since_s: float, now_s: float
) -> Iterator[str]:
    """Yield why nothing is sent to a device in its present state.

    Parameters
    ----------
    witness : Witness
        At the moment.
    device : DeviceConfig
        The device.
    since_s : float
        Where the moment begins, in seconds since the session began.
    now_s : float
        Where it ends, by the service's clock.
    """
    yield from _why_nothing(witness, device, since_s=since_s, now_s=now_s)
    if not isinstance(witness.told.get(device.id), Send):
        yield from _word(witness, device)


def _word(witness: Witness, device: DeviceConfig) -> Iterator[str]:
    """Yield the reason in the newest decision about a device, if it has one."""
    told = witness.told.get(device.id)
    word = None if isinstance(told, Refusal) else getattr(told, "reason", None)
    if word is not None:
        yield f"the gate's word for it is {word}: {getattr(word, 'meaning', word)}"


def _why_nothing(
    witness: Witness, device: DeviceConfig, *, since_s: float, now_s: float
) -> Iterator[str]:
    gate = witness.loop.gate
    drive = gate.drive_of(device.id)
    if all(device.id not in each.devices for each in witness.loop.wirings):
        yield "no policy drives it"
    elif gate.state == "paused":
        yield f"the rig was paused ({gate.reason}): the device was kept at its safe amount"
    elif gate.state == "hold":
        yield f"the rig held ({gate.reason}): the amount stays as it was"
    elif gate.state != "active":
        yield f"the rig was {gate.state}: {gate.status_text}"
    elif not (drive.is_engaged and drive.is_live):
        what = "had no valid estimate yet" if not drive.is_engaged else "had not taken its lease"
        yield f"the device {what}: until then it is sent nothing"
    elif not drive.hops.is_valid:
        flaw = drive.hops.flaw(now_s)
        yield "its newest estimate was not valid" + (f": {flaw.found}" if flaw is not None else "")
        yield from _flaws_of(witness)
    else:
        yield from _why_not_moved(witness, drive, device, since_s)


def _why_not_moved(
    witness: Witness, drive: Drive, device: DeviceConfig, since_s: float
) -> Iterator[str]:
    unit, wish = unit_text(device), witness.wishes.get(device.id)
    refused = witness.refusals.get(device.id)
    clips = [clip for each in witness.loop.wirings for clip in each.policy.clips.values()]
    is_trigger = any(each.device == device.id and each.kind == "trigger" for each in clips)
    # The refusal of an amount is journalled once and stays in force; every trigger has its own.
    if refused is not None and is_trigger and refused.since_s < since_s:
        refused = None
    if wish is None and refused is not None:
        refusal = refused.refusal
        found = f": expected {refusal.expected}, found {refusal.found}" if refusal.found else ""
        before_s = max(0.0, since_s - refused.since_s)
        yield (
            f"what policy {refusal.policy} wanted was refused as {refusal.reason.value} "
            f"({refusal.reason.meaning}), first {before_s:.2f} s before{found}"
        )
        return
    if wish is None:
        what = "no trigger, as nothing it waits for was detected" if is_trigger else "nothing"
        yield f"its policy wanted {what}"
        return
    lowest, highest = drive.belief.interval
    at_wish = max(abs(lowest - wish.amount), abs(highest - wish.amount))
    if at_wish <= drive.belief.tolerance + _SAME:
        yield (
            f"it gave what policy {wish.policy} wanted already: {wish.amount:.4g}{unit}, so there "
            "was nothing to say"
        )
        return
    given = f"{lowest:.4g}" if highest - lowest <= _SAME else f"{lowest:.4g} to {highest:.4g}"
    yield f"policy {wish.policy} wanted {wish.amount:.4g}{unit}, and it gave {given}{unit}"
    yield from _held_up(witness, device, wish)


def _held_up(witness: Witness, device: DeviceConfig, wish: Target) -> Iterator[str]:
    """Yield which limit kept the next step back, or what it waited for."""
    answered = [each for step in witness.kept for each in step.answered if each.device == device.id]
    if answered:
        newest = answered[-1]
        for limit, refusal in newest.answers:
            if refusal is not None:
                yield (
                    f"{limit.key_of(device)} refused the next step: expected {refusal.expected}, "
                    f"found {refusal.found}"
                )
                return
    yield (
        f"it was on its way to {wish.amount:.4g}, or its answer was awaited, or the next step was "
        "smaller than one worth a command"
    )


def _flaws_of(witness: Witness) -> Iterator[str]:
    """Yield what was noted on the samples of the window, each text once."""
    notes = [note for step in witness.kept for note in step.outcome.notes]
    yield from dict.fromkeys(f"{each.stream}: {each.text}" for each in notes)


def _own_reason(witness: Witness, device: DeviceConfig, command: SentCommand) -> str:
    """Return why the gate gave a command by itself."""
    gate, unit = witness.loop.gate, unit_text(device)
    amount = f"{command.amount:.4g}{unit}"
    if gate.state in {"idle", "safe"}:
        why = f"as the rig is {gate.state} ({gate.reason})"
        return f"the gate itself: on the way to the safe amount, {why}"
    if gate.state == "paused":
        return f"the gate itself: to the safe amount, as the rig is paused ({gate.reason})"
    if gate.state == "hold":
        return f"the gate itself: to stay at {amount}, as the rig holds ({gate.reason})"
    refused = witness.refusals.get(device.id)
    if refused is not None:
        return (
            f"the gate itself: to stay at {amount}, as what was wanted last was refused "
            f"({refused.refusal.reason.value})"
        )
    return f"the gate itself: {amount} again, as it was not certain what the device gave"
