"""Checks of a table's durations and ramps against the length of a hop and the device."""

from collections.abc import Iterator, Mapping

from stimulators.device_config import DeviceConfig
from stimulators.policies.policy import PolicyInputs

#: Relative tolerance for quotients of decimal fractions from a file.
_ROUNDING = 1e-9


def hop_s_of(inputs: PolicyInputs) -> float:
    """Return the length of a hop in seconds."""
    return inputs.hop_samples / inputs.rate_hz


def wrong_durations(found_s: Mapping[str, float], least_s: float, what: str) -> Iterator[str]:
    """Yield an error for each key whose duration is shorter than the least that can be counted.

    Parameters
    ----------
    found_s : mapping of str to float
        Durations by their keys; 0 is none.
    least_s : float
        A hop, or an update.
    what : str
        What that is, for the line.

    Examples
    --------
    >>> list(wrong_durations({"onset_s": 0.05}, 0.1, "one hop of 'beta'"))
    ["onset_s: expected 0 or at least 0.1 (one hop of 'beta'), found 0.05"]
    """
    for key, each_s in found_s.items():
        if 0.0 < each_s < least_s * (1.0 - _ROUNDING):
            yield f"{key}: expected 0 or at least {least_s:g} ({what}), found {each_s:g}"


def wrong_transitions(
    found_s: Mapping[str, float], distance: float, device: DeviceConfig
) -> Iterator[str]:
    """Yield an error for each key whose ramp is faster than the device can follow.

    Parameters
    ----------
    found_s : mapping of str to float
        How long ramps take, by their keys; 0 is a step, as fast as the device may.
    distance : float
        Between the ends of the ramps.
    device : DeviceConfig
        What follows them.
    """
    shortest_s = distance / device.slew_per_s_max
    for key, each_s in found_s.items():
        if 0.0 < each_s < shortest_s * (1.0 - _ROUNDING):
            yield (
                f"{key}: expected 0 (as fast as it may) or at least {shortest_s:g}, as device "
                f"{device.id!r} changes by {device.slew_per_s_max:g} a second at most, "
                f"found {each_s:g}"
            )


def wrong_way_up(key: str, above_s: float, device: DeviceConfig) -> Iterator[str]:
    """Yield an error, beginning with the key, where a ramp up would not reach its highest amount.

    Parameters
    ----------
    key : str
        The key that says how fast it goes.
    above_s : float
        How long it is above the safe amount until the highest is reached.
    device : DeviceConfig
        Whose time above the safe amount is limited.
    """
    if above_s >= device.limits.on_time_s_max:
        yield (
            f"{key}: expected a way above the safe amount shorter than on_time_s_max "
            f"({device.limits.on_time_s_max:g}) of device {device.id!r}, or the highest amount "
            f"is never reached, found {above_s:g}"
        )
