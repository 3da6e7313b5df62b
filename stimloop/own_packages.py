"""Checks before the first import that no folder of the user hides a package of stimloop."""

import sys
from importlib.util import find_spec
from pathlib import Path

from stimloop.terminal.plain_text import plain

_NAMES = ("detectors", "stimulators", "streamer", "replay")


def expect_own_packages() -> None:
    """End the program where a package of stimloop would be imported from another folder.

    Python looks into the current folder first when it is started with ``-m``: a lab's own
    ``detectors.py`` there would be run in the place of ours.
    """
    root = Path(__file__).resolve().parents[1]
    for name in _NAMES:
        spec = find_spec(name)
        origin = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
        if origin is None or origin.parent != root / name:
            line = (
                f"stimloop: expected the package {name} in {root}, beside stimloop, found "
                f"{origin or 'none'}: start in another folder, or with the command `stimloop`, or "
                "as `python -P -m stimloop`"
            )
            sys.stderr.write(f"{plain(line)}\n")
            sys.exit(2)
