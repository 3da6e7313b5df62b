"""Every format that can be imported: each the `IMPORTER` of a module of this folder."""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from detectors.package_modules import modules_of
from stimloop.importing.importer import Importer


def importers() -> tuple[Importer, ...]:
    """Return all importers, by format.

    Examples
    --------
    >>> "Summit RC+S adaptive configuration" in [each.format for each in importers()]
    True
    """
    return tuple(sorted(_found(), key=lambda each: each.format))


def importer_of(document: Mapping[str, Any]) -> Importer | None:
    """Return the importer that recognizes a document, or None."""
    return next((each for each in importers() if each.recognizes(document)), None)


def _found() -> Iterator[Importer]:
    for module in modules_of(importlib.import_module("stimloop.importing"), without={__name__}):
        found = getattr(module, "IMPORTER", None)
        if isinstance(found, Importer):
            yield found
