"""TDT blocks: an index of chunks, the chunks, and a text that names the stores."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_CHUNK = 64
RATE_HZ = 1000.0
#: A chunk of a stream; begin and end of a block.
_STREAM, _MARK = 0x8101, 0x8801


def write_block(folder: Path, times_s: Sequence[float], values: NDArray[np.float32]) -> None:
    """Write chunks of 64 samples of each channel, each chunk with its time."""
    stem = folder / f"{folder.parent.name}_{folder.name}"
    keys = {
        "StoreName": "LFP1",
        "HeadName": "HDR1",
        "Enabled": 1,
        "CircType": 0,
        "NumChan": values.shape[1],
        "StrobeMode": 0,
        "TankEvType": _STREAM,
        "NumPoints": N_CHUNK,
        "DataFormat": 0,
        "SampleFreq": RATE_HZ,
    }
    text = "".join(f"NAME={key};TYPE=L;VALUE={value};\n" for key, value in keys.items())
    stem.with_suffix(".Tbk").write_text(f"[STOREHDRITEM]\n{text}[USERNOTEDELIMITER]", "utf-8")
    stem.with_suffix(".Tdx").write_bytes(b"")
    dtype = [
        ("size", "<i4"),
        ("type", "<i4"),
        ("name", "S4"),
        ("channel", "<u2"),
        ("sort", "<u2"),
        ("time_s", "<f8"),
        ("offset", "<i8"),
        ("format", "<i4"),
        ("rate_hz", "<f4"),
    ]
    rows = [(10, 0, b"", 0, 0, 0.0, 0, 0, 0.0)]
    rows += [(10, _MARK, b"\x01", 0, 0, times_s[0] - 0.5, 0, 0, 0.0)]
    chunks = b""
    for number, time_s in enumerate(times_s):
        for channel in range(values.shape[1]):
            chunk = values[number * N_CHUNK : (number + 1) * N_CHUNK, channel].astype("<f4")
            rows.append((26, _STREAM, b"LFP1", channel + 1, 0, time_s, len(chunks), 0, RATE_HZ))
            chunks += chunk.tobytes()
    rows += [(10, _MARK, b"\x02", 0, 0, times_s[-1] + 0.5, 0, 0, 0.0)]
    stem.with_suffix(".tsq").write_bytes(np.array(rows, dtype).tobytes())
    stem.with_suffix(".tev").write_bytes(chunks)
