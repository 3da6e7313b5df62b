"""Reads JSON files as the programs of implants and text editors write them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from stimloop.checking.mistakes import Mistake
from stimloop.checking.wording import shown
from stimloop.errors import ConfigError, found_text

_LAST_COMMA: Final = re.compile(r",(\s*[}\]])")


class _Ambiguous(dict[str, Any]):
    """An object that has a key twice, with different values; it holds the last."""

    key: str


def read_json(file: Path, *, with_last_commas: bool = False) -> dict[str, Any]:
    """Return the object that a JSON file holds; a byte order mark is taken off.

    Parameters
    ----------
    file : Path
        The file.
    with_last_commas : bool
        Whether a comma may stand behind the last entry, as some programs leave it.

    Raises
    ------
    ConfigError
        Where it cannot be read, is no text, no JSON, or holds something else than an object: one
        line.
    """
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"{file}: expected a file that can be read, {found_text(error)}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{file}: expected JSON, text in UTF-8, found the byte "
            f"0x{error.object[error.start]:02x}"
        ) from error
    if with_last_commas:
        text = _LAST_COMMA.sub(r"\1", text)
    try:
        found = json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        reason = f"{error.msg[:1].lower()}{error.msg[1:]}"
        raise ConfigError(
            f"{file}: line {error.lineno}, column {error.colno}: expected JSON, found: {reason}"
        ) from error
    except RecursionError as error:
        raise ConfigError(f"{file}: expected JSON, found lists too deep to read") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{file}: expected a JSON object, found {shown(found)}")
    return found


def said_twice(content: Any, path: str = "$") -> Iterator[Mistake]:  # noqa: ANN401 plain data
    """Yield each object that has a key twice with different values, by its path."""
    if isinstance(content, _Ambiguous):
        yield Mistake(
            path,
            f"expected each key once in an object, found {shown(content.key)} twice with different "
            "values: nobody can say which counts",
        )
    if isinstance(content, dict):
        for key, each in content.items():
            yield from said_twice(each, f"{path}.{key}")
    elif isinstance(content, list):
        for number, each in enumerate(content):
            if isinstance(each, dict | list):
                yield from said_twice(each, f"{path}[{number}]")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    twice: list[str] = []
    for key, value in pairs:
        if key in found and found[key] != value:
            twice.append(key)
        found[key] = value
    if not twice:
        return found
    ambiguous = _Ambiguous(found)
    ambiguous.key = twice[0]
    return ambiguous
