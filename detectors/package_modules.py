"""What a package holds: each of its modules, those of its folders as well."""

import importlib
import pkgutil
from collections.abc import Container, Iterator
from types import ModuleType


def modules_of(package: ModuleType, without: Container[str] = ()) -> Iterator[ModuleType]:
    """Import and yield every module of a package by name, each folder before what is in it.

    Parameters
    ----------
    package : module
        The package.
    without : container of str
        Full names of modules, or folders with all in them, that are left out.

    Examples
    --------
    >>> import json
    >>> [each.__name__ for each in modules_of(json, without={"json.tool", "json.scanner"})]
    ['json.decoder', 'json.encoder']
    """
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if info.name not in without:
            module = importlib.import_module(info.name)
            yield module
            if info.ispkg:
                yield from modules_of(module, without)
