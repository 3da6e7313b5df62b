"""Every file format of recordings: those of this package, and those of installed packages."""

import importlib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import Final, NamedTuple

from detectors.package_modules import modules_of
from replay.readers.reader import Reader

#: The entry points of this group each name a `replay.readers.reader.Reader`.
GROUP: Final = "stimloop.readers"


class ReaderRegistry(NamedTuple):
    """The readers that were found, and why others were refused.

    Parameters
    ----------
    readers : tuple of Reader
        Our own by format, then the others in the order of their entry points' names.
    refused : dict of str to str
        For each entry point that could not be taken, the reason.

    Examples
    --------
    >>> "XDF" in [reader.format for reader in REGISTRY.readers]
    True
    """

    readers: tuple[Reader, ...]
    refused: Mapping[str, str]


def find(entry_points: Iterable[metadata.EntryPoint]) -> ReaderRegistry:
    """Return our own readers, each the `READER` of a file here, and those of the entry points.

    One that cannot be imported, or is no reader, is refused with the reason and leaves the rest as
    it is; no package can replace a format of another one.

    Examples
    --------
    >>> "XDF" in [reader.format for reader in find([]).readers]
    True
    """
    readers: list[Reader] = []
    for own in sorted(_own(), key=lambda each: each.format):
        readers.append(_checked(own, readers))
    refused: dict[str, str] = {}
    for entry_point in sorted(entry_points, key=lambda each: (each.name, each.value)):
        try:
            readers.append(_checked(entry_point.load(), readers))
        except Exception as error:  # noqa: BLE001 a broken package must not take the rest with it
            reason = str(error).partition("\n")[0] or type(error).__name__
            refused[entry_point.name] = f"{entry_point.value}: {reason}"
    return ReaderRegistry(tuple(readers), refused)


def _own() -> Iterator[Reader]:
    for module in modules_of(importlib.import_module("replay.readers")):
        found = getattr(module, "READER", None)
        if found is not None:
            yield found


def _checked(found: object, others: Iterable[Reader]) -> Reader:
    if not isinstance(found, Reader):
        raise TypeError(f"expected a replay.readers.reader.Reader, found {found!r}")
    if not found.suffixes or not all(
        each.startswith(".") and each == each.lower() for each in found.suffixes
    ):
        raise ValueError(
            f"expected suffixes in lower case with their dot, found {', '.join(found.suffixes)!r}"
        )
    if any(found.format == other.format for other in others):
        raise ValueError(f"expected a format of its own, found {found.format!r} again")
    return found


#: What is installed here.
REGISTRY: Final = find(metadata.entry_points(group=GROUP))
