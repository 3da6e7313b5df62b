"""Payloads are decoded by the contract, or refused in one short line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.wire.messages import (
    Ack,
    ClockRequest,
    Command,
    Control,
    DeviceInfo,
    Lease,
    Reason,
    Status,
    Stop,
    Wire,
)
from stimulators.wire.payload import from_payload, to_payload

_KINDS = [Ack, ClockRequest, Command, Control, DeviceInfo, Lease, Status, Stop]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)

COMMAND = Command(
    session="s",
    seq=1,
    kind="amplitude",
    channel="c",
    program="p",
    onset_us=1,
    issued_us=2,
    expires_us=3,
    reason=Reason(detector="d", value=1.5, threshold=1.0, policy="x"),
    simulated=True,
    amplitude_ma=2.5,
)


def _read(payload: bytes, kind: type[Wire]) -> Wire | str:
    """Return the message, or the reason of the refusal."""
    try:
        message: Wire = from_payload(payload, kind)
    except ValueError as refused:
        return str(refused)
    assert isinstance(message, kind)
    return message


def _refusal(payload: bytes, kind: type[Wire]) -> str:
    said = _read(payload, kind)
    assert isinstance(said, str)
    return said


def test_what_is_written_is_read_the_same() -> None:
    assert from_payload(to_payload(COMMAND), Command) == COMMAND


@given(st.sampled_from(_KINDS), st.binary())
def test_any_bytes_are_read_or_refused_in_one_short_line(kind: type[Wire], payload: bytes) -> None:
    said = _read(payload, kind)
    assert not isinstance(said, str) or (0 < len(said) <= 200 and "\n" not in said)


@given(st.sampled_from(_KINDS), st.sampled_from(list(COMMAND.__struct_fields__)), _JSON)
def test_any_value_in_any_field_is_read_or_refused(
    kind: type[Wire], field: str, value: object
) -> None:
    payload = json.loads(to_payload(COMMAND)) | {field: value}
    said = _read(json.dumps(payload).encode(), kind)
    assert not isinstance(said, str) or 0 < len(said) <= 200


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", '"1"', "true", "[1]"])
def test_an_amplitude_that_is_no_number_is_refused(number: str) -> None:
    written = to_payload(COMMAND)
    payload = written.replace(b'"amplitude_ma":2.5', b'"amplitude_ma":' + number.encode())
    assert payload != written
    assert _refusal(payload, Command)


@pytest.mark.parametrize("number", [2**53, -(2**53), 2**64, 10**30, 10**400])
def test_a_whole_number_that_no_journal_and_no_float_holds_is_refused(number: int) -> None:
    written = to_payload(COMMAND)
    for field in (b'"seq":1', b'"issued_us":2'):
        payload = written.replace(field, field[:-1] + str(number).encode())
        assert payload != written
        assert _refusal(payload, Command)


def test_unknown_fields_of_a_newer_peer_are_passed_over() -> None:
    payload = b'{"later":[1],' + to_payload(COMMAND)[1:]
    assert from_payload(payload, Command) == COMMAND


def test_a_payload_as_deep_or_as_long_as_a_book_is_refused() -> None:
    assert _refusal(b"[" * 60_000, Command)
    assert "65536 bytes" in _refusal(b" " * 70_000, Command)
    assert len(_refusal(b'{"kind":"' + b"x" * 60_000 + b'"}', Command)) <= 200
