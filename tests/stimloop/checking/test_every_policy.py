"""What is wrong in the table of any policy is told in one line with its key path."""

import copy
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import msgspec
import pytest

from stimloop.checking.mistakes import Mistake
from stimloop.checking.names import of_names
from stimloop.checking.parts import Parts
from stimloop.checking.tables import Reading
from stimloop.config import Config
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.registry import POLICIES
from stimulators.testing import examples_of
from stimulators.testing.policy_example import DEVICES, HOP_SAMPLES, RATE_HZ

_HOP_S = HOP_SAMPLES / RATE_HZ
#: What has to last for a time until it counts, and what is averaged.
_COUNTED = re.compile(r"(onset|termination|averaging|lasted|every|longest)\w*_s")
_TRANSITION = re.compile(r"transition_\w+_s")
_RATE = re.compile(r"(rise|fall)_(ma|level)_per_s")


class Change(NamedTuple):
    """One key of an example's table set to what cannot be."""

    example: PolicyConfig
    path: tuple[str | int, ...]
    value: float | str
    told: str = ""

    @property
    def key(self) -> str:
        """Where in the file it is told: at that key, unless at another one of the table."""
        path = (*self.path[:-1], self.told) if self.told else self.path
        steps = [f"[{each}]" if isinstance(each, int) else f".{each}" for each in path]
        return f"$.policies[0]{''.join(steps)}"

    def __str__(self) -> str:
        return f"{self.example.id}-{'.'.join(map(str, self.path))}={self.value}"


_EXAMPLES = [
    example.config for policy in POLICIES.policies.values() for example in examples_of(policy)
]


def tables_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the table itself and all in it, each with its path."""
    if isinstance(value, dict):
        yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in items:
        if isinstance(each, dict | list | tuple):
            yield from tables_in(each, (*path, key))


def mistakes_of(policy: dict[str, Any], config: PolicyConfig) -> list[Mistake]:
    """Return what `config check` finds in a rig with this policy, of the policy itself."""
    detectors = {each.detector for each in config.reads}
    tables = {
        "rig": {"name": "rig"},
        "streams": [{"name": "LFP", "match": {"type": "LFP"}, "kind": "lfp"}],
        "detectors": [
            {
                "id": name,
                "kind": "band_power",
                "stream": "LFP",
                "channels": ["left"],
                "band_hz": [13.0, 30.0],
                "window_s": 1.0,
                "hop_s": _HOP_S,
            }
            for name in sorted(detectors)
        ],
        "policies": [policy],
        "devices": [plain(DEVICES[name]) for name in config.drives],
    }
    reading = Reading(Config, tables)
    return [*reading.mistakes, *of_names(Parts.of_reading(reading, tables))]


def plain(struct: msgspec.Struct) -> Any:
    """Return a struct as a file has it: TOML has no null."""
    return without_none(msgspec.to_builtins(struct))


def without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_none(each) for key, each in value.items() if each is not None}
    return [without_none(each) for each in value] if isinstance(value, list | tuple) else value


def changes(example: PolicyConfig) -> Iterator[Change]:
    for path, table in tables_in(plain(example)):
        if {"upper_threshold", "lower_threshold"} <= set(table):
            yield Change(example, (*path, "upper_threshold"), table["lower_threshold"] - 1.0)
        for key in table:
            yield from (Change(example, (*path, key), each) for each in impossible(key, table))
        if presets := presets_at(example, path):
            if "preset" in table:
                yield Change(example, (*path, "transition_up_s"), 1.0)
            else:
                yield Change(example, (*path, "preset"), presets[0], "transition_up_s")


def impossible(key: str, table: dict[str, Any]) -> Iterator[float]:
    """Yield what a key of a duration or a ramp cannot be: too short, too fast, too slow."""
    is_ramp = str(table.get("output", "amplitude")) == "amplitude"
    if _COUNTED.fullmatch(key) and _is_heeded(table, key):
        yield 0.4 * _HOP_S
    if _TRANSITION.fullmatch(key) and is_ramp:
        yield 1e-4
    if key == "transition_up_s" and is_ramp and "wraps" not in table:
        yield 3600.0
    if _RATE.fullmatch(key):
        yield 100.0
    if key.startswith("rise_"):
        yield 1e-4


def presets_at(example: PolicyConfig, path: tuple[str | int, ...]) -> list[str]:
    """Return the names that the key `preset` of a table takes; none where it has no such key."""
    table: Any = example
    for step in path:
        table = getattr(table, str(step)) if isinstance(table, msgspec.Struct) else table[step]
    if not isinstance(table, msgspec.Struct):
        return []
    types = [each.type for each in msgspec.structs.fields(table) if each.name == "preset"]
    return [name for type_ in types for each in get_args(type_) for name in get_args(each)]


def _is_heeded(table: dict[str, Any], key: str) -> bool:
    """Say whether the key means anything with the output of the table."""
    heeded = {"every_s": "trigger", "longest_s": "amplitude"}.get(key)
    return heeded is None or str(table["output"]) == heeded


_CHANGES = [change for example in _EXAMPLES for change in changes(example)]


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda each: each.id)
def test_every_example_holds(example: PolicyConfig) -> None:
    assert mistakes_of(plain(example), example) == []


def test_something_is_tried_of_every_policy_with_such_keys() -> None:
    tried = {type(each.example) for each in _CHANGES}
    without = set(POLICIES.policies) - tried
    assert {each.__name__ for each in without} <= {
        "OnEventConfig",
        "PhaseLockConfig",
        "StaircaseConfig",
    }
    assert {str(each.path[-1]) for each in _CHANGES} >= {
        "upper_threshold",
        "onset_s",
        "onset_upper_s",
        "averaging_s",
        "lasted_s",
        "transition_up_s",
        "rise_ma_per_s",
    }


@pytest.mark.parametrize("change", _CHANGES, ids=str)
def test_crossed_thresholds_short_onsets_ramps_and_presets_that_cannot_be_are_one_line(
    change: Change,
) -> None:
    policy = copy.deepcopy(plain(change.example))
    table: Any = policy
    for step in change.path[:-1]:
        table = table[step]
    table[change.path[-1]] = change.value
    found = [each for each in mistakes_of(policy, change.example) if each.path == change.key]
    assert len(found) == 1
    assert found[0].text.startswith("expected ")
    assert ", found " in found[0].text
    assert "\n" not in found[0].text
