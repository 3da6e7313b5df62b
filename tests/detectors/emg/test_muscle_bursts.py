"""Bursts of muscles against drives that are known: chorea-like, myoclonic, tremor, voluntary."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from detectors.block import StreamLayout, Taint
from detectors.emg.bursts.muscle_bursts import MuscleBursts, MuscleBurstsConfig
from detectors.emg.bursts.order_kernel import percentile_of, sort
from detectors.outputs import column_of
from tests.detectors.emg.muscle_signals import (
    ACTIVE_UV,
    RATE_HZ,
    Signal,
    emg,
    half_waves,
    hann_bursts,
    noise_of,
)
from tests.support.blocks import block_of

#: Mean and standard deviation of the envelopes at rest, by method: of 60 s.
_REST_UV = {"amplitude": (3.91, 0.66), "teager_kaiser": (5.74, 0.97)}
_LENGTH_S = 62.0


class Found:
    """Estimates and detections of muscles A, B, ..."""

    def __init__(
        self, samples_uv: Signal, taint: np.ndarray[Any, Any] | None = None, **keys: Any
    ) -> None:
        labels = tuple("ABCDEFGHIJKLMNOP"[: samples_uv.shape[1]])
        rest_uv, sd_uv = _REST_UV[keys.get("method", "amplitude")]
        table: dict[str, Any] = {
            "rest_uv": dict.fromkeys(labels, rest_uv),
            "rest_sd_uv": dict.fromkeys(labels, sd_uv),
            "pairs": list(pairwise(labels))[::2],
            "window_s": 60.0,
            "onset_sd": 5.0,
            "offset_sd": 3.0,
        }
        config = MuscleBurstsConfig(id="bursts", stream="EMG", **{**table, **keys})
        self.detector = MuscleBursts(config, StreamLayout("EMG", RATE_HZ, labels))
        seen = self.detector.update(block_of(samples_uv, RATE_HZ, stream="EMG", taint=taint))
        self.estimates, self.detections = seen.estimates, seen.detections

    def last(self, measure: str, channel: str = "A") -> float:
        """Return the last value; NaN where it is not valid."""
        column = column_of(self.detector.outputs, channel, measure)
        is_valid = self.estimates.valid[-1, column]
        return float(self.estimates.values[-1, column]) if is_valid else np.nan

    def times(self, kind: str, channel: str = "A") -> Signal:
        """Return when its onsets or offsets were."""
        return np.array(
            [e.onset_s for e in self.detections if (e.kind, e.channel) == (kind, channel)]
        )


def random_times(random: np.random.Generator, rate_hz: float, apart_s: float) -> Signal:
    """Return times at random in a minute, no two of them closer than that."""
    steps = apart_s + random.exponential(1.0 / rate_hz - apart_s, round(3.0 * _LENGTH_S * rate_hz))
    times_s = 0.5 + np.cumsum(steps)
    return np.asarray(times_s[times_s < _LENGTH_S - 0.5])


def bursts_of(random: np.random.Generator, times_s: Signal, low_s: float, high_s: float) -> Signal:
    """Return a drive of bursts of durations between two."""
    return hann_bursts(times_s, random.uniform(low_s, high_s, times_s.size), _LENGTH_S)


@pytest.mark.parametrize("method", ["amplitude", "teager_kaiser"])
def test_bursts_of_60_ms_are_found_when_and_as_long_as_they_are(method: str) -> None:
    times_s = np.arange(0.5, 61.0, 0.4)
    drive = hann_bursts(times_s, np.full(times_s.size, 0.06), _LENGTH_S)[:, None]
    found = Found(emg(np.random.default_rng(1), drive), method=method)
    onset_s = found.times("onset")
    assert onset_s.size == found.times("offset").size == pytest.approx(times_s.size, abs=3)
    # The filters are 15 ms late, and a Hann window begins slowly.
    late_s = np.array([(onset_s - time_s)[np.abs(onset_s - time_s).argmin()] for time_s in times_s])
    assert np.median(late_s) == pytest.approx(0.014, abs=0.005)
    assert np.abs(late_s).max() < 0.04
    assert found.last("duration_s") == pytest.approx(0.060, abs=0.006)
    assert found.last("rise_s") == pytest.approx(0.030, abs=0.006)
    assert found.last("n_bursts") == pytest.approx(149, abs=3)
    assert found.last("rate_hz") == pytest.approx(2.5, abs=0.05)
    assert found.last("frequency_hz") == pytest.approx(2.5, abs=0.03)
    assert found.last("interval_cv") < 0.2


def test_chorea_like_bursts_are_short_irregular_and_apart() -> None:
    random = np.random.default_rng(2)
    times_s = random_times(random, 3.0, 0.15)
    is_first = random.random(times_s.size) < 0.5
    drive = [bursts_of(random, times_s[which], 0.05, 0.1) for which in (is_first, ~is_first)]
    found = Found(emg(random, np.stack(drive, axis=1)))
    assert 0.05 <= found.last("duration_s") <= 0.1
    assert found.last("overlap", "A-B") == 0.0
    assert found.last("interval_cv") > 0.5


def test_myoclonic_jerks_are_sudden_and_of_both_muscles() -> None:
    random = np.random.default_rng(3)
    times_s = random_times(random, 1.0, 0.3)
    drive = np.repeat(bursts_of(random, times_s, 0.03, 0.05)[:, None], 2, axis=1)
    found = Found(emg(random, drive))
    assert found.last("duration_s") == pytest.approx(0.046, abs=0.006)
    assert found.last("rise_s") < 0.03
    assert found.last("overlap", "A-B") > max(0.7, found.last("overlap_null", "A-B"))
    assert found.last("is_crosstalk", "A-B") == 0.0


def test_tremor_is_regular_and_alternates_or_does_not() -> None:
    time_s = np.arange(round(_LENGTH_S * RATE_HZ)) / RATE_HZ
    random = np.random.default_rng(4)
    alternating = Found(emg(random, half_waves(time_s, 5.0, (0.0, np.pi))))
    together = Found(emg(random, half_waves(time_s, 5.0, (0.0, 0.0))))
    for found in (alternating, together):
        assert found.last("frequency_hz") == pytest.approx(5.0, abs=0.02)
        assert found.last("interval_cv") < 0.05
        assert found.last("tremor_stability_hz") < 0.3
    assert alternating.last("overlap", "A-B") < 0.2
    assert together.last("overlap", "A-B") > 0.9


def test_a_tremor_whose_cycles_change_is_less_stable() -> None:
    """The interquartile range of the difference of two normal frequencies: 1.349 sqrt(2) SD."""
    random = np.random.default_rng(5)
    cycle_hz = random.normal(5.0, 0.5, 350)
    drive = hann_bursts(0.5 + np.cumsum(1.0 / cycle_hz)[:295], np.full(295, 0.08), _LENGTH_S)
    found = Found(emg(random, drive[:, None]))
    assert found.last("tremor_stability_hz") == pytest.approx(1.349 * np.sqrt(2.0) * 0.5, rel=0.25)


def test_voluntary_reciprocal_movement_is_long_and_apart() -> None:
    time_s = np.arange(round(_LENGTH_S * RATE_HZ)) / RATE_HZ
    found = Found(emg(np.random.default_rng(6), half_waves(time_s, 0.8, (0.0, np.pi))))
    assert found.last("duration_s") == pytest.approx(0.60, abs=0.04)
    assert found.last("overlap", "A-B") < 0.05


def test_bursts_at_random_have_the_variation_of_chance() -> None:
    random = np.random.default_rng(7)
    drive = [bursts_of(random, random_times(random, 1.0, 0.2), 0.06, 0.06) for _ in range(6)]
    found = Found(emg(random, np.stack(drive, axis=1)))
    variations = [found.last("interval_cv", channel) for channel in "ABCDEF"]
    assert np.mean(variations) == pytest.approx(0.8, abs=0.1)  # 1, less by 0.2 s of every second


def test_independent_muscles_exceed_the_null_of_overlap_as_rarely_as_is_said() -> None:
    random = np.random.default_rng(8)
    drive = [bursts_of(random, random_times(random, 1.5, 0.25), 0.1, 0.2) for _ in range(16)]
    found = Found(emg(random, np.stack(drive, axis=1)), window_s=6.0, hop_s=3.0)
    first = column_of(found.detector.outputs, "A-B", "overlap")
    values, valid = found.estimates.values[::2, first::4], found.estimates.valid[::2, first::4]
    null = found.estimates.values[::2, first + 1 :: 4]
    n_windows = int(valid.sum())
    assert n_windows > 60
    assert ((values > null) & valid).sum() <= binom.ppf(0.999, n_windows, 0.05)


def test_percentiles_are_numpys() -> None:
    random = np.random.default_rng(1)
    for n_values in (1, 2, 7, 300):
        values = random.normal(size=n_values)
        expected = np.percentile(values, (0.0, 25.0, 50.0, 75.0, 100.0))
        sort(values)
        found = [percentile_of(values, percent) for percent in (0.0, 25.0, 50.0, 75.0, 100.0)]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_rest_makes_as_many_bursts_as_is_said() -> None:
    rest = emg(np.random.default_rng(9), np.zeros((62_000, 8)))
    usual = Found(rest, onset_sd=3.0, offset_sd=2.0)
    rates = [usual.last("rate_hz", channel) for channel in "ABCDEFGH"]
    assert 0.1 < np.mean(rates) < 0.3
    assert sum(each.kind == "onset" for each in Found(rest).detections) <= 3  # of 8 minutes


def test_a_burst_is_cut_by_bad_data_and_begins_anew_behind_it() -> None:
    drive = np.zeros((8_000, 1))
    drive[3_000:6_000] = 0.5
    taint = np.zeros(drive.shape, dtype=np.uint16)
    taint[4_000] = np.uint16(Taint.SATURATED)
    found = Found(emg(np.random.default_rng(1), drive), taint, window_s=1.0)
    assert [(e.kind, e.complete) for e in found.detections] == [
        ("onset", True), ("offset", False), ("onset", True), ("offset", True),
    ]  # fmt: skip
    assert found.detections[1].sample == found.detections[1].confirmed_sample == 4_000
    assert found.detections[1].strength == pytest.approx(0.5 * ACTIVE_UV * 0.8, rel=0.4)
    assert found.detections[2].sample - 4_000 == pytest.approx(40, abs=40)


def test_gaps_shorter_than_merge_s_and_bursts_shorter_than_the_shortest_do_not_count() -> None:
    times_s = np.array([1.0, 1.11, 2.0, 3.0])
    drive = hann_bursts(times_s, np.array([0.1, 0.1, 0.1, 0.012]), 5.0)[:, None]
    samples_uv = emg(np.random.default_rng(1), drive)
    assert (
        Found(samples_uv, window_s=1.0, merge_s=0.08, duration_s_min=0.05).times("onset").size == 2
    )
    assert Found(samples_uv, window_s=1.0, duration_s_min=0.05).times("onset").size == 3
    assert Found(samples_uv, window_s=1.0).times("onset").size >= 3


def test_electrodes_that_are_off_clipped_or_hear_each_other_are_told() -> None:
    time_s = np.arange(8_000) / RATE_HZ
    clean = emg(np.random.default_rng(1), half_waves(time_s, 2.0, (0.0, np.pi)))
    keys: dict[str, Any] = {"window_s": 5.0, "n_bursts_min": 4}
    fine = Found(clean, **keys)
    assert fine.last("has_bad_signal") == fine.last("is_clipped") == 0.0
    assert np.isfinite(fine.last("overlap", "A-B"))
    flat, quiet, clipped, mixed = (clean.copy() for _ in range(4))
    flat[:, 0] = 3.0
    quiet[:, 0] = 0.5 * noise_of(np.random.default_rng(2), quiet[:, 0].shape)
    clipped[:, 0] = np.clip(clipped[:, 0], -80.0, 80.0)
    mixed[:, 1] += 0.5 * mixed[:, 0]
    for samples_uv in (flat, quiet):
        off = Found(samples_uv, **keys)
        assert off.last("has_bad_signal") == 1.0
        assert np.isnan([off.last(each) for each in ("rate_hz", "share_on", "duration_s")]).all()
        assert np.isnan(off.last("overlap", "A-B"))
    assert Found(clipped, **keys).last("is_clipped") == 1.0
    crosstalk = Found(mixed, **keys)
    assert crosstalk.last("is_crosstalk", "A-B") == 1.0
    assert np.isnan(crosstalk.last("overlap", "A-B"))


def test_activation_is_the_share_of_the_reference_contraction() -> None:
    samples_uv = emg(np.random.default_rng(1), np.full((8_000, 1), 0.5))
    reference_uv = ACTIVE_UV * np.sqrt(2.0 / np.pi)
    found = Found(samples_uv, window_s=1.0, reference_uv={"A": reference_uv})
    values = found.estimates.values[20:, 1]
    assert values.mean() == pytest.approx(0.5, abs=0.03)
    assert np.isnan(Found(samples_uv, window_s=1.0).last("activation"))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"rest_uv": {}, "rest_sd_uv": {}}, r"rest_uv\.A: expected its level at rest"),
        ({"offset_sd": 6.0}, r"offset_sd: expected at most onset_sd \(5\), found 6"),
        ({"pairs": (("A", "C"),)}, r"pairs\[0\]: expected one of A, B, found 'C'"),
        ({"envelope_hz": 100.0, "window_s": 0.05}, r"window_s: expected more than one hop"),
    ],
)
def test_what_cannot_be_is_refused_with_the_key(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Found(np.zeros((10, 2)), **keys)
