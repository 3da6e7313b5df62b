"""AlphaOmega mpx files of version 4: blocks that each begin with their length and type."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 1000.0
#: Bit resolution and gain as AlphaLab SnR writes them.
RESOLUTION, GAIN = 38.147, 20.0


def write_mpx(
    path: Path, blocks: Sequence[tuple[int, NDArray[np.int16]]], *, start_s: float
) -> None:
    """Write LFP channels in blocks, each with the number of its first sample."""
    n_samples = sum(len(values) for _, values in blocks)
    content = struct.pack(
        "<HcxlhBBBBBBHBxddlB10s4sxl",
        *(60, b"h", 0, 0, 10, 5, 52, 0, 14, 3, 2024, 4),
        *(start_s, start_s + n_samples / RATE_HZ, 0, 4, b"ALab SNR", bytes(4), 0),
    )
    for channel in range(blocks[0][1].shape[1]):
        name = f"LFP {channel + 1:02}".encode() + b"\0"
        content += struct.pack("<Hcxlhhhx3B", 38 + len(name), b"2", 0, 1, 1, channel, 0, 0, 0)
        content += struct.pack("<hffhh", 0, RESOLUTION, RATE_HZ / 1000.0, 0, 0)
        content += struct.pack("<fh", 0.0, round(100 * GAIN)) + name
    for first, values in blocks:
        for channel, samples in enumerate(values.T):
            content += struct.pack("<Hcch", 10 + 2 * len(samples), b"5", b"\0", channel)
            content += samples.astype("<i2").tobytes() + struct.pack("<L", first)
    path.write_bytes(content + struct.pack("<Hc", 65535, b"\0"))
