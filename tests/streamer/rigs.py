"""A small rig for tests of the loop and the service: one signal with pulses, one device."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np

from streamer.config import LoopConfig
from streamer.events import Chunk, ClockCorrection, Event
from streamer.source import StreamInfo
from tests.support.rig_toml import small_rig

SESSION = "00000000000000000001-00000000"
RATE_HZ = 250.0
HOP = 5


def _arm_itself(tables: dict[str, Any]) -> None:
    """Change the small rig so that it arms itself and needs no calibration."""
    tables["rig"] = {"name": "test", "arm": "auto"}
    tables["streams"][1].update(name="cues", match={"name": "cues"})
    tables["detectors"][0]["channels"] = ["STN"]
    tables["detectors"][1].update(threshold={"level": 100.0}, duration_s_min=0.0)
    tables["policies"][0]["device"] = "stn"
    tables["devices"][0].update(id="stn", simulated=True)
    tables["devices"][0]["limits"].update(
        slew_ma_per_s_max=10.0,
        refractory_s=0.0,
        commands_per_s_max=60.0,
        on_time_s_max=60.0,
        charge_uc_per_10_min_max=1e5,
    )


_NOISE = np.random.default_rng(7).normal(0.0, 3.0, (10_000, 2))

CONFIG = msgspec.toml.decode(small_rig(_arm_itself), type=LoopConfig)
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
    """Return a chunk of the signal; sample k comes k periods after `start_s`."""
    stamps_s = start_s + np.arange(first, first + n_samples) / RATE_HZ
    return Chunk("LFP", first, samples(first, n_samples), stamps_s)


class SignalSource:
    """A `Source` of the signal in chunks, in the running loop's time.

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
