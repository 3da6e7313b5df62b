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


def matplotlib_figure() -> Any:  # noqa: ANN401 a module
    """Return matplotlib's module of figures.

    Raises
    ------
    InputError
        Where it is not installed.
    """
    return _loaded("matplotlib.figure", "a picture")


def _loaded(module: str, what: str) -> Any:  # noqa: ANN401 a module
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InputError(
            f"expected {package}, which {what} needs, found none: install stimloop[notebook]"
        ) from error
