"""A small recording for tests and examples: two channels of noise with bursts of beta."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.replay import xdf_writer as xdf

RATE_HZ = 250.0
CHANNELS = ("STN_1", "STN_3")
NAME = "patient07.xdf"


def patient_uv(n_samples: int = 15_000, seed: int = 7) -> NDArray[np.float32]:
    """Return the samples, in microvolts."""
    random = np.random.default_rng(seed)
    time_s = np.arange(n_samples) / RATE_HZ
    swell = (np.sin(2 * np.pi * 0.7 * time_s) > 0.5) * 12.0
    rhythm = swell * np.sin(2 * np.pi * 20.0 * time_s)
    noise = random.normal(0.0, 8.0, (n_samples, len(CHANNELS)))
    return (noise + np.column_stack((rhythm, -0.5 * rhythm))).astype(np.float32)


def write_patient(folder: Path, *, lost: slice = slice(0, 0)) -> Path:
    """Write the recording, without the samples of a slice, and return its path."""
    samples = patient_uv()
    stamps_s = 100.0 + np.arange(len(samples)) / RATE_HZ
    kept = np.ones(len(samples), np.bool_)
    kept[lost] = False
    content = xdf.file_header() + xdf.header(1, rate_hz=f"{RATE_HZ:g}", labels=CHANNELS)
    content += xdf.samples(1, samples[kept], stamps_s[kept].tolist())
    path = folder / NAME
    path.write_bytes(content + xdf.footer(1, int(kept.sum())))
    return path
