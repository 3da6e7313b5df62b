"""Reads TOML files as editors save them: byte order marks, line ends and accents made uniform."""

import codecs
import tomllib
import unicodedata
from pathlib import Path
from typing import Any, Final

from stimloop.checking.syntax import refusal
from stimloop.errors import ConfigError, found_text

#: Encodings that editors of Windows write, by their byte order mark.
_MARKED = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
#: As in `detectors.spelling`, which is not imported, so that a stop loads little.
_COMPOSED: Final = "NFC"
#: Keys that name files are not normalised: file systems compare bytes.
_FILES = ("_file", "_folder")


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file, every text composed (Unicode's normal form C).

    A byte order mark is taken off, UTF-16 with such a mark is read, and line ends may be those
    of any system.

    Raises
    ------
    ConfigError
        Where it cannot be read, is no text in UTF-8 or UTF-16, or no TOML: one line.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{file}: expected a file that can be read, {found_text(error)}"
        ) from error
    text = _text(file, content)
    try:
        found: dict[str, Any] = _composed(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {refusal(text, str(error))}") from error
    return found


def _text(file: Path, content: bytes) -> str:
    mark = next((each for each in _MARKED if content.startswith(each)), b"")
    encoding = _MARKED.get(mark, "utf-8")
    content = content.removeprefix(mark)
    if encoding == "utf-8" and b"\0" in content:
        raise ConfigError(
            f"{file}: expected text in UTF-8, found bytes that are 0, as of UTF-16 without its "
            "mark: save it as UTF-8"
        )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = content[error.start]
        raise ConfigError(
            f"{file}: line {line}: expected text in {encoding.upper()}, found the byte "
            f"0x{found:02x} ({bytes([found]).decode('latin-1')} in Latin-1): save it as UTF-8"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _composed(value: Any) -> Any:  # noqa: ANN401 any plain data
    if isinstance(value, str):
        return unicodedata.normalize(_COMPOSED, value)
    if isinstance(value, dict):
        return {
            unicodedata.normalize(_COMPOSED, key): each if key.endswith(_FILES) else _composed(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_composed(each) for each in value]
    return value
