"""An hour of 32 channels through the loop: memory does not grow with the recording."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.replay.long_recording import write_long
from tests.replay.readers.neo_files import blackrock

_ROOT = Path(__file__).parents[2]
#: The kernel's own account of the most memory a process ever had, compiling included.
_REPLAYED = """
import re, sys
from pathlib import Path
from stimloop.__main__ import run_command
code = run_command(["replay", sys.argv[1], "--out", sys.argv[2]])
peak_kb = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print("peak", peak_kb)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("name", ["hour.xdf", "hour.ns2"])
def test_an_hour_of_32_channels_replays_in_less_than_500_mb(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if name == "hour.xdf":
        write_long(path, duration_s=3600, n_channels=32, rate_hz=1000)
    else:
        steps = np.random.default_rng(0).integers(-100, 100, (3_600_000, 32)).astype(np.int16)
        blackrock.write_blocks(path, [(0, steps)])
    told = subprocess.run(
        [sys.executable, "-c", _REPLAYED, str(path), str(tmp_path / "session")],
        check=False,
        cwd=_ROOT,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=3500,
    )
    assert told.returncode == 0, told.stderr
    assert "3600000 samples, 720000 estimates" in told.stdout
    assert "replaying: " in told.stderr
    peak_mb = int(told.stdout.rpartition("peak ")[2]) / 1000.0
    assert peak_mb < 500.0
