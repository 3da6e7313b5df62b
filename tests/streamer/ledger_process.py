"""A process that holds a ledger and writes it until it is killed; run as a module."""

import subprocess
import sys
from itertools import count
from pathlib import Path

from stimulators.gate.usage.past import DevicePast
from streamer.ledger import Ledger


def start(folder: Path) -> subprocess.Popen[str]:
    """Start it; it prints a line once it has written."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.streamer.ledger_process", str(folder)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )


def _main() -> None:
    with Ledger(Path(sys.argv[1]), lambda: 0) as ledger:
        for number in count():
            charges = tuple((float(age), 1.0) for age in range(300, 0, -1))
            ledger.keep((DevicePast(device="stn", known_age_s=0.0, charges=charges),))
            if number == 0:
                sys.stdout.write("written\n")
                sys.stdout.flush()


if __name__ == "__main__":
    _main()
