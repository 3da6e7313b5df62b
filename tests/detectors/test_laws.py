"""Every detector of the package keeps the laws."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors.testing import laws
from detectors.testing.examples import brought_examples, types_from_elsewhere
from detectors.testing.reflection import detector_types
from detectors.testing.strategies import N_SAMPLES, flawless_samples
from detectors.testing.subject import Example, result_of, stream_samples
from detectors.testing.suite import LAWS, HeldLaw, laws_of
from tests.detectors.examples import EXAMPLES
from tests.support.searching import TIMES

_TYPES = [*detector_types(), *types_from_elsewhere()]


def _examples(detector: type[Any]) -> tuple[Example, ...]:
    return EXAMPLES.get(detector) or brought_examples(detector)


@pytest.mark.parametrize("detector", _TYPES, ids=lambda each: each.__name__)
def test_every_detector_has_an_example(detector: type[Any]) -> None:
    assert _examples(detector), f"write an example of {detector.__name__} for the laws"
    for example in _examples(detector):
        assert type(list(example.chain().detectors.values())[-1]) is detector


def test_the_search_finds_the_detectors_there_are() -> None:
    assert {each.__name__ for each in _TYPES} >= {"BandPower", "Burst"}


@pytest.mark.parametrize(
    "law",
    [
        pytest.param(law, id=f"{detector.__name__}: {law}")
        for detector in _TYPES
        for law in laws_of(detector, _examples(detector))
    ],
)
def test_every_detector_keeps_the_law(law: HeldLaw) -> None:
    law.hold(TIMES)


def test_every_law_is_held_on_every_detector_of_ours() -> None:
    for detector in EXAMPLES:
        held = {each.law.name for each in laws_of(detector, _examples(detector))}
        assert held == {law.name for law in LAWS}, detector


def test_an_example_that_says_nothing_is_refused() -> None:
    example = next(iter(EXAMPLES.values()))[0]
    with pytest.raises(ValueError, match="measures: expected at least one, found none"):
        replace(example, measures=())


def test_a_class_that_is_not_installed_is_told_so() -> None:
    class Unknown:
        config_type = int

    with pytest.raises(ValueError, match=r"^Unknown: expected a class that an entry point of"):
        laws_of(Unknown)


def test_our_own_classes_bring_no_examples() -> None:
    detector = next(iter(EXAMPLES))
    with pytest.raises(ValueError, match=r"\.examples: expected configurations to hold the laws"):
        laws_of(detector)


def test_a_restart_that_leaves_no_trace_breaks_the_law() -> None:
    """Test that the law is not empty: there is a hop after each restart."""
    for examples in EXAMPLES.values():
        for example in examples:
            given = stream_samples(example.layout, 1, N_SAMPLES, (N_SAMPLES // 2,))
            laws.check_a_restart_is_seen(example, given)
            valid = result_of(example, flawless_samples(example)).estimates.valid[
                :, example.all_columns
            ]
            assert np.count_nonzero(valid), example.name
