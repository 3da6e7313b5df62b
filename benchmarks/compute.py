"""What one hop of a detector costs, beside the peers that compute the same online.

``python -m benchmarks.compute``. Contenders take turns, a burst of hops each, and the median over
all turns counts, so that a busy machine disturbs them alike; trust ratios, not microseconds. Peers
of `benchmarks.peers` take their turns in processes of their own.
"""

import platform
import sys

import numba
import numpy as np
import scipy

from benchmarks import band_power, coherence
from benchmarks.contenders import processor
from benchmarks.peers.environments import PEERS, python_of


def main() -> int:
    """Print every table."""
    print(f"{processor()}; Python {platform.python_version()}, numpy {np.__version__}, ", end="")
    print(f"scipy {scipy.__version__}, numba {numba.__version__}")
    missing = [peer for peer in PEERS if python_of(peer) is None]
    if missing:
        print(f"not installed, so not measured: {', '.join(missing)}")
    for report in (band_power.report, coherence.report):
        for line in report():
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
