"""What chance makes of states of two muscles: noise, white and of the spectra of real muscles."""

from pathlib import Path

import numpy as np
from scipy.signal import butter, sosfilt
from scipy.stats import binom

from detectors.block import StreamLayout
from detectors.emg.bursts.muscle_bursts import MuscleBursts, MuscleBurstsConfig
from detectors.outputs import column_of
from tests.detectors.emg.found_states import BURSTS, IN_TURN, REST, TOGETHER, Found
from tests.detectors.emg.muscle_signals import RATE_HZ, Signal, noise_of, walking_noise
from tests.support.blocks import block_of

_LABELS = "ABCDEFGHIJKL"
_PAIRS = tuple(zip(_LABELS[::2], _LABELS[1::2], strict=True))


def test_independent_muscles_exceed_the_coherence_null_as_rarely_as_is_said() -> None:
    noise = 30.0 * noise_of(np.random.default_rng(4), (100_000, 16))
    found = Found(noise, hop_s=9.0, alpha=0.05)
    exceeded = found.all("coherence") > found.all("coherence_null")
    low, high = binom.interval(0.99, 8 * len(exceeded), 0.05)  # eight pairs share no muscle
    assert low / 8 / len(exceeded) <= exceeded.mean() <= high / 8 / len(exceeded)


def test_noise_of_the_spectra_of_walking_muscles_is_no_rhythm(data_dir: Path) -> None:
    """Six pairs that share no muscle, windows that share no sample."""
    noise = walking_noise(data_dir, 45)
    active = Found(
        30.0 * noise, pairs=_PAIRS, window_s=10.0, hop_s=5.0, alpha=0.05,
        rest_uv=dict.fromkeys(_LABELS, 4.0), rest_sd_uv=dict.fromkeys(_LABELS, 0.7),
        reference_uv=dict.fromkeys(_LABELS, 40.0),
    )  # fmt: skip
    null, coherence, state = (
        active.all(each)[::2] for each in ("coherence_null", "coherence", "state")
    )
    low, high = binom.interval(0.998, coherence.size, 0.05)
    assert coherence.size > 150
    assert low <= (coherence > null).sum() <= high
    assert active.all("has_movement_artifact").max() == 0.0
    assert not np.isin(state, (REST, IN_TURN, TOGETHER, BURSTS)).any()


def test_noise_of_the_spectra_of_walking_muscles_at_their_rest_is_rest(data_dir: Path) -> None:
    noise = 5.0 * walking_noise(data_dir, 14)
    envelopes = _envelopes(noise)
    found = Found(
        noise, pairs=_PAIRS, hop_s=5.0,
        rest_uv=dict(zip(_LABELS, envelopes.mean(axis=0), strict=True)),
        rest_sd_uv=dict(zip(_LABELS, envelopes.std(axis=0), strict=True)),
        reference_uv=dict.fromkeys(_LABELS, 100.0),
    )  # fmt: skip
    states = found.all("state")[::2]
    assert states.size > 50
    assert (states == REST).mean() >= 0.95


def test_rest_makes_as_many_bursts_as_is_said(data_dir: Path) -> None:
    """More where the spectrum is narrow: its envelope is noisier and more skew."""
    white = noise_of(np.random.default_rng(1), (150_000, 12))
    at_3_sd, at_5_sd = (_per_min(white, onset_sd) for onset_sd in (3.0, 5.0))
    assert 7.0 < at_3_sd.mean() < 9.0
    assert at_5_sd.mean() < 0.5
    walking = walking_noise(data_dir, 40)
    at_3_sd, at_5_sd = (_per_min(walking, onset_sd) for onset_sd in (3.0, 5.0))
    assert 10.0 < at_3_sd.min() < at_3_sd.max() < 26.0
    assert at_5_sd.max() < 2.0


def _envelopes(noise: Signal) -> Signal:
    sections = butter(2, (20.0, 450.0), "bandpass", output="sos", fs=RATE_HZ)
    low_pass = butter(2, 20.0, output="sos", fs=RATE_HZ)
    modulus = np.abs(sosfilt(sections, noise, axis=0))
    return np.asarray(sosfilt(low_pass, modulus, axis=0)[1000:])


def _per_min(noise: Signal, onset_sd: float) -> Signal:
    """Return how many bursts a minute each muscle has at rest."""
    envelopes = _envelopes(noise)
    config = MuscleBurstsConfig(
        id="bursts", stream="EMG", hop_s=5.0, onset_sd=onset_sd,
        rest_uv=dict(zip(_LABELS, envelopes.mean(axis=0), strict=True)),
        rest_sd_uv=dict(zip(_LABELS, envelopes.std(axis=0), strict=True)),
    )  # fmt: skip
    detector = MuscleBursts(config, StreamLayout("EMG", RATE_HZ, tuple(_LABELS)))
    found = detector.update(block_of(noise, RATE_HZ, stream="EMG")).estimates
    columns = [column_of(detector.outputs, each, "n_bursts") for each in _LABELS]
    is_full = found.sample + 1 >= detector.span_samples
    return np.asarray(found.values[is_full][:, columns].mean(axis=0) * 60.0 / config.window_s)
