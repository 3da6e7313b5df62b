"""Checks of the amounts and the program in a policy's table against its device."""

from collections.abc import Iterator, Mapping

from stimulators.device_config import DeviceConfig


def program_of(program: str, device: DeviceConfig) -> str:
    """Return the program that a table names; without one, the device's first."""
    return program or next(iter(device.programs), "")


def wrong_program(program: str, device: DeviceConfig, *, is_trigger: bool) -> Iterator[str]:
    """Yield each error of a table's program, beginning with the key."""
    names = tuple(device.programs)
    meant = program or (names[0] if len(names) == 1 else "")
    if meant not in (names or ("",)):
        expected = f"one of {', '.join(names)}" if names else "none"
        found = repr(program) if program else "none"
        yield f"program: expected {expected}, found {found}"
    elif is_trigger:
        yield from _wrong_for_triggers(meant, device)


def wrong_amounts(
    amounts: Mapping[str, Mapping[str, float | None]], device: DeviceConfig
) -> Iterator[str]:
    """Yield each error of a table's amounts, beginning with the key.

    Parameters
    ----------
    amounts : mapping
        By key without unit, the amount in each unit: ``{"on": {"ma": 2.0, "level": None}}``; the
        first key has no default.
    device : DeviceConfig
        The device.
    """
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    for key, by_unit in amounts.items():
        foreign = by_unit[other]
        if foreign is not None:
            yield (
                f"{key}_{other}: expected {key}_{unit} for device {device.id!r}, which speaks "
                f"{'milliampere' if unit == 'ma' else 'level'}, found {key}_{other} = {foreign:g}"
            )
    first = next(iter(amounts))
    if all(amount is None for amount in amounts[first].values()):
        yield f"{first}_{unit}: expected an amount (it has no default), found none"
    for key, by_unit in amounts.items():
        amount = by_unit[unit]
        if amount is not None and not 0.0 <= amount <= device.amount_max:
            yield (
                f"{key}_{unit}: expected from 0 to {device.amount_max:g} (the limit of device "
                f"{device.id!r}), found {amount:g}"
            )


def _wrong_for_triggers(program: str, device: DeviceConfig) -> Iterator[str]:
    """Refuse triggers of a program to which the device could not change from its safe amount."""
    safe_program, contacts = device.safe_program, ""
    if program in device.programs:
        contacts = device.programs[program].contacts
    is_same = program == safe_program or (
        contacts != "" and contacts == device.programs[safe_program].contacts
    )
    if device.safe_amount > 0.0 and not is_same:
        yield (
            f"program: expected {safe_program} (safe_program of device {device.id!r}) or one of "
            f"the same contacts with triggers, as the device gives {device.safe_amount:g} in it "
            f"and a program changes at 0 only, found {program}"
        )
