"""A device's lease ends under any clock, and only the right service tells it the time."""

import msgspec
import pytest

from stimulators.wire.messages import ClockRequest
from tests.stimulators.device.device_bench import (
    AHEAD_US,
    SESSION,
    Bench,
    infos,
    reply,
)

NEWER = "00000000000000000003-0000000c"
OLDER = "00000000000000000001-0000000a"


def test_a_clock_that_was_set_back_ends_the_lease_at_once() -> None:
    bench = Bench().leased()
    bench.wait(100_000)
    bench.ask(bench.command(0.9))
    bench.now_us -= 50_000
    (info,) = infos(bench.tick())[:1]
    assert (info.state, info.reason) == ("safe", "its own clock was set back by 0.050 s")
    bench.wait(200_000)
    assert bench.amount == 0.5


def test_a_lease_ends_even_if_the_clock_is_set_back_again_and_again() -> None:
    bench = Bench().leased(valid_us=10_000_000)
    bench.ask(bench.command(1.0))
    for _ in range(3):
        bench.now_us -= 10_000_000
        bench.wait(100_000)
    assert (bench.state, bench.amount) == ("safe", 0.5)


def test_a_clock_that_jumps_ahead_ends_the_lease_and_what_was_known_of_the_services() -> None:
    bench = Bench().leased(valid_us=10_000_000)
    bench.ask(bench.command(1.0))
    bench.now_us += 1_000_001
    said = bench.device.tick(bench.now_us)
    assert infos(said)[0].reason == "its own clock went 1.000 s forward in one step"
    assert bench.state == "safe"
    (asked,) = (each for each in said if isinstance(each, ClockRequest))
    assert asked.uncertainty_us is None
    bench.tell(bench.lease())
    assert bench.device.info.reason == "lease refused: clock"
    # The clock that was set is off by as much: only what is learnt anew counts.
    bench.tell(reply(asked, bench.now_us, ahead_us=AHEAD_US - 1_000_001))
    issued_us = bench.now_us + AHEAD_US - 1_000_001
    bench.tell(bench.lease(issued_us=issued_us, armed_us=issued_us))
    assert bench.state == "live"


def test_a_device_that_stalls_for_less_goes_on() -> None:
    bench = Bench().leased(valid_us=10_000_000)
    bench.now_us += 1_000_000
    bench.tick()
    assert bench.state == "live"


def test_a_stop_before_a_clock_step_holds_against_armings_before_the_step() -> None:
    bench = Bench().leased()
    bench.stop()
    bench.wait(50_000)
    bench.now_us += 3_600_000_000
    bench.tick()
    # By the clock that was set, an arming from before the stop looks an hour younger.
    bench.tell(bench.lease(armed_us=bench.now_us + AHEAD_US - 1_000))
    assert bench.state == "stopped"
    bench.wait(50_000)
    bench.tell(bench.lease(armed_us=bench.now_us + AHEAD_US))
    assert bench.state == "live"


@pytest.mark.parametrize("is_in_time", [True, False])
def test_a_command_may_be_valid_for_ten_seconds_and_no_longer(*, is_in_time: bool) -> None:
    bench = Bench().leased()
    expires_us = bench.now_us + AHEAD_US + (10_000_000 if is_in_time else 10_000_001)
    assert bench.refusal(bench.command(0.6, expires_us=expires_us)) == (
        None if is_in_time else "validity"
    )


def test_a_command_from_before_the_arming_is_refused() -> None:
    bench = Bench()
    bench.wait(100_000)
    now_us = bench.now_us + AHEAD_US
    bench.leased(armed_us=now_us)
    assert bench.refusal(bench.command(0.6, issued_us=now_us - 1)) == "validity"
    assert bench.refusal(bench.command(0.6, issued_us=now_us)) is None


def test_while_a_lease_runs_only_the_replies_of_its_session_count() -> None:
    bench = Bench().leased()
    bench.wait(900_000 - 2)
    for _ in range(20):
        bench.tell(bench.lease())
        bench.now_us += 100_000
        for each in bench.device.tick(bench.now_us):
            if isinstance(each, ClockRequest):
                bench.tell(reply(each, bench.now_us, ahead_us=0, session=NEWER))
                bench.tell(reply(each, bench.now_us))
    assert bench.ask(bench.command(0.6)).received_us == bench.now_us + AHEAD_US


@pytest.mark.parametrize(
    ("session", "counts"), [(OLDER, False), ("z", False), (SESSION, True), (NEWER, True)]
)
def test_without_a_lease_the_replies_of_older_sessions_do_not_count(
    session: str, *, counts: bool
) -> None:
    bench = Bench(newest_session=SESSION)
    bench.heard_by = session
    bench.wait(300_000)
    ack = bench.ask(bench.command(1.0))
    assert (ack.received_us != 0) == counts


def test_a_reply_without_the_nonce_of_the_request_changes_nothing() -> None:
    bench = Bench(new_nonce=lambda: "unguessable")
    (asked,) = (each for each in bench.device.tick(bench.now_us) if isinstance(each, ClockRequest))
    assert asked.nonce == "unguessable"
    bench.tell(msgspec.structs.replace(reply(asked, bench.now_us), nonce="1"))
    bench.tell(bench.lease())
    assert bench.device.info.reason == "lease refused: clock"
    bench.tell(reply(asked, bench.now_us))
    bench.tell(bench.lease())
    assert bench.state == "live"


def test_a_session_is_adopted_only_by_a_clock_that_it_told_itself() -> None:
    bench = Bench()
    bench.heard_by = NEWER
    bench.wait(500_000)
    bench.tell(bench.lease())
    assert (bench.state, bench.device.info.reason) == ("safe", "lease refused: clock")
    bench.heard_by = SESSION
    bench.wait(200_000)
    bench.tell(bench.lease())
    assert bench.state == "live"


def test_each_request_names_the_boot_and_another_nonce() -> None:
    bench = Bench(instance="boot-3")
    asked = [each for each in bench.wait(5_000_000) if isinstance(each, ClockRequest)]
    assert {each.instance for each in asked} == {"boot-3"}
    assert len({each.nonce for each in asked}) == len(asked) > 5
