"""What a device holds against a command before it looks at its own state."""

from stimulators.limits import DeviceConfig
from stimulators.wire.messages import Command


def unfit(command: Command, config: DeviceConfig) -> str | None:
    """Return what of a command does not fit the device, in one word, or None."""
    if command.simulated != config.simulated:
        return "simulated"
    given, other = command.amplitude_ma, command.level
    if config.unit == "level":
        given, other = other, given
    if given is None or other is not None:
        return "unit"
    if not 0.0 <= given <= config.amount_max:
        return "limit"
    if config.programs and command.program not in config.programs:
        return "program"
    return None


def untimely(command: Command, service_now_us: int, uncertainty_us: int) -> str | None:
    """Return what is wrong with when a command came or wants to be done, or None.

    Parameters
    ----------
    command : Command
        As it came.
    service_now_us, uncertainty_us : int
        The service's clock as the device knows it. What may be too late is too late.
    """
    if command.issued_us > service_now_us + uncertainty_us:
        return "clock"
    if command.expires_us <= service_now_us + uncertainty_us:
        return "expired"
    fire_at_us = command.fire_at_us
    if fire_at_us is None:
        return None
    is_in_time = service_now_us - uncertainty_us <= fire_at_us < command.expires_us
    return None if is_in_time else "expired"
