"""The process behind `process.PeerProcess`: imports one package, and nothing of stimloop.

``python -m benchmarks.peers.worker PEER FOLDER`` answers each line, a number of hops, with the
microseconds a hop took.
"""

import contextlib
import importlib
import json
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np


def main() -> int:
    """Answer requests until the other side closes the pipe."""
    peer, folder = sys.argv[1], Path(sys.argv[2])
    answers = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        case = json.loads((folder / "case.json").read_text("utf-8"))
        samples_uv = np.load(folder / "samples.npy")
        module = importlib.import_module(f"benchmarks.peers.{peer}_hops")
        run = getattr(module, case["case"])(samples_uv, case)
        print(metadata.version(module.PACKAGE), file=answers, flush=True)
        for line in sys.stdin:
            n_hops = int(line)
            start_s = time.process_time()
            for hop in range(n_hops):
                run(hop)
            print((time.process_time() - start_s) * 1e6 / n_hops, file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
