"""The amplifier of the latency benchmark: one sample each millisecond, with random pulses.

Stamps are computed, so a stamp names its sample; when each sample was pushed is written into a
file of float64 seconds of the LSL clock, at the sample's place. The first line on stdout is
the stamp of sample 0.
"""

import argparse
import sys
import time
from itertools import count
from pathlib import Path

import numpy as np
import pylsl

from benchmarks.figures.pulses import N_CHANNELS, PULSE_UV, RATE_HZ, noise, triggers


def push(source_id: str, pushed_file: Path, triggers_per_s: float, seed: int) -> None:
    """Push samples until the file of times is full, or the process is killed."""
    info = pylsl.StreamInfo("bench", "LFP", N_CHANNELS, RATE_HZ, "float32", source_id)
    info.set_channel_labels([f"ch{number}" for number in range(1, N_CHANNELS + 1)])
    info.set_channel_units(["uV"] * N_CHANNELS)
    outlet = pylsl.StreamOutlet(info)
    pushed_s = np.memmap(pushed_file, np.float64, "r+")
    rows = noise(seed).tolist()
    pulses = triggers(triggers_per_s, seed)
    next_pulse = next(pulses)
    start_s = pylsl.local_clock() + 0.1
    sys.stdout.write(f"{start_s!r}\n")
    sys.stdout.flush()
    for index in count():
        if index == pushed_s.size:
            return
        row = rows[index % len(rows)]
        if index == next_pulse:
            row = [*row[:-1], PULSE_UV]
            next_pulse = next(pulses)
        stamp_s = start_s + index / RATE_HZ
        wait_s = stamp_s - pylsl.local_clock()
        if wait_s > 0.0:
            time.sleep(wait_s)
        pushed_s[index] = pylsl.local_clock()
        outlet.push_sample(row, stamp_s)


def main() -> None:
    """Read the arguments and push."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source_id")
    parser.add_argument("pushed_file", type=Path)
    parser.add_argument("triggers_per_s", type=float)
    parser.add_argument("seed", type=int)
    given = parser.parse_args()
    push(given.source_id, given.pushed_file, given.triggers_per_s, given.seed)


if __name__ == "__main__":
    main()
