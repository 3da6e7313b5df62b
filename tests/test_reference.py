"""The API reference lists all public names, each with an example."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import detectors.conditioning.artifacts
import stimloop
from detectors.registry import REGISTRY as DETECTORS
from stimulators.policies.registry import POLICIES

_ROOT = Path(__file__).parents[1]
_LISTED = re.compile(r"^\.\. auto(?:class|function|exception):: ([\w.]+)$", re.MULTILINE)
#: What a detector, a policy or a reader from another package is written against.
_SEAMS = (
    "detectors.block",
    "detectors.detector",
    "detectors.estimates",
    "detectors.outputs",
    "detectors.testing",
    "detectors.windowed",
    "replay.readers.opening",
    "replay.readers.reader",
    "replay.readers.registry",
    "replay.recording",
    "stimulators.limits",
    "stimulators.policies.policy",
    "stimulators.targets",
    "stimulators.testing",
)


def _object(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _listed_names() -> Iterator[str]:
    for page in sorted((_ROOT / "docs" / "reference").glob("*.rst")):
        yield from _LISTED.findall(page.read_text("utf-8"))


_REFERENCE = {name: _object(name) for name in _listed_names()}


def _public(module: ModuleType) -> Iterator[object]:
    """Yield the classes and functions that a module declares public."""
    for name in getattr(module, "__all__", vars(module)):
        found = getattr(module, name)
        is_own = hasattr(module, "__all__") or getattr(found, "__module__", "") == module.__name__
        if not name.startswith("_") and is_own and isinstance(found, type | type(_public)):
            yield found


def _artifact_kinds() -> Iterator[object]:
    package = detectors.conditioning.artifacts
    for each in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for found in _public(importlib.import_module(each.name)):
            config = getattr(found, "configured_by", None)
            if isinstance(config, type):
                yield from (found, config)


def _kinds() -> Iterator[object]:
    for registry in (DETECTORS.detectors, POLICIES.policies):
        for config, kind in registry.items():
            yield from (kind, config)
    yield from _artifact_kinds()
    yield from POLICIES.policies.values()


def test_every_kind_and_every_seam_is_in_the_reference() -> None:
    seams = [each for name in _SEAMS for each in _public(importlib.import_module(name))]
    kinds = list(_kinds())
    assert len(seams) > 30
    assert len(kinds) > 20
    listed = set(map(id, _REFERENCE.values()))
    assert [each for each in (*kinds, *seams) if id(each) not in listed] == []


def test_every_name_of_the_library_is_in_the_reference() -> None:
    listed = set(map(id, _REFERENCE.values()))
    assert [name for name in dir(stimloop) if id(getattr(stimloop, name)) not in listed] == []


def test_nothing_is_in_the_reference_twice() -> None:
    names = list(_listed_names())
    assert len(names) == len(set(map(id, map(_object, names))))


@pytest.mark.parametrize("name", [name for name in _REFERENCE if not name.endswith("Error")])
def test_what_is_in_the_reference_has_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(_REFERENCE[name]) or "")
