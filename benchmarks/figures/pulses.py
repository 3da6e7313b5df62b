"""The signal of the latency benchmark, computed alike by its sender and its receiver."""

import random
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 1000.0
N_CHANNELS = 8
#: A sample of this height is a trigger; all others are noise.
PULSE_UV = 700.0
NOISE_SD_UV = 1.5

_N_NOISE = 4096


def triggers(triggers_per_s: float, seed: int) -> Iterator[int]:
    """Yield the sample indices of the pulses without end, at random intervals."""
    source = random.Random(seed)  # noqa: S311 reproducible, not secret
    period = RATE_HZ / triggers_per_s
    sample = 0
    while True:
        sample += source.randint(round(0.7 * period), round(1.3 * period))
        yield sample


def noise(seed: int) -> NDArray[np.float32]:
    """Return the noise, shape (4096, 8) in microvolts, to be repeated."""
    drawn = np.random.default_rng(seed).normal(0.0, NOISE_SD_UV, (_N_NOISE, N_CHANNELS))
    return drawn.astype(np.float32)
