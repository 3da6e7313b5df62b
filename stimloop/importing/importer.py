"""The description of a foreign file format: how a document is recognized and what it becomes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from stimloop.checking.mistakes import Mistake
from stimloop.checking.tables import Reading


class Imported(NamedTuple):
    """The result of importing a document.

    Parameters
    ----------
    tables : mapping
        Tables of a rig, as a TOML parser gives them: ``{"policies": [...]}``. Limits of a device
        are never among them, as whoever drives one writes them down.
    warnings : sequence of Mistake
        What has no counterpart, or what the rig must have beside the tables, each with the path
        of the document that it is about.
    """

    tables: Mapping[str, Any]
    warnings: Sequence[Mistake] = ()


class RefusedError(Exception):
    """A document cannot become tables.

    Parameters
    ----------
    mistakes : sequence of Mistake
        Every impossible value, with its path in the document.
    """

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(f"{path}: {text}" for path, text in mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """The importer of one format, a module's `IMPORTER`.

    Parameters
    ----------
    format : str
        What the format is called, in messages and at the head of the fragment.
    recognizes : callable
        Given a JSON document, whether it is of this format: by keys that no other format has.
        Values are not looked at.
    convert : callable
        Given such a document, returns what it becomes; raises `RefusedError` with all that is
        impossible in it, not the first alone.
    reads : tuple of str
        Keys of the document that it looks at; empty for all. What stands elsewhere may be damaged.
    """

    format: str
    recognizes: Callable[[Mapping[str, Any]], bool]
    convert: Callable[[Mapping[str, Any]], Imported]
    reads: tuple[str, ...] = ()

    def does_read(self, path: str) -> bool:
        """Return whether the importer reads the value at a path of the document."""
        if path == "$" or not self.reads:
            return True
        return re.split(r"[.\[]", path)[1] in self.reads


def read_as(shape: type[msgspec.Struct], document: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Return a document as a struct whose fields are its keys; other keys are passed over.

    Parameters
    ----------
    shape : type
        The struct; what its fields and its `__post_init__` refuse is told by path.
    document : mapping
        The JSON document.

    Raises
    ------
    RefusedError
        With a mistake for each key that is missing, of another type, or out of its range.
    """
    reading = Reading(shape, document)
    if reading.mistakes:
        raise RefusedError(reading.mistakes)
    return reading.config
