"""Hops of tensorpac and pactools: the last window filtered and its modulation index."""

import numpy as np
from numpy.typing import NDArray
from pactools import Comodulogram
from tensorpac import Pac

from benchmarks.peers.hop import Case, Run

PACKAGE = "tensorpac"


def coupling(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the modulation index of all channels at once by tensorpac, without surrogates."""
    estimator = Pac(
        idpac=(2, 0, 0),
        f_pha=list(case["phase_band_hz"]),
        f_amp=list(case["amplitude_band_hz"]),
        verbose=False,
    )
    window = round(case["window_s"] * case["rate_hz"])
    channels_uv = samples_uv.T.copy()

    def run(hop: int) -> object:
        first = case["hop"] * (hop + 1)
        part_uv = channels_uv[:, first : first + window]
        return estimator.filterfit(case["rate_hz"], part_uv, n_perm=0, n_jobs=1, verbose=False)

    return run


def coupling_pactools(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the modulation index of each channel by pactools, one after another."""
    (low_hz, high_hz), (fast_low_hz, fast_high_hz) = (
        case["phase_band_hz"],
        case["amplitude_band_hz"],
    )
    estimator = Comodulogram(
        fs=case["rate_hz"],
        low_fq_range=np.array([(low_hz + high_hz) / 2.0]),
        low_fq_width=high_hz - low_hz,
        high_fq_range=np.array([(fast_low_hz + fast_high_hz) / 2.0]),
        high_fq_width=fast_high_hz - fast_low_hz,
        method="tort",
        progress_bar=False,
    )
    window = round(case["window_s"] * case["rate_hz"])

    def run(hop: int) -> object:
        first = case["hop"] * (hop + 1)
        return [estimator.fit(row) for row in samples_uv[first : first + window].T]

    return run
