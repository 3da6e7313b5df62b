"""Errors with their key path in front: ``$.detectors[0].band_hz: expected ..., found ...``."""

import re
from typing import Any

_KEY_PATH = re.compile(r" - at `(\$[^`]*)`$")
_KEY = re.compile(r"^([A-Za-z_][\w.\[\]-]*): (.*)$", re.DOTALL)


def with_path_first(text: str) -> str:
    """Return an error's text with its key path in front.

    Parameters
    ----------
    text : str
        As msgspec says it, with the path at the end, or as our constructors do, beginning with
        the key; or both.
    """
    found = _KEY_PATH.search(text)
    path, text = (found[1], text[: found.start()]) if found else ("$", text)
    key = _KEY.match(text)
    if key is not None:
        return f"{path}.{key[1]}: {key[2]}"
    return f"{path}: {text}" if path != "$" else text


def innermost(path: str, table: Any) -> tuple[str, Any]:  # noqa: ANN401 of any kind of policy
    """Return the policy that decides within others that wrap it, with its key path.

    Parameters
    ----------
    path : str
        The key path of the outermost table.
    table : struct
        That table; what it wraps is under its key ``wraps``.

    Examples
    --------
    >>> from stimulators.policies.arms.sham import Sham
    >>> path, table = innermost("$.policies[0]", Sham.examples[0])
    >>> path, type(table).__name__
    ('$.policies[0].wraps', 'ThresholdConfig')
    """
    while (within := getattr(table, "wraps", None)) is not None:
        path, table = f"{path}.wraps", within
    return path, table
