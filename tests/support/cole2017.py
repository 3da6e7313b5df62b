"""The recording of a motor cortex in Parkinson's disease by Cole et al. 2017."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 1000.0


def cortex_uv(data_dir: Path) -> NDArray[np.float64]:
    """Return its one channel, 88.9 s."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Reading `.npy`", category=UserWarning)
        samples = np.load(data_dir / "m1-ecog-pd-cole2017" / "exampledata.npy")
    return np.asarray(samples, dtype=np.float64)
