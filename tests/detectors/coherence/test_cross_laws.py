"""Every detector of several streams keeps the laws, in whatever order samples arrive."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.block import Break, Taint
from detectors.testing import reflection
from tests.detectors.coherence import cross_laws
from tests.detectors.coherence.cross_examples import CROSS_EXAMPLES
from tests.detectors.coherence.cross_subject import CrossExample, Streams, result_of
from tests.support.searching import search

_TYPES = [
    each
    for each in reflection.detector_types()
    if "other_stream" in each.config_type.__struct_fields__
]
_TAINTS = (Taint.NOT_FINITE, Taint.FROZEN, Taint.SATURATED, Taint.IMPLAUSIBLE, Taint.MOVEMENT)
_LENGTH_S = 2.5
_MOVES_S = (0.75, 0.06, 0.3, -0.4, 4000.0, -4000.0, 0.0)

_each_example = pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=f"{detector.__name__}: {example.name}")
        for detector in _TYPES
        for example in CROSS_EXAMPLES.get(detector, ())
    ],
)


_short = search(15)


def _plain(example: CrossExample, seed: int = 1) -> Streams:
    return example.streams(seed, _LENGTH_S)


@st.composite
def _streams(draw: st.DrawFn, example: CrossExample) -> Streams:
    """Draw restarts and taint of either stream, and breaks."""
    length_s = draw(st.floats(0.2, _LENGTH_S))
    n_samples = {each.name: max(1, round(length_s * each.rate_hz)) for each in example.layouts}
    indices = {name: st.integers(0, n - 1) for name, n in n_samples.items()}
    restarts = {
        name: draw(st.lists(st.tuples(indices[name], st.sampled_from(_MOVES_S)), max_size=2))
        for name in n_samples
    }
    starts_s = (100.0, draw(st.sampled_from([100.0, 99.913, 100.4])))
    made = example.streams(draw(st.integers(0, 10_000)), length_s, restarts, starts_s)
    for layout in example.layouts:
        channels = st.integers(0, len(layout.channels) - 1)
        for sample, channel in draw(
            st.lists(st.tuples(indices[layout.name], channels), max_size=2)
        ):
            taint = draw(st.sampled_from((*_TAINTS, Taint.SUSPECT_STAMP, Taint.STIMULATION)))
            made = made.tainted(layout.name, sample, channel, taint)
    return replace(made, breaks=draw(_breaks(example, n_samples)))


@st.composite
def _breaks(
    draw: st.DrawFn, example: CrossExample, n_samples: Mapping[str, int]
) -> tuple[Break, ...]:
    """Draw up to three moments at which a stream falls silent or returns, or its clock jumps."""
    n_breaks = draw(st.integers(0, 3))
    parts = sorted(draw(st.floats(0.0, 1.1)) for _ in range(n_breaks))
    lead = {name: draw(st.integers(0, 60)) for name in n_samples}
    causes = [draw(st.sampled_from(sorted(n_samples))) for _ in parts]
    breaks: list[Break] = []
    for number, part in enumerate(parts, start=1):
        silent = draw(st.sampled_from([(), (example.layouts[0].name,), (example.layouts[1].name,)]))
        breaks.append(
            Break(
                {name: causes[:number].count(name) for name in n_samples},
                frozenset(silent),
                {name: min(n, round(part * n) + lead[name]) for name, n in n_samples.items()},
            )
        )
    return tuple(breaks)


def _cuts(example: CrossExample) -> st.SearchStrategy[dict[str, list[int]]]:
    return st.fixed_dictionaries(
        {
            each.name: st.one_of(
                st.integers(1, 200).map(lambda step: list(range(0, 5000, step))),
                st.lists(st.integers(1, round(_LENGTH_S * each.rate_hz)), max_size=30),
            )
            for each in example.layouts
        }
    )


_turns = st.lists(st.integers(0, 1), max_size=120)


@pytest.mark.parametrize("detector", _TYPES, ids=lambda each: each.__name__)
def test_every_detector_across_streams_has_an_example(detector: type[Any]) -> None:
    assert CROSS_EXAMPLES.get(detector), f"write an example of {detector.__name__} for the laws"
    for example in CROSS_EXAMPLES[detector]:
        assert type(example.chain().detectors[example.config.id]) is detector


def test_the_search_finds_the_detectors_there_are() -> None:
    assert {each.__name__ for each in _TYPES} >= {"Coherence"}


@_each_example
def test_an_example_shows_what_the_detector_is_for(example: CrossExample) -> None:
    assert result_of(example, _plain(example)).estimates.valid.mean() > 0.4


@_each_example
@given(data=st.data())
@_short
def test_the_order_does_not_show(example: CrossExample, data: st.DataObject) -> None:
    cross_laws.check_the_order_does_not_show(
        example, data.draw(_streams(example)), data.draw(_cuts(example)), data.draw(_turns)
    )


@_each_example
@given(data=st.data())
@_short
def test_the_future_does_not_show(example: CrossExample, data: st.DataObject) -> None:
    made = data.draw(_streams(example))
    ends = {
        name: data.draw(st.integers(0, each.n_samples)) for name, each in made.by_stream.items()
    }
    cross_laws.check_the_future_does_not_show(example, made, ends)


@_each_example
def test_nothing_is_shared(example: CrossExample) -> None:
    cuts = {each.name: range(0, 10_000, 37) for each in example.layouts}
    cross_laws.check_nothing_is_shared(example, _plain(example), cuts)


@_each_example
@given(data=st.data())
@_short
def test_reset_is_construction(example: CrossExample, data: st.DataObject) -> None:
    cross_laws.check_reset_is_construction(
        example, data.draw(_streams(example)), data.draw(_cuts(example)), data.draw(_turns)
    )


@_each_example
@given(data=st.data())
@search(20)
def test_a_detector_equals_the_plain_computation(
    example: CrossExample, data: st.DataObject
) -> None:
    cross_laws.check_equals_naive(example, data.draw(_streams(example)))


@st.composite
def _samples_and_channels(
    draw: st.DrawFn, example: CrossExample, first_s: float = 0.0
) -> tuple[str, tuple[int, int]]:
    layout = draw(st.sampled_from(example.layouts))
    sample = draw(
        st.integers(round(first_s * layout.rate_hz), round(_LENGTH_S * layout.rate_hz) - 1)
    )
    return layout.name, (sample, draw(st.integers(0, len(layout.channels) - 1)))


@_each_example
@given(data=st.data())
@_short
def test_taint_spoils_its_window_and_no_more(example: CrossExample, data: st.DataObject) -> None:
    stream, index = data.draw(_samples_and_channels(example))
    made = _plain(example, data.draw(st.integers(0, 100)))
    taint = data.draw(st.sampled_from(_TAINTS))
    cross_laws.check_taint_spoils_its_window_and_no_more(example, made, stream, index, taint)


@_each_example
def test_a_sample_amid_the_streams_is_in_a_window(example: CrossExample) -> None:
    for layout in example.layouts:
        sample = round(0.5 * _LENGTH_S * layout.rate_hz)
        cross_laws.check_taint_is_in_a_window(example, _plain(example), layout.name, sample)


@_each_example
@given(data=st.data())
@_short
def test_soft_taint_is_told(example: CrossExample, data: st.DataObject) -> None:
    # Later than what is missing from the grid because the streams do not begin together.
    stream, index = data.draw(_samples_and_channels(example, first_s=0.4))
    cross_laws.check_soft_taint_is_told(example, _plain(example), stream, index)


@_each_example
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300, -2e12])
@pytest.mark.parametrize("stream", [0, 1])
def test_bad_values_are_tainted(example: CrossExample, value: float, stream: int) -> None:
    name = example.layouts[stream].name
    for sample in (0, 50, 201):
        cross_laws.check_bad_values_are_tainted(example, _plain(example), name, sample, value)


@_each_example
@given(data=st.data())
@_short
def test_values_are_finite_and_zero_where_invalid(
    example: CrossExample, data: st.DataObject
) -> None:
    made = data.draw(_streams(example))
    cross_laws.check_values_are_finite_and_zero_where_invalid(example, made)


@_each_example
@pytest.mark.parametrize("constant_uv", [0.0, -1e9, 1e9])
@pytest.mark.parametrize("stream", [0, 1])
def test_nothing_happens_on_a_dead_stream(
    example: CrossExample, constant_uv: float, stream: int
) -> None:
    name = example.layouts[stream].name
    cross_laws.check_nothing_happens_on(example, _plain(example), name, constant_uv)


@_each_example
def test_nothing_compiles_after_the_first_look(example: CrossExample) -> None:
    cuts = {each.name: (1, 3, 4, 60, 61, 200) for each in example.layouts}
    cross_laws.check_nothing_compiles_later(example, _plain(example), cuts)
