"""A JSON file as implants' programs and people's editors leave it."""

import json
from pathlib import Path
from typing import Any

from stimloop.checking.wording import shown
from stimloop.errors import ConfigError, found_text


class _TwiceError(ValueError):
    """An object has a key twice, with different values."""


def read_json(file: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; a byte order mark is taken off.

    Raises
    ------
    ConfigError
        Where it cannot be read, is no text, no JSON, says a key twice, or holds something else
        than an object: one line.
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
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except _TwiceError as error:
        raise ConfigError(
            f"{file}: expected each key once in an object, found {shown(str(error))} twice with "
            "different values: nobody can say which counts"
        ) from error
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


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and found[key] != value:
            raise _TwiceError(key)
        found[key] = value
    return found
