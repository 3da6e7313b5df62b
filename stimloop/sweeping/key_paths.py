"""Key paths into a rig's file: found, and set to another value."""

import copy
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from stimloop.checking.mistakes import NAMED
from stimloop.checking.wording import listed, nearest, shown

#: A table or a list in a file: what a path leads through.
Node: TypeAlias = Any

_STEP: Final = re.compile(r"([A-Za-z_][\w-]*)((?:\[[^\[\]]+\])*)")
_INDEX: Final = re.compile(r"\[([^\[\]]+)\]")


class KeyPathError(ValueError):
    """A key path leads nowhere; the text says which, and what is there."""


class Step(NamedTuple):
    """One step of a path: a key, and in brackets the tables of a list that follow it."""

    key: str
    indices: tuple[str, ...]


def steps_of(path: str) -> tuple[Step, ...]:
    """Return the steps of a key path; ``$.`` before it may be left out.

    Raises
    ------
    KeyPathError
        Where it is no key path.

    Examples
    --------
    >>> steps_of("detectors[burst].threshold.percentile")[0]
    Step(key='detectors', indices=('burst',))
    """
    made = []
    for part in _parts(path.removeprefix("$.")):
        found = _STEP.fullmatch(part)
        if found is None:
            raise KeyPathError(
                f"expected a key path, as detectors[burst].threshold.percentile, found {path!r}"
            )
        made.append(Step(found[1], tuple(_INDEX.findall(found[2]))))
    return tuple(made)


def with_value(tables: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the tables of a file with another value at a key path; a new key is added.

    Parameters
    ----------
    tables : mapping
        The content of the file, which is not changed.
    path : str
        The key path; tables of a list by their name or id, or by their position from 0.
    value : any plain data
        The value.

    Raises
    ------
    KeyPathError
        Where it leads through something that is no table, or to no table of a list.

    Examples
    --------
    >>> rig = {"detectors": [{"id": "beta", "window_s": 0.4}]}
    >>> with_value(rig, "detectors[beta].window_s", 0.5)
    {'detectors': [{'id': 'beta', 'window_s': 0.5}]}
    """
    made: dict[str, Any] = copy.deepcopy(dict(tables))
    steps = steps_of(path)
    here: Node = made
    for step in steps[:-1]:
        here = _through(here, step)
    last = steps[-1]
    if last.indices:
        name = f"{last.key}[{last.indices[-1]}]"
        raise KeyPathError(f"expected a key of the table {name} at its end, found {path!r}")
    if not isinstance(here, dict):
        raise KeyPathError(f"expected a table before {last.key!r}, found {shown(here)}")
    here[last.key] = copy.deepcopy(value)
    return made


def _through(here: Node, step: Step) -> Node:
    if not isinstance(here, dict):
        raise KeyPathError(f"expected a table before {step.key!r}, found {shown(here)}")
    if step.indices and step.key not in here:
        known = [key for key, each in here.items() if isinstance(each, list)]
        raise KeyPathError(
            f"expected one of the lists {listed(known)}, found {step.key!r}"
            f"{nearest(step.key, known)}"
        )
    found = here.setdefault(step.key, {})
    for index in step.indices:
        found = _of_list(found, step.key, index)
    if isinstance(found, list):
        names = _names(found)
        raise KeyPathError(
            f"expected one of its tables in brackets after {step.key!r}, as "
            f"{step.key}[{names[0] if names else 0}], found none"
        )
    return found


def _of_list(found: Node, key: str, index: str) -> Node:
    if not isinstance(found, list):
        raise KeyPathError(f"expected no brackets after {key!r}, which is no list, found [{index}]")
    names = _names(found)
    for each, name in zip(found, names, strict=True):
        if name == index:
            return each
    if index.isdecimal() and int(index) < len(found):
        return found[int(index)]
    raise KeyPathError(
        f"expected one of {key} ({listed(names)}), found {index!r}{nearest(index, names)}"
    )


def _names(tables: list[Any]) -> list[str]:
    """Return the name or id of each table of a list; its position where it has none."""
    keys = [key for _, key in NAMED.values()]
    return [
        next((str(each[key]) for key in keys if isinstance(each, dict) and key in each), str(index))
        for index, each in enumerate(tables)
    ]


def _parts(path: str) -> list[str]:
    """Split a path at the dots that are not in brackets: a name may have one."""
    return re.split(r"\.(?![^\[]*\])", path)
