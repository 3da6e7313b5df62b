"""Reads the first line of a text file that holds a secret, whichever editor wrote it."""

import codecs
from pathlib import Path

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def first_line(file: Path) -> str:
    """Return the first line of a text file without its end, and without a byte order mark.

    Raises
    ------
    OSError
        Where it cannot be read.
    ValueError
        Where it is no text in UTF-8; the text names the file, its encoding, and what to do.
    """
    content = file.read_bytes()
    if content.startswith(_UTF_16):
        raise ValueError(f"{file}, which is not text in UTF-8 but in UTF-16: save it as UTF-8")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{file}, which is not text in UTF-8 (byte 0x{error.object[error.start]:02x}): save "
            "it as UTF-8"
        ) from error
    return text.partition("\n")[0].removesuffix("\r")
