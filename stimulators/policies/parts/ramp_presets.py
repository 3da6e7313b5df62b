"""Ramps of implants and studies, by name; the slowest and the fastest differ 5000-fold."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from stimulators.device_config import DeviceConfig

#: Name of a preset in a table.
RampPreset: TypeAlias = Literal[
    "percept_dual", "percept_single", "stanford", "rcs_slow", "rcs_fast"
]


class Transitions(NamedTuple):
    """How long the way from the lowest amount to the highest takes, and back."""

    up_s: float
    down_s: float


class RatesMaPerS(NamedTuple):
    """How fast the amplitude rises and falls, in milliampere a second."""

    up: float
    down: float


#: ``percept_dual``, ``percept_single``: what an implant sets by default (Medtronic, white paper
#: UC202012929dEN), in time whatever the limits.
#:
#: ``stanford``: 0.05 and 0.025 mA/s, of studies with a dual threshold. ``rcs_slow``: 0.03 and
#: 0.12 mA/s, at home with Summit RC+S. ``rcs_fast``: 0.5 mA/s, in clinic with it, where up to 1 was
#: used.
RAMPS: Final[Mapping[RampPreset, Transitions | RatesMaPerS]] = {
    "percept_dual": Transitions(150.0, 300.0),
    "percept_single": Transitions(0.25, 0.25),
    "stanford": RatesMaPerS(0.05, 0.025),
    "rcs_slow": RatesMaPerS(0.03, 0.12),
    "rcs_fast": RatesMaPerS(0.5, 0.5),
}


def transitions_of(preset: RampPreset, distance: float) -> Transitions:
    """Return the durations of a preset's ramps up and down over this distance of amounts.

    >>> transitions_of("stanford", 0.5)
    Transitions(up_s=10.0, down_s=20.0)
    """
    ramp = RAMPS[preset]
    if isinstance(ramp, Transitions):
        return ramp
    return Transitions(distance / ramp.up, distance / ramp.down)


def wrong_ramp(
    preset: RampPreset | None, transition_up_s: float | None, transition_down_s: float | None
) -> str | None:
    """Return an error, beginning with the key, unless either preset or transitions are given.

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
    """Refuse a ramp in milliampere a second for a device whose amount is a level."""
    if preset is not None and device.unit != "ma" and isinstance(RAMPS[preset], RatesMaPerS):
        yield (
            f"preset: expected a ramp that is not in mA/s for device {device.id!r}, which speaks "
            f"level, found {preset!r}"
        )
