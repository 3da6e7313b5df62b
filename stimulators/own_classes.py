"""Finds the classes that the modules of a folder define, so that none has to be registered."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any


def own_classes(package_name: str, *, without: str) -> Iterator[type[Any]]:
    """Import the modules of a folder and yield every class that one of them defines itself.

    Parameters
    ----------
    package_name : str
        The full name of the folder's package.
    without : str
        The module that calls: it cannot be searched while it is being imported.

    Yields
    ------
    type
        By module and, within it, in the order of definition.
    """
    package = importlib.import_module(package_name)
    for info in pkgutil.iter_modules(package.__path__, f"{package_name}."):
        if info.name != without:
            module = importlib.import_module(info.name)
            for each in vars(module).values():
                if isinstance(each, type) and each.__module__ == module.__name__:
                    yield each
