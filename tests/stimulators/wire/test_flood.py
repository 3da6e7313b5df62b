"""Of a flood of messages only a part is read; expected and first messages always are."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.wire import topics
from stimulators.wire.flood import Buckets, ExpectedAnswers, StopLimit
from stimulators.wire.flood_limits import FloodLimits
from stimulators.wire.messages import (
    Ack,
    ClockRequest,
    Control,
    DeviceInfo,
    DeviceStatus,
    Stop,
)
from stimulators.wire.received import (
    AckHeard,
    ClockAsked,
    ControlHeard,
    DeviceStatusHeard,
    Flooded,
    InfoHeard,
    Received,
    StopHeard,
    Unreadable,
)

_RIG, _SESSION = "rig-1", "ours"
_COMMANDS_PER_S = 50.0


def _address(topic: topics.Topic, device: str = "stn") -> str:
    return topic.at(rig=_RIG, device=device)


def _ack(
    seq: int | None, *, session: str = _SESSION, device: str = "stn", request: str | None = None
) -> AckHeard:
    ack = Ack(
        session=session,
        instance="i",
        word=1,
        last_seq=0,
        received_us=1,
        applied_us=2,
        seq=seq,
        request_id=request,
    )
    return AckHeard(device=device, message=ack)


def _status(*, session: str | None = _SESSION, device: str = "stn") -> DeviceStatusHeard:
    status = DeviceStatus(instance="i", word=1, session=session, state="live", last_seq=0)
    return DeviceStatusHeard(device=device, message=status)


def _info(device: str = "stn") -> InfoHeard:
    info = DeviceInfo(device=device, instance="i", word=1, state="safe")
    return InfoHeard(device=device, message=info, retained=False)


def _asked(device: str = "stn") -> ClockAsked:
    request = ClockRequest(request_seq=1, sent_us=1, nonce="n", instance="i")
    return ClockAsked(device=device, message=request)


def _control() -> ControlHeard:
    control = Control(
        request_id="r", session="s", operator="o", issued_us=1, expires_us=2, action="arm"
    )
    return ControlHeard(message=control, retained=False)


class FloodTrial:
    """Flood limits, and the number of messages they let through."""

    def __init__(self) -> None:
        self.limits = FloodLimits(rig=_RIG, session=_SESSION, devices={"stn": _COMMANDS_PER_S})

    def hears(self, received: Received, topic: str, now_s: float = 0.0, n_bytes: int = 300) -> bool:
        return self.limits.admits(received, topic, n_bytes=n_bytes, now_s=now_s)

    def flood(
        self,
        received: Received,
        topic: str,
        *,
        seconds: int = 10,
        per_s: int = 17_490,
        n_bytes: int = 300,
    ) -> int:
        return sum(
            self.hears(received, topic, index / per_s, n_bytes) for index in range(seconds * per_s)
        )


@given(
    st.lists(st.tuples(st.floats(0.0, 5.0), st.integers(0, 100_000)), max_size=200),
    st.floats(1.0, 100.0),
)
def test_a_bucket_lets_its_rate_through_and_never_more(
    messages: list[tuple[float, int]], per_s: float
) -> None:
    buckets, now_s, heard = Buckets(), 0.0, []
    for pause_s, n_bytes in messages:
        now_s += pause_s
        if buckets.admits("t", "k", now_s, per_s=per_s, n_bytes=n_bytes):
            heard.append((now_s, max(1.0, n_bytes / 1024)))
    assert not messages or heard
    for first, last in itertools.combinations(range(len(heard)), 2):
        # The last one's length counts after it.
        tokens = sum(cost for _, cost in heard[first:last])
        assert tokens <= per_s * (heard[last][0] - heard[first][0]) + 2.0 * per_s + 1e-6


def test_what_does_not_flood_is_never_dropped() -> None:
    buckets = Buckets()
    assert all(buckets.admits("t", "k", n / 10.0, per_s=10.0, n_bytes=9) for n in range(10_000))
    assert not buckets.has_dropped


def test_a_clock_that_steps_back_gives_no_tokens() -> None:
    buckets = Buckets()
    heard = [buckets.admits("t", "k", -float(n), per_s=10.0, n_bytes=9) for n in range(100)]
    assert sum(heard) == 20


def test_what_was_dropped_is_counted_once() -> None:
    buckets = Buckets()
    for _ in range(25):
        buckets.admits("t", "k", 0.0, per_s=10.0, n_bytes=9)
    assert buckets.has_dropped
    assert buckets.take_dropped() == [Flooded(topic="t", n_dropped=5)]
    assert buckets.take_dropped() == []
    assert not buckets.has_dropped


def test_answers_are_expected_of_what_was_asked_and_a_few_times_only() -> None:
    asked = ExpectedAnswers()
    asked.ask(1)
    asked.ask("stop")
    assert [asked.expects(1) for _ in range(6)] == [True] * 4 + [False] * 2
    assert asked.expects("stop")
    assert not asked.expects(2)
    assert not asked.expects(None)


def test_what_is_remembered_of_questions_is_bounded() -> None:
    asked = ExpectedAnswers()
    for seq in range(100_000):
        asked.ask(seq)
    assert len(asked._n_answers) == 4096
    assert asked.expects(99_999)
    assert not asked.expects(0)


def test_answers_to_our_own_commands_pass_at_any_rate_and_in_the_middle_of_a_flood() -> None:
    ears = FloodTrial()
    topic = _address(topics.ACK)
    ears.flood(_ack(1, session="another"), topic, seconds=1)
    ears.flood(_ack(10**9), topic, seconds=1)
    for seq in range(1, 2001):
        ears.limits.ask("stn", seq)
        assert ears.hears(_ack(seq), topic, 1.0)
        assert ears.hears(_ack(seq), topic, 1.0), "a command that came twice is answered twice"


def test_a_devices_words_at_the_end_of_each_movement_are_never_dropped() -> None:
    ears = FloodTrial()
    per_s = round(_COMMANDS_PER_S) + 1
    assert ears.flood(_status(), _address(topics.DEVICE_STATUS), per_s=per_s) == per_s * 10
    assert ears.flood(_status(session=None), _address(topics.DEVICE_STATUS), per_s=2) == 20
    assert ears.flood(_asked(), _address(topics.CLOCK_REQUEST), per_s=10) == 100


@pytest.mark.parametrize(
    ("received", "topic"),
    [
        (_ack(1, session="another"), _address(topics.ACK)),
        (_ack(10**9), _address(topics.ACK)),
        (_ack(None, request="never pressed"), _address(topics.ACK)),
        (_ack(1, device="unknown"), _address(topics.ACK, "unknown")),
        (_info(), _address(topics.INFO)),
        (_status(session="another"), _address(topics.DEVICE_STATUS)),
        (_asked(), _address(topics.CLOCK_REQUEST)),
        (_control(), _address(topics.CONTROL)),
        (Unreadable(topic="t", problem="p"), _address(topics.ACK)),
        (Unreadable(topic="t", problem="p"), ""),
    ],
)
def test_of_a_flood_ten_a_second_are_looked_at_the_first_among_them(
    received: Received, topic: str
) -> None:
    ears = FloodTrial()
    assert ears.hears(received, topic)
    n_heard = 1 + ears.flood(received, topic)
    assert 100 <= n_heard <= 125
    dropped = ears.limits.take_dropped()
    assert [each.n_dropped for each in dropped] == [174_900 + 1 - n_heard]


def test_a_flood_of_long_messages_is_bounded_in_bytes_too() -> None:
    ears = FloodTrial()
    n_heard = ears.flood(_ack(1, session="x"), _address(topics.ACK), per_s=1000, n_bytes=65_536)
    assert 1 <= n_heard <= 3
    ears.limits.ask("stn", 1)
    assert ears.hears(_ack(1), _address(topics.ACK), 10.0, 300)
    assert sum(ears.hears(_ack(1), _address(topics.ACK), 10.0, 65_536) for _ in range(9)) == 1


def test_a_flood_in_one_devices_name_takes_nothing_from_anothers() -> None:
    ears = FloodTrial()
    for index in range(10_000):
        name = f"unknown-{index}"
        ears.hears(_info(name), _address(topics.INFO, name), 0.0)
    assert ears.hears(_info(), _address(topics.INFO), 0.0)
    # Names are not remembered one by one, and are reported together.
    assert len(ears.limits._buckets._buckets) == 2
    (told,) = ears.limits.take_dropped()
    assert told == Flooded(topic="stimloop/rig-1/device/+", n_dropped=9980)


def _stop(name: str = "r", *, verified: bool = False) -> StopHeard:
    return StopHeard(message=Stop(request_id=name, operator="o", reason="why"), verified=verified)


def test_the_first_stop_is_told_at_once_and_then_one_a_second_with_a_count() -> None:
    limit = StopLimit()
    assert limit.passes(_stop(), 0.0)
    assert not any(limit.passes(_stop(f"{n}"), n / 1000) for n in range(1, 900))
    assert limit.is_holding
    stop, n_others = limit.take_waiting(0.9)
    assert stop is not None
    assert (stop.message.request_id, n_others) == ("899", 898)
    assert not limit.is_holding
    assert limit.take_waiting(1.0) == (None, 0)
    assert not limit.passes(_stop(), 1.5)
    assert limit.passes(_stop(), 2.0)


def test_a_stop_after_anything_was_granted_is_told_at_once() -> None:
    limit = StopLimit()
    assert limit.passes(_stop(), 0.0)
    assert not limit.passes(_stop(), 0.001)
    limit.grant()
    assert limit.passes(_stop(), 0.002)
    assert not limit.passes(_stop(), 0.003)


def test_a_verified_stop_waits_for_no_flood_of_others_and_stands_for_them() -> None:
    limit = StopLimit()
    assert limit.passes(_stop(), 0.0)
    assert limit.passes(_stop("signed", verified=True), 0.2)
    assert not limit.passes(_stop("signed too", verified=True), 0.25)
    assert not limit.passes(_stop("later"), 0.26)
    stop, n_others = limit.take_waiting(0.9)
    assert stop is not None
    assert (stop.message.request_id, stop.verified, n_others) == ("signed too", True, 1)
