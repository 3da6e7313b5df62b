"""Writes a long XDF file, one second at a time."""

import struct
from pathlib import Path

import numpy as np

from tests.replay import xdf_writer as write


def write_long(path: Path, *, duration_s: int, n_channels: int, rate_hz: int) -> None:
    """Write one signal of white noise of 10 µV, with offsets, boundaries and a footer."""
    random = np.random.default_rng(0)
    row = np.dtype([("flag", "u1"), ("stamp_s", "<f8"), ("values_uv", "<f4", (n_channels,))])
    labels = [f"LFP_{number}" for number in range(n_channels)]
    with path.open("wb") as file:
        file.write(write.file_header())
        file.write(write.header(1, n_channels=n_channels, rate_hz=str(rate_hz), labels=labels))
        for second in range(duration_s):
            rows = np.zeros(rate_hz, row)
            rows["flag"] = 8
            rows["stamp_s"] = 100.0 + second + np.arange(rate_hz) / rate_hz
            rows["values_uv"] = 10.0 * random.standard_normal((rate_hz, n_channels))
            file.write(write.chunk(3, struct.pack("<IBI", 1, 4, rate_hz) + rows.tobytes()))
            if second % 5 == 0:
                file.write(write.offset(1, 100.0 + second, 0.5))
                file.write(write.boundary())
        file.write(write.footer(1, duration_s * rate_hz))
