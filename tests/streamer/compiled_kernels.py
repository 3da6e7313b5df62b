"""Prints how many times kernels were compiled or loaded: after the warm-up, and after a session.

Run as a module, in a process that has compiled nothing before.
"""

import importlib
import pkgutil
import sys

import msgspec
from numba.core.dispatcher import Dispatcher

import detectors
from detectors.conditioning.artifacts.line_noise import LineNoiseConfig
from detectors.conditioning.artifacts.movement import MovementConfig
from detectors.conditioning.artifacts.saturation import SaturationConfig
from detectors.conditioning.artifacts.stimulation_blanking import StimulationBlankingConfig
from detectors.conditioning.artifacts.stimulation_period import StimulationPeriodConfig
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
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


def _with_artifacts() -> LoopConfig:
    artifacts = (
        SaturationConfig(),
        StimulationBlankingConfig(),
        StimulationPeriodConfig(frequency_hz=130.0),
        LineNoiseConfig(frequency_hz=50.0),
        MovementConfig(),
    )
    stream = msgspec.structs.replace(CONFIG.streams[0], artifacts=artifacts)
    return msgspec.structs.replace(CONFIG, streams=(stream, *CONFIG.streams[1:]))


def _main() -> None:
    config = _with_artifacts()
    warm_up(config, INFOS)
    n_warm = _n_compiled()
    loop = ClosedLoop(config, INFOS, SESSION)
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
