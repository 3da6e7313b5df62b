"""Coherence and phase synchrony of pairs against MNE-Connectivity."""

from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.block import StreamLayout
from detectors.coherence.coherence import Coherence, CoherenceConfig
from tests.detectors.coherence.naive_coherence import spectra_of
from tests.support.blocks import block_of

mne = pytest.importorskip("mne", reason="MNE is not installed (extra `peers`)")
peer = pytest.importorskip("mne_connectivity", reason="MNE-Connectivity is not installed")

_RATE_HZ: Final = 250.0
_SEGMENT: Final = 250
_N_SEGMENTS: Final = 23
_BINS_HZ: Final = (3.0, 8.0, 20.0, 57.0)
#: What we name, and what the peer names.
_MEASURES: Final = {
    "coherence": "coh",  # theirs is the root of ours
    "imaginary": "imcoh",
    "phase_locking": "plv",
    "phase_lag": "wpli",
    "phase_lag_debiased": "wpli2_debiased",
}


def _pair_uv() -> NDArray[np.float64]:
    """Return two channels with a common part, one lagging the other."""
    random = np.random.default_rng(21)
    n_samples = _SEGMENT * (_N_SEGMENTS + 1) // 2
    shared = random.normal(0.0, 8.0, n_samples + 4).cumsum()
    shared -= shared.mean()
    noise = random.normal(0.0, 40.0, (n_samples, 2))
    noise += np.stack((shared[4:], shared[:-4]), axis=1)
    return noise


def _ours(samples_uv: NDArray[np.float64], measure: str) -> NDArray[np.float64]:
    """Return a measure of the pair at each of the bins, over one window."""
    return np.array([_at(samples_uv, bin_hz)[f"a-b.{measure}"] for bin_hz in _BINS_HZ])


def _at(samples_uv: NDArray[np.float64], bin_hz: float) -> dict[str, float]:
    config = CoherenceConfig(
        id="sync",
        stream="LFP",
        band_hz=(bin_hz, bin_hz + 0.5),
        segment_s=_SEGMENT / _RATE_HZ,
        window_s=len(samples_uv) / _RATE_HZ,
    )
    detector = Coherence(config, StreamLayout("LFP", _RATE_HZ, ("a", "b")))
    found = detector.update(block_of(samples_uv, _RATE_HZ)).estimates
    assert found.valid[-1].all()
    return {output.label: float(found.values[-1, at]) for at, output in enumerate(detector.outputs)}


def _theirs(data: Any, measure: str) -> NDArray[np.float64]:
    """Return MNE-Connectivity's result for the same, from segments or from their spectra."""
    found = peer.spectral_connectivity_epochs(
        data,
        method=_MEASURES[measure],
        indices=(np.array([0]), np.array([1])),
        sfreq=_RATE_HZ,
        fmin=3.0,
        mode="fourier",
        verbose="ERROR",
    )
    positions = [found.freqs.index(bin_hz) for bin_hz in _BINS_HZ]
    values = np.asarray(found.get_data()[0, positions], dtype=np.float64)
    return values**2 if measure == "coherence" else values


@pytest.mark.parametrize("measure", _MEASURES)
def test_every_measure_is_that_of_the_same_segments(measure: str) -> None:
    """Pass the spectra of the segments to MNE-Connectivity.

    Its own differ: the window there is the symmetric Hann, ours the periodic one, of scipy.
    """
    samples_uv = _pair_uv()
    spectra = np.stack(
        [spectra_of(samples_uv[:, channel], _SEGMENT, _SEGMENT // 2) for channel in (0, 1)], axis=1
    )
    assert len(spectra) == _N_SEGMENTS
    information = mne.create_info(["a", "b"], _RATE_HZ, "ecog", verbose="ERROR")
    frequency_hz = np.fft.rfftfreq(_SEGMENT, 1.0 / _RATE_HZ)
    data = mne.time_frequency.EpochsSpectrumArray(
        spectra, information, frequency_hz, verbose="ERROR"
    )
    assert _ours(samples_uv, measure) == pytest.approx(_theirs(data, measure), rel=0.0, abs=1e-11)


@pytest.mark.parametrize("measure", _MEASURES)
def test_every_measure_is_nearly_that_of_the_peers_own_spectra(measure: str) -> None:
    samples_uv = _pair_uv()
    starts = range(0, len(samples_uv) - _SEGMENT + 1, _SEGMENT // 2)
    segments_uv = np.stack([samples_uv[start : start + _SEGMENT].T for start in starts])
    theirs = _theirs(segments_uv, measure)
    assert _ours(samples_uv, measure) == pytest.approx(theirs, rel=0.0, abs=0.02)
    assert theirs.max() - theirs.min() > 0.1  # there is something to meet
