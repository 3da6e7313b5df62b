"""Prints how many times kernels were compiled or loaded: after the warm-up, and after a session.

Run as a module, in a process that has compiled nothing before.
"""

import importlib
import pkgutil
import sys

from numba.core.dispatcher import Dispatcher

import detectors
from streamer.closed_loop import ClosedLoop
from streamer.events import ClockCorrection, Tick
from streamer.warm_up import warm_up
from tests.streamer.rigs import CONFIG, INFOS, RATE_HZ, SESSION, chunk


def _n_compiled() -> int:
    names = [each.name for each in pkgutil.walk_packages(detectors.__path__, "detectors.")]
    kernels = {
        id(value): value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, Dispatcher)
    }
    return sum(len(kernel.signatures) for kernel in kernels.values())


def _main() -> None:
    warm_up(CONFIG, INFOS)
    n_warm = _n_compiled()
    loop = ClosedLoop(CONFIG, INFOS, SESSION)
    loop.step(ClockCorrection("LFP", 0.0, 1e-4), 0.0)
    first = 0
    for n_samples in (1, 1, 3, 64, 1, 500, 200, 7, 2000):
        samples = chunk(first, n_samples)
        loop.step(samples, (first + n_samples) / RATE_HZ)
        loop.step(Tick(), (first + n_samples) / RATE_HZ)
        first += n_samples + (n_samples == 200) * 50
    sys.stdout.write(f"{n_warm} {_n_compiled()}\n")


if __name__ == "__main__":
    _main()
