"""Errors of the library, with the same wording as those of the command line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from stimloop.checking.mistakes import Mistake, lines

#: Position of a table in a file; a notebook has no file, and the line names the table.
_POSITION: Final = re.compile(
    r"\$(?:\.(?:streams|detectors|policies|devices|artifacts)\[\d+\])?\.?"
)


class InputError(ValueError):
    """Input that the library cannot use; the text has a line for each mistake.

    Each line says where it is, what was expected and what was found.

    Examples
    --------
    >>> import stimloop as sl
    >>> sl.BandPower("beta", band_hz=(30, 13))
    Traceback (most recent call last):
    stimloop.library.input_errors.InputError: detector 'beta': band_hz: expected 0 <= low < high, \
found [30, 13]
    """


class UnknownNameError(InputError, KeyError):
    """No stream, detector or channel has this name; the text lists the known ones.

    Examples
    --------
    >>> import stimloop as sl
    >>> sl.read("patient07.xdf")["EMG"]
    Traceback (most recent call last):
    stimloop.library.input_errors.UnknownNameError: patient07.xdf: expected one stream with \
name = 'EMG', found none: 'LFP' (type 'LFP', source_id 'LFP-1', 250 Hz, 2 channels, float32)
    """

    __str__ = ValueError.__str__  # a KeyError would put quotes around a sentence


def raise_mistakes(mistakes: Iterable[Mistake], tables: Mapping[str, Any], front: str = "") -> None:
    """Raise an `InputError` with a line for each mistake; do nothing where there is none.

    Parameters
    ----------
    mistakes : iterable of Mistake
        Their paths are those of a configuration file.
    tables : mapping of str to any plain data
        The content of such a file: names its tables in the lines.
    front : str
        Start of each line, where no table has a name.
    """
    found = list(mistakes)
    if found:
        told = [line.removeprefix(": ") for line in lines("", found, tables)]
        front = f"{front}: " if front else ""
        raise InputError("\n".join(f"{front}{without_position(line)}" for line in told))


def without_position(line: str) -> str:
    """Return a line about a table without the table's position in a file.

    Examples
    --------
    >>> without_position("detector 'beta': $.detectors[0].hop_s: expected a number, found 'x'")
    "detector 'beta': hop_s: expected a number, found 'x'"
    """
    return _POSITION.sub("", line, count=1).replace(": : ", ": ").replace("$.", "")
