"""Finds the kinds of policies: the built-in ones, and those of installed packages."""

from collections.abc import Container, Iterable, Mapping
from importlib import metadata
from typing import Any, Final, NamedTuple

import msgspec

from stimulators.own_classes import own_classes
from stimulators.policies.policy import PolicyConfig

#: Each entry point of this group names a class that follows `stimulators.policies.policy.Policy`.
GROUP: Final = "stimloop.policies"

_METHODS: Final = ("decide", "note", "reset")


class PolicyRegistry(NamedTuple):
    """The policies that were found, by kind.

    Parameters
    ----------
    policies : dict
        Every policy's class, by the struct that configures it.
    kinds : dict of str to type
        The structs by their tag, the `kind` of a table.
    packages : dict of str to str
        Version of each package that brought a kind, by its name.
    refused : dict of str to str
        For each entry point that was not accepted, the reason.
    """

    policies: Mapping[type[PolicyConfig], Any]
    kinds: Mapping[str, type[PolicyConfig]]
    packages: Mapping[str, str]
    refused: Mapping[str, str]


def find_in(
    folders: Iterable[str], entry_points: Iterable[metadata.EntryPoint], *, without: str
) -> PolicyRegistry:
    """Return the built-in policies in the order of kind, then those of entry points by name.

    Built in are the classes of some folders that have a `config_type`.

    Parameters
    ----------
    folders : iterable of str
        Full names of their packages.
    entry_points : iterable of EntryPoint
        Those of installed packages.
    without : str
        The module that asks, which cannot be searched while it is being imported.

    An entry point that cannot be imported, or is no policy, is refused with the reason and changes
    nothing of the others; no kind can replace another one of the same name.
    """
    policies: dict[type[PolicyConfig], Any] = {}
    kinds: dict[str, type[PolicyConfig]] = {}
    for built_in in _built_in(folders, without):
        kind, config_type = _new_kind(built_in, kinds)
        kinds[kind], policies[config_type] = config_type, built_in
    packages: dict[str, str] = {}
    refused: dict[str, str] = {}
    for entry_point in sorted(entry_points, key=lambda each: (each.name, each.value)):
        try:
            found = entry_point.load()
            kind, config_type = _new_kind(found, kinds)
        except Exception as error:  # noqa: BLE001 a broken package must not stop the rig
            reason = str(error).partition("\n")[0] or type(error).__name__
            refused[entry_point.name] = f"{entry_point.value}: {reason}"
            continue
        kinds[kind], policies[config_type] = config_type, found
        if entry_point.dist is not None:
            packages[entry_point.dist.name] = entry_point.dist.version
    return PolicyRegistry(policies, kinds, packages, refused)


def _built_in(folders: Iterable[str], without: str) -> list[type[Any]]:
    classes = (each for name in folders for each in own_classes(name, without=without))
    found = (each for each in classes if "config_type" in vars(each))
    return sorted(found, key=lambda each: _kind(each.config_type))


def _new_kind(found: object, kinds: Container[str]) -> tuple[str, type[PolicyConfig]]:
    config_type = _config_type(found)
    kind = _kind(config_type)
    if kind in kinds:
        raise TypeError(f"expected a kind of its own, found {kind!r} again")
    return kind, config_type


def _config_type(found: object) -> type[PolicyConfig]:
    config_type = getattr(found, "config_type", None)
    if not isinstance(found, type) or not isinstance(config_type, type):
        raise TypeError(f"expected a class with a config_type, found {found!r}")
    if not issubclass(config_type, PolicyConfig) or not config_type.__struct_config__.frozen:
        raise TypeError(f"expected a frozen PolicyConfig as config_type, found {config_type!r}")
    for name in _METHODS:
        if not callable(getattr(found, name, None)):
            raise TypeError(f"expected a policy with a method {name}, found none")
    for name in ("reads", "drives"):
        if getattr(config_type, name) is getattr(PolicyConfig, name):
            raise TypeError(f"expected a config_type with a property {name}, found none")
    # A single type that TOML cannot hold would make the tables of all kinds unreadable.
    msgspec.json.schema(config_type)
    return config_type


def _kind(config_type: type[PolicyConfig]) -> str:
    settings = config_type.__struct_config__
    if settings.tag_field != "kind" or not isinstance(settings.tag, str):
        raise TypeError(f"expected tag_field='kind' and a tag, found {config_type.__name__}")
    return settings.tag
