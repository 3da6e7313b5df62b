"""Cases of what a device does beside refusing: clocks, leases, sessions, signatures, stops."""

from collections.abc import Callable
from typing import Any

import msgspec

from stimulators.wire import topics
from stimulators.wire.payload import to_payload
from tests.stimulators.device.vectors.script import AHEAD_US, NEWER, OLDER, SESSION, Script

Case = Callable[[Script], None]


def done(script: Script) -> None:
    """A command is done and answered; one that came twice is answered twice and done once."""
    script.live()
    command = script.command(1.0)
    script.pass_us(20_000)
    script.ask(command, None)


def slew(script: Script) -> None:
    """A larger step is taken by the device's own slew, of which 50 ms are free at once."""
    script.live()
    script.command(2.5)
    script.pass_us(100_000)
    script.look()
    script.pass_us(100_000)
    script.look()
    script.is_now("live", 2.5)


def unknown_fields(script: Script) -> None:
    """Fields that are not known are passed over."""
    script.live()
    body = to_payload(script.make(1.0))[:-1] + b',"colour":"blue"}'
    script.hear(topics.COMMAND, body)
    script.is_now("live", 1.0)


def unreadable(script: Script) -> None:
    """A payload that is not as described changes nothing."""
    script.live()
    script.unanswered(topics.COMMAND, b"{}")
    script.unanswered(topics.COMMAND, b"up!")
    script.command(1.0)


def retained(script: Script) -> None:
    """A command and a lease that the broker had kept change nothing; a stop does."""
    script.know_clock()
    lease = script.next_lease()
    script.unanswered(topics.LEASE, lease, retained=True)
    script.live()
    script.unanswered(topics.COMMAND, script.make(2.0), retained=True)
    script.command(1.0)
    body = b'{"request_id":"kept","operator":"anna","reason":"test"}'
    script.hear(topics.STOP, body, retained=True)
    script.is_now("stopped", 0.0)


def signature(script: Script) -> None:
    """What is not signed, signed wrongly, or signed for another topic changes nothing."""
    script.live()
    command = script.make(2.0)
    script.unanswered(topics.COMMAND, command, signed=False)
    right = script.sealed(command, topics.COMMAND)
    wrong = right[:9] + (b"0" if right[9:10] != b"0" else b"1") + right[10:]
    script.unanswered(topics.COMMAND, command, payload=wrong)
    script.unanswered(topics.COMMAND, command, payload=right.replace(b"2.0", b"3.0"))
    other = script.sealed(command, topics.LEASE)
    script.unanswered(topics.COMMAND, command, payload=other)
    unknown = b"00000000" + right[8:]
    script.unanswered(topics.COMMAND, command, payload=unknown)
    script.ask(command, None)


def lease_end(script: Script) -> None:
    """When the lease ends the device goes to its safe amount by its own timer and slew."""
    script.live(valid_us=300_000)
    script.command(2.0)
    script.pass_us(250_000)
    script.look()
    script.is_now("live", 2.0)
    script.pass_us(100_000)
    script.look()
    if script.device.state != "safe":
        raise AssertionError(script.device.state)
    script.pass_us(200_000)
    script.look()
    script.is_now("safe", 0.5)


def lease_late(script: Script) -> None:
    """A lease runs from when it was issued: one that was held up on the way is dead."""
    script.know_clock()
    script.pass_us(400_000)
    script.unanswered(topics.LEASE, script.next_lease(issued_us=-300_000, valid_us=250_000))
    script.live()


def lease_twice(script: Script) -> None:
    """A lease whose number is not higher than the last gives no more time."""
    script.know_clock()
    script.pass_us(1_000)
    first = script.next_lease(valid_us=300_000)
    script.hear(topics.LEASE, first)
    script.command(1.0)
    script.pass_us(200_000)
    again = msgspec.structs.replace(first, issued_us=script.now_us + AHEAD_US)
    script.hear(topics.LEASE, again)
    script.pass_us(200_000)
    script.look()
    script.is_now("safe", 0.5)


def lease_false(script: Script) -> None:
    """No lease is taken from the future, for more than 10 s, or for a real device."""
    script.know_clock()
    script.unanswered(topics.LEASE, script.next_lease(issued_us=50_000))
    script.unanswered(topics.LEASE, script.next_lease(valid_us=10_000_001))
    script.unanswered(topics.LEASE, script.next_lease(valid_us=0))
    script.unanswered(topics.LEASE, script.next_lease(simulated=False))
    script.live()


def lease_without_clock(script: Script) -> None:
    """Without the service's clock no lease is taken."""
    script.look()
    script.unanswered(topics.LEASE, script.next_lease())
    script.live()


def clock_nonce(script: Script) -> None:
    """A reply counts only with the request's own nonce."""
    script.know_clock(nonce="00", shift_us=60_000_000)
    script.unanswered(topics.LEASE, script.next_lease())
    script.live()


def clock_of_another(script: Script) -> None:
    """While a lease runs only its session's replies count; commands go on."""
    script.live()
    script.know_clock(session=NEWER, shift_us=60_000_000)
    script.command(1.0)


def session_older(script: Script) -> None:
    """A session that is older than the newest that was adopted is not taken, nor an odd name."""
    script.know_clock()
    for name in (OLDER, "session-1", SESSION.upper()):
        script.unanswered(topics.LEASE, script.next_lease(session=name))
    script.live()


def session_newer(script: Script) -> None:
    """A newer session is adopted once no lease runs; numbers of commands begin anew."""
    script.know_clock(session=NEWER)
    script.live(valid_us=300_000)
    script.command(0.6, seq=7)
    script.unanswered(topics.LEASE, script.next_lease(session=NEWER))
    script.pass_us(500_000)
    script.lease(session=NEWER)
    script.is_now("live", 0.5)
    script.command(0.7, session=NEWER, seq=1)


def session_again(script: Script) -> None:
    """Switched on again it adopts its newest session by an arming begun since, and no other."""
    script.know_clock()
    script.unanswered(topics.LEASE, script.next_lease(armed_us=-10_000))
    script.pass_us(20_000)
    script.lease(armed_us=-1_000)
    script.is_now("live", 0.5)


def stop(script: Script) -> None:
    """A stop goes to the stop amount at once; a lease of a later arming goes on from there."""
    script.live()
    script.command(1.0)
    script.stop()
    script.is_now("stopped", 0.0)
    script.unanswered(topics.LEASE, script.next_lease())
    script.pass_us(50_000)
    script.lease(armed_us=-10_000)
    script.pass_us(50_000)
    script.lease(armed_us=-60_000)
    script.is_now("live", 0.5)


def stop_never_up(script: Script) -> None:
    """A stop whose amount is higher than that of now changes nothing but the state."""
    script.live()
    script.command(0.2)
    script.stop()
    script.is_now("stopped", 0.2)


def stop_unsigned(script: Script) -> None:
    """A stop acts whoever sent it, and is answered as not verified."""
    script.live()
    script.command(1.0)
    body = b'{"request_id":"by-hand","operator":"ben","reason":"test"}'
    script.hear(topics.STOP, body, signed=False)
    script.is_now("stopped", 0.0)


def stop_unreadable(script: Script) -> None:
    """Whatever is written on the stop topic stops, but for nothing at all."""
    script.live()
    script.command(1.0)
    script.unanswered(topics.STOP, b"", signed=False)
    script.hear(topics.STOP, b"stop!", signed=False)
    script.is_now("stopped", 0.0)


def trigger(script: Script) -> None:
    """A trigger fires at its time and is answered then; one whose time is past is refused."""
    script.live()
    waiting = script.make(1.0, kind="trigger", fire_at_us=60_000)
    script.hear(topics.COMMAND, waiting)
    script.pass_us(80_000)
    script.look()
    script.ask(waiting, None)
    script.refused("expired", kind="trigger", fire_at_us=-20_000)
    script.refused("expired", kind="trigger", fire_at_us=100_000)


def program_through_0(script: Script) -> None:
    """A program changes at 0; when the lease ends, the device goes back to the safe one."""
    script.live(valid_us=600_000)
    script.command(0.0)
    script.pass_us(60_000)
    script.command(1.0, program="wide")
    script.pass_us(50_000)
    script.look()
    script.is_now("live", 1.0)
    script.pass_us(800_000)
    script.look()
    script.is_now("safe", 0.5)


def order_of_refusals(script: Script) -> None:
    """Where a command is wrong in several ways, the first in the order of the contract counts."""
    wrong: dict[str, dict[str, Any]] = {
        "expired": {"issued_us": -100, "expires_us": -50},
        "validity": {"expires_us": 11_000_000},
        "program": {"program": "unheard-of"},
        "limit": {"amplitude_ma": 3.5},
        "unit": {"level": 0.5},
        "simulated": {"simulated": False},
        "order": {"seq": 0},
    }
    script.live(valid_us=500_000)
    script.pass_us(50_000)
    script.command(1.0)
    together: dict[str, Any] = {}
    for word, changes in wrong.items():
        together |= changes
        script.refused(word, **together)
    script.pass_us(700_000)
    script.refused("lease", **together)
    script.refused("session", **together, session=NEWER)
    script.stop()
    script.refused("stopped", **together, session=NEWER)


RULES: tuple[Case, ...] = (
    done,
    slew,
    unknown_fields,
    unreadable,
    retained,
    signature,
    lease_end,
    lease_late,
    lease_twice,
    lease_false,
    lease_without_clock,
    clock_nonce,
    clock_of_another,
    session_older,
    session_newer,
    session_again,
    stop,
    stop_never_up,
    stop_unsigned,
    stop_unreadable,
    trigger,
    program_through_0,
    order_of_refusals,
)
#: Keys of the device's table that a case changes.
CHANGES: dict[Case, dict[str, float]] = {stop_never_up: {"stop_ma": 0.4}}
#: The newest session that the device remembers from before.
REMEMBERED: dict[Case, str] = {session_older: SESSION, session_again: SESSION}
#: Rules that do not apply to a device without signatures.
NEED_KEYS = {signature, stop_unsigned, stop_unreadable}
