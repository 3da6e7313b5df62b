"""What is wrong in a configuration file: a line for each mistake, with its table by name."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

_TABLE = re.compile(r"^\$\.(\w+)\[(\d+)\]")
_KEY = re.compile(r"[A-Za-z_][\w.\[\]-]*")
#: For the key of each list of tables: the name of one table, and the key with its name.
NAMED: Final = {
    "streams": ("stream", "name"),
    "detectors": ("detector", "id"),
    "policies": ("policy", "id"),
    "devices": ("device", "id"),
}


class Mistake(NamedTuple):
    """One mistake in a configuration file.

    Parameters
    ----------
    path : str
        Where: ``$.detectors[0].band_hz``; ``$`` is the file as a whole.
    text : str
        What was expected and what was found, and what to do where that does not follow.
    """

    path: str
    text: str


def lines(file: Path | str, mistakes: Iterable[Mistake], tables: Mapping[str, Any]) -> list[str]:
    """Return a line for each mistake; of several mistakes at one key the first.

    Parameters
    ----------
    file : Path or str
        The file, for the front of the line.
    mistakes : iterable of Mistake
        In the order they are told.
    tables : mapping of str to any plain data
        The content of the file, of which the names of tables are taken.

    Examples
    --------
    >>> wrong = Mistake("$.detectors[0].hop_s", "expected a number above 0, found 0")
    >>> lines("rig.toml", [wrong], {"detectors": [{"id": "beta"}]})
    ["rig.toml: detector 'beta': $.detectors[0].hop_s: expected a number above 0, found 0"]
    """
    told: dict[str, str] = {}
    for path, text in mistakes:
        where = "" if path == "$" else f"{_table_name(path, tables)}{path}: "
        told.setdefault(path, f"{file}: {where}{text}")
    return list(told.values())


def from_text(text: str, path: str = "$") -> list[Mistake]:
    """Split the error of a constructor into mistakes: one a line, each beginning with its key.

    A table that begins with its own name (``match: ...`` of ``$.streams[0].match``) means itself.

    Examples
    --------
    >>> from_text("safe_ma: expected 0, found 1", "$.devices[0]")
    [Mistake(path='$.devices[0].safe_ma', text='expected 0, found 1')]
    """
    made = []
    for line in text.splitlines():
        key, separator, rest = line.partition(": ")
        if not separator or not _KEY.fullmatch(key):
            made.append(Mistake(path, line))
        elif key.partition(".")[0] == path.rpartition(".")[2]:
            made.append(Mistake(f"{path}{key[len(key.partition('.')[0]) :]}", rest))
        else:
            made.append(Mistake(f"{path}.{key}", rest))
    return made


def plain_tables(config: msgspec.Struct) -> dict[str, Any]:
    """Return a configuration as plain tables, from which `lines` takes the names of tables."""
    return {
        key: [{name: getattr(table, name)} for table in getattr(config, key)]
        for key, (_, name) in NAMED.items()
    }


def _table_name(path: str, tables: Mapping[str, Any]) -> str:
    found = _TABLE.match(path)
    if found is None or found[1] not in NAMED:
        return ""
    what, key = NAMED[found[1]]
    try:
        name = tables[found[1]][int(found[2])][key]
    except (KeyError, IndexError, TypeError):
        return ""
    return f"{what} {name!r}: " if isinstance(name, str) and name else ""
