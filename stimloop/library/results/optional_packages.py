"""Packages that only tables and pictures need, loaded when these are asked for."""

import importlib
from typing import Any

from stimloop.library.input_errors import InputError


def pandas() -> Any:  # noqa: ANN401 a module
    """Return pandas.

    Raises
    ------
    InputError
        Where it is not installed.
    """
    return _loaded("pandas", "a table")


def require_pandas(*, instead: str) -> None:
    """Do nothing where pandas is installed.

    Parameters
    ----------
    instead : str
        The call that gives the same data without pandas, for the message.

    Raises
    ------
    InputError
        Where it is not installed.
    """
    _loaded("pandas", "a table", f", or call {instead}, which needs no pandas")


def matplotlib_figure() -> Any:  # noqa: ANN401 a module
    """Return matplotlib's module of figures.

    Raises
    ------
    InputError
        Where it is not installed.
    """
    return _loaded("matplotlib.figure", "a picture")


def _loaded(module: str, what: str, or_else: str = "") -> Any:  # noqa: ANN401 a module
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"expected {package}, which {what} needs, found none: install stimloop[notebook]"
            f"{or_else}"
        ) from error
