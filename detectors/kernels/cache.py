"""Where compiled kernels are kept: apart for each state of the source, so none is ever stale."""

import hashlib
from pathlib import Path

from numba import config

_PACKAGE = Path(__file__).parents[1]


def keep_apart() -> None:
    """Let numba keep kernels in a folder of its own for what the package's source is now.

    By itself numba looks at the one file a kernel is in. It would go on with what it compiled
    when something else has changed that the kernel was compiled with, a bit of `Taint` or a
    kernel in another file. Where the user has chosen a folder (``NUMBA_CACHE_DIR``) this is left
    alone, and so it is where ours cannot be written.
    """
    if config.CACHE_DIR:  # type: ignore[attr-defined]
        return
    folder = _PACKAGE / "__pycache__" / f"kernels-{source_digest(_PACKAGE)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


def source_digest(package: Path) -> str:
    """Return a digest of every source file of a package and their names."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(str(path.relative_to(package)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
