"""Virtual environments of the other packages, whose versions conflict with ours.

``python -m benchmarks.peers.environments`` makes all of them in ``.venv-peers``.
"""

import subprocess
import sys
import venv
from pathlib import Path

_REQUIREMENTS = Path(__file__).parent / "requirements"
_FOLDER = Path(__file__).parents[2] / ".venv-peers"

#: Every peer that has a list of requirements.
PEERS = tuple(sorted(path.stem for path in _REQUIREMENTS.glob("*.txt")))


def python_of(peer: str) -> Path | None:
    """Return the Python of a package's environment, or None where it is not installed."""
    ready = _FOLDER / peer / ".ready"
    return _FOLDER / peer / "bin" / "python" if ready.exists() else None


def install(peer: str) -> str | None:
    """Create a package's environment where there is none; return an error text, or None."""
    folder = _FOLDER / peer
    if python_of(peer) is not None:
        return None
    venv.create(folder, with_pip=True, clear=True)
    requirements = str(_REQUIREMENTS / f"{peer}.txt")
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*command, "--requirement", requirements], check=False, capture_output=True, text=True
    )
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    (folder / ".ready").touch()
    return None


def main() -> int:
    """Create every environment; name those that fail and leave them out."""
    for peer in PEERS:
        problem = install(peer)
        print(f"{peer}: {problem or 'ready'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
