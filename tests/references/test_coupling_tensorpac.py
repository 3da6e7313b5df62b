"""Measures of phase-amplitude coupling against tensorpac, on the same arrays."""

from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.coupling.measures import coupling_of

peer = pytest.importorskip(
    "tensorpac.methods.meth_pac", reason="tensorpac is not installed (extra `peers`)"
)

#: Amplitudes on this grid are whole numbers of the detector's steps, so nothing is rounded.
_GRID: Final = 2.0**20


def _arrays(depth: float, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a phase in [-pi, pi), and an amplitude that follows it."""
    random = np.random.default_rng(seed)
    phase_rad = random.uniform(-np.pi, np.pi, 20_000)
    swing = 1.0 + depth * np.cos(phase_rad - 0.7)
    amplitude_uv = 12.0 * swing * random.rayleigh(1.0, phase_rad.size)
    return phase_rad, np.rint(amplitude_uv * _GRID) / _GRID


@pytest.mark.parametrize("depth", [0.0, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_modulation_index_is_the_same(depth: float, seed: int) -> None:
    phase_rad, amplitude_uv = _arrays(depth, seed)
    theirs = peer.modulation_index(phase_rad[None], amplitude_uv[None], n_bins=18).item()
    ours = coupling_of(phase_rad, amplitude_uv).modulation_index
    assert ours == pytest.approx(theirs, abs=1e-12, rel=0.0)


@pytest.mark.parametrize("depth", [0.0, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_mean_vector_length_is_the_same(depth: float, seed: int) -> None:
    """Products are rounded to steps: an error of half a step a sample, which averages out."""
    phase_rad, amplitude_uv = _arrays(depth, seed)
    theirs = peer.mean_vector_length(phase_rad[None], amplitude_uv[None]).item()
    ours = coupling_of(phase_rad, amplitude_uv)
    assert ours.mean_vector_length == pytest.approx(theirs, abs=1e-10, rel=0.0)
    normalised = theirs / np.sqrt((amplitude_uv**2).mean())
    assert ours.normalised_mean_vector_length == pytest.approx(normalised, abs=1e-11, rel=0.0)
