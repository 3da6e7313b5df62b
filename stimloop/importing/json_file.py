"""A JSON file as implants' programs and people's editors leave it."""

import json
from pathlib import Path
from typing import Any

from stimloop.checking.wording import shown
from stimloop.errors import ConfigError, found_text


def read_json(file: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds; a byte order mark is taken off.

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
    try:
        found = json.loads(text)
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
