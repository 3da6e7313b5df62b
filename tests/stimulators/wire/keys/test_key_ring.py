"""What was signed opens on its own topic, with its own key, unchanged; nothing else does."""

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys, ListenerKeys, NoKeys, UnverifiedError
from stimulators.wire.keys.ring import SIGNING_KEYS, Key, KeyRing, signature
from stimulators.wire.topics import Topic
from tests.stimulators.wire.keys.signing import DEVICE, OPERATOR, RIG, SignedRig

_KEY = Key("0a1b2c3d", "5e" * 32)
_OTHER = Key("0a1b2c3d", "6f" * 32)
_STOP = topics.STOP.at(rig=RIG)
_COMMAND = topics.COMMAND.at(rig=RIG, device=DEVICE)
_UNSIGNED = {topics.ESTIMATE, topics.EVENT, topics.DETECTOR_INFO, topics.DECISION}
_TO_DEVICE = (topics.COMMAND, topics.LEASE, topics.CLOCK_REPLY)
_FROM_DEVICE = (topics.ACK, topics.INFO, topics.DEVICE_STATUS, topics.CLOCK_REQUEST)
_BODY = b'{"seq":1}'


@pytest.fixture
def rig(tmp_path: Path) -> SignedRig:
    return SignedRig(tmp_path / "keys")


def _refusal(keys: Keys, topic: str, payload: bytes) -> UnverifiedError:
    with pytest.raises(UnverifiedError) as refused:
        keys.open(topic, payload)
    return refused.value


def test_every_topic_is_signed_or_is_known_not_to_be() -> None:
    ours = {each for each in vars(topics).values() if isinstance(each, Topic)}
    assert set(SIGNING_KEYS) | _UNSIGNED == ours


def test_the_signature_is_hmac_over_topic_a_zero_byte_and_payload() -> None:
    expected = hmac.new(b"\x5e" * 32, _STOP.encode() + b"\0" + _BODY, hashlib.sha256).hexdigest()
    assert signature(_KEY, _STOP, _BODY) == f"0a1b2c3d.{expected}.".encode()


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_the_same(body: bytes) -> None:
    ring = KeyRing(RIG, {"stop": [_KEY]})
    assert ring.open(_STOP, ring.seal(_STOP, body)) == body


@given(st.data())
def test_a_payload_changed_anywhere_does_not_open(data: st.DataObject) -> None:
    ring = KeyRing(RIG, {"stop": [_KEY]})
    sealed = ring.seal(_STOP, _BODY)
    index = data.draw(st.integers(0, len(sealed) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != sealed[index]))
    _refusal(ring, _STOP, sealed[:index] + bytes([byte]) + sealed[index + 1 :])


@given(st.integers(0, 74 + len(_BODY)))
def test_a_payload_cut_short_does_not_open(n_bytes: int) -> None:
    ring = KeyRing(RIG, {"stop": [_KEY]})
    sealed = ring.seal(_STOP, _BODY)
    assert len(sealed) == 74 + len(_BODY)
    _refusal(ring, _STOP, sealed[: min(n_bytes, len(sealed) - 1)])


@given(st.binary(max_size=200))
def test_any_bytes_open_or_are_refused_in_one_short_line(payload: bytes) -> None:
    refused = _refusal(KeyRing(RIG, {"stop": [_KEY]}), _STOP, payload)
    assert 0 < len(str(refused)) <= 200
    assert payload.endswith(refused.body)


def test_the_same_words_said_to_another_topic_do_not_open() -> None:
    ring = KeyRing(RIG, {"to/a": [_KEY], "to/b": [_KEY]})
    sealed = ring.seal(topics.COMMAND.at(rig=RIG, device="a"), _BODY)
    assert "for this topic" in str(_refusal(ring, topics.COMMAND.at(rig=RIG, device="b"), sealed))
    assert "for this topic" in str(_refusal(ring, topics.LEASE.at(rig=RIG, device="a"), sealed))


def test_another_secret_under_the_same_name_does_not_open() -> None:
    sealed = KeyRing(RIG, {"stop": [_OTHER]}).seal(_STOP, _BODY)
    refused = _refusal(KeyRing(RIG, {"stop": [_KEY]}), _STOP, sealed)
    assert refused.body == _BODY
    assert "0a1b2c3d" in str(refused)


def test_nothing_unsigned_opens_where_there_is_a_key() -> None:
    refused = _refusal(KeyRing(RIG, {"stop": [_KEY]}), _STOP, _BODY)
    assert str(refused) == "signature: the payload has none"
    assert refused.body == _BODY


def test_the_first_key_signs_and_both_are_accepted() -> None:
    before, after = Key("00000001", "11" * 32), Key("00000002", "22" * 32)
    old, new = KeyRing(RIG, {"stop": [before]}), KeyRing(RIG, {"stop": [after]})
    both = KeyRing(RIG, {"stop": [after, before]})
    assert both.seal(_STOP, _BODY) == new.seal(_STOP, _BODY)
    assert both.open(_STOP, old.seal(_STOP, _BODY)) == _BODY
    assert both.open(_STOP, new.seal(_STOP, _BODY)) == _BODY
    assert "00000001" in str(_refusal(old, _STOP, new.seal(_STOP, _BODY)))


@pytest.mark.parametrize("topic", _TO_DEVICE)
def test_only_the_service_can_command_and_only_the_device_hears_it(
    rig: SignedRig, topic: Topic
) -> None:
    address = topic.at(rig=RIG, device=DEVICE)
    assert rig.device.open(address, rig.service.seal(address, _BODY)) == _BODY
    _refusal(rig.device, address, rig.operator.seal(address, _BODY))
    _refusal(rig.device, address, NoKeys().seal(address, _BODY))


@pytest.mark.parametrize("topic", _FROM_DEVICE)
def test_only_the_device_itself_can_answer(rig: SignedRig, topic: Topic) -> None:
    address = topic.at(rig=RIG, device=DEVICE)
    sealed = rig.device.seal(address, _BODY)
    assert rig.service.open(address, sealed) == _BODY
    assert rig.operator.open(address, sealed) == _BODY
    _refusal(rig.service, address, rig.operator.seal(address, _BODY))
    _refusal(rig.service, topic.at(rig=RIG, device="other"), sealed)


def test_a_device_cannot_speak_for_another(tmp_path: Path) -> None:
    rig = SignedRig(tmp_path / "keys", devices=("left", "right"))
    for topic in (topics.INFO.at(rig=RIG, device="right"), topics.STATUS.at(rig=RIG)):
        _refusal(rig.service, topic, rig.device.seal(topic, _BODY))
    # It knows the stop key, with which one can only stop.
    assert rig.service.open(_STOP, rig.device.seal(_STOP, _BODY)) == _BODY


def test_only_an_operator_can_ask_the_service(rig: SignedRig) -> None:
    control = topics.CONTROL.at(rig=RIG)
    assert rig.service.open(control, rig.operator.seal(control, _BODY)) == _BODY
    _refusal(rig.service, control, rig.device.seal(control, _BODY))


def test_an_operator_believes_only_a_status_that_is_signed(rig: SignedRig) -> None:
    status = topics.STATUS.at(rig=RIG)
    assert rig.operator.open(status, rig.service.seal(status, _BODY)) == _BODY
    _refusal(rig.operator, status, _BODY)


def test_who_holds_no_keys_reads_past_signatures(rig: SignedRig) -> None:
    assert ListenerKeys().open(_COMMAND, rig.service.seal(_COMMAND, _BODY)) == _BODY
    assert ListenerKeys().open(_COMMAND, _BODY) == ListenerKeys().seal(_COMMAND, _BODY) == _BODY


def test_no_secret_is_ever_in_what_is_printed() -> None:
    assert _KEY.secret not in f"{_KEY!r} {_KEY} {[_KEY]}"
    assert repr(_KEY) == "Key(id='0a1b2c3d')"
    ring = KeyRing(RIG, {"stop": [_KEY]})
    assert _KEY.secret not in f"{ring!r} {vars(ring)}"


def test_a_request_is_of_whose_key_signed_it_whatever_name_it_says(rig: SignedRig) -> None:
    topic = topics.CONTROL.at(rig=RIG)
    sealed = rig.operator.seal(topic, b'{"operator":"bert"}')
    assert rig.service.open(topic, sealed) == b'{"operator":"bert"}'
    assert rig.service.owner(topic, sealed) == OPERATOR
    assert rig.service.owner(topic, b"no signature") == ""
    assert NoKeys().owner(topic, sealed) == ListenerKeys().owner(topic, sealed) == ""
