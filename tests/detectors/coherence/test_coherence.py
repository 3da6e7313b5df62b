"""`coherence` against scipy and closed forms, and against drift of its sums."""

from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import coherence as scipy_coherence
from scipy.special import hyp2f1

from detectors.coherence.coherence import Coherence
from detectors.estimates import Estimates
from tests.detectors.coherence.coherences import coherence, config_of, measured
from tests.detectors.coherence.naive_coherence import measures_of
from tests.detectors.power.naive_band_power import parts_of
from tests.support.blocks import block_of, layout_of
from tests.support.searching import search


def columns_of(detector: Coherence, pair: tuple[str, str]) -> list[int]:
    return [position for position in detector.columns(*pair) if position is not None]


def equals_scipy(
    detector: Coherence,
    found: Estimates,
    samples_uv: NDArray[np.float64],
    band_hz: tuple[float, float],
    one_of: int = 1,
) -> int:
    """Compare one of each n hops with scipy on its window; return how many were valid."""
    segments = detector.segments
    n_valid = 0
    each_hop = zip(found.sample, found.values, found.valid, strict=True)
    for newest, values, valid in islice(each_hop, None, None, one_of):
        first = int(newest) + 1 - segments.span
        assert valid.all() == valid.any() == (first >= 0)
        n_valid += int(first >= 0)
        for a, b in detector.pairs if first >= 0 else ():
            frequency_hz, expected = scipy_coherence(
                samples_uv[first : newest + 1, int(a[1:])],
                samples_uv[first : newest + 1, int(b[1:])],
                detector.rate_hz,
                nperseg=segments.length,
                noverlap=segments.length - segments.step,
            )
            parts = parts_of(frequency_hz, band_hz, detector.rate_hz)
            parts[(segments.length + 1) // 2 :] = 0.0  # where there is no phase
            value = values[detector.columns(a, b).coherence]
            assert value == pytest.approx(parts @ expected / parts.sum(), rel=0.0, abs=1e-9)
    return n_valid


@given(
    rate_hz=st.sampled_from([250.0, 418.4, 1000.0]),
    segment_s=st.floats(0.1, 0.5),
    n_halves=st.floats(3.5, 16.0),
    hop=st.one_of(st.none(), st.integers(1, 400)),
    bin_at=st.floats(0.0, 1.0),
    n_bins=st.integers(1, 9),
    offset_uv=st.sampled_from([0.0, 1e4, -3e4]),
    seed=st.integers(0, 1000),
)
@search(80)
def test_every_hop_equals_scipy_at_its_bins(
    *,
    rate_hz: float,
    segment_s: float,
    n_halves: float,
    hop: int | None,
    bin_at: float,
    n_bins: int,
    offset_uv: float,
    seed: int,
) -> None:
    segment = round(segment_s * rate_hz)
    half = segment - segment // 2
    if hop is not None and hop > half:
        hop = half * (1 + hop % 2)
    # From the second on: a band that begins below the first has no whole cycle in a segment.
    first_bin = 2 + round(bin_at * ((segment - 1) // 2 - 2))
    low_hz = (first_bin - 0.4) * rate_hz / segment
    high_hz = min((first_bin + n_bins - 0.6) * rate_hz / segment, rate_hz / 2.0)
    random = np.random.default_rng(seed)
    window_s = segment_s * n_halves / 2.0 + 2.0 / rate_hz
    n_samples = round(window_s * rate_hz) + 3 * half
    samples_uv = random.normal(0.0, 10.0, (n_samples, 3))
    samples_uv[:, 1] += 0.7 * samples_uv[:, 0]
    samples_uv += offset_uv
    detector = Coherence(
        config_of(
            band_hz=(low_hz, high_hz),
            segment_s=segment_s,
            window_s=window_s,
            hop_s=None if hop is None else hop / rate_hz,
        ),
        layout_of(3, rate_hz),
    )
    found = detector.update(block_of(samples_uv, rate_hz)).estimates
    one_of = 1 if hop is None or hop > 20 else 20 // hop
    assert equals_scipy(detector, found, samples_uv, (low_hz, high_hz), one_of) > 0


def test_a_window_of_three_segments_every_50_ms_equals_scipy() -> None:
    samples_uv = np.random.default_rng(20).normal(0.0, 10.0, (4000, 9))
    samples_uv[:, 1:] += 0.6 * samples_uv[:, :-1]
    keys: dict[str, Any] = {"segment_s": 1.0, "window_s": 2.0, "hop_s": 0.05}
    detector, found = coherence(samples_uv, 1000.0, **keys)
    assert detector.segments == (1000, 500, 3, 50)
    assert equals_scipy(detector, found, samples_uv, (13.0, 30.0)) == 41


@pytest.mark.parametrize(
    ("hop", "step"),
    [(1, 63), (21, 63), (25, 75), (30, 60), (40, 80), (63, 63), (126, 63), (70, 70)],
)
def test_segments_follow_each_other_by_the_multiple_of_a_hop_nearest_to_half(
    hop: int, step: int
) -> None:
    detector = Coherence(config_of(hop_s=hop / 250.0), layout_of(2, 250.0))
    assert detector.hop_samples == hop
    assert detector.segments.step == step
    assert detector.segments.span == 125 + (detector.segments.number - 1) * step <= 500


@pytest.mark.parametrize("squared", [0.1, 0.25, 0.5, 0.81])
def test_a_shared_part_gives_the_coherence_and_the_phase_locking_of_theory(squared: float) -> None:
    random = np.random.default_rng(1)
    shared = np.sqrt(np.sqrt(squared) / (1.0 - np.sqrt(squared)))
    noise = random.normal(0.0, 1.0, (150_000, 2))
    values = measured(noise + shared * random.normal(0.0, 1.0, (150_000, 1)))
    locking = np.pi / 4.0 * np.sqrt(squared) * hyp2f1(0.5, 0.5, 2.0, squared)
    assert values["coherence"] == pytest.approx(squared, abs=0.02)
    assert values["imaginary"] == pytest.approx(0.0, abs=0.02)
    assert values["phase_locking"] == pytest.approx(locking, abs=0.02)
    assert values["phase_lag"] < 0.05
    assert values["phase_lag_debiased"] == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize("lag", [-3, -1, 1, 2])
def test_a_lag_gives_the_imaginary_part_of_theory(lag: int) -> None:
    """If the second channel comes `lag` samples later, the first leads and the value is above 0."""
    random = np.random.default_rng(2)
    shared = random.normal(0.0, 1.0, 150_010)
    noise = random.normal(0.0, 0.5, (150_000, 2))
    samples_uv = noise + np.stack((shared[5:-5], shared[5 - lag : -5 - lag]), axis=1)
    values = measured(samples_uv, band_hz=(19.9, 20.1))
    assert values["imaginary"] == pytest.approx(
        0.8 * np.sin(2.0 * np.pi * 20.0 * lag / 250.0), abs=0.02
    )
    assert values["coherence"] == pytest.approx(0.64, abs=0.02)
    assert values["phase_lag"] > 0.5
    assert values["phase_lag_debiased"] == pytest.approx(values["phase_lag"] ** 2, abs=0.01)


@pytest.mark.parametrize("share", [-0.25, 0.3, 7.7])
def test_what_both_channels_share_without_a_lag_has_no_imaginary_part(share: float) -> None:
    shared = np.random.default_rng(3).normal(0.0, 10.0, (5000, 1))
    values = measured(shared * [1.0, share])
    assert values["coherence"] == pytest.approx(1.0, abs=1e-12)
    assert values["coherence"] <= 1.0
    assert values["imaginary"] == pytest.approx(0.0, abs=1e-12)
    assert values["phase_locking"] == pytest.approx(1.0, abs=1e-12)
    assert values["phase_lag"] == 0.0
    assert values["phase_lag_debiased"] == 0.0
    assert 0.99 < values["lower_bound"] <= 1.0


def test_identical_channels_never_exceed_one_and_always_have_a_bound() -> None:
    shared = np.random.default_rng(12).normal(0.0, 10.0, (40_000, 1))
    _, found = coherence(shared * [1.0, -0.3, 7.7])
    values = found.values[found.valid.all(axis=1)].reshape(-1, 7)
    assert len(values) > 1800
    assert (values[:, 0] <= 1.0).all()
    assert values[:, 0] == pytest.approx(1.0, abs=1e-12)
    assert (values[:, 3] > 0.99).all()


def test_an_offset_of_a_thousand_volts_costs_no_more_than_it_does_in_the_samples() -> None:
    samples_uv = np.random.default_rng(13).normal(0.0, 10.0, (2000, 2)) + 1e9
    _, found = coherence(samples_uv, band_hz=(2.0, 2.2))
    _, expected = coherence(samples_uv - 1e9, band_hz=(2.0, 2.2))
    assert found.valid.any()
    assert (found.valid == expected.valid).all()
    assert found.values == pytest.approx(expected.values, abs=1e-10)


@pytest.mark.parametrize("window_s", [1.0, 2.0, 8.0])
@pytest.mark.parametrize("height_uv", [1e3, 1e6, 1e11])
def test_an_artifact_leaves_no_trace_once_it_has_left_the_window(
    window_s: float, height_uv: float
) -> None:
    samples_uv = np.random.default_rng(4).normal(0.0, 5.0, (12_000, 3))
    detector, clean = coherence(samples_uv, window_s=window_s)
    samples_uv[1100:1110, 1] = height_uv
    samples_uv[1105:1115, 0] = -height_uv
    samples_uv[1200, 2] = np.nan
    _, found = coherence(samples_uv, window_s=window_s)
    past = found.sample >= 1200 + detector.span_samples
    assert past.sum() > 50
    assert found.valid[past].all()
    assert found.values[past] == pytest.approx(clean.values[past], rel=0.0, abs=1e-11)


@pytest.mark.parametrize("window_s", [2.0, 8.0])
def test_a_transient_that_settles_slowly_leaves_no_trace_either(window_s: float) -> None:
    """The amplitude falls at most threefold in each segment, and a millionfold in all."""
    samples_uv = np.random.default_rng(9).normal(0.0, 5.0, (12_000, 2))
    detector, clean = coherence(samples_uv, window_s=window_s)
    envelope_uv = 1e7 * np.exp(-np.arange(5000) / 57.0)
    samples_uv[1000:6000] += (envelope_uv * np.sin(2.0 * np.pi * 0.08 * np.arange(5000)))[:, None]
    _, found = coherence(samples_uv, window_s=window_s)
    past = found.sample >= 6000 + detector.span_samples
    assert past.sum() > 50
    assert found.values[past] == pytest.approx(clean.values[past], rel=0.0, abs=1e-12)


@pytest.mark.parametrize(("segments", "window_s"), [(3, 1.008), (6, 2.0), (17, 4.536)])
def test_the_same_signal_over_and_over_gives_the_same(segments: int, window_s: float) -> None:
    """The period divides the segment, so all segments have equal phases: nothing may drift."""
    period_uv = np.random.default_rng(5).normal(0.0, 5.0, (4 * 63, 2))
    detector, found = coherence(np.tile(period_uv, (2000, 1)), segment_s=0.504, window_s=window_s)
    assert detector.segments.number == segments
    values = found.values[found.valid.all(axis=1)]
    turns = values[: len(values) // 12 * 12].reshape(-1, 12 * values.shape[1])
    assert len(turns) > 600
    assert np.abs(turns - turns[0]).max() < 1e-13


@pytest.mark.parametrize("window_s", [0.75, 1.0, 2.0])
def test_what_two_channels_share_is_no_lag_however_much_they_lagged_before(
    window_s: float,
) -> None:
    samples_uv = np.random.default_rng(8).normal(0.0, 5.0, (4000, 2))
    samples_uv[2000:, 1] = 0.7 * samples_uv[2000:, 0]
    detector, found = coherence(samples_uv, window_s=window_s)
    past = found.sample >= 2000 + detector.span_samples
    columns = detector.columns("C0", "C1")
    assert columns.phase_lag is not None
    assert columns.phase_lag_debiased is not None
    assert (found.values[past, columns.phase_lag] == 0.0).all()
    assert (found.values[past, columns.phase_lag_debiased] == 0.0).all()


def test_the_debiased_lag_of_one_bin_in_two_segments_is_one_or_minus_one() -> None:
    """Test the formula where the lag of one segment is a millionth of the other's."""
    fall = np.exp(np.log(1e-3) * np.arange(500) / 125.0)
    samples_uv = 1e3 * fall[:, None] * np.random.default_rng(9).normal(0.0, 1.0, (500, 12))
    detector, found = coherence(samples_uv, band_hz=(20.0, 21.0), window_s=0.75)
    assert detector.segments.number == 2
    columns = [columns_of(detector, pair)[-1] for pair in detector.pairs]
    debiased = found.values[found.valid.all(axis=1)][:, columns]
    assert debiased.size > 150
    assert set(np.unique(np.abs(debiased))) == {1.0}
    assert np.unique(debiased).size == 2


@pytest.mark.parametrize("n_segments", [4, 5, 7, 8, 9, 10, 11, 15, 16, 31, 63])
@pytest.mark.parametrize("n_hops", [1, 2, 4])
def test_long_windows_give_what_their_segments_do(n_segments: int, n_hops: int) -> None:
    """Also after many segments, and in steps of one hop or of more."""
    segment, step = 40, 20
    random = np.random.default_rng(n_segments)
    samples_uv = random.normal(0.0, 10.0, (4 * n_segments * step + 400, 3))
    samples_uv[:, 2] += 0.8 * np.roll(samples_uv[:, 0], 3)
    window_s = (segment + (n_segments - 1) * step) / 250.0
    keys: dict[str, Any] = {"segment_s": segment / 250.0, "window_s": window_s}
    keys |= {"hop_s": step / n_hops / 250.0}
    detector, found = coherence(samples_uv, band_hz=(13.0, 40.0), **keys)
    config = config_of(band_hz=(13.0, 40.0), **keys)
    assert detector.segments.number == n_segments
    for hop in [*range(len(found.sample) - 3 * n_hops, len(found.sample)), len(found.sample) // 2]:
        newest = int(found.sample[hop])
        window_uv = samples_uv[newest + 1 - detector.span_samples : newest + 1]
        for a, b in detector.pairs:
            ours = found.values[hop, columns_of(detector, (a, b))]
            theirs = measures_of(
                window_uv[:, int(a[1:])], window_uv[:, int(b[1:])], 250.0, step, config
            )
            for name, expected in theirs.items():
                value = ours[detector.measures.index(name)]
                assert value == pytest.approx(expected, rel=0.0, abs=1e-9), (name, hop)


def test_pairs_do_not_disturb_each_other() -> None:
    samples_uv = np.random.default_rng(6).normal(0.0, 5.0, (1200, 11))
    every, together = coherence(samples_uv)
    assert len(every.pairs) == 55
    for pair in every.pairs[::3]:
        _, alone = coherence(samples_uv, pairs=(pair,))
        columns = columns_of(every, pair)
        assert alone.values.tobytes() == np.ascontiguousarray(together.values[:, columns]).tobytes()


def test_an_artifact_changes_no_bit_of_pairs_it_is_not_in() -> None:
    """Also when it disappears, and the sums of its channel are computed anew."""
    samples_uv = np.random.default_rng(10).normal(0.0, 5.0, (4000, 5))
    detector, clean = coherence(samples_uv)
    samples_uv[1000:1020, 3] = 1e5
    _, found = coherence(samples_uv)
    others = [pair for pair in detector.pairs if "C3" not in pair]
    columns = [position for pair in others for position in columns_of(detector, pair)]
    assert len(others) == 6
    assert found.values[:, columns].tobytes() == clean.values[:, columns].tobytes()
    assert not np.array_equal(found.values, clean.values)


@pytest.mark.parametrize("window_s", [0.75, 1.0, 2.0])
def test_measures_that_are_not_asked_for_do_not_change_the_others(window_s: float) -> None:
    samples_uv = np.random.default_rng(16).normal(0.0, 5.0, (1200, 3))
    every, together = coherence(samples_uv, window_s=window_s)
    for measures in ((), ("phase_lag",), ("phase_lag_debiased", "phase_locking")):
        fewer, alone = coherence(samples_uv, window_s=window_s, measures=measures)
        assert fewer.measures[4:] == tuple(each for each in every.measures if each in measures)
        wanted = [every.outputs.index(name) for name in fewer.outputs]
        assert alone.values.tobytes() == np.ascontiguousarray(together.values[:, wanted]).tobytes()


@pytest.mark.parametrize("window_s", [0.75, 1.0, 2.0])
def test_the_order_of_a_pair_is_the_sign_of_its_imaginary_part_alone(window_s: float) -> None:
    samples_uv = np.random.default_rng(7).normal(0.0, 5.0, (1500, 2))
    _, there = coherence(samples_uv, window_s=window_s, pairs=(("C0", "C1"),))
    _, back = coherence(samples_uv, window_s=window_s, pairs=(("C1", "C0"),))
    assert (there.values[:, 1] == -back.values[:, 1]).all()
    others = [0, 2, 3, 4, 5, 6]
    assert (there.values[:, others] == back.values[:, others]).all()


def test_outputs_are_named_by_pair_and_measure() -> None:
    detector, found = coherence(
        np.zeros((10, 4)), channels=("C3", "C1", "C0"), measures=("phase_locking",)
    )
    assert detector.pairs == (("C3", "C1"), ("C3", "C0"), ("C1", "C0"))
    assert detector.channels == ("C3", "C1", "C0")
    assert found.values.shape == (0, 15)
    assert [each.label for each in detector.outputs[5:10]] == [
        "C3-C0.coherence",
        "C3-C0.imaginary",
        "C3-C0.coherence_null",
        "C3-C0.lower_bound",
        "C3-C0.phase_locking",
    ]
    found_at = detector.columns("C3", "C0")
    assert found_at.coherence == 5
    assert found_at.phase_locking == 9
    assert found_at.phase_lag is None


@pytest.mark.parametrize(("keys", "hop"), [({}, 63), ({"hop_s": 0.504}, 126)])
def test_hops_are_on_the_grid_and_valid_once_the_window_is_full(
    keys: dict[str, Any], hop: int
) -> None:
    detector, found = coherence(np.random.default_rng(8).normal(0.0, 1.0, (2000, 2)), **keys)
    assert detector.span_samples == 5 * 63 + 125
    assert found.sample.tolist() == list(range(hop - 1, 2000, hop))
    assert found.valid.all(axis=1).tolist() == [n + 1 >= 440 for n in range(hop - 1, 2000, hop)]


@pytest.mark.parametrize("constant_uv", [0.0, 7.0, -1e9])
def test_a_dead_channel_is_not_valid_in_any_pair_and_spoils_no_other(constant_uv: float) -> None:
    samples_uv = np.random.default_rng(9).normal(0.0, 5.0, (1500, 3))
    samples_uv[:, 1] = constant_uv
    detector, found = coherence(samples_uv)
    full = found.sample + 1 >= detector.span_samples
    assert found.valid[full][:, columns_of(detector, ("C0", "C2"))].all()
    for pair in (("C0", "C1"), ("C1", "C2")):
        assert not found.valid[:, columns_of(detector, pair)].any()
    assert np.isfinite(found.values).all()


def test_a_channel_that_dies_on_the_way_is_not_valid_either() -> None:
    """The level is then far from its start, and only rounding remains in the bins."""
    samples_uv = np.random.default_rng(14).normal(0.0, 5.0, (3000, 2))
    samples_uv += [3e4, -2e5]
    samples_uv[1000:] = [1.1e4, 7.3e5]
    detector, found = coherence(samples_uv)
    assert found.valid[(found.sample > detector.span_samples) & (found.sample < 1000)].all()
    assert not found.valid[found.sample >= 1000 + detector.span_samples].any()


def test_rounding_in_a_bin_without_power_is_no_coherence() -> None:
    slow = 1e3 * np.sin(2.0 * np.pi * 4.0 * np.arange(2000) / 250.0)
    _, found = coherence(np.stack((slow, 0.7 * slow), axis=1))
    assert not found.valid.any()


def test_the_declared_delay_is_where_a_coupling_that_begins_is_half_seen() -> None:
    """Of all measures only the imaginary part grows evenly as the window fills."""
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
