"""A small rig for tests of the loop and the service: one signal, one device, pulses to detect."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from streamer.config import LoopConfig
from streamer.events import Chunk, ClockCorrection, Event
from streamer.source import StreamInfo

SESSION = "00000000000000000001-00000000"
RATE_HZ = 250.0
HOP = 5

_RIG = """
[rig]
name = "test"
arm = "auto"

[[streams]]
name = "LFP"
match = { name = "LFP" }
kind = "lfp"

[[streams]]
name = "cues"
match = { name = "cues" }
kind = "markers"

[[detectors]]
id = "beta"
kind = "band_power"
stream = "LFP"
channels = ["STN"]
band_hz = [13.0, 30.0]
window_s = 0.4
hop_s = 0.02

[[detectors]]
id = "burst"
kind = "burst"
of = "beta"
threshold = { level = 100.0 }
duration_s_min = 0.0

[[policies]]
id = "adbs"
kind = "threshold"
of = "burst"
device = "stn"
onset_s = 0.0
termination_s = 0.0
on_ma = 2.0

[[devices]]
id = "stn"
simulated = true
safe_ma = 0.0

[devices.programs.adbs]
frequency_hz = 130.0
pulse_width_us = 60
contact_area_cm2 = 0.0598

[devices.limits]
amplitude_ma_max = 3.0
slew_ma_per_s_max = 10.0
charge_density_uc_per_cm2_max = 30.0
shannon_k_max = 1.5
refractory_s = 0.0
triggers_per_min_max = 600
commands_per_s_max = 60.0
on_time_s_max = 60.0
off_time_s_min = 0.5
rises_per_min_max = 600
charge_uc_per_10_min_max = 1e5

[gate]
lease_s = 1.0
"""

_NOISE = np.random.default_rng(7).normal(0.0, 3.0, (10_000, 2))

CONFIG = msgspec.toml.decode(_RIG, type=LoopConfig)
INFOS = (
    StreamInfo(
        name="LFP", rate_hz=RATE_HZ, channels=("STN", "ref"), units=("uV", "uV"), dtype="float32"
    ),
    StreamInfo(name="cues", rate_hz=0.0, channels=("cue",), units=("",), dtype="string"),
)


def samples(first: int, n_samples: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return the signal: noise, and 20 Hz of 40 uV for one second of every three."""
    index = np.arange(first, first + n_samples)
    noise = _NOISE[index % len(_NOISE)]
    is_on = index % round(3 * RATE_HZ) >= round(2 * RATE_HZ)
    noise[:, 0] += np.where(is_on, 40.0 * np.sin(2.0 * np.pi * 20.0 * index / RATE_HZ), 0.0)
    return noise.astype(np.float32)


def chunk(first: int, n_samples: int, *, start_s: float = 0.0) -> Chunk:
    """Return a chunk of the signal; sample k is of `start_s` plus k periods."""
    stamps_s = start_s + np.arange(first, first + n_samples) / RATE_HZ
    return Chunk("LFP", first, samples(first, n_samples), stamps_s)


class SignalSource:
    """A `Source` that gives the signal in chunks, on the running loop's time.

    Parameters
    ----------
    length_s : float
        After so long it ends.
    fails_with : Exception, optional
        What it raises instead of ending.
    """

    def __init__(self, length_s: float, *, fails_with: Exception | None = None) -> None:
        self.infos = INFOS
        self._length_s = length_s
        self._fails_with = fails_with

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    async def feed(self, emit: Callable[[Event], None]) -> None:
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        emit(ClockCorrection("LFP", 0.0, 1e-4))
        for first in range(0, round(self._length_s * RATE_HZ), HOP):
            due: asyncio.Future[None] = loop.create_future()
            loop.call_at(start_s + (first + HOP) / RATE_HZ, due.set_result, None)
            await due
            emit(chunk(first, HOP, start_s=start_s))
        if self._fails_with is not None:
            raise self._fails_with
