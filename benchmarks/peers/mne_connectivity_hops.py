"""Hops of mne-connectivity: all pairs over the Welch segments of the last window."""

import numpy as np
from mne_connectivity import spectral_connectivity_epochs
from numpy.typing import NDArray

from benchmarks.peers.hop import Case, Run

PACKAGE = "mne-connectivity"


def coherence(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the coherence averaged over the band; segments are passed as epochs, as views."""
    window = round(case["window_s"] * case["rate_hz"])
    segment = round(case["segment_s"] * case["rate_hz"])
    step = segment - segment // 2
    channels_uv = samples_uv.T.copy()
    low_hz, high_hz = case["band_hz"]

    def run(hop: int) -> object:
        first = case["hop"] * (hop + 1)
        starts = range(first, first + window - segment + 1, step)
        epochs = np.stack([channels_uv[:, start : start + segment] for start in starts])
        return spectral_connectivity_epochs(
            epochs,
            method="coh",
            sfreq=case["rate_hz"],
            mode="fourier",
            fmin=low_hz,
            fmax=high_hz - 0.5 / case["segment_s"],
            faverage=True,
            verbose="ERROR",
        )

    return run
