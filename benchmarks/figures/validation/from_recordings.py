"""The pictures of the guide from a folder of recordings to a rig.

``python -m benchmarks.figures.validation.from_recordings`` writes ten minutes of the simulated
patient to a file and runs the guide's commands on it; their pages are written to ``docs/pictures``.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

_PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
_DURATION_S = 600


def main() -> int:
    """Make the recording, inspect it and calibrate on it."""
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "patient.xdf"
        commands = [
            ["patient", "--record", recording, "--duration", _DURATION_S],
            ["inspect", recording, "--picture", _PICTURES / "inspect.png"],
            ["calibrate", recording, "--picture", _PICTURES / "calibrate.png"],
        ]
        for command in commands:
            line = [sys.executable, "-m", "stimloop", *map(str, command)]
            subprocess.run(line, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
