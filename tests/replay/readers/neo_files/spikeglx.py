"""SpikeGLX recordings of a National Instruments board: int16 samples beside a text of settings."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 10_000.0
#: 5 V over 2**15 steps, amplified 200 times.
VOLTS_PER_STEP = 5.0 / 2**15 / 200.0


def write_nidq(folder: Path, values: NDArray[np.int16], *, first_sample: int) -> None:
    """Write a run with amplified channels only."""
    name = "rig_g0_t0.nidq"
    n_channels = values.shape[1]
    settings = {
        "typeThis": "nidq",
        "fileName": f"D:/rig_g0/{name}.bin",
        "fileSizeBytes": values.nbytes,
        "firstSample": first_sample,
        "nSavedChans": n_channels,
        "niSampRate": RATE_HZ,
        "niAiRangeMax": 5,
        "niAiRangeMin": -5,
        "niMNGain": 200,
        "niMAGain": 1,
        "snsMnMaXaDw": f"{n_channels},0,0,0",
        "acqMnMaXaDw": f"{n_channels},0,0,0",
        "snsSaveChanSubset": "all",
        "gateMode": "Immediate",
        "trigMode": "Immediate",
        "~snsChanMap": f"({n_channels},0,0,0)"
        + "".join(f"(MN0C{number};{number}:{number})" for number in range(n_channels)),
    }
    text = "".join(f"{key}={value}\n" for key, value in settings.items())
    (folder / f"{name}.meta").write_text(text, "utf-8")
    (folder / f"{name}.bin").write_bytes(values.astype("<i2").tobytes())
