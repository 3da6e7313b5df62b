"""A secret in a file of its own, as any system's editor leaves it."""

import codecs
from pathlib import Path

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotTextError(ValueError):
    """A file that is no text in UTF-8."""


def first_line(file: Path) -> str:
    """Return the first line of a text file without its end, and without a byte order mark.

    Raises
    ------
    OSError
        Where it cannot be read.
    NotTextError
        Where it is no text in UTF-8; names the file.
    """
    content = file.read_bytes()
    if content.startswith(_UTF_16):
        raise NotTextError(f"expected text in UTF-8, found UTF-16 in {file}: save it as UTF-8")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotTextError(
            f"expected text in UTF-8, found the byte 0x{content[error.start]:02x} in {file}: save "
            "it as UTF-8"
        ) from error
    return text.partition("\n")[0].removesuffix("\r")
