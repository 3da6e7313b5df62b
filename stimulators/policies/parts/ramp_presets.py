"""Ramps of implants and studies by name: published ones differ five thousandfold."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from stimulators.device_config import DeviceConfig

#: Name of a preset, as a table has it.
RampPreset: TypeAlias = Literal[
    "percept_dual", "percept_single", "stanford", "rcs_slow", "rcs_fast"
]


class Transitions(NamedTuple):
    """How long the way from the lowest amount to the highest takes, and back."""

    up_s: float
    down_s: float


class Rates(NamedTuple):
    """How fast the amplitude rises and falls."""

    up_ma_per_s: float
    down_ma_per_s: float


#: ``percept_dual``, ``percept_single``: what an implant sets unless told otherwise (Medtronic,
#: white paper UC202012929dEN), in time whatever the limits.
#:
#: ``stanford``: 0.05 and 0.025 mA/s, of studies with a dual threshold. ``rcs_slow``: 0.03 and
#: 0.12 mA/s, at home with Summit RC+S. ``rcs_fast``: 0.5 mA/s, in clinic with it, where up to 1 was
#: used.
RAMPS: Final[Mapping[RampPreset, Transitions | Rates]] = {
    "percept_dual": Transitions(150.0, 300.0),
    "percept_single": Transitions(0.25, 0.25),
    "stanford": Rates(0.05, 0.025),
    "rcs_slow": Rates(0.03, 0.12),
    "rcs_fast": Rates(0.5, 0.5),
}


def transitions_of(preset: RampPreset, distance: float) -> Transitions:
    """Return the transitions of a preset between amounts that are so far apart.

    >>> transitions_of("stanford", 0.5)
    Transitions(up_s=10.0, down_s=20.0)
    """
    ramp = RAMPS[preset]
    if isinstance(ramp, Transitions):
        return ramp
    return Transitions(distance / ramp.up_ma_per_s, distance / ramp.down_ma_per_s)


def wrong_ramp(
    preset: RampPreset | None, transition_up_s: float | None, transition_down_s: float | None
) -> str | None:
    """Return, beginning with the key, what is wrong where it is neither preset nor transitions.

    Parameters
    ----------
    preset : str, optional
        Name of a preset.
    transition_up_s, transition_down_s : float, optional
        Both, where there is no preset.
    """
    for key, found in (
        ("transition_up_s", transition_up_s),
        ("transition_down_s", transition_down_s),
    ):
        if preset is not None and found is not None:
            return f"{key}: expected none beside preset = {preset!r}, found {found:g}"
        if preset is None and found is None:
            return (
                f"{key}: expected a duration, or a preset ({', '.join(RAMPS)}) instead of both "
                "transitions: there is no default, as published ramps differ five thousandfold, "
                "found none"
            )
    return None


def wrong_preset(preset: RampPreset | None, device: DeviceConfig) -> Iterator[str]:
    """Refuse a ramp in milliampere a second of a device that does not speak milliampere."""
    if preset is not None and device.unit != "ma" and isinstance(RAMPS[preset], Rates):
        yield (
            f"preset: expected a ramp that is not in mA/s for device {device.id!r}, which speaks "
            f"level, found {preset!r}"
        )


def wrong_transitions(
    preset: RampPreset | None,
    transitions: Transitions,
    amounts: tuple[float, float],
    device: DeviceConfig,
) -> Iterator[str]:
    """Refuse ramps that the device cannot follow, or that its time above safe ends too soon.

    Parameters
    ----------
    preset : str, optional
        The preset that they are of, which is the key then.
    transitions : Transitions
        The ways between both amounts.
    amounts : tuple of float
        Lowest and highest.
    device : DeviceConfig
        The device.
    """
    lowest, highest = amounts
    distance = highest - lowest
    shortest_s = distance / device.slew_per_s_max
    too_fast_s = {
        _key(preset, f"transition_{name}"): found_s
        for name, found_s in transitions._asdict().items()
        if 0.0 < found_s < shortest_s * (1.0 - 1e-9)
    }
    for key, found_s in too_fast_s.items():
        yield (
            f"{key}: expected 0 (as fast as it may) or at least {shortest_s:g}, as device "
            f"{device.id!r} changes by {device.slew_per_s_max:g} a second at most, "
            f"found {found_s:g}"
        )
    above = min(highest - device.safe_amount, distance)
    above_s = transitions.up_s * above / distance if distance > 0.0 else 0.0
    if above_s >= device.limits.on_time_s_max:
        yield (
            f"{_key(preset, 'transition_up_s')}: expected a way above the safe amount shorter than "
            f"on_time_s_max ({device.limits.on_time_s_max:g}) of device {device.id!r}, or the "
            f"highest amount is never reached, found {above_s:g}"
        )


def _key(preset: RampPreset | None, key: str) -> str:
    return key if preset is None else "preset"
