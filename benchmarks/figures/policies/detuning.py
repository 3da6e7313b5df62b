"""How much of its alignment a trigger at a phase keeps where its centre is beside the rhythm.

``python -m benchmarks.figures.policies.detuning`` runs `target_phase` on a rhythm of 20 Hz that
loses its phase, in noise, with centres beside it, and prints the mean cosine of the true phase at
its events as a share of that at the right centre, beside the closed form. One seed.
"""

import math
import sys
from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from benchmarks.figures.rhythms import CHANNEL, LEAD_S, STREAM, noisy, rig
from benchmarks.figures.statements import RATE_HZ
from detectors.block import Block, StreamLayout, Taint
from detectors.chain import DetectorChain
from detectors.rhythm.oscillation import OscillationConfig
from streamer.config import LoopConfig

HALF_WIDTHS_HZ: Final = (5.0, 2.0)
OFF_HZ: Final = (-3.0, -1.0, 1.0, 3.0)
_SECONDS: Final = 120.0
_LOST_PER_S: Final = 2.0
_SNR_DB: Final = 10.0
_SEED: Final = 6


def expected(off_hz: float, half_width_hz: float) -> float:
    """Return what is kept: the cosine of a resonator's phase beside its centre, and of the lead's.

    One pole of half width w is ``atan(d / w)`` behind, or ahead, of a rhythm d hertz beside its
    centre, and the lead is foretold at the centre's frequency.
    """
    return math.cos(math.atan(off_hz / half_width_hz) + math.tau * off_hz * LEAD_S)


def alignment(off_hz: float, half_width_hz: float, seconds: float = _SECONDS) -> float:
    """Return the mean cosine of the true phase at the events of a detector.

    Parameters
    ----------
    off_hz : float
        How far its centre is above the rhythm's.
    half_width_hz : float
        Of its resonator.
    seconds : float
        How long.
    """
    truth, samples_uv = noisy(_LOST_PER_S, _SNR_DB, seconds, _SEED)
    config = msgspec.toml.decode(rig(), type=LoopConfig)
    detectors = [
        msgspec.structs.replace(
            each, centre_hz=each.centre_hz + off_hz, half_width_hz=half_width_hz
        )
        if isinstance(each, OscillationConfig)
        else each
        for each in config.detectors
    ]
    chain = DetectorChain(detectors, {STREAM: StreamLayout(STREAM, RATE_HZ, (CHANNEL,))})
    taint = np.zeros((samples_uv.size, 1), dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    time_s = np.arange(samples_uv.size) / RATE_HZ
    seen = chain.update(Block(STREAM, 0, samples_uv[:, None].copy(), time_s, taint))
    at_s = [each.onset_s for part in seen for each in part.detections if each.kind == "moment"]
    phase_rad = np.interp(at_s, time_s, np.unwrap(np.angle(truth)))
    return float(np.cos(phase_rad).mean())


def rows() -> Iterator[str]:
    """Yield the rows of the table."""
    for half_width_hz in HALF_WIDTHS_HZ:
        right = alignment(0.0, half_width_hz)
        for off_hz in OFF_HZ:
            kept = 100.0 * alignment(off_hz, half_width_hz) / right
            closed = 100.0 * expected(off_hz, half_width_hz)
            yield f"| {half_width_hz:g} Hz | {off_hz:+g} Hz | {kept:.0f} % | {closed:.0f} % |"


def main() -> int:
    """Print the table."""
    print("| half width | centre beside the rhythm | alignment kept | closed form |")
    print("|---|---|---|---|")
    for row in rows():
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
