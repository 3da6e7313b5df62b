"""The null of coherence, and how often the lower bound exceeds the true value."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import beta, nbinom

from detectors.block import StreamLayout
from detectors.coherence.chance import CoherenceChance
from detectors.coherence.coherence import Coherence
from detectors.coherence.config import CoherenceConfig, Segments
from tests.detectors.coherence.coherences import N_PAIRS, independent_windows
from tests.support.blocks import block_of

_HALF = Segments(length=32, step=16, number=19, hop=16)
_BANDS = {
    "one bin": (8.0, 8.5),
    "three bins": (6.0, 9.0),
    "nine bins": (5.0, 14.0),
    "lowest bin": (1.0, 1.5),
    "from the lowest bin": (1.0, 6.0),
}


def share_above(values: Any, limit: Any) -> float:
    return float(np.mean(values > limit))


@pytest.mark.parametrize("band", _BANDS)
@pytest.mark.parametrize("n_segments", [3, 4, 8, 19, 60])
def test_independent_channels_exceed_the_level_in_one_of_twenty_windows(
    n_segments: int, band: str
) -> None:
    """6,000 windows: by chance one in a thousand runs is more than 0.009 off."""
    values = independent_windows(n_segments, 300, band_hz=_BANDS[band], measures=())
    found = share_above(values["coherence"], values["coherence_null"])
    assert found == pytest.approx(0.05, abs=0.01 if n_segments > 4 else 0.016)


@pytest.mark.parametrize("n_segments", [8, 19])
@pytest.mark.parametrize("overlap", [0.34, 0.62])
def test_the_level_holds_for_other_overlaps(n_segments: int, overlap: float) -> None:
    values = independent_windows(n_segments, 300, overlap=overlap, band_hz=(5.0, 14.0), measures=())
    assert share_above(values["coherence"], values["coherence_null"]) == pytest.approx(
        0.05, abs=0.011
    )


def test_a_rarer_level_is_exceeded_as_rarely_as_asked() -> None:
    for band_hz in ((8.0, 8.5), (5.0, 14.0)):
        values = independent_windows(19, 300, alpha=0.01, band_hz=band_hz, measures=())
        assert share_above(values["coherence"], values["coherence_null"]) == pytest.approx(
            0.01, abs=0.005
        )


@pytest.mark.parametrize("squared", [0.02, 0.2, 0.5])
@pytest.mark.parametrize("band", ["one bin", "three bins", "nine bins"])
@pytest.mark.parametrize("n_segments", [8, 19, 60])
def test_the_bound_is_above_the_truth_in_one_of_twenty_windows(
    n_segments: int, band: str, squared: float
) -> None:
    values = independent_windows(n_segments, 300, squared, band_hz=_BANDS[band], measures=())
    assert share_above(values["lower_bound"], squared) == pytest.approx(0.05, abs=0.014)


@pytest.mark.parametrize("squared", [0.8, 0.95])
@pytest.mark.parametrize("n_segments", [3, 8, 19])
def test_of_high_coherences_in_few_segments_the_bound_is_more_careful(
    n_segments: int, squared: float
) -> None:
    values = independent_windows(n_segments, 300, squared, band_hz=(5.0, 14.0), measures=())
    assert 0.01 < share_above(values["lower_bound"], squared) < 0.06


def test_the_bound_is_above_zero_where_the_coherence_is_above_the_level() -> None:
    values = independent_windows(8, 100, 0.1, band_hz=(5.0, 14.0), measures=())
    is_above = values["coherence"] > values["coherence_null"]
    is_below = values["coherence"] < values["coherence_null"]
    assert (values["lower_bound"][is_above] > 0.0).all()
    assert (values["lower_bound"][is_below] == 0.0).all()
    assert is_above.sum() > 100 < is_below.sum()


@pytest.mark.parametrize("n_segments", [19, 60])
def test_chance_gives_the_other_measures_what_is_declared(n_segments: int) -> None:
    values = independent_windows(n_segments, 300)
    chance = CoherenceChance(_HALF._replace(number=n_segments), np.array([8]), np.ones(1))
    independent = chance.n_independent
    error = 4.0 * values["imaginary"].std() / np.sqrt(300 * N_PAIRS)
    assert values["imaginary"].mean() == pytest.approx(0.0, abs=error)
    overlap = 1.0 / (9.0 * n_segments)
    error = 4.0 * values["phase_lag_debiased"].std() / np.sqrt(300 * N_PAIRS)
    assert values["phase_lag_debiased"].mean() == pytest.approx(overlap, abs=error)
    locking = np.sqrt(np.pi / (4.0 * independent))
    assert values["phase_locking"].mean() == pytest.approx(locking, rel=0.03)
    lag = np.sqrt(4.0 / (np.pi * independent))
    assert values["phase_lag"].mean() == pytest.approx(lag, rel=0.03)


def test_segments_without_overlap_are_what_they_are() -> None:
    for number in (2, 7, 30):
        chance = CoherenceChance(
            Segments(length=32, step=32, number=number, hop=32), np.array([8]), np.ones(1)
        )
        assert chance.n_independent == pytest.approx(number, rel=1e-12)
        assert chance.coherence_null(0.05) == pytest.approx(
            1.0 - 0.05 ** (1.0 / (number - 1.0)), rel=1e-9
        )


def test_half_overlapping_segments_are_worth_what_is_known_of_them() -> None:
    chance = CoherenceChance(_HALF._replace(number=1000), np.array([8]), np.ones(1))
    assert chance.n_independent == pytest.approx(947.0, abs=0.8)


@pytest.mark.parametrize("truth", [0.0, 0.02, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("number", [2, 5, 30])
def test_mean_and_variance_are_those_of_the_mixture(number: int, truth: float) -> None:
    """Without overlap all bins follow a known distribution."""
    chance = CoherenceChance(
        Segments(length=32, step=32, number=number, hop=32), np.array([8]), np.ones(1)
    )
    more = np.arange(40_000)
    weight = nbinom.pmf(more, number, 1.0 - truth)
    assert weight.sum() == pytest.approx(1.0, abs=1e-9)
    each = beta(1.0 + more, number - 1.0)
    mean = weight @ each.mean()
    variance = weight @ (each.var() + each.mean() ** 2) - mean**2
    found_mean, found_variance = chance._moments(np.array([truth]))
    assert found_mean[0] == pytest.approx(mean, rel=1e-8)
    assert found_variance[0] == pytest.approx(variance, rel=1e-6)


@pytest.mark.parametrize("number", [2, 3, 19, 1199, 11_999])
@pytest.mark.parametrize("n_bins", [1, 17, 400])
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.9])
def test_every_table_of_bounds_rises_from_zero_to_one(
    number: int, n_bins: int, alpha: float
) -> None:
    segments = Segments(length=1000, step=500, number=number, hop=500)
    bounds = CoherenceChance(
        segments, np.arange(1, 1 + n_bins), np.full(n_bins, 1.0 / n_bins)
    ).lower_bounds(alpha)
    assert np.isfinite(bounds).all()
    assert bounds[0] == 0.0
    assert bounds[-1] == 1.0
    assert (np.diff(bounds) >= 0.0).all()


@pytest.mark.parametrize(
    ("segment_s", "window_s", "band_hz"),
    [(0.2, 4.0, (100.0, 125.0)), (0.1, 100.0, (10.0, 30.0)), (0.1, 300.0, (20.0, 60.0))],
)
def test_the_bound_is_above_zero_above_the_level_of_any_number_of_segments(
    segment_s: float, window_s: float, band_hz: tuple[float, float]
) -> None:
    """With thousands of segments the level is below a thousandth."""
    config = CoherenceConfig(
        id="c", stream="S", band_hz=band_hz, segment_s=segment_s, window_s=window_s, measures=()
    )
    detector = Coherence(config, StreamLayout("S", 250.0, tuple("abcdefghijklmnop")))
    n_samples = detector.span_samples + detector.hop_samples
    samples_uv = np.random.default_rng(4).normal(0.0, 1.0, (n_samples, 16))
    block = block_of(samples_uv, 250.0, stream="S")
    found = detector.update(block).estimates
    assert found.valid[-1].all()
    coherence, _, level, lower = found.values[-1].reshape(-1, 4).T
    assert ((lower > 0.0) == (coherence > level)).all()
    assert 0 < (lower > 0.0).sum() < 0.15 * lower.size


def test_the_bound_of_many_segments_is_their_own_quantile() -> None:
    """With 5000 independent segments the root of the coherence is nearly normal."""
    chance = CoherenceChance(Segments(100, 100, 5000, 100), np.array([20]), np.ones(1))
    bounds = chance.lower_bounds(0.05)
    grid = np.linspace(0.0, 1.0, bounds.size)
    for coherence in (0.01, 0.1, 0.5):
        sd = (1.0 - coherence) / np.sqrt(2.0 * 5000)
        exact = np.tanh(np.arctanh(np.sqrt(coherence)) - 1.645 * sd / (1.0 - coherence)) ** 2
        found = np.interp(np.sqrt(coherence), grid, bounds)
        assert found == pytest.approx(exact, rel=0.05)
