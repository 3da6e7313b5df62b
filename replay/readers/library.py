"""A library that a format needs, imported when a file of it is opened and not before."""

import importlib
from types import ModuleType

from replay.recording import RecordingError


def library(name: str, format: str) -> ModuleType:  # noqa: A002 as a reader calls it
    """Import a library of the extra ``formats``.

    Parameters
    ----------
    name : str
        The module, ``neo.rawio``.
    format : str
        What the file is, for the message.

    Raises
    ------
    RecordingError
        Where it is not installed, or cannot be imported.

    Examples
    --------
    >>> library("json", format="JSON").__name__
    'json'
    >>> library("not_here.rawio", format="Blackrock")
    Traceback (most recent call last):
        ...
    replay.recording.RecordingError: Blackrock: expected the package 'not_here', found none: pip install 'stimloop[formats]'
    """  # noqa: E501 as it is raised
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        found = str(error).partition("\n")[0]
        if isinstance(error, ModuleNotFoundError) and error.name:
            package, found = error.name.partition(".")[0], "none"
        raise RecordingError(
            f"{format}: expected the package {package!r}, found {found}: "
            "pip install 'stimloop[formats]'"
        ) from error
