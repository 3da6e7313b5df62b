"""Blackrock nsx files, byte by byte: specifications 2.3 (blocks) and 3.0 (a stamp a sample)."""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Analog and digital range of a channel: 0.25 µV a step.
RANGE_UV, RANGE_STEPS = 8191, 32764


def write_blocks(
    path: Path, blocks: Sequence[tuple[int, NDArray[np.int16]]], *, period: int = 30
) -> None:
    """Write blocks, each with the tick at 30 kHz of its first sample."""
    content = _header((2, 3), b"NEURALCD", blocks[0][1].shape[1], period, 30_000)
    for tick, values in blocks:
        content += struct.pack("<BII", 1, tick, len(values)) + values.astype("<i2").tobytes()
    path.write_bytes(content)


def write_stamped(path: Path, stamps_ns: NDArray[np.uint64], values: NDArray[np.int16]) -> None:
    """Write samples each with a stamp in nanoseconds, as with the Precision Time Protocol."""
    packets = np.zeros(
        len(values),
        [("reserved", "u1"), ("ns", "<u8"), ("n", "<u4"), ("values", "<i2", values.shape[1:])],
    )
    packets["reserved"], packets["ns"], packets["n"] = 1, stamps_ns, 1
    packets["values"] = values
    header = _header((3, 0), b"BRSMPGRP", values.shape[1], 30, 1_000_000_000)
    path.write_bytes(header + packets.tobytes())


def _header(
    version: tuple[int, int], magic: bytes, n_channels: int, period: int, resolution: int
) -> bytes:
    n_bytes = 314 + 66 * n_channels
    content = struct.pack(
        "<8sBBI16s256sII", magic, *version, n_bytes, b"1 kS/s", b"", period, resolution
    )
    content += struct.pack("<8HI", 2024, 3, 4, 14, 10, 5, 52, 0, n_channels)
    for number in range(1, n_channels + 1):
        label = f"STN_{number}".encode()
        content += struct.pack("<2sH16sBB", b"CC", number, label, 1, number)
        content += struct.pack("<4h16s", -RANGE_STEPS, RANGE_STEPS, -RANGE_UV, RANGE_UV, b"uV")
        content += struct.pack("<IIHIIH", 300, 1, 1, 250_000, 4, 1)
    return content
