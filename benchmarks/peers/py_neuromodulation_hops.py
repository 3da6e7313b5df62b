"""Hops of py_neuromodulation, its own feature classes on the last window; and its offline mode.

The offline mode, `Stream.run`, takes all samples at once: one call computes the whole recording.
"""

import tempfile
from itertools import combinations

import numpy as np
import py_neuromodulation
from numpy.typing import NDArray
from py_neuromodulation.features.coherence import Coherence
from py_neuromodulation.features.oscillatory import FFT
from py_neuromodulation.stream.settings import NMSettings
from py_neuromodulation.stream.stream import Stream
from py_neuromodulation.utils.channels import set_channels
from py_neuromodulation.utils.types import NMFeature

from benchmarks.peers.hop import Case, Run

PACKAGE = py_neuromodulation.__name__


def _settings(case: Case) -> NMSettings:
    settings = NMSettings.get_default()
    settings.frequency_ranges_hz = {"band": list(case["band_hz"])}
    settings.segment_length_features_ms = round(1000 * case["window_s"])
    return settings


def _run(feature: NMFeature, samples_uv: NDArray[np.float64], case: Case) -> Run:
    window = round(case["window_s"] * case["rate_hz"])
    channels_uv = samples_uv.T.copy()

    def run(hop: int) -> object:
        first = case["hop"] * (hop + 1)
        return feature.calc_feature(channels_uv[:, first : first + window])

    return run


def _names(samples_uv: NDArray[np.float64]) -> list[str]:
    return [f"C{index:03d}" for index in range(samples_uv.shape[1])]


def band_power(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the mean magnitude of the band by FFT, its fastest way, without a logarithm."""
    settings = _settings(case)
    settings.fft_settings.windowlength_ms = settings.segment_length_features_ms
    settings.fft_settings.log_transform = False
    settings.fft_settings.return_spectrum = False
    return _run(FFT(settings, _names(samples_uv), case["rate_hz"]), samples_uv, case)


def coherence(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the mean coherence of the band for all pairs, and nothing else."""
    settings = _settings(case)
    names = _names(samples_uv)
    _ask_coherence(settings, names, case)
    return _run(Coherence(settings, names, case["rate_hz"]), samples_uv, case)


def _ask_coherence(settings: NMSettings, names: list[str], case: Case) -> None:
    asked = settings.coherence_settings
    asked.channels = [list(pair) for pair in combinations(names, 2)]
    asked.nperseg = round(case["segment_s"] * case["rate_hz"])
    asked.frequency_bands = ["band"]
    asked.method.icoh = False
    asked.features.max_fband = False
    asked.features.max_allfbands = False


def offline_band_power(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the whole recording through `Stream.run`: band power by FFT."""
    return _offline(_offline_settings(case, "fft"), samples_uv, case)


def offline_bursts(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return the same with bursts."""
    settings = _offline_settings(case, "fft", "bursts")
    settings.bursts_settings.frequency_bands = ["band"]
    return _offline(settings, samples_uv, case)


def offline_coherence(samples_uv: NDArray[np.float64], case: Case) -> Run:
    """Return band power with the coherence of all pairs."""
    settings = _offline_settings(case, "fft", "coherence")
    _ask_coherence(settings, _names(samples_uv), case)
    return _offline(settings, samples_uv, case)


def _offline_settings(case: Case, *features: str) -> NMSettings:
    """Return settings of these features alone, as often as our hops and without further steps."""
    settings = _settings(case).reset()
    for feature in features:
        setattr(settings.features, feature, True)
    settings.sampling_rate_features_hz = 1.0 / case["hop_s"]
    settings.fft_settings.windowlength_ms = settings.segment_length_features_ms
    settings.preprocessing = []
    settings.postprocessing.feature_normalization = False
    settings.postprocessing.project_cortex = False
    settings.postprocessing.project_subcortex = False
    return settings


def _offline(settings: NMSettings, samples_uv: NDArray[np.float64], case: Case) -> Run:
    channels_uv = samples_uv.T.copy()
    names = _names(samples_uv)
    py_neuromodulation.logger.setLevel("WARNING")  # else a line a hop would be in its time
    channels = set_channels(names, ["ecog"] * len(names), reference=None, new_names=names)

    def run(_call: int) -> object:
        with tempfile.TemporaryDirectory() as folder:
            stream = Stream(
                sfreq=case["rate_hz"],
                channels=channels,
                data=channels_uv,
                settings=settings,
                verbose=False,
            )
            return stream.run(out_dir=folder, experiment_name="speed", save_csv=False)

    return run
