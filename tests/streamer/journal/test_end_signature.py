"""The signature of an end record: bound to this record, this session, and this key."""

import hashlib
import hmac
from typing import Any

import pytest
from msgspec.structs import replace

from streamer.journal.end_signature import signed
from streamer.journal.records import EndRecord, encode, link

_KEY = bytes(range(32))
_END = EndRecord(
    reason="duration", n_steps=3, digest={"estimates": "00"}, summary_json=b'{"samples": 1}'
)
_PLACE: dict[str, Any] = {"session": "s", "previous": bytes(32), "number": 4, "now_s": 2.5}


def test_it_is_the_hmac_that_the_module_describes() -> None:
    said = b"stimloop journal end\0s\0" + link(bytes(32), 4, "end", 2.5, encode(_END))
    expected = hmac.new(_KEY, said, hashlib.sha256).hexdigest()
    assert signed(_END, _KEY, **_PLACE) == replace(_END, signature=expected)
    assert signed(replace(_END, signature="ff"), _KEY, **_PLACE).signature == expected


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "stopped"},
        {"n_steps": 2},
        {"digest": {"estimates": "01"}},
        {"summary_json": b'{"samples": 2}'},
    ],
)
def test_another_record_has_another_signature(change: dict[str, Any]) -> None:
    other = signed(replace(_END, **change), _KEY, **_PLACE)
    assert other.signature != signed(_END, _KEY, **_PLACE).signature


@pytest.mark.parametrize(
    "change",
    [{"session": "t"}, {"previous": bytes(31) + b"1"}, {"number": 5}, {"now_s": 2.6}],
)
def test_another_place_has_another_signature(change: dict[str, Any]) -> None:
    other = signed(_END, _KEY, **{**_PLACE, **change})
    assert other.signature != signed(_END, _KEY, **_PLACE).signature


def test_another_key_gives_another_signature() -> None:
    assert signed(_END, b"k", **_PLACE).signature != signed(_END, _KEY, **_PLACE).signature
