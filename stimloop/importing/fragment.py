"""A fragment of a rig's file, made of an implant's file or of a recorded session."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import tomli_w

from stimloop.checking.mistakes import lines
from stimloop.checking.wording import shown
from stimloop.errors import ConfigError
from stimloop.importing.importer import RefusedError
from stimloop.importing.json_file import read_json, said_twice
from stimloop.importing.registry import importer_of, importers
from stimloop.importing.session_course import FORMAT, courses_of, is_session
from stimloop.terminal.plain_text import plain

#: A point of a course, as the writer of TOML breaks it into four lines.
_PAIR: Final = re.compile(r"\[\n\s+([-+.\de]+),\n\s+([-+.\de]+),\n\s+\]")


class Fragment(NamedTuple):
    """Tables to merge into a rig's file.

    Parameters
    ----------
    format : str
        Of the file that it was made of.
    toml : str
        The tables, with the warnings as comments at their head.
    warnings : tuple of str
        A line each, with the path in the file that it was made of.
    """

    format: str
    toml: str
    warnings: tuple[str, ...]


def fragment_of(file: Path, device: str | None = None) -> Fragment:
    """Return the fragment that a file of any known format becomes, or a session.

    Parameters
    ----------
    file : Path
        The file, or the folder of a session.
    device : str, optional
        Of a session only this device.

    Raises
    ------
    ConfigError
        Where it is none of them, or holds what cannot be: a line each.
    """
    if is_session(file):
        found = courses_of(file, device)
        warnings = found.warnings
        name = f"{FORMAT} {found.session}"
        toml = _toml(file, name, warnings, {"policies": found.policies})
        return Fragment(name, _PAIR.sub(r"[\1, \2]", toml), warnings)
    if device is not None:
        raise ConfigError(f"--device: expected it with a session alone, found {file}")
    return _fragment_of_document(file)


def _fragment_of_document(file: Path) -> Fragment:
    document = read_json(file)
    importer = importer_of(document)
    twice = [
        each for each in said_twice(document) if importer is None or importer.does_read(each.path)
    ]
    if twice:
        raise ConfigError(*lines(file, twice, {}))
    if importer is None:
        formats = " or ".join(each.format for each in importers())
        raise ConfigError(f"{file}: expected {formats}, found {shown(document)}")
    try:
        found = importer.convert(document)
    except RefusedError as error:
        raise ConfigError(*lines(file, error.mistakes, {})) from error
    warnings = tuple(f"{path}: {text}" for path, text in found.warnings)
    toml = _toml(file, importer.format, warnings, found.tables)
    return Fragment(importer.format, toml, warnings)


def _toml(file: Path, name: str, warnings: Sequence[str], tables: Mapping[str, Any]) -> str:
    """Return tables under comments that say what they were made of."""
    comments = "".join(f"# {plain(each)}\n" for each in [f"{file.name}: {name}", *warnings])
    return f"{comments}\n{tomli_w.dumps(dict(tables))}"
