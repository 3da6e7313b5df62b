"""The first difference is reported with its location and the expected value."""

from typing import Any

import msgspec
import pytest

from replay.verification import differences


def _encoded(**outcome: Any) -> bytes:
    return msgspec.msgpack.encode(outcome)


@pytest.mark.parametrize(
    ("recorded", "recomputed", "expected"),
    [
        (1, 1, None),
        (1, 2, "recorded 1, recomputed 2"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]: recorded 2, recomputed 3"),
        ({"a": [1]}, {"a": [1, 2]}, "a[1]: recorded nothing, recomputed 2"),
        ({"a": 1}, {}, "a: recorded 1, recomputed nothing"),
        ({"b": 1, "a": 2}, {"a": 3, "b": 4}, "a: recorded 2, recomputed 3"),
        ({"a": "x" * 100}, {"a": ""}, "a: recorded '" + "x" * 76 + "..., recomputed ''"),
    ],
)
def test_values_differ_by_path(recorded: object, recomputed: object, expected: str | None) -> None:
    found = differences.in_values(recorded, recomputed)
    assert found == expected if expected is None else str(found).endswith(expected)


def test_estimates_that_differ_are_named_by_detector_and_sample() -> None:
    seen = {"detector": "beta", "n_estimates": 2, "newest_sample": 99, "mark": b"12345678"}
    found = differences.in_outcomes(
        _encoded(seen=[seen]), _encoded(seen=[{**seen, "mark": b"87654321"}])
    )
    assert found == (
        "detector beta: estimates up to sample 99: recorded 2, recomputed 2, not the same bits"
    )


def test_detections_that_differ_are_named_by_path() -> None:
    seen = {"detector": "burst", "n_estimates": 1, "newest_sample": 9, "mark": b"1"}
    found = differences.in_outcomes(
        _encoded(seen=[{**seen, "detections": [{"sample": 3}]}]),
        _encoded(seen=[{**seen, "detections": [{"sample": 4}]}]),
    )
    assert found == "detector burst: detections[0].sample: recorded 3, recomputed 4"


def test_a_detector_that_saw_nothing_the_other_time_is_named() -> None:
    seen = {"detector": "beta", "n_estimates": 2, "newest_sample": 99, "mark": b"1"}
    found = differences.in_outcomes(_encoded(seen=[seen]), _encoded(seen=[]))
    assert found == (
        "detector beta: estimates up to sample 99: recorded 2, recomputed 0, not the same bits"
    )


def test_decisions_that_differ_are_named_by_path() -> None:
    found = differences.in_outcomes(
        _encoded(decisions=[{"type": "Send", "device": "left"}]),
        _encoded(decisions=[{"type": "Refusal"}]),
    )
    assert found == "decisions[0].device: recorded 'left', recomputed nothing"
    same = _encoded(decisions=[])
    assert differences.in_outcomes(same, same) == "the same values in other bytes"
