"""Packages that only pages need, loaded when one is made."""

import importlib
from typing import Any

from stimloop.errors import ConfigError


def loaded(module: str, what: str) -> Any:  # noqa: ANN401 a module
    """Return a module.

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
            f"{what}: expected {package}, found none: pip install 'stimloop[validate]'"
        ) from error
