"""Packages of an extra, loaded when they are needed."""

import importlib
from typing import Any

from stimloop.errors import ConfigError


def loaded(module: str, what: str, extra: str = "validate") -> Any:  # noqa: ANN401 a module
    """Return a module.

    Parameters
    ----------
    module : str
        Its name, with dots.
    what : str
        What needs it, for the message.
    extra : str
        The extra that has its package.

    Raises
    ------
    ConfigError
        Where its package is not installed: names the extra that has it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ConfigError(
            f"{what}: expected {package}, found none: pip install 'stimloop[{extra}]'"
        ) from error
