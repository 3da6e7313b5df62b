"""Why a command is not done, in one word: the order is that of the contract, the first counts."""

from stim_tenancy import VALID_US_MAX

_LOOK_US = 10_000


def refusal(device, command: dict) -> str | None:
    """Return why a command is not done, or None."""
    if device.tenancy.is_stopped:
        return "stopped"
    if command["session"] != device.tenancy.session:
        return "session"
    if device.tenancy.end_us is None:
        return "lease"
    if command["seq"] <= device.newest_seq:
        return "order"
    if command["simulated"] != device.table["simulated"]:
        return "simulated"
    amount, other = command.get("amplitude_ma"), command.get("level")
    if device.is_level:
        amount, other = other, amount
    if amount is None or other is not None:
        return "unit"
    if not 0.0 <= amount <= device.highest:
        return "limit"
    programs = device.table.get("programs", {})
    if programs and command["program"] not in programs:
        return "program"
    return _time_refusal(device, command) or _now_refusal(device, command, amount)


def _time_refusal(device, command: dict) -> str | None:
    clock = device.clocks.time_of(command["session"], device.now_us)
    if clock is None:
        return "clock"
    issued_us, expires_us = command["issued_us"], command["expires_us"]
    if expires_us - issued_us > VALID_US_MAX or issued_us < device.tenancy.armed_us:
        return "validity"
    service_us = device.now_us + clock[0]
    if issued_us > service_us + clock[1]:
        return "clock"
    if expires_us <= service_us + clock[1]:
        return "expired"
    fire_at_us = command.get("fire_at_us")
    if fire_at_us is not None and not service_us - clock[1] <= fire_at_us < expires_us:
        return "expired"
    return exactness_refusal(device, command)


def exactness_refusal(device, command: dict) -> str | None:
    """Return why a trigger would be given too far from its time to fire, or None."""
    limit_us, fire_at_us = command.get("fire_uncertainty_us_max"), command.get("fire_at_us")
    if limit_us is None or fire_at_us is None or command["kind"] != "trigger":
        return None
    clock = device.clocks.time_of(command["session"], device.now_us)
    if clock is None or clock[1] > limit_us:
        return "clock"
    return "expired" if device.now_us + clock[0] - fire_at_us > limit_us - clock[1] else None


def _now_refusal(device, command: dict, amount: float) -> str | None:
    if _is_program_held(device, command["program"]):
        return "program"
    if command["kind"] == "trigger":
        if command.get("fire_at_us") is None:
            return trigger_refusal(device, command)
        return "triggers" if device.triggers.is_full() else None
    is_dearer = command["program"] != device.output.program and amount > 0.0
    if amount <= device.output.amount and not is_dearer:
        return None
    peak = device.output.peak_at_once(amount)
    return device.counts.limit(peak, command["program"], device.now_us)


def trigger_refusal(device, command: dict) -> str | None:
    """Return why a trigger is not given now, or None."""
    if _is_program_held(device, command["program"]):
        return "program"
    return device.triggers.refusal(device.now_us) or device.counts.limit_of_pulse(
        amount_of(command),
        command["program"],
        device.output.peak(_LOOK_US),
        device.output.program,
        device.now_us,
    )


def _is_program_held(device, program: str) -> bool:
    """Return whether a program may not be changed to now: above 0, to other contacts."""
    programs, present = device.table.get("programs", {}), device.output.program
    if program == present or device.output.amount == 0.0 or not programs:
        return False
    contacts = programs[program].get("contacts", "")
    return not contacts or contacts != programs[present].get("contacts", "")


def amount_of(command: dict) -> float:
    """Return the amount of a command, in the device's unit."""
    amount = command.get("amplitude_ma")
    return command["level"] if amount is None else amount
