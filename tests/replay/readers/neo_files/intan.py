"""Intan rhd files of version 2.0, byte by byte, header and blocks of 128 samples in one file."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_BLOCK = 128


def write_rhd(
    path: Path, indices: NDArray[np.int32], values: NDArray[np.uint16], *, rate_hz: float = 1000.0
) -> None:
    """Write amplifier channels, and one auxiliary channel whose samples count up."""
    n_channels = values.shape[1]
    content = struct.pack("<Ihh", 0xC6912702, 2, 0)
    content += struct.pack(
        "<fh6fh2f", rate_hz, 1, 1.0, 0.1, 7500.0, 1.0, 0.1, 7500.0, 0, 1000.0, 1000.0
    )
    content += b"".join(map(_text, ("one", "two", ""))) + struct.pack("<hh", 0, 0)
    content += _text("") + struct.pack("<h", 1)
    content += _text("Port A") + _text("A") + struct.pack("<hhh", 1, n_channels + 1, n_channels)
    for number in range(n_channels):
        content += _channel(f"A-{number:03}", f"STN_{number}", number, kind=0)
    content += _channel("A-AUX1", "AUX1", n_channels, kind=1)
    blocks = np.zeros(
        len(values) // N_BLOCK,
        [
            ("index", "<i4", N_BLOCK),
            ("values", "<u2", (n_channels, N_BLOCK)),
            ("auxiliary", "<u2", N_BLOCK // 4),
        ],
    )
    blocks["index"] = indices.reshape(-1, N_BLOCK)
    blocks["values"] = values.reshape(-1, N_BLOCK, n_channels).swapaxes(1, 2)
    blocks["auxiliary"] = np.arange(len(values) // 4).reshape(-1, N_BLOCK // 4)
    path.write_bytes(content + blocks.tobytes())


def _text(text: str) -> bytes:
    content = text.encode("utf-16-le")
    return struct.pack("<I", len(content)) + content


def _channel(native: str, custom: str, order: int, *, kind: int) -> bytes:
    numbers = struct.pack("<10h2f", order, order, kind, 1, order, 0, 0, 0, 0, 0, 0.0, 0.0)
    return _text(native) + _text(custom) + numbers
