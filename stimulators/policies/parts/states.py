"""The amounts of a state machine's states, and their checks against the device."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from stimulators.device_config import DeviceConfig
from stimulators.policies.amounts import wrong_program
from stimulators.policies.parts.amplitude_config import OwnAmounts
from stimulators.policies.parts.discriminant_table import N_COLUMNS, LinearDiscriminantConfig
from stimulators.policies.parts.durations import wrong_way_up
from stimulators.policies.parts.steps import Steps
from stimulators.policies.policy import PolicyInputs

_KEYS: Final = ("states_{}", "rise_{}_per_s", "fall_{}_per_s", "step_{}")


class Sign(NamedTuple):
    """Whether amounts rise or fall with the level of a discriminant.

    Parameters
    ----------
    of : int
        The discriminant that the amounts follow: the first, or the second where it is that alone.
    direction : {1, -1, 0}
        1 where higher levels never have lower amounts, -1 where they never have higher ones, 0
        where some do and some do not.
    """

    of: int
    direction: int


def sign_of(goals: Sequence[float | None]) -> Sign:
    """Return whether the amounts of states rise or fall with the level.

    Parameters
    ----------
    goals : sequence of float or None
        Of each state, None for one that holds.

    Examples
    --------
    >>> [sign_of(each).direction for each in ((1.0, None, 2.0), (2.0, 2.0, 1.0), (1.0, 2.0, 1.0))]
    [1, -1, 0]
    """
    rows = [goals[at : at + N_COLUMNS] for at in range(0, len(goals), N_COLUMNS)]
    columns = [goals[at::N_COLUMNS] for at in range(N_COLUMNS)]
    for of, lines in enumerate((rows, columns)):
        amounts = [[each for each in line if each is not None] for line in lines]
        steps = [after - before for line in amounts for before, after in pairwise(line)]
        goes_up, goes_down = any(each > 0.0 for each in steps), any(each < 0.0 for each in steps)
        if goes_up or goes_down:
            return Sign(of, int(goes_up) - int(goes_down))
    return Sign(0, 0)


def own_amounts(config: LinearDiscriminantConfig, inputs: PolicyInputs) -> OwnAmounts:
    """Return the clip and step of a table with states.

    Raises
    ------
    ValueError
        Where the table does not fit the device; a line each, with its key.
    """
    (device,) = inputs.devices
    unit = device.unit
    wrong = [
        *wrong_program(config.program, device, is_trigger=False),
        *_wrong_units(config, device),
    ]
    if not wrong:
        states = getattr(config, f"states_{unit}")
        goals = [None if each == "hold" else each for each in states]
        amounts = sorted({each for each in goals if each is not None})
        own = OwnAmounts(
            min(amounts, default=0.0), max(amounts, default=0.0), getattr(config, f"step_{unit}")
        )
        wrong = [
            *_wrong_states(goals, own, device),
            *_wrong_rates(config, own, device),
            *_wrong_sign(config, sign_of(goals), device),
        ]
    if wrong:
        raise ValueError("\n".join(wrong))
    return own


def _wrong_units(config: LinearDiscriminantConfig, device: DeviceConfig) -> Iterator[str]:
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    for key in _KEYS:
        own, foreign = key.format(unit), key.format(other)
        if getattr(config, foreign):
            yield f"{foreign}: expected {own} for device {device.id!r}, found {foreign}"
        elif getattr(config, own) is None:
            yield f"{own}: expected one (it has no default), found none"


def _wrong_states(
    goals: Sequence[float | None], own: OwnAmounts, device: DeviceConfig
) -> Iterator[str]:
    key = f"states_{device.unit}"
    steps = Steps(own.step, lowest=0.0, highest=device.amount_max)
    for state, amount in enumerate(goals):
        if amount is None:
            continue
        if amount > device.amount_max:
            yield (
                f'{key}[{state}]: expected "hold" or from 0 to {device.amount_max:g} (the limit of '
                f"device {device.id!r}), found {amount:g}"
            )
        elif not steps.has(amount):
            yield (
                f"{key}[{state}]: expected a whole number of steps (step_{device.unit} = "
                f"{own.step:g}), found {amount:g}"
            )
    if own.lowest == own.highest:
        yield f"{key}: expected two amounts that differ, or nothing ever changes, found fewer"


def _wrong_rates(
    config: LinearDiscriminantConfig, own: OwnAmounts, device: DeviceConfig
) -> Iterator[str]:
    """Refuse ramps that the device cannot follow, or that its time above safe ends too soon."""
    unit = device.unit
    for key in (f"rise_{unit}_per_s", f"fall_{unit}_per_s"):
        found = getattr(config, key)
        if found > device.slew_per_s_max * (1.0 + 1e-9):
            yield (
                f"{key}: expected at most {device.slew_per_s_max:g}, as device {device.id!r} "
                f"changes by no more a second, found {found:g}"
            )
    above = min(own.highest - device.safe_amount, own.highest - own.lowest)
    key = f"rise_{unit}_per_s"
    yield from wrong_way_up(key, above / getattr(config, key), device)


def _wrong_sign(
    config: LinearDiscriminantConfig, sign: Sign, device: DeviceConfig
) -> Iterator[str]:
    said = config.expected_sign
    if sign.direction == 0:
        if said is not None or not device.simulated:
            yield (
                f"states_{device.unit}: expected amounts that go one way with the level of a "
                "discriminant, or its sign cannot be watched, found some that go up and some down"
            )
        return
    expected, way = ("falls", "higher") if sign.direction > 0 else ("rises", "lower")
    if said is None and not device.simulated:
        yield (
            f'expected_sign: expected "falls" or "rises" (what discriminants[{sign.of}] does as '
            f"the amount rises; it has no default, as device {device.id!r} is not simulated), "
            "found none"
        )
    elif said not in {None, expected}:
        yield (
            f'expected_sign: expected "{expected}", as states_{device.unit} has {way} amounts for '
            f'higher levels of discriminants[{sign.of}], found "{said}"'
        )
