"""Coherence against scipy and closed forms, what chance gives, and its configuration."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import coherence as scipy_coherence
from scipy.special import hyp2f1

from detectors.block import Block, StreamLayout, Taint
from detectors.chain import AnyDetectorConfig
from detectors.coherence import Coherence, CoherenceConfig
from detectors.estimates import Estimates


def layout_of(n_channels: int = 2, rate_hz: float = 250.0) -> StreamLayout:
    return StreamLayout("LFP", rate_hz, tuple(f"C{place}" for place in range(n_channels)))


def config_of(**keys: Any) -> CoherenceConfig:
    usual: dict[str, Any] = {
        "id": "sync",
        "stream": "LFP",
        "band_hz": (13.0, 30.0),
        "segment_s": 0.5,
        "window_s": 2.0,
    }
    return CoherenceConfig(**(usual | keys))


def coherence(
    samples_uv: NDArray[np.float64], rate_hz: float = 250.0, **keys: Any
) -> tuple[Coherence, Estimates]:
    detector = Coherence(config_of(**keys), layout_of(samples_uv.shape[1], rate_hz))
    taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    taint[0] = int(Taint.RESTART)
    time_s = np.arange(len(samples_uv)) / rate_hz
    return detector, detector.update(Block("LFP", 0, samples_uv, time_s, taint)).estimates


def measured(samples_uv: NDArray[np.float64], **keys: Any) -> NDArray[np.float64]:
    """Return the outputs of the one pair over the whole of a recording, as one window."""
    _, found = coherence(samples_uv, window_s=len(samples_uv) / 250.0, **keys)
    assert found.valid[-1].all()
    values: NDArray[np.float64] = found.values[-1]
    return values


def independent_windows(
    n_segments: int, n_windows: int, mixed: float = 0.0, **keys: Any
) -> NDArray[np.float64]:
    """Return the outputs in windows that share no sample, shape (n_windows * 20, 6).

    Twenty pairs of white noise; the squared coherence of each is `mixed` squared.
    """
    window = 16 * (n_segments - 1) + 32
    random = np.random.default_rng(n_segments)
    own = random.normal(0.0, np.sqrt(1.0 - mixed), (window * n_windows, 40))
    shared = random.normal(0.0, np.sqrt(mixed), (window * n_windows, 20))
    samples_uv = own + np.repeat(shared, 2, axis=1)
    pairs = tuple((f"C{place}", f"C{place + 1}") for place in range(0, 40, 2))
    detector, found = coherence(
        samples_uv,
        32.0,
        **({"band_hz": (8.0, 8.5)} | keys),
        segment_s=1.0,
        window_s=window / 32.0,
        pairs=pairs,
    )
    assert detector.n_segments == n_segments
    apart = (found.sample + 1) % window == 0
    assert apart.sum() == n_windows
    assert found.valid[apart].all()
    values: NDArray[np.float64] = found.values[apart].reshape(-1, 6)
    return values


@given(
    rate_hz=st.sampled_from([250.0, 418.4, 1000.0]),
    segment_s=st.floats(0.1, 0.5),
    n_halves=st.floats(3.0, 13.0),
    bin_at=st.floats(0.0, 1.0),
    n_bins=st.integers(1, 9),
    offset_uv=st.sampled_from([0.0, 1e4, -3e4]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60, deadline=None)
def test_every_hop_equals_scipy_at_its_bins(
    *,
    rate_hz: float,
    segment_s: float,
    n_halves: float,
    bin_at: float,
    n_bins: int,
    offset_uv: float,
    seed: int,
) -> None:
    segment = round(segment_s * rate_hz)
    first_bin = 1 + round(bin_at * ((segment - 1) // 2 - 1))
    band = (np.array([first_bin - 0.4, first_bin + n_bins - 0.6])) * rate_hz / segment
    low_hz, high_hz = float(band[0]), min(float(band[1]), rate_hz / 2.0)
    random = np.random.default_rng(seed)
    window_s = segment_s * n_halves / 2.0 + 2.0 / rate_hz
    samples_uv = random.normal(0.0, 10.0, (round(2.6 * window_s * rate_hz), 3))
    samples_uv[:, 1] += 0.7 * samples_uv[:, 0]
    samples_uv += offset_uv
    detector, found = coherence(
        samples_uv, rate_hz, band_hz=(low_hz, high_hz), segment_s=segment_s, window_s=window_s
    )
    n_valid = 0
    for newest, values, valid in zip(found.sample, found.values, found.valid, strict=True):
        first = int(newest) + 1 - detector.window_samples
        assert valid.all() == valid.any() == (first >= 0)
        n_valid += int(first >= 0)
        for a, b in ((0, 1), (0, 2), (1, 2)) if first >= 0 else ():
            frequency_hz, expected = scipy_coherence(
                samples_uv[first : newest + 1, a],
                samples_uv[first : newest + 1, b],
                rate_hz,
                nperseg=segment,
            )
            is_in_band = (low_hz <= frequency_hz) & (frequency_hz < high_hz)
            value = values[detector.columns(f"C{a}", f"C{b}").coherence]
            assert value == pytest.approx(expected[is_in_band].mean(), rel=0.0, abs=1e-9)
    assert n_valid > 1


@pytest.mark.parametrize("squared", [0.1, 0.25, 0.5, 0.81])
def test_a_shared_part_gives_the_coherence_and_the_phase_locking_of_theory(squared: float) -> None:
    random = np.random.default_rng(1)
    shared = np.sqrt(np.sqrt(squared) / (1.0 - np.sqrt(squared)))
    noise = random.normal(0.0, 1.0, (150_000, 2))
    values = measured(noise + shared * random.normal(0.0, 1.0, (150_000, 1)))
    locking = np.pi / 4.0 * np.sqrt(squared) * hyp2f1(0.5, 0.5, 2.0, squared)
    assert values[0] == pytest.approx(squared, abs=0.02)
    assert values[1] == pytest.approx(0.0, abs=0.02)
    assert values[2] == pytest.approx(locking, abs=0.02)
    assert values[3] < 0.05


@pytest.mark.parametrize("lag", [-3, -1, 1, 2])
def test_a_lag_gives_the_imaginary_part_of_theory(lag: int) -> None:
    """Where the second channel comes `lag` samples later the first leads, and it is above 0."""
    random = np.random.default_rng(2)
    shared = random.normal(0.0, 1.0, 150_010)
    noise = random.normal(0.0, 0.5, (150_000, 2))
    samples_uv = noise + np.stack((shared[5:-5], shared[5 - lag : -5 - lag]), axis=1)
    values = measured(samples_uv, band_hz=(19.9, 20.1))
    assert values[1] == pytest.approx(0.8 * np.sin(2.0 * np.pi * 20.0 * lag / 250.0), abs=0.02)
    assert values[0] == pytest.approx(0.64, abs=0.02)
    assert values[3] > 0.5


def test_what_both_channels_share_without_a_lag_has_no_imaginary_part() -> None:
    shared = np.random.default_rng(3).normal(0.0, 10.0, (5000, 1))
    values = measured(shared * [1.0, -0.25])
    assert values[0] == pytest.approx(1.0, abs=1e-12)
    assert values[0] <= 1.0
    assert values[1] == pytest.approx(0.0, abs=1e-12)
    assert values[2] == pytest.approx(1.0, abs=1e-12)
    assert 0.99 < values[5] <= 1.0


@pytest.mark.parametrize("n_segments", [4, 8, 19, 60])
def test_independent_channels_exceed_the_level_in_one_of_twenty_windows(n_segments: int) -> None:
    values = independent_windows(n_segments, 300)
    assert np.mean(values[:, 0] > values[:, 4]) == pytest.approx(0.05, abs=0.01)
    assert values[0, 4] == 1.0 - 0.05 ** (1.0 / (0.947 * n_segments - 1.0))


def test_a_rarer_level_is_exceeded_as_rarely_as_asked() -> None:
    values = independent_windows(19, 300, alpha=0.01)
    assert np.mean(values[:, 0] > values[:, 4]) == pytest.approx(0.01, abs=0.004)


def test_the_lowest_bin_exceeds_the_level_as_often_as_declared() -> None:
    lowest = independent_windows(19, 300, band_hz=(1.0, 1.5))
    assert np.mean(lowest[:, 0] > lowest[:, 4]) == pytest.approx(0.08, abs=0.015)
    second = independent_windows(19, 300, band_hz=(2.0, 2.5))
    assert np.mean(second[:, 0] > second[:, 4]) == pytest.approx(0.05, abs=0.01)


def test_the_average_over_several_bins_exceeds_the_level_more_rarely() -> None:
    values = independent_windows(19, 300, band_hz=(5.0, 14.0))
    assert np.mean(values[:, 0] > values[:, 4]) < 0.005


@pytest.mark.parametrize("n_segments", [19, 60])
def test_chance_gives_the_other_measures_what_is_declared(n_segments: int) -> None:
    values = independent_windows(n_segments, 300)
    independent = 0.947 * n_segments
    imaginary, locking, lag = values[:, 1:4].mean(axis=0)
    assert imaginary == pytest.approx(0.0, abs=0.01)
    assert locking == pytest.approx(np.sqrt(np.pi / (4.0 * independent)), rel=0.03)
    assert lag == pytest.approx(np.sqrt(4.0 / (np.pi * independent)), rel=0.03)


@pytest.mark.parametrize("mixed", [0.45, 0.7, 0.9])
@pytest.mark.parametrize(("n_segments", "share"), [(8, 0.10), (19, 0.08), (60, 0.06)])
def test_the_lower_bound_is_above_the_truth_as_often_as_declared(
    n_segments: int, share: float, mixed: float
) -> None:
    values = independent_windows(n_segments, 300, mixed)
    assert np.mean(values[:, 5] > mixed**2) == pytest.approx(share, abs=0.015)
    distance = np.arctanh(np.sqrt(values[:, 0])) - 1.64 / np.sqrt(2.0 * 0.947 * n_segments)
    expected = np.where(distance > 0.0, np.tanh(distance) ** 2, 0.0)
    assert values[:, 5] == pytest.approx(expected, abs=1e-12)


def test_identical_channels_never_exceed_one_and_always_have_a_bound() -> None:
    shared = np.random.default_rng(12).normal(0.0, 10.0, (40_000, 1))
    _, found = coherence(shared * [1.0, -0.3, 7.7])
    values = found.values[found.valid.all(axis=1)].reshape(-1, 6)
    assert len(values) > 1800
    assert (values[:, 0] <= 1.0).all()
    assert values[:, 0] == pytest.approx(1.0, abs=1e-12)
    assert np.isfinite(values[:, 5]).all()
    assert (values[:, 5] > 0.99).all()


def test_an_offset_of_a_thousand_volts_costs_no_more_than_it_does_in_the_samples() -> None:
    samples_uv = np.random.default_rng(13).normal(0.0, 10.0, (2000, 2)) + 1e9
    _, found = coherence(samples_uv, band_hz=(1.9, 2.1))
    _, expected = coherence(samples_uv - 1e9, band_hz=(1.9, 2.1))
    assert found.valid.any()
    assert (found.valid == expected.valid).all()
    assert found.values == pytest.approx(expected.values, abs=1e-10)


def test_an_artifact_leaves_no_trace_once_it_has_left_the_window() -> None:
    samples_uv = np.random.default_rng(4).normal(0.0, 5.0, (5000, 3))
    detector, clean = coherence(samples_uv)
    samples_uv[1100:1110, 1] = 1e11
    samples_uv[1200, 2] = np.nan
    _, found = coherence(samples_uv)
    past = found.sample >= 1200 + detector.window_samples
    assert past.sum() > 50
    assert found.valid[past].all()
    assert found.values[past].tobytes() == clean.values[past].tobytes()


def test_the_same_signal_over_and_over_gives_the_same_bits() -> None:
    period_uv = np.random.default_rng(5).normal(0.0, 5.0, (4 * 63, 2))
    detector, found = coherence(np.tile(period_uv, (2000, 1)))
    assert detector.n_segments == 6
    values = found.values[found.valid.all(axis=1)]
    turns = values[: len(values) // 12 * 12].reshape(-1, 12 * values.shape[1])
    assert len(turns) > 600
    assert (turns == turns[0]).all()


def test_pairs_do_not_disturb_each_other() -> None:
    samples_uv = np.random.default_rng(6).normal(0.0, 5.0, (1500, 5))
    every, together = coherence(samples_uv)
    assert len(every.pairs) == 10
    for pair in every.pairs:
        _, alone = coherence(samples_uv, pairs=(pair,))
        columns = list(every.columns(*pair))
        assert alone.values.tobytes() == np.ascontiguousarray(together.values[:, columns]).tobytes()


def test_the_order_of_a_pair_is_the_sign_of_its_imaginary_part_alone() -> None:
    samples_uv = np.random.default_rng(7).normal(0.0, 5.0, (1500, 2))
    _, there = coherence(samples_uv, pairs=(("C0", "C1"),))
    _, back = coherence(samples_uv, pairs=(("C1", "C0"),))
    assert (there.values[:, 1] == -back.values[:, 1]).all()
    assert (there.values[:, [0, 2, 3, 4, 5]] == back.values[:, [0, 2, 3, 4, 5]]).all()


def test_outputs_are_named_by_pair_and_measure() -> None:
    detector, found = coherence(np.zeros((10, 4)), channels=("C3", "C1", "C0"))
    assert detector.pairs == (("C3", "C1"), ("C3", "C0"), ("C1", "C0"))
    assert detector.channels == ("C3", "C1", "C0")
    assert found.values.shape == (0, 18)
    assert detector.outputs[6:12] == (
        "C3-C0.coherence",
        "C3-C0.imaginary",
        "C3-C0.phase_locking",
        "C3-C0.phase_lag",
        "C3-C0.level",
        "C3-C0.lower",
    )
    assert detector.columns("C3", "C0") == (6, 7, 8, 9, 10, 11)


@pytest.mark.parametrize(("keys", "hop"), [({}, 63), ({"hop_s": 0.504}, 126)])
def test_hops_are_on_the_grid_and_valid_once_the_window_is_full(
    keys: dict[str, Any], hop: int
) -> None:
    detector, found = coherence(np.random.default_rng(8).normal(0.0, 1.0, (2000, 2)), **keys)
    assert detector.window_samples == 5 * 63 + 125
    assert found.sample.tolist() == list(range(hop - 1, 2000, hop))
    assert found.valid.all(axis=1).tolist() == [n + 1 >= 440 for n in range(hop - 1, 2000, hop)]


@pytest.mark.parametrize("constant_uv", [0.0, 7.0, -1e9])
def test_a_dead_channel_is_not_valid_in_any_pair_and_spoils_no_other(constant_uv: float) -> None:
    samples_uv = np.random.default_rng(9).normal(0.0, 5.0, (1500, 3))
    samples_uv[:, 1] = constant_uv
    detector, found = coherence(samples_uv)
    full = found.sample + 1 >= detector.window_samples
    assert found.valid[full][:, list(detector.columns("C0", "C2"))].all()
    for pair in (("C0", "C1"), ("C1", "C2")):
        assert not found.valid[:, list(detector.columns(*pair))].any()
    assert np.isfinite(found.values).all()


def test_the_declared_delay_is_where_a_coupling_that_begins_is_half_seen() -> None:
    """Of all measures the imaginary part is the one that grows evenly as the window fills."""
    random = np.random.default_rng(10)
    shared = random.normal(0.0, 10.0, 30_000)
    other = random.normal(0.0, 10.0, 30_000)
    other[15_000:] = shared[14_997:-3]
    detector, found = coherence(
        np.stack((shared, other), axis=1), band_hz=(18.0, 24.0), window_s=40.0
    )
    full = np.median(found.values[found.sample > 26_000, 1])
    is_half = (found.sample >= 15_000) & (found.values[:, 1] > full / 2.0)
    half_s = found.time_s[np.flatnonzero(is_half)[0]] - 60.0
    assert half_s == pytest.approx(detector.delay_s, rel=0.1)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"pairs": (("C0", "C1"), ("C2", "C2"))},
            r"^pairs\[1\]: expected two channels, found 'C2'",
        ),
        ({"pairs": (("C0", "C9"),)}, r"^pairs\[0\]: expected one of C0, C1, C2, found 'C9'$"),
        (
            {"pairs": (("C0", "C1"), ("C1", "C0"))},
            r"^pairs\[1\]: expected unique pairs, found 'C1', 'C0' twice$",
        ),
        ({"channels": ("C0", "C9")}, r"^channels\[1\]: expected one of C0, C1, C2, found 'C9'$"),
        ({"channels": ("C1", "C1")}, r"^channels\[1\]: expected unique labels, found 'C1' twice$"),
        ({"channels": ("C1",)}, r"^channels: expected at least two, found C1$"),
        ({"band_hz": (13.0, 130.0)}, r"^band_hz: expected at most 125 Hz.*found \[13, 130\]$"),
        ({"band_hz": (13.2, 13.8)}, r"^band_hz: expected a band that holds a bin of 2 Hz"),
        ({"segment_s": 0.001}, r"^band_hz: expected a band that holds a bin of 1000 Hz"),
        ({"window_s": 0.7}, r"^window_s: expected at least two segments \(0.752 s\), found 0.7$"),
        ({"window_s": 0.1}, r"^window_s: expected at least two segments \(0.752 s\), found 0.1$"),
        ({"hop_s": 0.4}, r"^hop_s: expected a multiple of half a segment \(0.252 s\), found 0.4$"),
        ({"hop_s": 0.001}, r"^hop_s: expected a multiple of half a segment"),
        ({"hop_s": 2.016}, r"^window_s: expected more than one hop \(2.016 s\), found 2$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Coherence(config_of(**keys), layout_of(3))


def test_a_stream_of_one_channel_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^channels: expected at least two, found C0$"):
        Coherence(config_of(), layout_of(1))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("band_hz = [30.0, 13.0]", "band_hz: expected 0 < low < high, found [30, 13]"),
        ("band_hz = [0.0, 13.0]", "band_hz: expected 0 < low < high, found [0, 13]"),
        ("band_hz = [nan, 13.0]", "band_hz: expected 0 < low < high, found [nan, 13]"),
        (
            'band_hz = [13.0, 30.0]\npairs = [["a", "b"]]\nchannels = ["a"]',
            "channels: expected none where pairs are given, found 'a'",
        ),
        ('band_hz = [13.0, 30.0]\npairs = [["a", "b", "c"]]', "$[0].pairs[0]"),
        ("band_hz = [13.0, 30.0]\nsegment_s = 0.0", "$[0].segment_s"),
        ("band_hz = [13.0, 30.0]\nwindow_s = nan", "$[0].window_s"),
        ("band_hz = [13.0, 30.0]\nhop_s = -1.0", "$[0].hop_s"),
        ("band_hz = [13.0, 30.0]\nalpha = 1.0", "$[0].alpha"),
        ("band_hz = [13.0, 30.0]\nband_uv = 1", "unknown field `band_uv`"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(line: str, text: str) -> None:
    table = f'kind = "coherence"\nstream = "LFP"\nid = "sync"\n{line}\n'
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([msgspec.toml.decode(table)], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)
