"""A TOML file as plain data, or one line that says what it is not."""

import tomllib
from pathlib import Path
from typing import Any

from stimloop.checking.syntax import refusal
from stimloop.errors import ConfigError, found_text


def read_toml(file: Path) -> dict[str, Any]:
    """Return what a TOML file says.

    Raises
    ------
    ConfigError
        Where it cannot be read, is no text in UTF-8, or no TOML: one line.
    """
    try:
        text = file.read_bytes().decode()
        return tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            f"{file}: expected a file that can be read, {found_text(error)}"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        found = error.object[error.start]
        raise ConfigError(
            f"{file}: line {line}: expected text in UTF-8, found the byte 0x{found:02x} "
            f"({bytes([found]).decode('latin-1')} in Latin-1): save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {refusal(text, str(error))}") from error
