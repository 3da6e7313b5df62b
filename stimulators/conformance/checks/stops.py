"""Stops: at once, from anybody, never up; and the clock, which a stranger may not set."""

from stimulators.conformance.checks.check import Check, Found
from stimulators.conformance.tester import ANSWER_S_MAX, Tester, amount_of
from stimulators.wire import topics
from stimulators.wire.messages import Ack, ClockRequest, Stop
from stimulators.wire.payload import to_payload


async def keeps_its_clock(tester: Tester, found: Found) -> None:
    """Answer its next requests with another nonce first, an hour off."""
    tester.forges_clock = True
    n_asked = len(tester.of(ClockRequest))
    await tester.until(lambda: len(tester.of(ClockRequest)) >= n_asked + 2, 3.0)
    tester.forges_clock = False
    ack = await tester.ask(tester.low)
    if ack is None or ack.refused is not None:
        found("a clock reply without the request's own nonce to change nothing",
              "no answer" if ack is None else f"commands refused with {ack.refused!r}")  # fmt: skip


async def stops(tester: Tester, found: Found) -> None:
    """Stop it while it is driven; then lease it in the old and in a new arming."""
    await _drive(tester)
    before = tester.given
    ack = await tester.stop("conformance-1")
    tester.is_leasing = False
    _hold_to(tester, found, ack, before, "a stop")
    if ack is not None and ack.request_id != "conformance-1":
        found("the request_id of the stop in its answer", repr(ack.request_id))
    refused = await tester.ask(tester.safe)
    if refused is None or refused.refused != "stopped":
        found("stopped for a command after a stop", str(refused and refused.refused))
    tester.lease()
    if await tester.until(lambda: tester.state == "live", 0.3):
        found("only a lease of a later arming to end a stop", "live on one of the same arming")
    await _arm_anew(tester, found)


async def stops_for_anybody(tester: Tester, found: Found) -> None:
    """Write on the stop topic what is no message, without a signature."""
    await _drive(tester)
    tester.line.publish(tester.at(topics.STOP), b"", qos=1)
    await tester.wait(0.1)
    if tester.state != "live":
        found("nothing to come of an empty payload on stop", tester.state)
        await _arm_anew(tester, found)
        await _drive(tester)
    before, since = tester.given, len(tester.words)
    tester.line.publish(tester.at(topics.STOP), b"stop!", qos=1)
    await tester.until(lambda: tester.of(Ack, since), ANSWER_S_MAX)
    acks = tester.of(Ack, since)
    tester.is_leasing = False
    _hold_to(tester, found, acks[0] if acks else None, before, "an unreadable stop")
    await _arm_anew(tester, found)


async def stops_unsigned(tester: Tester, found: Found) -> None:
    """Send a stop that nobody signed."""
    await _drive(tester)
    before = tester.given
    stop = Stop(request_id="conformance-2", operator="conformance", reason="unsigned")
    ack = await tester.stop("conformance-2", sealed=to_payload(stop))
    tester.is_leasing = False
    _hold_to(tester, found, ack, before, "an unsigned stop")
    if ack is not None and ack.verified:
        found("verified false in the answer to an unsigned stop", "true")
    await _arm_anew(tester, found)


async def _drive(tester: Tester) -> None:
    await tester.go_live()
    await tester.ask(tester.low)
    way_s = abs(tester.low - tester.safe) / tester.slew_per_s
    await tester.until(lambda: tester.is_at(tester.low), way_s + 1.5)


def _hold_to(tester: Tester, found: Found, ack: Ack | None, before: float, stop: str) -> None:
    if ack is None:
        found(f"an answer to {stop}", "none within 1 s")
        return
    info = tester.described
    amount = info.stop_level if info.safe_ma is None else info.stop_ma
    most = min(before, amount or 0.0)
    if amount_of(ack) > most + tester.tolerance:
        found(f"{most:g} at once after {stop}", f"{amount_of(ack):g}")


async def _arm_anew(tester: Tester, found: Found) -> None:
    await tester.until(lambda: tester.state == "stopped", ANSWER_S_MAX)
    if tester.state != "stopped":
        found("state stopped after a stop", tester.state)
    await tester.wait(0.1)
    tester.arm()
    if not await tester.go_live(5.0):
        found("live on a lease of a later arming, from its safe amount", tester.described.reason)


CHECKS = (
    Check("clock", "Clock", keeps_its_clock),
    Check("stop", "Stop", stops),
    Check("stop by hand", "Stop", stops_for_anybody),
    Check("stop unsigned", "Stop", stops_unsigned, needs_keys=True),
)
