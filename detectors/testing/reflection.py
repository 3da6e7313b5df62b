"""Detectors and kernels of a package, found by looking into all of its modules."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def detector_types(package: str = "detectors") -> list[type[Any]]:
    """Return every class of a package that is configured as detectors are."""
    found: dict[str, type[Any]] = {}
    for module in _modules(package):
        for name, each in vars(module).items():
            if isinstance(each, type) and each.__module__ == module.__name__:
                config_type = each.__dict__.get("config_type")
                if config_type is not None:
                    found[f"{module.__name__}.{name}"] = each
    return [found[name] for name in sorted(found)]


def compiled(package: str = "detectors") -> dict[str, int]:
    """Return how many times each kernel of a package has been compiled."""
    return {
        f"{module.__name__}.{name}": len(each.signatures)
        for module in _modules(package)
        for name, each in vars(module).items()
        if hasattr(each, "signatures") and hasattr(each, "py_func")
    }


def _modules(package: str) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    yield root
    for info in pkgutil.walk_packages(getattr(root, "__path__", ()), f"{package}."):
        yield importlib.import_module(info.name)
