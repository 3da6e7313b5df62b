"""Run one seed of the world and print what happened: ``python -m tests.world SEED``."""

import argparse
import sys

from tests.world.electrode_oracle import ViolationError
from tests.world.scenario import run_seed

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--faults", help="only these, with commas between")
    asked = parser.parse_args()
    kinds = asked.faults.split(",") if asked.faults else None
    try:
        result = run_seed(asked.seed, kinds=kinds, n_steps=asked.steps)
    except ViolationError as violation:
        sys.exit(str(violation))
    sys.stdout.write(f"{result.n_steps} steps, electrodes {result.digest}\n")
