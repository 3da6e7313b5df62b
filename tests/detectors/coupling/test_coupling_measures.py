"""The measures of coupling on arrays, against closed forms and formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.coupling.measures import coupling_of
from tests.detectors.coupling.naive_phase_amplitude_coupling import measures
from tests.support.searching import search


@pytest.mark.parametrize(
    ("depth", "index"),
    [(1.0, 0.10447), (2.0 / 3.0, 0.04054), (0.6, 0.03239), (1.0 / 3.0, 0.00965), (1 / 7, 0.00175)],
)
@pytest.mark.parametrize("preferred_rad", [0.0, 2.0 * np.pi / 9.0, -8.0 * np.pi / 9.0])
def test_a_cosine_of_the_phase_gives_its_closed_forms(
    depth: float, index: float, preferred_rad: float
) -> None:
    phase_rad = 2.0 * np.pi * (np.arange(360_000) + 0.5) / 18_000
    found = coupling_of(phase_rad, 3.0 * (1.0 + depth * np.cos(phase_rad - preferred_rad)))
    assert found.modulation_index == pytest.approx(index, abs=1e-5)
    assert found.mean_vector_length == pytest.approx(3.0 * depth / 2.0, abs=1e-7)
    normalised = (depth / 2.0) / np.sqrt(1.0 + depth**2 / 2.0)
    assert found.normalised_mean_vector_length == pytest.approx(normalised, abs=1e-7)
    assert found.preferred_phase_rad == pytest.approx(preferred_rad, abs=1e-7)


@pytest.mark.parametrize(
    ("least", "index"),
    [(0.0, 0.1045), (0.25, 0.0324), (0.5, 0.0096), (0.75, 0.0018), (0.9, 0.00024)],
)
def test_the_generator_of_tort_gives_its_closed_form(least: float, index: float) -> None:
    phase_rad = 2.0 * np.pi * (np.arange(360_000) + 0.5) / 18_000
    amplitude = 0.5 * ((1.0 - least) * np.sin(phase_rad) + 1.0 + least)
    assert coupling_of(phase_rad, amplitude).modulation_index == pytest.approx(index, abs=1e-4)


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-2, 1.0, 1e4]))
@search(30)
def test_plain_arrays_give_what_the_formulas_say(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    phase_rad = random.uniform(-np.pi, np.pi, 3000)
    amplitude = scale * random.rayleigh(1.0, 3000) * (1.2 + np.cos(phase_rad))
    assert coupling_of(phase_rad, amplitude) == pytest.approx(
        measures(phase_rad, amplitude), rel=1e-5
    )


def test_an_empty_bin_is_no_coupling() -> None:
    phase_rad = np.linspace(-np.pi + 0.4, np.pi, 5000)
    with pytest.raises(ValueError, match=r"^phase_rad: expected samples in all 18 bins"):
        coupling_of(phase_rad, np.ones(5000))


@pytest.mark.parametrize("depth", [0.3, 0.6, 0.9])
def test_the_index_is_near_its_closed_form_for_endless_bins(depth: float) -> None:
    """Eighteen bins lower ``(1 - r + ln((1 + r) / 2)) / ln 18`` by one or two percent."""
    phase_rad = 2.0 * np.pi * (np.arange(360_000) + 0.5) / 18_000
    found = coupling_of(phase_rad, 1.0 + depth * np.cos(phase_rad)).modulation_index
    root = np.sqrt(1.0 - depth**2)
    endless = (1.0 - root + np.log((1.0 + root) / 2.0)) / np.log(18.0)
    assert 0.98 < found / endless < 0.995
    assert found == pytest.approx(depth**2 / (4.0 * np.log(18.0)), rel=0.3 * depth**2 + 0.01)
