"""Every built-in policy, found by reflection, configured for a virtual rig."""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

import msgspec

from stimulators.policies.parts.discriminant_table import DiscriminantConfig, FeatureConfig
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.registry import POLICIES

#: Where the signal of the virtual rig is weak, and where it is strong.
_LOWER, _UPPER = 50.0, 100.0

#: The configurations that the policies of this project name for their laws.
EXAMPLES: Final = tuple(
    example
    for policy in POLICIES.policies.values()
    if policy.__module__.startswith("stimulators.")
    for example in policy.examples
)
#: The device of these configurations whose amount is a level.
LEVEL_DEVICE: Final = "band"
#: The detector of the virtual rig that predicts the peaks of its rhythm.
_PEAKS: Final = "peak"


def reading_burst(table: PolicyConfig) -> PolicyConfig:
    """Return a policy's table that reads the burst detector of the virtual rig, or its peaks."""
    is_at_phase = any(getattr(each, "measure", "") == "phase" for each in table.reads)
    said: dict[str, Any] = {"of": _PEAKS if is_at_phase else "burst", "by": "burst"}
    said |= {
        "event": "onset",
        "measure": "value",
        "upper_threshold": _UPPER,
        "lower_threshold": _LOWER,
        "set_point": _UPPER,
    }
    keys = {key: value for key, value in said.items() if hasattr(table, key)}
    if hasattr(table, "expected_sign"):
        keys["expected_sign"] = table.expected_sign or "falls"
    if hasattr(table, "wraps"):
        keys["wraps"] = reading_burst(table.wraps)
    if hasattr(table, "discriminants"):
        keys["discriminants"] = tuple(map(_discriminant_of_burst, table.discriminants))
    return msgspec.structs.replace(table, **keys)


def reads_peaks(table: PolicyConfig) -> bool:
    """Return whether a table reads the peaks of the virtual rig's rhythm."""
    return any(each.detector == _PEAKS for each in table.reads)


def _discriminant_of_burst(table: DiscriminantConfig) -> DiscriminantConfig:
    """Return a discriminant of one feature, the burst detector's value."""
    return msgspec.structs.replace(
        table,
        features=(FeatureConfig(of="burst"),),
        lower_threshold=_LOWER,
        upper_threshold=None if table.upper_threshold is None else _UPPER,
    )


def draw(random: Random) -> Sequence[PolicyConfig]:
    """Return one policy or two that drive different devices.

    Examples
    --------
    >>> len({device for each in draw(Random(1)) for device in each.drives}) > 0
    True
    """
    first, second = random.sample(EXAMPLES, 2)
    drawn = [first]
    if random.random() < 0.5 and not set(first.drives) & set(second.drives):
        drawn.append(msgspec.structs.replace(second, id=f"{second.id}_too"))
    return [reading_burst(each) for each in drawn]
