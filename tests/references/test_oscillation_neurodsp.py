"""Amplitude and phase against stored results of neurodsp, on a real motor cortex.

Those come from both sides of each sample: a band-pass of 13-30 Hz without delay (231 taps) and
the Hilbert transform of all. Ours come from the past alone, so they cannot be equal. What is held
is how near they are at the declared delay, which is the detector's quality on real data.
"""

from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import rankdata

from detectors.block import StreamLayout
from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from tests.support.blocks import block_of
from tests.support.cole2017 import RATE_HZ, cortex_uv

#: Filters at either end have settled.
_KEPT: Final = np.arange(300, 9600)


class _Rhythm(NamedTuple):
    amplitude_uv: NDArray[np.float64]
    phase_rad: NDArray[np.float64]
    delay_samples: int


def _ours(data_dir: Path) -> _Rhythm:
    samples_uv = cortex_uv(data_dir)[:10_000, None]
    config = OscillationConfig(
        id="beta", stream="ECoG", centre_hz=18.0, half_width_hz=5.0, hop_s=1.0 / RATE_HZ
    )
    detector = Oscillation(config, StreamLayout("ECoG", RATE_HZ, ("M1",)))
    found = detector.update(block_of(samples_uv, RATE_HZ, stream="ECoG")).estimates
    assert found.valid[_KEPT].all()
    return _Rhythm(found.values[:, 0], found.values[:, 1], round(detector.delay_s * RATE_HZ))


def _stored(data_dir: Path, name: str) -> NDArray[np.float64]:
    file = data_dir / "m1-ecog-pd-cole2017" / "neurodsp_ref" / f"sample_data_1_{name}.npy"
    stored = np.asarray(np.load(file), dtype=np.float64)
    assert np.isfinite(stored[_KEPT]).all()
    return stored


def test_the_amplitude_follows_the_reference_at_the_declared_delay(data_dir: Path) -> None:
    ours, reference_uv = _ours(data_dir), _stored(data_dir, "amp")[_KEPT]
    late = ours.amplitude_uv[_KEPT + ours.delay_samples]
    assert ours.delay_samples == 34
    likeness = np.corrcoef(late, reference_uv)[0, 1]
    assert likeness > 0.94
    assert np.median(late / reference_uv) == pytest.approx(1.0, abs=0.05)
    # And it is late: what is there now is not yet the amplitude of now.
    assert np.corrcoef(ours.amplitude_uv[_KEPT], reference_uv)[0, 1] < likeness - 0.05


def test_the_phase_is_that_of_the_reference_without_any_delay(data_dir: Path) -> None:
    ours, amplitude_uv = _ours(data_dir), _stored(data_dir, "amp")[_KEPT]
    apart = np.exp(1j * (ours.phase_rad - _stored(data_dir, "pha"))[_KEPT])
    clear = apart[amplitude_uv > np.median(amplitude_uv)].mean()
    assert abs(np.degrees(np.angle(clear))) < 8.0
    assert np.degrees(np.sqrt(-2.0 * np.log(abs(clear)))) < 31.0
    assert np.degrees(np.sqrt(-2.0 * np.log(abs(apart.mean())))) < 48.0


@pytest.mark.parametrize(("mask", "area"), [("burst_deviation", 0.94), ("burst_bosc", 0.91)])
def test_the_amplitude_is_higher_in_the_bursts_of_the_reference(
    data_dir: Path, mask: str, area: float
) -> None:
    """Test the area under the ROC curve; the reference's own amplitude reaches 0.96 and 0.94."""
    ours, in_burst = _ours(data_dir), _stored(data_dir, mask)[_KEPT] > 0.0
    assert 0.3 < in_burst.mean() < 0.5
    ranks = rankdata(ours.amplitude_uv[_KEPT + ours.delay_samples])
    n_in, n_all = int(in_burst.sum()), in_burst.size
    wins = ranks[in_burst].sum() - n_in * (n_in + 1) / 2.0
    assert wins / (n_in * (n_all - n_in)) > area
