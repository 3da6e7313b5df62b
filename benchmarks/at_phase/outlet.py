"""The amplifier of the phase benchmark: a rhythm in noise, whose phase is known at each sample.

The first line on stdout is the stamp of sample 0; stamps are computed, so a stamp names its sample.
"""

import argparse
import sys
import time

import pylsl

from benchmarks.figures.rhythms import CHANNEL, noisy
from benchmarks.figures.statements import RATE_HZ


def push(source_id: str, lost_per_s: float, snr_db: float, seconds: float, seed: int) -> None:
    """Push the whole signal, one sample at a time."""
    _, signal_uv = noisy(lost_per_s, snr_db, seconds, seed)
    info = pylsl.StreamInfo("rhythm", "LFP", 1, RATE_HZ, "float32", source_id)
    info.set_channel_labels([CHANNEL])
    info.set_channel_units(["uV"])
    outlet = pylsl.StreamOutlet(info)
    start_s = pylsl.local_clock() + 0.1
    sys.stdout.write(f"{start_s!r}\n")
    sys.stdout.flush()
    for index, value_uv in enumerate(signal_uv.tolist()):
        stamp_s = start_s + index / RATE_HZ
        wait_s = stamp_s - pylsl.local_clock()
        if wait_s > 0.0:
            time.sleep(wait_s)
        outlet.push_sample([value_uv], stamp_s)


def main() -> None:
    """Read the arguments, and push the signal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source_id")
    for name in ("lost_per_s", "snr_db", "seconds"):
        parser.add_argument(name, type=float)
    parser.add_argument("seed", type=int)
    given = parser.parse_args()
    push(given.source_id, given.lost_per_s, given.snr_db, given.seconds, given.seed)


if __name__ == "__main__":
    main()
