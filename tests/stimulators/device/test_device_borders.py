"""What a device does at the last microsecond, with the last pulse that waits, with odd payloads."""

from typing import Any

import pytest

from stimulators.device.device_clock import ServiceClocks
from stimulators.device.device_topics import DeviceTopics
from stimulators.device.trigger_output import TriggerOutput
from stimulators.wire import topics
from stimulators.wire.keys.keys import NoKeys, UnverifiedError
from stimulators.wire.messages import ClockReply, ClockRequest, Command
from stimulators.wire.payload import to_payload
from tests.stimulators.device.device_bench import AHEAD_US, SESSION, Bench, stimulator


def _trigger(bench: Bench, fire_in_us: int | None, within_us: int) -> Command:
    """Return a trigger; the bench's clock is known to a microsecond."""
    at_us = None if fire_in_us is None else bench.now_us + AHEAD_US + fire_in_us
    return bench.command(1.0, kind="trigger", fire_at_us=at_us, fire_uncertainty_us_max=within_us)


@pytest.mark.parametrize(
    ("fire_in_us", "within_us", "refused"),
    [
        (0, 1, None),
        (0, 0, "clock"),
        (-1, 2, None),
        (-1, 1, "expired"),
    ],
)
def test_a_trigger_is_as_exact_as_it_must_be_to_the_microsecond(
    fire_in_us: int, within_us: int, refused: str | None
) -> None:
    bench = Bench().leased()
    assert bench.refusal(_trigger(bench, fire_in_us, within_us)) == refused


def test_a_trigger_without_a_time_and_an_amount_need_no_exactness() -> None:
    bench = Bench().leased()
    assert bench.refusal(_trigger(bench, None, 0)) is None
    at_us = bench.now_us + AHEAD_US
    timed = bench.command(1.0, fire_at_us=at_us, fire_uncertainty_us_max=0)
    untimed = bench.command(1.0, fire_at_us=at_us)
    assert bench.refusal(timed) == bench.refusal(untimed)


# Triggers that wait, and that are handed to the hardware.


def _waiting(seq: int, **keys: Any) -> Command:
    return Bench().command(1.0, kind="trigger", seq=seq, **keys)


def test_a_trigger_without_a_time_is_due_at_once() -> None:
    output = TriggerOutput(stimulator().limits)
    assert output.next_due_us is None
    output.waiting.append(_waiting(1, fire_at_us=500))
    assert output.next_due_us == 500
    output.waiting.append(_waiting(2))
    assert output.next_due_us == 0


def test_what_was_fired_is_handed_over_once_and_of_many_the_newest_seventeen() -> None:
    output = TriggerOutput(stimulator().limits)
    fired = [_waiting(seq) for seq in range(1, 20)]
    for number, command in enumerate(fired):
        output.give(command, number * 1_000_000)
    assert output.take_fired() == fired[2:]
    assert output.take_fired() == []


# Payloads that cannot be read, or that nobody signed.


_TOPIC = topics.COMMAND.at(rig="rig", device="stn")


class _Suspicious(NoKeys):
    """Keys that no message is signed with."""

    def open(self, topic: str, payload: bytes) -> bytes:
        raise UnverifiedError(f"{topic}: no signature", payload)


def test_payloads_that_cannot_be_read_are_counted_one_by_one() -> None:
    heard = DeviceTopics(rig="rig", device="stn")
    assert (heard.n_unreadable, heard.n_unverified) == (0, 0)
    for n_unreadable in (1, 2):
        assert heard.read(_TOPIC, b"{", retained=False) is None
        assert (heard.n_unreadable, heard.n_unverified) == (n_unreadable, 0)


def test_payloads_that_nobody_signed_are_counted_one_by_one() -> None:
    heard = DeviceTopics(rig="rig", device="stn", keys=_Suspicious())
    command = to_payload(Bench().command(1.0))
    for n_unverified in (1, 2):
        assert heard.read(_TOPIC, command, retained=False) is None
        assert (heard.n_unreadable, heard.n_unverified) == (0, n_unverified)


def test_what_is_on_no_topic_of_the_device_is_nothing() -> None:
    heard = DeviceTopics(rig="rig", device="stn")
    assert heard.read("rig/elsewhere", to_payload(Bench().command(1.0)), retained=False) is None
    assert heard.n_unreadable == 0


# When the clock of the service is asked for.


def _known_since(clocks: ServiceClocks, now_us: int) -> None:
    asked = clocks.ask(now_us)
    assert isinstance(asked, ClockRequest)
    reply = ClockReply(
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        nonce=asked.nonce,
        session=SESSION,
        received_us=AHEAD_US + now_us,
        replied_us=AHEAD_US + now_us,
    )
    clocks.learn(reply, now_us)


def test_after_a_long_look_away_it_asks_a_tenth_of_a_second_after_it_asked_last() -> None:
    clocks = ServiceClocks("boot")
    _known_since(clocks, 4_000_000)
    # Only now does it know a clock, so that the next request would be a second later.
    _known_since(clocks, 5_000_000)
    clocks.note_look(31_000)
    assert clocks.ask(5_099_999) is None
    assert clocks.ask(5_100_000) is not None
