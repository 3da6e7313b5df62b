"""Records are restored bit for bit, and digests depend on the data alone."""

import math
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from detectors.estimates import Detection, Estimates, Seen
from streamer.closed_loop import Outcome
from streamer.events import Chunk, Event
from streamer.journal.digests import Digests
from streamer.journal.records import (
    EndRecord,
    FailureRecord,
    StepRecord,
    decode,
    encode,
    encode_outcome,
    encode_step,
    link,
)
from tests.streamer.journal.journal_examples import (
    DECISIONS,
    EVENTS,
    HEADER,
    TARGET,
    estimates,
    outcome,
)

_SAMPLES = npst.arrays(
    dtype=st.sampled_from(["<f4", "<f8", ">f4", "<i2", "<i4", "i1", "<i8"]),
    shape=npst.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=8),
    elements=None,
)


def _came_back(event: Event) -> Event:
    step = decode("step", encode_step(event, encode_outcome(Outcome())))
    assert isinstance(step, StepRecord)
    return step.event


def test_the_examples_hold_every_kind_of_event() -> None:
    assert {type(event) for event in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    found = _came_back(event)
    assert type(found) is type(event)
    assert encode(found) == encode(event)
    if not isinstance(event, Chunk):
        assert found == event


@given(samples=_SAMPLES, first=st.integers(0, 2**62), data=st.data())
def test_a_chunk_comes_back_bit_for_bit(
    samples: np.ndarray, first: int, data: st.DataObject
) -> None:
    stamps = data.draw(npst.arrays(np.float64, samples.shape[0], elements=st.floats(width=64)))
    found = _came_back(Chunk("LFP", first, samples, stamps))
    assert isinstance(found, Chunk)
    assert (found.stream, found.first_sample) == ("LFP", first)
    assert found.samples.dtype == samples.dtype
    assert found.samples.shape == samples.shape
    assert found.samples.tobytes() == samples.tobytes()
    assert found.timestamps_s.tobytes() == stamps.tobytes()
    assert not found.samples.flags.writeable


def test_a_chunk_that_is_not_contiguous_comes_back_with_its_values() -> None:
    samples = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::3]
    found = _came_back(Chunk("LFP", 0, samples, np.zeros(4)[::2]))
    assert isinstance(found, Chunk)
    np.testing.assert_array_equal(found.samples, samples)


def test_what_has_no_bytes_is_refused() -> None:
    with pytest.raises(TypeError, match="expected an array of numbers, found dtype object"):
        encode(np.array([object()]))
    with pytest.raises(TypeError, match="found complex"):
        encode(1j)


@pytest.mark.parametrize("kind", ["header", "step", "failure", "end"])
@given(payload=st.binary(max_size=64))
def test_bytes_that_are_no_record_are_a_value_error(kind: str, payload: bytes) -> None:
    try:
        decode(kind, payload)
    except ValueError:
        return
    # The few bytes that do make a record must be one.
    assert kind == "failure"


def test_the_other_records_come_back_as_they_were() -> None:
    end = EndRecord(reason="duration", n_steps=3, digest={"targets": "00"})
    assert decode("header", encode(HEADER)) == HEADER
    assert decode("failure", encode(FailureRecord("broken"))) == FailureRecord("broken")
    assert decode("end", encode(end)) == end


def test_equal_outcomes_have_equal_bytes_and_a_changed_bit_changes_them() -> None:
    assert encode_outcome(outcome(3)) == encode_outcome(outcome(3))
    given_ = estimates()
    changes = {
        "sample": given_.sample + np.array([0, 1]),
        "time_s": np.nextafter(given_.time_s, math.inf),
        "values": np.nextafter(given_.values, math.inf),
        "valid": ~given_.valid,
        "taint": given_.taint + np.uint16(64),
    }
    before = encode_outcome(Outcome(seen=(Seen(given_),)))
    for field, value in changes.items():
        fields = {name: getattr(given_, name) for name in changes}
        changed = Estimates("beta", **(fields | {field: value}))
        assert encode_outcome(Outcome(seen=(Seen(changed),))) != before, field


def test_a_detector_that_saw_nothing_leaves_no_trace() -> None:
    empty = Outcome(seen=(Seen(estimates(n_hops=0)),))
    assert encode_outcome(empty) == encode_outcome(Outcome())


@given(
    number=st.integers(0, 2**62),
    now_s=st.floats(allow_nan=False),
    payload=st.binary(max_size=32),
    other=st.data(),
)
def test_a_link_depends_on_every_column(
    number: int, now_s: float, payload: bytes, other: st.DataObject
) -> None:
    previous = bytes(range(32))
    whole = link(previous, number, "step", now_s, payload)
    index = other.draw(st.integers(0, 31))
    changed = bytearray(previous)
    changed[index] ^= other.draw(st.integers(1, 255))
    assert link(bytes(changed), number, "step", now_s, payload) != whole
    assert link(previous, number + 1, "step", now_s, payload) != whole
    assert link(previous, number, "end", now_s, payload) != whole
    assert link(previous, number, "step", math.nextafter(now_s, 0.5), payload) != whole
    assert link(previous, number, "step", now_s, payload + b"\0") != whole


def _sliced(whole: Estimates, first: int, last: int) -> Estimates:
    return Estimates(
        whole.detector,
        whole.sample[first:last],
        whole.time_s[first:last],
        whole.values[first:last],
        whole.valid[first:last],
        whole.taint[first:last],
    )


@given(
    beta_cuts=st.lists(st.integers(0, 20), max_size=6),
    burst_cuts=st.lists(st.integers(0, 20), max_size=6),
    data=st.data(),
)
def test_neither_chunks_nor_the_order_of_detectors_show_in_the_digest(
    beta_cuts: list[int], burst_cuts: list[int], data: st.DataObject
) -> None:
    whole = {name: estimates(name, 0, 20) for name in ("beta", "burst")}
    onset = Detection("burst", "a", "onset", 3, 5, 0.3, 1.0)
    offset = Detection("burst", "a", "offset", 9, 9, 0.9, 0.5)

    def pieces(name: str, cuts: list[int]) -> list[Seen]:
        edges = [0, *sorted(cuts), 20]
        found = [Seen(_sliced(whole[name], *pair)) for pair in pairwise(edges)]
        if name == "burst":
            found.insert(
                data.draw(st.integers(0, len(found))), Seen(estimates(name, 0, 0), (onset,))
            )
            found.append(Seen(estimates(name, 0, 0), (offset,)))
        return found

    expected = Digests()
    expected.add(Outcome(seen=(Seen(whole["burst"], (onset, offset)), Seen(whole["beta"]))))
    found = Digests()
    waiting = [pieces("beta", beta_cuts), pieces("burst", burst_cuts)]
    while any(waiting):
        stream = data.draw(st.sampled_from([each for each in waiting if each]))
        found.add(Outcome(seen=(stream.pop(0),)))
    assert found.as_dict() == expected.as_dict()


def test_every_digest_sees_its_own_part_and_no_other() -> None:
    empty = Digests().as_dict()
    parts = {
        "estimates": Outcome(seen=(Seen(estimates()),)),
        "detections": Outcome(seen=(Seen(estimates(n_hops=0), outcome().seen[1].detections),)),
        "targets": Outcome(targets=(TARGET,)),
        "decisions": Outcome(decisions=DECISIONS),
    }
    assert set(empty) == set(parts)
    for part, given_ in parts.items():
        digests = Digests()
        digests.add(given_)
        found = digests.as_dict()
        assert {name for name in found if found[name] != empty[name]} == {part}


def test_the_digest_of_decisions_keeps_their_order() -> None:
    forwards, backwards = Digests(), Digests()
    forwards.add(Outcome(decisions=DECISIONS))
    backwards.add(Outcome(decisions=DECISIONS[::-1]))
    assert forwards.as_dict()["decisions"] != backwards.as_dict()["decisions"]
