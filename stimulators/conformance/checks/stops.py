"""Checks of stops (at once, from anybody, never up) and of clock replies from strangers."""

from stimulators.conformance.checks.check import Check, Found
from stimulators.conformance.examiner import ANSWER_S_MAX, Examiner, amount_of
from stimulators.wire import topics
from stimulators.wire.messages import Ack, ClockRequest, Stop
from stimulators.wire.payload import to_payload


async def keeps_its_clock(examiner: Examiner, found: Found) -> None:
    """Answer its next clock requests first with a wrong nonce and a time that is an hour off."""
    examiner.forges_clock = True
    n_asked = len(examiner.of(ClockRequest))
    await examiner.until(lambda: len(examiner.of(ClockRequest)) >= n_asked + 2, 3.0)
    examiner.forges_clock = False
    ack = await examiner.ask(examiner.low)
    if ack is None or ack.refused is not None:
        found("a clock reply without the request's own nonce to change nothing",
              "no answer" if ack is None else f"commands refused with {ack.refused!r}")  # fmt: skip


async def stops(examiner: Examiner, found: Found) -> None:
    """Stop it while it is driven; then lease it in the old and in a new arming."""
    await _drive(examiner)
    before = examiner.given
    ack = await examiner.stop("conformance-1")
    examiner.is_leasing = False
    _hold_to(examiner, found, ack, before, "a stop")
    if ack is not None and ack.request_id != "conformance-1":
        found("the request_id of the stop in its answer", repr(ack.request_id))
    refused = await examiner.ask(examiner.safe)
    if refused is None or refused.refused != "stopped":
        found("stopped for a command after a stop", str(refused and refused.refused))
    for _ in range(3):
        # The first such payload may have come while it was on its way to its safe amount.
        examiner.lease()
        if await examiner.until(lambda: examiner.state != "stopped", 0.15):
            found("only a lease of a later arming to end a stop", "one of the same arming did")
            break
    await _arm_anew(examiner, found)


async def stops_for_anybody(examiner: Examiner, found: Found) -> None:
    """Publish a payload on the stop topic that is no message and has no signature."""
    await _drive(examiner)
    examiner.line.publish(examiner.at(topics.STOP), b"", qos=1)
    await examiner.wait(0.1)
    if examiner.state != "live":
        found("nothing to come of an empty payload on stop", examiner.state)
        await _arm_anew(examiner, found)
        await _drive(examiner)
    before, since = examiner.given, len(examiner.words)
    examiner.line.publish(examiner.at(topics.STOP), b"stop!", qos=1)
    await examiner.until(lambda: examiner.of(Ack, since), ANSWER_S_MAX)
    acks = examiner.of(Ack, since)
    examiner.is_leasing = False
    _hold_to(examiner, found, acks[0] if acks else None, before, "an unreadable stop")
    await _arm_anew(examiner, found)


async def stops_unsigned(examiner: Examiner, found: Found) -> None:
    """Send a stop that nobody signed."""
    await _drive(examiner)
    before = examiner.given
    stop = Stop(request_id="conformance-2", operator="conformance", reason="unsigned")
    ack = await examiner.stop("conformance-2", sealed=to_payload(stop))
    examiner.is_leasing = False
    _hold_to(examiner, found, ack, before, "an unsigned stop")
    if ack is not None and ack.verified:
        found("verified false in the answer to an unsigned stop", "true")
    await _arm_anew(examiner, found)


async def _drive(examiner: Examiner) -> None:
    await examiner.go_live()
    await examiner.ask(examiner.low)
    way_s = abs(examiner.low - examiner.safe) / examiner.slew_per_s
    await examiner.until(lambda: examiner.is_at(examiner.low), way_s + 1.5)


def _hold_to(examiner: Examiner, found: Found, ack: Ack | None, before: float, stop: str) -> None:
    if ack is None:
        found(f"an answer to {stop}", "none within 1 s")
        return
    info = examiner.described
    amount = info.stop_level if info.safe_ma is None else info.stop_ma
    most = min(before, amount or 0.0)
    if amount_of(ack) > most + examiner.tolerance:
        found(f"{most:g} at once after {stop}", f"{amount_of(ack):g}")


async def _arm_anew(examiner: Examiner, found: Found) -> None:
    await examiner.until(lambda: examiner.state == "stopped", ANSWER_S_MAX)
    if examiner.state != "stopped":
        found("state stopped after a stop", examiner.state)
    await examiner.wait(0.1)
    examiner.arm()
    if not await examiner.go_live(5.0):
        found("live on a lease of a later arming, from its safe amount", examiner.described.reason)


CHECKS = (
    Check("clock", "Clock", keeps_its_clock),
    Check("stop", "Stop", stops),
    Check("stop by hand", "Stop", stops_for_anybody),
    Check("stop unsigned", "Stop", stops_unsigned, needs_keys=True),
)
