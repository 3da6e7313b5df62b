"""Every artifact step keeps the laws, and equals its reference computation."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.block import (
    STIMULATION_CHANGE,
    STIMULATION_PULSE,
    WINDOW_TAINT,
    BoundEvent,
    Taint,
)
from detectors.conditioning.artifacts.path import _STEPS
from detectors.testing.reflection import compiled
from detectors.testing.subject import StreamSamples, stream_samples
from tests.detectors.conditioning.artifacts.artifact_examples import (
    EXAMPLES,
    LAYOUT,
    ArtifactExample,
    run,
)
from tests.support.searching import search

_N_SAMPLES = 1300
_ADDED = Taint.SATURATED | Taint.STIMULATION | Taint.MOVEMENT | Taint.UNCLEANED
_TAINTS = [each for each in Taint if each in WINDOW_TAINT]

_each_example = pytest.mark.parametrize(
    "example",
    [
        pytest.param(example, id=f"{step.__name__}: {example.name}")
        for step, examples in EXAMPLES.items()
        for example in examples
    ],
)


def _made(seed: int, n_samples: int, restarts: list[int]) -> StreamSamples:
    """Return samples with a stimulation, mains hum and a movement."""
    made = stream_samples(LAYOUT, seed, n_samples, restarts)
    sample = np.arange(n_samples)
    made.samples_uv[:, :2] += 40.0 * np.cos(2.0 * np.pi * 20.3 * sample[:, None] / LAYOUT.rate_hz)
    made.samples_uv[:, 1] += 20.0 * np.sin(2.0 * np.pi * 50.1 * sample / LAYOUT.rate_hz)
    made.samples_uv[900:1000, 2] += 400.0
    return made


@st.composite
def _cases(draw: st.DrawFn) -> tuple[StreamSamples, list[BoundEvent]]:
    n_samples = draw(st.integers(1, _N_SAMPLES))
    indices = st.integers(0, n_samples - 1)
    made = _made(draw(st.integers(0, 1000)), n_samples, draw(st.lists(indices, max_size=2)))
    some = st.tuples(indices, st.integers(0, 2), st.integers(1, 120), st.sampled_from(_TAINTS))
    for sample, channel, length, taint in draw(st.lists(some, max_size=4)):
        made.taint[sample : sample + length, channel] |= np.uint16(taint)
    kinds = st.sampled_from([STIMULATION_PULSE, STIMULATION_CHANGE, "marker"])
    words = st.sampled_from(["DBS", "go"])
    events = draw(st.lists(st.builds(BoundEvent, indices, kinds, words), max_size=4))
    return made, sorted(events, key=lambda event: event.sample)


_cuts = st.one_of(
    st.just(range(_N_SAMPLES)),
    st.integers(2, 400).map(lambda length: range(0, _N_SAMPLES, length)),
    st.lists(st.integers(1, _N_SAMPLES), max_size=20),
)
_few = search(10)


def test_every_step_has_an_example() -> None:
    assert set(_STEPS.values()) == set(EXAMPLES)
    for step, examples in EXAMPLES.items():
        assert all(isinstance(each.step()[0], step) for each in examples)


@_each_example
def test_an_example_shows_what_the_step_is_for(example: ArtifactExample) -> None:
    made = _made(1, _N_SAMPLES, []).tainted(300, 1, Taint.SATURATED)
    events = [BoundEvent(600, kind, "") for kind in (STIMULATION_PULSE, STIMULATION_CHANGE)]
    found = run(example.step()[0], made, events)
    is_changed = found.samples_uv.tobytes() != made.samples_uv.tobytes()
    assert is_changed or found.taint.tobytes() != made.taint.tobytes()


@_each_example
@given(case=_cases(), cuts=_cuts)
@_few
def test_chunks_do_not_show(
    example: ArtifactExample, case: tuple[StreamSamples, list[BoundEvent]], cuts: list[int]
) -> None:
    outcomes = []
    for each in ((), cuts):
        step, counts = example.step()
        found = run(step, *case, each)
        outcomes.append((found.samples_uv.tobytes(), found.taint.tobytes(), found.findings, counts))
    assert outcomes[0] == outcomes[1]


@_each_example
@given(case=_cases(), share=st.floats(0.0, 1.0))
@_few
def test_the_future_does_not_show(
    example: ArtifactExample, case: tuple[StreamSamples, list[BoundEvent]], share: float
) -> None:
    made, events = case
    sample = int(share * made.n_samples)
    other = StreamSamples(made.samples_uv.copy(), made.time_s, made.taint.copy())
    other.samples_uv[sample:] = -3.0 * other.samples_uv[sample:] + 1e4
    other.taint[sample:] ^= np.uint16(Taint.FROZEN)
    later = [event for event in events if event.sample < sample]
    later += [BoundEvent(sample, STIMULATION_CHANGE), BoundEvent(sample, STIMULATION_PULSE)]
    whole, changed = run(example.step()[0], made, events), run(example.step()[0], other, later)
    assert whole.samples_uv[:sample].tobytes() == changed.samples_uv[:sample].tobytes()
    assert whole.taint[:sample].tobytes() == changed.taint[:sample].tobytes()


@_each_example
def test_what_goes_in_and_what_came_out_is_left_alone(example: ArtifactExample) -> None:
    made = _made(2, _N_SAMPLES, [700])
    step, _ = example.step()
    kept: list[tuple[Any, bytes]] = []
    for start in range(0, _N_SAMPLES, 37):
        given_ = made.samples_uv[start : start + 37].copy(), made.taint[start : start + 37].copy()
        found = step.update(*given_, [BoundEvent(start, STIMULATION_PULSE)], start)
        for each in given_:
            for out in (found.samples_uv, found.taint):
                assert not np.shares_memory(each, out)
        kept += [(each, each.tobytes()) for each in (found.samples_uv, found.taint)]
        assert given_[0].tobytes() == made.samples_uv[start : start + 37].tobytes()
        assert given_[1].tobytes() == made.taint[start : start + 37].tobytes()
    step.reset()
    for array, before in kept:
        assert array.tobytes() == before


@_each_example
@given(case=_cases())
@_few
def test_reset_is_construction_and_so_is_a_restart(
    example: ArtifactExample, case: tuple[StreamSamples, list[BoundEvent]]
) -> None:
    made, events = case
    step, _ = example.step()
    whole = run(step, made, events)
    step.reset()
    again = run(step, made, events)
    assert again.samples_uv.tobytes() == whole.samples_uv.tobytes()
    assert again.taint.tobytes() == whole.taint.tobytes()
    last = made.restarts[-1]
    later = [event for event in events if event.sample >= last]
    fresh = run(example.step()[0], made.since(last), later, first=last)
    assert fresh.samples_uv.tobytes() == whole.samples_uv[last:].tobytes()
    assert fresh.taint.tobytes() == whole.taint[last:].tobytes()


@_each_example
@given(case=_cases())
@_few
def test_taint_is_only_added_to_and_values_stay_finite(
    example: ArtifactExample, case: tuple[StreamSamples, list[BoundEvent]]
) -> None:
    made, events = case
    found = run(example.step()[0], made, events)
    assert ((found.taint & made.taint) == made.taint).all()
    assert ((found.taint ^ made.taint) & ~np.uint16(_ADDED) == 0).all()
    assert np.isfinite(found.samples_uv).all()


@_each_example
@given(case=_cases(), value=st.sampled_from([0.0, 1e12, -1e9]))
@_few
def test_what_a_tainted_sample_holds_does_not_show_in_another(
    example: ArtifactExample, case: tuple[StreamSamples, list[BoundEvent]], value: float
) -> None:
    made, events = case
    is_bad = (made.taint & np.uint16(WINDOW_TAINT)) != 0
    other = np.where(is_bad, value, made.samples_uv)
    whole = run(example.step()[0], made, events)
    changed = run(example.step()[0], StreamSamples(other, made.time_s, made.taint), events)
    assert changed.samples_uv[~is_bad].tobytes() == whole.samples_uv[~is_bad].tobytes()
    assert changed.taint.tobytes() == whole.taint.tobytes()


@_each_example
@given(case=_cases())
@_few
def test_a_step_equals_the_plain_computation(
    example: ArtifactExample, case: tuple[StreamSamples, list[BoundEvent]]
) -> None:
    made, events = case
    samples, taint = example.naive(example.config, LAYOUT, made, events)
    found = run(example.step()[0], made, events)
    # The rate of a stimulation is found to 1e-7 of the resolution, and no two ways find the same:
    # up to 1e-4 uV of an artifact of some hundred microvolts, and a little more at the worst.
    assert np.allclose(found.samples_uv, samples, rtol=1e-9, atol=1e-3)
    assert found.taint.tolist() == taint.tolist()


@_each_example
@pytest.mark.parametrize("constant_uv", [0.0, 5.0, -1e9, 1e9])
def test_a_dead_channel_stays_dead(example: ArtifactExample, constant_uv: float) -> None:
    made = _made(3, _N_SAMPLES, [])
    made.samples_uv[:, 1] = constant_uv
    found = run(example.step()[0], made, [])
    assert abs(found.samples_uv[:, 1] - constant_uv).max() <= 1e-9 * abs(constant_uv)
    assert not (found.taint[:, 1] & Taint.MOVEMENT).any()


@_each_example
def test_an_offset_does_not_show(example: ArtifactExample) -> None:
    made = _made(4, _N_SAMPLES, [])
    moved = StreamSamples(made.samples_uv + 1e6, made.time_s, made.taint)
    found, found_moved = run(example.step()[0], made, []), run(example.step()[0], moved, [])
    assert np.allclose(found_moved.samples_uv - 1e6, found.samples_uv, atol=1e-4)
    assert found_moved.taint.tobytes() == found.taint.tobytes()


@_each_example
def test_a_huge_sample_that_nobody_tainted_breaks_nothing(example: ArtifactExample) -> None:
    made = _made(5, 3 * _N_SAMPLES, [])
    made.samples_uv[400] = 1e12
    found = run(example.step()[0], made, [])
    assert np.isfinite(found.samples_uv).all()


@_each_example
def test_counts_are_of_samples_of_single_channels(example: ArtifactExample) -> None:
    made = _made(6, _N_SAMPLES, []).tainted(300, 1, Taint.SATURATED)
    step, counts = example.step()
    events = [BoundEvent(600, kind, "") for kind in (STIMULATION_PULSE, STIMULATION_CHANGE)]
    found = run(step, made, events, range(0, _N_SAMPLES, 7))
    added = found.taint & ~made.taint
    n_added = Counter({bit: int((added & bit != 0).sum()) for bit in Taint if bit in _ADDED})
    names = {
        Taint.SATURATED: ("saturated_after",),
        Taint.MOVEMENT: ("movement",),
        Taint.STIMULATION: ("stimulation_held", "stimulation_cleaned"),
        Taint.UNCLEANED: ("stimulation_spoilt", "stimulation_uncleaned"),
    }
    assert {bit: sum(counts[each] for each in names[bit]) for bit in names} == {
        bit: n_added[bit] for bit in names
    }


@_each_example
def test_nothing_compiles_after_the_second_call(example: ArtifactExample) -> None:
    made = _made(7, _N_SAMPLES, [])
    step, _ = example.step()
    run(step, made, [], [1])
    before = compiled()
    step.reset()
    run(step, made, [BoundEvent(9, STIMULATION_CHANGE)], range(0, _N_SAMPLES, 50))
    assert compiled() == before


@_each_example
def test_delay_is_declared(example: ArtifactExample) -> None:
    assert 0.0 <= example.step()[0].delay_s < 1.0


@_each_example
def test_a_step_that_reads_no_events_does_the_same_without_them(example: ArtifactExample) -> None:
    made = _made(1, _N_SAMPLES, [])
    kinds = (STIMULATION_PULSE, STIMULATION_CHANGE, "marker")
    events = [BoundEvent(200 + 100 * number, kind, "DBS") for number, kind in enumerate(kinds)]
    if example.step()[0].reads_events:
        return
    told, untold = (run(example.step()[0], made, each) for each in (events, []))
    assert told.samples_uv.tobytes() == untold.samples_uv.tobytes()
    assert told.taint.tobytes() == untold.taint.tobytes()
    assert told.findings == untold.findings
