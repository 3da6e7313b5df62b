"""Every detector of the package keeps the laws."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.block import WINDOW_TAINT, Taint
from tests.detectors import laws
from tests.detectors.elsewhere import brought_examples, types_from_elsewhere
from tests.detectors.examples import EXAMPLES
from tests.detectors.subject import Example, Recording, look, recording
from tests.searching import search

_TYPES = [*laws.detector_types(), *types_from_elsewhere()]
_WINDOW_TAINTS = tuple(each for each in Taint if each in WINDOW_TAINT)
_N_SAMPLES = 700


def _examples(detector: type[Any]) -> tuple[Example, ...]:
    return EXAMPLES.get(detector) or brought_examples(detector)


_each_example = pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=f"{detector.__name__}: {example.name}")
        for detector in _TYPES
        for example in _examples(detector)
    ],
)


_short = search(12)


def _plain(example: Example, seed: int = 1) -> Recording:
    return recording(example.layout, seed, _N_SAMPLES, ())


@st.composite
def _recordings(draw: st.DrawFn, example: Example) -> Recording:
    """Draw some restarts, some taint, of any kind."""
    n_samples = draw(st.integers(1, _N_SAMPLES))
    places = st.integers(0, n_samples - 1)
    restarts = draw(st.lists(places, max_size=3))
    made = recording(example.layout, draw(st.integers(0, 10_000)), n_samples, restarts)
    channels = st.integers(0, len(example.layout.channels) - 1)
    for sample, channel in draw(st.lists(st.tuples(places, channels), max_size=4)):
        made = made.tainted(sample, channel, draw(st.sampled_from(_WINDOW_TAINTS)))
    for sample in draw(st.lists(places, max_size=3)):
        made = made.tainted(sample, slice(None), Taint.SUSPECT_STAMP)
    return made


_cuts = st.one_of(
    st.just(range(_N_SAMPLES)),
    st.integers(2, 300).map(lambda step: range(0, _N_SAMPLES, step)),
    st.lists(st.integers(1, _N_SAMPLES), max_size=30),
)


@pytest.mark.parametrize("detector", _TYPES, ids=lambda each: each.__name__)
def test_every_detector_has_an_example(detector: type[Any]) -> None:
    assert _examples(detector), f"write an example of {detector.__name__} for the laws"
    for example in _examples(detector):
        assert type(list(example.chain().detectors.values())[-1]) is detector


def test_the_search_finds_the_detectors_there_are() -> None:
    assert {each.__name__ for each in _TYPES} >= {"BandPower", "Burst"}


@_each_example
def test_an_example_shows_what_the_detector_is_for(example: Example) -> None:
    seen = look(example, _plain(example))
    measures = example.all_columns or range(seen.estimates.valid.shape[1])
    assert seen.estimates.valid[:, measures].mean() > 0.4
    assert {each.kind for each in seen.detections} == example.kinds


@_each_example
@given(data=st.data())
@_short
def test_chunks_do_not_show(example: Example, data: st.DataObject) -> None:
    laws.check_chunks_do_not_show(example, data.draw(_recordings(example)), data.draw(_cuts))


@_each_example
@given(data=st.data())
@_short
def test_the_future_does_not_show(example: Example, data: st.DataObject) -> None:
    made = data.draw(_recordings(example))
    laws.check_the_future_does_not_show(example, made, data.draw(st.integers(0, made.n_samples)))


@_each_example
def test_input_is_left_alone(example: Example) -> None:
    laws.check_input_is_left_alone(example, _plain(example))


@_each_example
def test_output_is_never_touched_again(example: Example) -> None:
    laws.check_output_is_never_touched_again(example, _plain(example))


@_each_example
@given(data=st.data())
@_short
def test_reset_is_construction(example: Example, data: st.DataObject) -> None:
    made = data.draw(_recordings(example))
    laws.check_reset_is_construction(example, made, data.draw(_cuts))


@_each_example
@given(data=st.data())
@_short
def test_a_restart_begins_anew(example: Example, data: st.DataObject) -> None:
    laws.check_restart_begins_anew(example, data.draw(_recordings(example)))


@_each_example
@given(data=st.data())
@_short
def test_taint_spoils_its_window_and_no_more(example: Example, data: st.DataObject) -> None:
    laws.check_taint_spoils_its_window_and_no_more(
        example,
        _plain(example, data.draw(st.integers(0, 100))),
        data.draw(st.integers(0, _N_SAMPLES - 1)),
        data.draw(st.integers(0, len(example.layout.channels) - 1)),
        data.draw(st.sampled_from(_WINDOW_TAINTS)),
    )


@_each_example
@given(sample=st.integers(0, _N_SAMPLES - 1))
@_short
def test_a_doubtful_stamp_spoils_one_estimate(example: Example, sample: int) -> None:
    laws.check_doubtful_stamp_spoils_one_estimate(example, _plain(example), sample)


@_each_example
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e300, -2e12])
@pytest.mark.parametrize("sample", [0, 50, 333])
def test_bad_values_stay_in_their_window(example: Example, value: float, sample: int) -> None:
    laws.check_bad_values_stay_in_their_window(example, _plain(example), sample, 1, value)


@_each_example
@given(data=st.data())
@_short
def test_values_are_finite_and_zero_where_invalid(example: Example, data: st.DataObject) -> None:
    made = data.draw(_recordings(example))
    laws.check_values_are_finite_and_zero_where_invalid(example, made)


@_each_example
@given(data=st.data())
@search(8)
def test_a_detector_equals_the_plain_computation(example: Example, data: st.DataObject) -> None:
    laws.check_equals_naive(example, data.draw(_recordings(example)))


@_each_example
@pytest.mark.parametrize("constant_uv", [0.0, 5.0, -1e9, 1e9])
def test_nothing_happens_on_a_dead_channel(example: Example, constant_uv: float) -> None:
    laws.check_nothing_happens_on(example, constant_uv, _N_SAMPLES)


@_each_example
def test_delay_is_declared(example: Example) -> None:
    laws.check_delay_is_declared(example)


@_each_example
def test_nothing_compiles_after_the_second_call(example: Example) -> None:
    laws.check_nothing_compiles_after_the_second_call(example, _plain(example))
