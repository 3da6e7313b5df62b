"""A fragment of a rig's file, made of an implant's file."""

from pathlib import Path
from typing import NamedTuple

import tomli_w

from stimloop.checking.mistakes import lines
from stimloop.checking.wording import shown
from stimloop.errors import ConfigError
from stimloop.importing.importer import RefusedError
from stimloop.importing.json_file import read_json, said_twice
from stimloop.importing.registry import importer_of, importers
from stimloop.terminal.plain_text import plain


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


def fragment_of(file: Path) -> Fragment:
    """Return the fragment that a file of any known format becomes.

    Raises
    ------
    ConfigError
        Where it is none of them, or holds what cannot be: a line each.
    """
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
    head = [f"{file.name}: {importer.format}", *warnings]
    comments = "".join(f"# {plain(each)}\n" for each in head)
    return Fragment(importer.format, f"{comments}\n{tomli_w.dumps(dict(found.tables))}", warnings)
