"""How fast a recording is replayed: recorded seconds to each second of processor time.

``python -m benchmarks.replay_speed``. A recording of 8 channels at 1 kHz is replayed by several
rigs: the whole loop, with policy, gate, virtual device, journal and tables, in blocks of 10 ms; the
same where detectors do not run ahead; and detectors alone. py_neuromodulation's offline mode takes
the same samples in a process of its own. All take turns, and the median counts. What counts is
processor time, all threads together: others who run in between take none of it, though on a shared
processor they slow it down. So trust ratios.
"""

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders import processor, verdict
from benchmarks.peers.process import PeerProcess, peers
from benchmarks.replay_speed.made_recording import (
    N_CHANNELS,
    RATE_HZ,
    samples_uv,
    write_recording,
)
from benchmarks.replay_speed.rigs import RIGS, Rig

_LENGTH_S: Final = 120
_N_TURNS: Final = 5
_BAND_HZ: Final = (13.0, 30.0)
_PEER: Final = "py_neuromodulation"


class OfPeer(NamedTuple):
    """What the peer computes of the samples, and how many seconds of them it is given."""

    name: str
    case: str
    length_s: int
    window_s: float = 0.4
    hop_s: float = 0.01


_OF_PEER: Final = (
    OfPeer(f"{_PEER} offline: band power", "offline_band_power", 30),
    OfPeer("  band power and bursts", "offline_bursts", 30),
    OfPeer("  band power, coherence of 28 pairs", "offline_coherence", 8, 2.0, 0.05),
)


def measure(rigs: Sequence[Rig] = RIGS, *, length_s: int = _LENGTH_S) -> Iterator[str]:
    """Replay with every rig in turns, and yield the lines of the table.

    Parameters
    ----------
    rigs : sequence of Rig
        Ways to replay; the others are held against the first.
    length_s : int
        Length of the recording.
    """
    given_uv = samples_uv(length_s)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stimloop-")))
        path = folder / "speed.xdf"
        write_recording(path, given_uv)
        for rig in rigs:  # compiled, and in the file system's memory
            rig.times_real(path, folder)
        turns = [[rig.times_real(path, folder) for rig in rigs] for _ in range(_N_TURNS // 2)]
        of_peer = [_peer_line(stack, each, given_uv) for each in _OF_PEER]
        turns += [[rig.times_real(path, folder) for rig in rigs] for _ in range(_N_TURNS // 2 + 1)]
    found = [statistics.median(times) for times in zip(*turns, strict=True)]
    yield f"  {'':42} {'times real time':>16} {'beside the first':>17}"
    for rig, times in zip(rigs, found, strict=True):
        yield _line(rig.name, times, found[0])
    for name, times_real in of_peer:
        if times_real is None:
            yield f"  {name}: not installed"
        else:
            yield _line(name, times_real, found[0])
    for rig, times in zip(rigs, found, strict=True):
        if rig.target is not None:
            told = f"{rig.name.strip()}: {times:.0f} times real time, target {rig.target:g}"
            yield f"  {verdict(times >= rig.target)}: {told}"
    yield f"  load of the machine {os.getloadavg()[0]:.1f}"


def _peer_line(
    stack: ExitStack, each: OfPeer, given_uv: NDArray[np.float32]
) -> tuple[str, float | None]:
    """Return the name of what the peer computes, and how fast; None where it is not installed."""
    process = _started(stack, each, given_uv)
    return each.name, None if process is None else each.length_s * 1e6 / process.turn_us(1)


def _started(stack: ExitStack, each: OfPeer, given_uv: NDArray[np.float32]) -> PeerProcess | None:
    """Start the peer on its part of the samples; return None where it is not installed."""
    case = {
        "case": each.case,
        "rate_hz": RATE_HZ,
        "band_hz": _BAND_HZ,
        "window_s": each.window_s,
        "hop_s": each.hop_s,
        "segment_s": 0.5,
    }
    part_uv = given_uv[: round(each.length_s * RATE_HZ)].astype(np.float64)
    processes = stack.enter_context(peers({_PEER: each.name}, part_uv, case))
    return processes[0] if processes else None


def _line(name: str, times_real: float, first: float) -> str:
    return f"  {name:42} {times_real:16.3g} {times_real / first:17.3g}"


def main() -> int:
    """Print the table."""
    print(f"{processor()}; {_LENGTH_S} s of {N_CHANNELS} channels at {RATE_HZ:g} Hz")
    for line in measure():
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
