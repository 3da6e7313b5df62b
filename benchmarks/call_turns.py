"""Times calls of detector chains on request, a repetition at a time: see `benchmarks.calls`.

It runs against whichever tree stands first on the path, also an older one, so it needs of it only
what has been there for long: configurations, blocks and the chain.
"""

import sys
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from detectors.block import Block, StreamLayout
from detectors.chain import DetectorChain
from detectors.coherence.coherence import CoherenceConfig
from detectors.coupling.phase_amplitude_coupling import PhaseAmplitudeCouplingConfig
from detectors.detector import DetectorConfig
from detectors.power.band_power import BandPowerConfig

_RATE_HZ: Final = 1000.0
#: Samples that are repeated; windows are full after the second repetition.
_ROUND: Final = 20_000


def _band_power(_channels: tuple[str, ...]) -> DetectorConfig:
    return BandPowerConfig(
        id="d", stream="LFP", band_hz=(13.0, 30.0), window_s=1.0, hop_s=0.01, method="periodogram"
    )


def _recursive(_channels: tuple[str, ...]) -> DetectorConfig:
    return BandPowerConfig(
        id="d", stream="LFP", band_hz=(13.0, 30.0), hop_s=0.01, method="recursive"
    )


def _coherence(channels: tuple[str, ...]) -> DetectorConfig:
    pairs = tuple(
        (one, other) for index, one in enumerate(channels) for other in channels[index + 1 :]
    )
    return CoherenceConfig(
        id="d", stream="LFP", pairs=pairs, band_hz=(13.0, 30.0), window_s=2.0, hop_s=0.05
    )


def _coupling(_channels: tuple[str, ...]) -> DetectorConfig:
    return PhaseAmplitudeCouplingConfig(
        id="d",
        stream="LFP",
        phase_band_hz=(13.0, 30.0),
        amplitude_band_hz=(60.0, 200.0),
        window_s=2.0,
        hop_s=0.05,
    )


#: For each name its table, and the number of channels for one channel and for eight.
_KINDS: Final = {
    "band power": (_band_power, {1: 1, 8: 8}),
    "recursive power": (_recursive, {1: 1, 8: 8}),
    "coherence": (_coherence, {1: 2, 8: 8}),
    "coupling": (_coupling, {1: 1, 8: 8}),
}


def subject(kind: str, size: int, hops_a_call: int) -> Callable[[int], float]:
    """Return a function that makes a number of calls and returns the microseconds of each hop."""
    make, n_channels = _KINDS[kind]
    channels = tuple(f"C{number}" for number in range(n_channels[size]))
    chain = DetectorChain((make(channels),), {"LFP": StreamLayout("LFP", _RATE_HZ, channels)})
    n_rows = chain.detectors["d"].hop_samples * hops_a_call
    samples_uv = np.random.default_rng(1).normal(0.0, 10.0, (_ROUND, len(channels)))
    taint = np.zeros((n_rows, len(channels)), dtype=np.uint16)
    blocks = [
        Block(
            "LFP",
            first,
            samples_uv[first : first + n_rows].copy(),
            first / _RATE_HZ + np.arange(n_rows) / _RATE_HZ,
            taint,
        )
        for first in range(0, _ROUND - n_rows + 1, n_rows)
    ]

    def turn_us(n_calls: int) -> float:
        update = chain.update
        start_s = time.process_time()
        for call in range(n_calls):
            update(blocks[call % len(blocks)])
        return (time.process_time() - start_s) * 1e6 / (n_calls * hops_a_call)

    turn_us(2 * len(blocks))
    return turn_us


def main() -> None:
    """Read lines with a chain and a number of calls; answer each with microseconds a hop."""
    known: dict[tuple[str, int, int], Callable[[int], float]] = {}
    for line in sys.stdin:
        kind, size, hops_a_call, n_calls = line.rstrip("\n").split("\t")
        what = (kind, int(size), int(hops_a_call))
        turn = known.setdefault(what, known.get(what) or subject(*what))
        sys.stdout.write(f"{turn(int(n_calls))!r}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
