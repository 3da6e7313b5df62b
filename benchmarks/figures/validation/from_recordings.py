"""The pictures of the guide from a folder of recordings to a rig.

``python -m benchmarks.figures.validation.from_recordings`` writes ten minutes of the simulated
patient to a file and runs the guide's commands on it; their pages are written to ``docs/pictures``.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
_DURATION_S = 600
#: The plan of the guide, for the rig that `calibrate` writes.
_PLAN = """
recordings = ["patient.xdf"]
rig = "rig.toml"
[[parameters]]
path = "detectors[beta].window_s"
values = [0.2, 0.3, 0.4, 0.5]
[[parameters]]
path = "detectors[beta_burst].threshold.level"
values = [4.0, 8.0, 12.0, 16.0, 24.0]
[score]
detector = "beta_burst"
"""


def main() -> int:
    """Make the recording, inspect it, calibrate on it and sweep."""
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "patient.xdf"
        rig, plan = Path(folder) / "rig.toml", Path(folder) / "plan.toml"
        plan.write_text(_PLAN, encoding="utf-8")
        commands = [
            ["patient", "--record", recording, "--duration", _DURATION_S],
            ["inspect", recording, "--picture", _PICTURES / "inspect.png"],
            ["calibrate", recording, "--picture", _PICTURES / "calibrate.png", "--out", rig],
            ["sweep", plan],
        ]
        for command in commands:
            line = [sys.executable, "-m", "stimloop", *map(str, command)]
            subprocess.run(line, check=True)
        for name, picture in (("roc.png", "sweep-roc.png"), ("heat-maps.png", "sweep-maps.png")):
            shutil.copyfile(plan.with_suffix(".sweep") / name, _PICTURES / picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
