"""No kernel is compiled once a rig can be armed."""

import subprocess
import sys
from pathlib import Path


def test_no_kernel_is_compiled_after_the_warm_up() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.streamer.compiled_kernels"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    n_warm, n_after = (int(word) for word in done.stdout.split())
    assert n_warm == n_after > 0
