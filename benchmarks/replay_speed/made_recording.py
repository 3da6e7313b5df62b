"""A recording of noise, and a rhythm that comes and goes, for speed alone."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from replay.patient.xdf_file import XdfFile
from streamer.source import StreamInfo

RATE_HZ: Final = 1000.0
N_CHANNELS: Final = 8
#: Recorders measure the clock's offset this often, and a piece is written with each.
_PIECE_S: Final = 5


def samples_uv(length_s: float) -> NDArray[np.float32]:
    """Return noise on every channel, and a rhythm of 20 Hz that comes and goes."""
    time_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    swell = 1.0 + np.sin(2.0 * np.pi * 0.3 * time_s)
    rhythm = 8.0 * swell * np.sin(2.0 * np.pi * 20.0 * time_s)
    noise = np.random.default_rng(1).normal(0.0, 10.0, (time_s.size, N_CHANNELS))
    return (noise + rhythm[:, None]).astype(np.float32)


def write_recording(path: Path, given_uv: NDArray[np.float32]) -> None:
    """Write samples to an XDF file."""
    info = StreamInfo(
        name="LFP",
        lsl_name="LFP",
        lsl_type="LFP",
        rate_hz=RATE_HZ,
        channels=tuple(f"C{number}" for number in range(N_CHANNELS)),
        units=("uV",) * N_CHANNELS,
        dtype="float32",
    )
    n_piece = round(_PIECE_S * RATE_HZ)
    with XdfFile(path, info) as file:
        for first in range(0, len(given_uv), n_piece):
            piece = given_uv[first : first + n_piece]
            file.write(piece, (first + np.arange(len(piece))) / RATE_HZ)
