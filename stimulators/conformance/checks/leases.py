"""Leases and sessions: who may drive the device, and until when."""

from typing import Any

from stimulators.conformance.checks.check import Check, Found
from stimulators.conformance.tester import Tester
from stimulators.wire import topics

#: A lease ends by the device's own timer; what it says of it may take this long.
_LATE_S = 0.25
_OLDER = "00000000000000000000-00000000"


async def goes_live(tester: Tester, found: Found) -> None:
    """Lease it for the first time."""
    tester.arm()
    if not await tester.go_live():
        info = tester.described
        found("live, with this session, on a valid lease at its safe amount",
              f"{info.state} ({info.reason or 'no reason'})")  # fmt: skip


async def ends_by_itself(tester: Tester, found: Found) -> None:
    """Let a lease end while an amount is given."""
    await tester.ask(tester.low)
    tester.is_leasing = False
    tester.lease()
    if not await tester.until(lambda: tester.state == "safe", 1.0 + _LATE_S + 0.1):
        found("safe where its lease of 1 s has ended", f"{tester.state} after 1.35 s")
    way_s = abs(tester.low - tester.safe) / tester.slew_per_s
    if not await tester.until(lambda: tester.is_at(tester.safe), way_s + 1.5):
        found(f"its safe amount, {tester.safe:g}, by its own slew", f"{tester.given:g}")
    ack = await tester.ask(tester.low)
    if ack is None or ack.refused != "lease":
        found("lease for a command without a lease", str(ack and ack.refused))
    await tester.rest()


async def takes_no_false_lease(tester: Tester, found: Found) -> None:
    """Send leases that are late, from the future, too long, of others, or for the other kind."""
    false: list[tuple[str, dict[str, Any]]] = [
        ("that had ended when it came", {"issued_us": -600_000, "valid_us": 500_000}),
        ("from the future", {"issued_us": 500_000}),
        ("for more than 10 s", {"valid_us": 11_000_000}),
        ("of an older session", {"session": _OLDER}),
        ("of a session that is no session's name", {"session": "session-1"}),
        ("for the other of simulated and real", {"simulated": not tester.described.simulated}),
    ]
    for text, changes in false:
        tester.lease(**changes)
        if await tester.until(lambda: tester.state == "live", 0.15):
            found(f"nothing to come of a lease {text}", "live")
            await tester.rest()


async def is_not_prolonged(tester: Tester, found: Found) -> None:
    """Send the same lease twice: it runs from when it was issued, not from when it came."""
    lease = tester.lease(valid_us=500_000)
    await tester.wait(0.35)
    if tester.state != "live":
        return
    tester.send(topics.LEASE, lease)
    if not await tester.until(lambda: tester.state == "safe", 0.15 + _LATE_S):
        found("a lease to end 0.5 s after issued_us, though it came twice", "live after 0.75 s")
    await tester.rest()


async def is_driven_again(tester: Tester, found: Found) -> None:
    """Lease it again, in the same session."""
    if not await tester.go_live():
        found("live again on a lease of the same session", tester.described.reason)


FIRST = (Check("adoption", "Sessions and leases", goes_live),)
CHECKS = (
    Check("end of a lease", "Sessions and leases", ends_by_itself),
    Check("false leases", "Sessions and leases", takes_no_false_lease),
    Check("lease twice", "Sessions and leases", is_not_prolonged),
    Check("lease again", "Sessions and leases", is_driven_again),
)
