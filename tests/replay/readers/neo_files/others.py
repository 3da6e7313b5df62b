"""Files of formats with a text for a header: WinEDR, Multi Channel Systems."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 1000.0
MICROVOLTS_PER_STEP = 0.25


def write_edr(path: Path, values: NDArray[np.int16]) -> None:
    """Write a WinEDR file: 2048 bytes of keys, then samples by channels."""
    n_channels = values.shape[1]
    # volts a step: AD / (YCF * (ADCMAX + 1) * YAG); 4.096 V over 2**15 steps, amplified 500 times
    keys: dict[str, object] = {
        "VER": "6.4",
        "NC": n_channels,
        "NP": values.size,
        "NBH": 2048,
        "AD": 4.096,
        "ADCMAX": 32767,
        "DT": 1.0 / RATE_HZ,
    }
    for number in range(n_channels):
        keys |= {
            f"YN{number}": f"STN_{number}",
            f"YU{number}": "mV",
            f"YCF{number}": 0.001,
            f"YAG{number}": 500.0,
            f"YZ{number}": 0,
            f"YO{number}": number,
        }
    text = "".join(f"{key}={value}\r\n" for key, value in keys.items())
    path.write_bytes(text.encode().ljust(2048, b"\0") + values.astype("<i2").tobytes())


def write_mcs(path: Path, values: NDArray[np.uint16]) -> None:
    """Write what MC_DataTool converts to: a header of text up to ``EOH``, then samples."""
    names = ";".join(f"El_{number}" for number in range(values.shape[1]))
    lines = [
        "MC_DataTool binary conversion",
        "Version 2.6.15",
        'MC_REC file = "rig.mcd"',
        f"Sample rate = {RATE_HZ:g}",
        "ADC zero = 32768",
        f"El = {MICROVOLTS_PER_STEP}\N{MICRO SIGN}V/AD",
        f"Streams = {names}",
        "EOH",
        "",
    ]
    path.write_bytes("\r\n".join(lines).encode("latin-1") + values.astype("<u2").tobytes())
