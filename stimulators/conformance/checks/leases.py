"""Checks of leases and sessions: who may drive the device, and until when."""

from typing import Any

from stimulators.conformance.checks.check import Check, Found
from stimulators.conformance.examiner import Examiner
from stimulators.wire import topics

#: A lease ends by the device's own timer; the message about it may take this long.
_LATE_S = 0.25
_OLDER = "00000000000000000000-00000000"


async def goes_live(examiner: Examiner, found: Found) -> None:
    """Lease it for the first time."""
    examiner.arm()
    if not await examiner.go_live():
        info = examiner.described
        found("live, with this session, on a valid lease at its safe amount",
              f"{info.state} ({info.reason or 'no reason'})")  # fmt: skip


async def ends_by_itself(examiner: Examiner, found: Found) -> None:
    """Let a lease end while an amount is given."""
    await examiner.ask(examiner.low)
    examiner.is_leasing = False
    examiner.lease()
    if not await examiner.until(lambda: examiner.state == "safe", 1.0 + _LATE_S + 0.1):
        found("safe where its lease of 1 s has ended", f"{examiner.state} after 1.35 s")
    way_s = abs(examiner.low - examiner.safe) / examiner.slew_per_s
    if not await examiner.until(lambda: examiner.is_at(examiner.safe), way_s + 1.5):
        found(f"its safe amount, {examiner.safe:g}, by its own slew", f"{examiner.given:g}")
    ack = await examiner.ask(examiner.low)
    if ack is None or ack.refused != "lease":
        found("lease for a command without a lease", str(ack and ack.refused))
    await examiner.rest()


async def takes_no_false_lease(examiner: Examiner, found: Found) -> None:
    """Send leases that are late, from the future, too long, of others, or for the other kind."""
    false: list[tuple[str, dict[str, Any]]] = [
        ("that had ended when it came", {"issued_us": -600_000, "valid_us": 500_000}),
        ("from the future", {"issued_us": 500_000}),
        ("for more than 10 s", {"valid_us": 11_000_000}),
        ("of an older session", {"session": _OLDER}),
        ("of a session that is no session's name", {"session": "session-1"}),
        ("for the other of simulated and real", {"simulated": not examiner.described.simulated}),
    ]
    for text, changes in false:
        examiner.lease(**changes)
        if await examiner.until(lambda: examiner.state == "live", 0.15):
            found(f"nothing to come of a lease {text}", "live")
            await examiner.rest()


async def is_not_prolonged(examiner: Examiner, found: Found) -> None:
    """Send the same lease twice: it must run from when it was issued, not from its arrival."""
    lease = examiner.lease(valid_us=500_000)
    await examiner.wait(0.35)
    if examiner.state != "live":
        return
    examiner.send(topics.LEASE, lease)
    if not await examiner.until(lambda: examiner.state == "safe", 0.15 + _LATE_S):
        found("a lease to end 0.5 s after issued_us, though it came twice", "live after 0.75 s")
    await examiner.rest()


async def is_driven_again(examiner: Examiner, found: Found) -> None:
    """Lease it again, in the same session."""
    if not await examiner.go_live():
        found("live again on a lease of the same session", examiner.described.reason)


FIRST = (Check("adoption", "Sessions and leases", goes_live),)
CHECKS = (
    Check("end of a lease", "Sessions and leases", ends_by_itself),
    Check("false leases", "Sessions and leases", takes_no_false_lease),
    Check("lease twice", "Sessions and leases", is_not_prolonged),
    Check("lease again", "Sessions and leases", is_driven_again),
)
