"""Phase-amplitude coupling on simulated signals, and on signals with bad samples."""

import numpy as np
import pytest

from tests.detectors.coupling.coupling_signals import (
    INDEX,
    LENGTH,
    N_OUTPUTS,
    NORMALISED,
    PREFERRED,
    apart,
    band_noise,
    detector_of,
    estimates_of,
    rhythm,
)


def test_a_window_with_an_empty_bin_is_not_valid() -> None:
    """At 1 kHz 20 Hz has 50 phases; 62.5 Hz divides the rate and has 16, fewer than bins."""
    time_s = np.arange(4000) / 1000.0
    fast_uv = band_noise(np.random.default_rng(0), 4000, 1, (200.0, 400.0))[:, 0]
    for frequency_hz, is_valid in ((20.0, True), (62.5, False)):
        slow_uv = 1e4 * np.cos(2.0 * np.pi * frequency_hz * time_s + 0.01)
        detector = detector_of(
            phase_band_hz=(frequency_hz - 5.0, frequency_hz + 5.0),
            amplitude_band_hz=(200.0, 400.0),
            window_s=2.0,
        )
        found = estimates_of(detector, (slow_uv + 0.1 * fast_uv)[:, None])
        assert found.valid[-1].all() == is_valid
        assert found.values[-1].any() == is_valid


@pytest.mark.parametrize("offset_uv", [0.0, 3e4])
def test_phase_and_amplitude_refer_to_the_same_instant(offset_uv: float) -> None:
    """The preferred phase is that of the signal, at any frequency of the phase."""
    time_s = np.arange(8000) / 1000.0
    for frequency_hz in (14.0, 20.0, 27.0):
        for preferred_rad in (0.0, 1.5, -2.5):
            angle = 2.0 * np.pi * frequency_hz * time_s
            swell = 1.0 + 0.8 * np.cos(angle - preferred_rad)
            samples_uv = 10.0 * np.cos(angle) + swell * np.cos(2.0 * np.pi * 131.0 * time_s)
            detector = detector_of(window_s=3.0)
            found = estimates_of(detector, samples_uv[:, None] + offset_uv)
            last = found.values[-1]
            assert last[PREFERRED] == pytest.approx(preferred_rad, abs=0.005)
            assert last[LENGTH] == pytest.approx(0.4, rel=0.01)
            # At 14 and 20 Hz few phases are met, unevenly in the bins.
            assert last[INDEX] == pytest.approx(0.0611, rel=0.06)
            assert last[NORMALISED] == pytest.approx(0.4 / np.sqrt(1.32), rel=0.01)


def test_coupling_of_a_rhythm_is_found_and_none_where_there_is_none() -> None:
    random = np.random.default_rng(11)
    n_samples = 62_000
    slow = rhythm(random, n_samples, 4)
    depth = np.array([0.0, 0.2, 0.5, 1.0])
    swell = 1.0 + depth * np.cos(np.angle(slow) - 1.0)
    samples_uv = 10.0 * slow.real + band_noise(random, n_samples, 4) * swell
    detector = detector_of(4)
    found = apart(estimates_of(detector, samples_uv), detector)
    index = found[:, :, INDEX]
    assert (index[:, 1:] > 2.0 * detector.chance.index_null).all()
    assert index[:, 0].mean() == pytest.approx(detector.chance.mean, rel=0.4)
    assert (np.diff(index.mean(axis=0)) > 0.0).all()
    turned = np.angle(np.exp(1j * found[:, 1:, PREFERRED]).mean(axis=0))
    # At a depth of 0.2 noise alone turns the mean of six windows by some 0.07.
    assert (np.abs(turned - 1.0) < [0.25, 0.1, 0.1]).all()


def test_a_spike_leaves_no_trace_once_it_has_left() -> None:
    samples_uv = np.random.default_rng(14).normal(0.0, 5.0, (9000, 1))
    spiky_uv = samples_uv.copy()
    spiky_uv[1500] = 1e9
    detector, other = detector_of(window_s=2.0), detector_of(window_s=2.0)
    clean, spoilt = estimates_of(detector, samples_uv), estimates_of(other, spiky_uv)
    is_past = clean.sample >= 1500 + detector.span_samples
    assert clean.values[is_past].tobytes() == spoilt.values[is_past].tobytes()
    assert spoilt.valid[is_past].all()
    holds_it = (clean.sample >= 1500 + 2 * 58) & (clean.sample < 1500 + 2000)
    assert not spoilt.valid[holds_it].any()


def test_an_offset_of_a_thousand_volts_costs_no_more_than_it_does_in_the_samples() -> None:
    samples_uv = np.random.default_rng(15).normal(0.0, 5.0, (5000, 1)) + 1e9
    detector, other = detector_of(window_s=2.0), detector_of(window_s=2.0)
    found, expected = estimates_of(detector, samples_uv), estimates_of(other, samples_uv - 1e9)
    assert found.valid.tobytes() == expected.valid.tobytes()
    assert found.values == pytest.approx(expected.values, rel=1e-9)


@pytest.mark.parametrize("constant_uv", [0.0, 7.0, 1e9])
def test_a_dead_channel_is_never_valid(constant_uv: float) -> None:
    found = estimates_of(detector_of(window_s=1.0), np.full((4000, 1), constant_uv))
    assert not found.valid.any()


def test_a_window_is_the_same_however_much_came_before() -> None:
    """After a thousand windows the sums equal those of a new detector."""
    random = np.random.default_rng(16)
    detector = detector_of(window_s=1.0, hop_s=0.05)
    for first in range(0, 1_000_000, 100_000):
        samples_uv = random.normal(0.0, 5.0, (100_000, 1)) * random.uniform(0.1, 1000.0)
        found = estimates_of(detector, samples_uv, first)
    fresh = detector_of(window_s=1.0, hop_s=0.05)
    n_needed = -(-detector.span_samples // detector.hop_samples) * detector.hop_samples
    expected = estimates_of(fresh, np.ascontiguousarray(samples_uv[-n_needed:]))
    assert found.sample[-1] == 999_999
    assert expected.valid[-1].all()
    assert found.values[-1].tobytes() == expected.values[-1].tobytes()


def test_the_declared_delay_is_where_coupling_that_begins_is_half_seen() -> None:
    random = np.random.default_rng(17)
    time_s = np.arange(20_000) / 1000.0
    angle = 2.0 * np.pi * 20.3 * time_s
    swell = 1.0 + np.where(time_s >= 10.0, 0.8, 0.0) * np.cos(angle)
    samples_uv = 10.0 * np.cos(angle) + swell * band_noise(random, 20_000, 1)[:, 0]
    detector = detector_of(window_s=4.0, hop_s=0.01)
    found = estimates_of(detector, samples_uv[:, None])
    length = found.values[:, LENGTH]
    half = found.sample[np.flatnonzero(length > 0.5 * length[-200:].mean())[0]]
    assert half / 1000.0 - 10.0 == pytest.approx(detector.delay_s, abs=0.15)


def test_channels_are_looked_at_in_the_order_asked_and_do_not_disturb_each_other() -> None:
    samples_uv = np.random.default_rng(18).normal(0.0, 1.0, (3000, 4)) * [1.0, 2.0, 3.0, 4.0]
    chosen = detector_of(4, window_s=1.0, channels=("C3", "C1"))
    found = estimates_of(chosen, samples_uv)
    assert chosen.outputs[N_OUTPUTS].label == "C1.modulation_index"
    for position, channel in enumerate((3, 1)):
        alone = estimates_of(
            detector_of(window_s=1.0), np.ascontiguousarray(samples_uv[:, [channel]])
        )
        part = np.ascontiguousarray(found.values[:, N_OUTPUTS * position :][:, :N_OUTPUTS])
        assert part.tobytes() == alone.values.tobytes()
