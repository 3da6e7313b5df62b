"""Every kind of detector a table can ask for: our own, and those that are installed beside us."""

from collections.abc import Container, Iterable, Mapping
from importlib import metadata
from typing import Any, Final, NamedTuple

import msgspec

import detectors
from detectors.detector import DetectorConfig
from detectors.package_modules import modules_of

#: The entry points of this group each name a class that is built as `detectors.detector.Detector`
#: says.
GROUP: Final = "stimloop.detectors"

#: What reads this registry itself cannot be looked through to make it.
_READING_THIS: Final = frozenset({"detectors.chain", "detectors.testing"})


class DetectorRegistry(NamedTuple):
    """What was found.

    Parameters
    ----------
    detectors : dict
        Every class by the struct that configures it.
    kinds : dict of str to type
        The structs by their tag, the `kind` of a table.
    packages : dict of str to str
        Packages, with their versions, that kinds from elsewhere came from.
    refused : dict of str to str
        For each entry point that could not be taken, the reason.
    """

    detectors: Mapping[type[DetectorConfig], Any]
    kinds: Mapping[str, type[DetectorConfig]]
    packages: Mapping[str, str]
    refused: Mapping[str, str]


def find(entry_points: Iterable[metadata.EntryPoint]) -> DetectorRegistry:
    """Return our own detectors by kind, then those of the entry points by the names of these.

    Our own are the classes of this package that say what configures them.

    One that cannot be imported, or is no detector, is refused with the reason and leaves the rest
    as it is; no package can replace a kind of another one.
    """
    classes: dict[type[DetectorConfig], Any] = {}
    kinds: dict[str, type[DetectorConfig]] = {}
    for own in _own():
        kind, config_type = _new_kind(own, kinds)
        kinds[kind], classes[config_type] = config_type, own
    packages: dict[str, str] = {}
    refused: dict[str, str] = {}
    for entry_point in sorted(entry_points, key=lambda each: (each.name, each.value)):
        try:
            found = entry_point.load()
            kind, config_type = _new_kind(found, kinds)
        except Exception as error:  # noqa: BLE001 a broken package must not take the rig with it
            reason = str(error).partition("\n")[0] or type(error).__name__
            refused[entry_point.name] = f"{entry_point.value}: {reason}"
            continue
        kinds[kind], classes[config_type] = config_type, found
        if entry_point.dist is not None:
            packages[entry_point.dist.name] = entry_point.dist.version
    return DetectorRegistry(classes, kinds, packages, refused)


def _own() -> list[type[Any]]:
    found = [
        each
        for module in modules_of(detectors, _READING_THIS)
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__
        if "config_type" in vars(each)
    ]
    return sorted(found, key=lambda each: _kind(each.config_type))


def _new_kind(found: object, kinds: Container[str]) -> tuple[str, type[DetectorConfig]]:
    config_type = _config_type(found)
    kind = _kind(config_type)
    if kind in kinds:
        raise TypeError(f"expected a kind of its own, found {kind!r} again")
    return kind, config_type


def _config_type(found: object) -> type[DetectorConfig]:
    config_type = getattr(found, "config_type", None)
    if not isinstance(found, type) or not isinstance(config_type, type):
        raise TypeError(f"expected a class with a config_type, found {found!r}")
    if not issubclass(config_type, DetectorConfig) or not config_type.__struct_config__.frozen:
        raise TypeError(f"expected a frozen DetectorConfig as config_type, found {config_type!r}")
    # One key that a table cannot hold would make every table of every kind unreadable.
    msgspec.json.schema(config_type)
    return config_type


def _kind(config_type: type[DetectorConfig]) -> str:
    settings = config_type.__struct_config__
    if settings.tag_field != "kind" or not isinstance(settings.tag, str):
        raise TypeError(f"expected tag_field='kind' and a tag, found {config_type.__name__}")
    return settings.tag


#: What is installed here.
REGISTRY: Final = find(metadata.entry_points(group=GROUP))
