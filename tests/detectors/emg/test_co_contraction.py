"""Co-contraction: closed forms of envelope noise, what chance gives, and what is wrong with EMG."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import butter, sosfilt
from scipy.stats import binom

from detectors.block import StreamLayout, Taint
from detectors.emg.co_contraction import CoContraction, CoContractionConfig
from detectors.emg.filters import filters_of
from detectors.outputs import column_of
from tests.detectors.emg.muscle_signals import (
    ACTIVE_UV,
    BASE_UV,
    RATE_HZ,
    Signal,
    emg,
    half_waves,
    noise_of,
    slow_of,
)
from tests.support.blocks import block_of

_RECTIFIED = np.sqrt(2.0 / np.pi)  # the mean modulus of noise with a root mean square of 1


class Found:
    """Estimates of muscles A, B, C, ... by measure."""

    def __init__(
        self, samples_uv: Signal, taint: np.ndarray[Any, Any] | None = None, **keys: Any
    ) -> None:
        labels = tuple("ABCDEFGHIJKLMNOP"[: samples_uv.shape[1]])
        levels: dict[str, Any] = {
            "rest_uv": dict.fromkeys(labels, _RECTIFIED * BASE_UV),
            "rest_sd_uv": dict.fromkeys(labels, 0.15 * BASE_UV),
            "reference_uv": dict.fromkeys(labels, _RECTIFIED * ACTIVE_UV),
        }
        config = CoContractionConfig(id="arm", stream="EMG", **{**levels, **keys})
        self.detector = CoContraction(config, StreamLayout("EMG", RATE_HZ, labels))
        block = block_of(samples_uv, RATE_HZ, stream="EMG", taint=taint)
        self.estimates = self.detector.update(block).estimates

    def last(self, measure: str, pair: str = "A-B") -> float | None:
        """Return the last value; None where it is not valid."""
        column = column_of(self.detector.outputs, pair, measure)
        if not self.estimates.valid[-1, column]:
            return None
        return float(self.estimates.values[-1, column])

    def flags(self) -> set[str]:
        """Return what is said to be wrong at the last hop."""
        found = ("is_crosstalk", "is_identical", "is_clipped", "insufficient_modulation")
        return {name for name in (*found, "is_at_rest", "has_bad_signal") if self.last(name) == 1.0}


def tonic(seed: int, n_s: float = 30.0, variation: float = 0.5) -> Signal:
    """Return two muscles of drives that go together slowly."""
    random = np.random.default_rng(seed)
    slow = slow_of(random, (round(n_s * RATE_HZ), 3))
    return emg(random, np.maximum(0.5 + 0.5 * variation * (slow[:, :1] + 0.3 * slow[:, 1:]), 0.0))


@pytest.mark.parametrize(("envelope_hz", "expected"), [(2.5, 0.059), (6.0, 0.093), (20.0, 0.170)])
def test_the_envelope_of_a_steady_contraction_varies_as_the_closed_form_says(
    envelope_hz: float, expected: float
) -> None:
    noise = noise_of(np.random.default_rng(1), (400_000, 4))
    low_pass = butter(2, envelope_hz, output="sos", fs=RATE_HZ)
    envelope = sosfilt(low_pass, np.abs(noise), axis=0)[2000:]
    closed = filters_of((20.0, 450.0), envelope_hz, RATE_HZ).noise_cv2(430.0) ** 0.5
    assert closed == pytest.approx(expected, abs=0.002)
    assert (envelope.std(axis=0) / envelope.mean(axis=0)).mean() == pytest.approx(closed, abs=0.01)


@pytest.mark.parametrize(("envelope_hz", "delay_s"), [(2.5, 0.090), (6.0, 0.0375), (20.0, 0.0113)])
def test_the_low_pass_is_as_late_as_the_closed_form_says(
    envelope_hz: float, delay_s: float
) -> None:
    band_s = filters_of((20.0, 450.0), 400.0, RATE_HZ).delay_s
    found_s = filters_of((20.0, 450.0), envelope_hz, RATE_HZ).delay_s
    assert found_s == pytest.approx(delay_s + band_s, abs=0.001)
    assert band_s < 0.005


@pytest.mark.parametrize("envelope_hz", [2.5, 6.0, 20.0])
def test_noise_of_envelopes_lowers_the_correlation_as_the_closed_form_says(
    envelope_hz: float,
) -> None:
    random = np.random.default_rng(4)
    slow = slow_of(random, (402_000, 3), 0.3)
    drive = 1.0 + 0.25 * (0.9 * slow[:, :1] + np.sqrt(0.19) * slow[:, 1:])
    found = Found(100.0 * drive * noise_of(random, drive.shape), envelope_hz=envelope_hz,
                  window_s=390.0, hop_s=1.0)  # fmt: skip
    used = drive[-390_000:]
    truth = float(np.corrcoef(used.T)[0, 1])
    squared = (used.std(axis=0) / used.mean(axis=0)) ** 2
    share = squared / (squared + found.detector.noise_cv**2 * (1.0 + squared))
    assert truth == pytest.approx(0.81, abs=0.03)
    assert found.last("correlation") == pytest.approx(truth * np.sqrt(share.prod()), abs=0.01)
    assert found.last("correlation_corrected") == pytest.approx(truth, abs=0.015)


def test_muscles_that_alternate_go_together_and_are_steady_are_told_apart() -> None:
    """Against the values of the generators: r -0.65, over 0.8, about 0; CCI near 0, 0.9, 0.8."""
    random = np.random.default_rng(2)
    time_s = np.arange(45_000) / RATE_HZ
    keys: dict[str, Any] = {"envelope_hz": 20.0, "window_s": 40.0}
    alternating = Found(emg(random, half_waves(time_s, 5.0, (0.0, np.pi))), **keys)
    together = Found(emg(random, half_waves(time_s, 5.0, (0.0, 0.0))), **keys)
    walking = Found(emg(random, half_waves(time_s, 0.8, (0.0, np.pi))), **keys)
    steady = Found(emg(random, np.full((45_000, 2), 0.5)), **keys)
    assert alternating.last("correlation") == pytest.approx(-0.65, abs=0.05)
    assert walking.last("correlation") == pytest.approx(-0.65, abs=0.03)
    found, null = together.last("correlation"), together.last("correlation_null")
    assert found is not None
    assert null is not None
    assert found > max(0.8, 3.0 * null)
    level = {
        name: each.last("level_index")
        for name, each in {"a": alternating, "t": together, "w": walking, "s": steady}.items()
    }
    assert level["a"] == pytest.approx(0.0, abs=0.1)
    assert level["w"] == pytest.approx(0.0, abs=0.1)
    assert level["t"] == pytest.approx(0.9, abs=0.03)
    assert level["s"] == pytest.approx(0.9, abs=0.03)
    assert steady.flags() == {"insufficient_modulation"}
    assert steady.last("correlation_corrected") is None
    assert steady.last("correlation") == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("edge_hz", [None, 1.0])
def test_independent_muscles_exceed_the_null_as_often_as_is_said(edge_hz: float | None) -> None:
    random = np.random.default_rng(6)
    drive = np.full((205_000, 16), 0.5)
    if edge_hz is not None:
        drive = np.maximum(0.5 + 0.2 * slow_of(random, drive.shape, edge_hz), 0.0)
    n_over, n_windows = over_null(emg(random, drive))
    # Slow drives have few independent values in a window: 3 to 7 % are stated.
    least, most = (0.05, 0.05) if edge_hz is None else (0.03, 0.07)
    assert n_windows > 300
    assert binom.ppf(0.001, n_windows, least) <= n_over <= binom.ppf(0.999, n_windows, most)


def test_noise_of_the_spectra_of_walking_muscles_exceeds_it_as_rarely(data_dir: Path) -> None:
    """Phases drawn anew: every muscle keeps its spectrum, and none knows of another."""
    file = data_dir / "emg-walk-13muscles" / "emg_13muscles.csv"
    recorded = np.genfromtxt(file, delimiter=",", skip_header=1)[:, 1:13]
    random = np.random.default_rng(3)
    size = np.abs(np.fft.rfft(recorded - recorded.mean(axis=0), axis=0))
    pieces = []
    for _ in range(28):
        phase = np.exp(2j * np.pi * random.random(size.shape))
        pieces.append(np.fft.irfft(size * phase, axis=0))
    n_over, n_windows = over_null(np.concatenate(pieces), rest_uv={}, rest_sd_uv={},
                                  reference_uv={}, crosstalk_max=0.99)  # fmt: skip
    assert n_windows > 200
    assert binom.ppf(0.001, n_windows, 0.04) <= n_over <= binom.ppf(0.999, n_windows, 0.07)


def test_synergists_and_antagonists_of_a_walking_leg_come_out_as_such(data_dir: Path) -> None:
    """Windows of 2 s, two gait cycles: heads of one muscle together, the ankle's in turn."""
    file = data_dir / "emg-walk-13muscles" / "emg_13muscles.csv"
    labels = file.read_text("utf-8").partition("\n")[0].split(",")
    recorded = np.genfromtxt(file, delimiter=",", skip_header=1)
    used = [labels.index(each) for each in ("VM", "VL", "GM", "GL", "ST", "BF", "TA", "SO")]
    pairs = (("A", "B"), ("C", "D"), ("E", "F"), ("G", "C"), ("G", "D"), ("G", "H"))
    found = Found(recorded[:, used], pairs=pairs, window_s=2.0, hop_s=0.25, rest_uv={},
                  rest_sd_uv={}, reference_uv={}).estimates  # fmt: skip
    every = found.valid[:, 0::11].all(axis=1)
    assert every.sum() > 15
    correlation, null = found.values[every, 0::11], found.values[every, 1::11]
    assert (correlation[:, :3] > null[:, :3] + 0.3).all()
    assert (correlation[:, 3:].mean(axis=0) < -0.3).all()
    assert not found.values[every, 5::11].any()  # no crosstalk


def over_null(samples_uv: Signal, **keys: Any) -> tuple[int, int]:
    """Return how many windows of pairs that share no channel are over the null, and of how many."""
    labels = "ABCDEFGHIJKLMNOP"[: samples_uv.shape[1]]
    pairs = tuple(zip(labels[::2], labels[1::2], strict=True))
    found = Found(samples_uv, pairs=pairs, window_s=5.0, hop_s=2.5, **keys).estimates
    valid = found.valid[::2, 0::11]
    over = found.values[::2, 0::11] > found.values[::2, 1::11]
    return int((over & valid).sum()), int(valid.sum())


def test_one_electrode_that_hears_both_muscles_is_called_crosstalk() -> None:
    clean = tonic(5)
    assert Found(clean).flags() == set()
    mixed = clean.copy()
    mixed[:, 1] += 0.6 * clean[:, 0]
    found = Found(mixed)
    assert found.flags() == {"is_crosstalk"}
    assert found.last("correlation_corrected") is None
    assert found.last("crosstalk") == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("factor", [1.0, -1.0, 0.3])
def test_one_signal_under_two_labels_has_no_co_contraction(factor: float) -> None:
    twice = tonic(5)
    twice[:, 1] = factor * twice[:, 0]
    found = Found(twice)
    assert found.flags() >= {"is_crosstalk", "is_identical"}
    for measure in ("correlation", "correlation_corrected", "level_index"):
        assert found.last(measure) is None


def test_a_channel_at_the_limits_of_its_amplifier_is_called_clipped() -> None:
    clipped = tonic(5)
    clipped[:, 0] = np.clip(clipped[:, 0], -60.0, 60.0)
    found = Found(clipped)
    assert found.flags() == {"is_clipped"}
    assert found.last("correlation") is None
    assert Found(np.round(tonic(5) / 0.3) * 0.3).flags() == set()  # counts of an amplifier


def test_an_electrode_that_is_off_is_told_flat_noisy_or_at_its_rail() -> None:
    random = np.random.default_rng(1)
    flat, quiet, rail = tonic(5), tonic(5), tonic(5)
    flat[:, 1] = 7.0
    quiet[:, 1] = 0.5 * noise_of(random, quiet[:, 1].shape)
    taint = np.zeros(rail.shape, dtype=np.uint16)
    taint[20_000:, 1] = np.uint16(Taint.SATURATED)
    for found in (Found(flat), Found(quiet), Found(rail, taint)):
        assert found.flags() == {"has_bad_signal"}
        assert not found.estimates.valid[-1, :10].any()


def test_muscles_at_rest_have_no_level_index() -> None:
    found = Found(emg(np.random.default_rng(1), np.zeros((30_000, 2))))
    assert found.flags() == {"is_at_rest", "insufficient_modulation"}
    assert found.last("level_index") is None


def test_without_levels_there_is_a_correlation_and_no_level_index() -> None:
    found = Found(tonic(5), rest_uv={}, rest_sd_uv={}, reference_uv={})
    assert found.flags() == set()
    assert found.last("level_index") is None
    assert found.last("is_at_rest") is None
    assert found.last("correlation") is not None


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"reference_uv": {"A": 4.5}}, r"reference_uv\.A: expected more than rest .* swapped"),
        ({"rest_sd_uv": {}}, r"rest_sd_uv\.A: expected one, as reference_uv has, found none"),
        ({"rest_uv": {"A": 4.0, "Z": 3.0}, "rest_sd_uv": {"A": 0.1, "Z": 0.1}}, r"rest_uv: .*'Z'"),
        ({"pairs": (("A", "A"),)}, r"pairs\[0\]: expected two muscles"),
        ({"pairs": (("A", "B"), ("B", "A"))}, r"pairs\[1\]: expected unique pairs"),
        ({"pairs": (("A", "Q"),)}, r"pairs\[0\]: expected one of A, B, found 'Q'"),
        ({"channels": ("A",)}, r"channels: expected at least two, found A"),
        ({"channels": ("A", "B"), "pairs": (("A", "B"),)}, r"pairs: expected no channels beside"),
        ({"band_hz": (20.0, 500.0)}, r"band_hz: expected less than 500 Hz, half the rate of 'EMG'"),
        ({"band_hz": (20.0, 600.0)}, r"band_hz: expected at most 500 Hz, half the rate of 'EMG'"),
        ({"window_s": 0.1}, r"window_s: expected more than one hop \(0\.1 s\), found 0\.1"),
    ],
)
def test_what_cannot_be_is_refused_with_the_key(keys: dict[str, Any], text: str) -> None:
    levels: dict[str, Any] = {
        "rest_uv": {"A": 4.0}, "rest_sd_uv": {"A": 0.5}, "reference_uv": {"A": 80.0},
    }  # fmt: skip
    with pytest.raises(ValueError, match=text):
        CoContraction(
            CoContractionConfig(id="arm", stream="EMG", **{**levels, **keys}),
            StreamLayout("EMG", RATE_HZ, ("A", "B")),
        )
