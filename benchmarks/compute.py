"""The time that one hop of a detector takes, beside other packages that compute it online.

``python -m benchmarks.compute``. Contenders take turns, a burst of hops each, and the median over
all turns counts, so that a busy machine disturbs them alike; trust ratios, not microseconds. Peers
of `benchmarks.peers` take their turns in processes of their own.
"""

import platform
import sys

import numba
import numpy as np
import scipy

from benchmarks import band_power, coherence, coupling, warm_start
from benchmarks.contenders import processor
from benchmarks.emg import hops as emg
from benchmarks.peers.environments import PEERS, python_of


def main() -> int:
    """Print every table."""
    print(f"{processor()}; Python {platform.python_version()}, numpy {np.__version__}, ", end="")
    print(f"scipy {scipy.__version__}, numba {numba.__version__}")
    missing = [peer for peer in PEERS if python_of(peer) is None]
    if missing:
        print(f"not installed, so not measured: {', '.join(missing)}")
    for subject in (band_power, coherence, coupling, emg, warm_start):
        for line in subject.report():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
