"""Checks of commands: that they are done, repeated or refused, and for which reason first."""

from collections.abc import Mapping
from typing import Any

from stimulators.conformance.checks.check import Check, Found
from stimulators.conformance.examiner import Examiner, amount_of
from stimulators.wire import topics
from stimulators.wire.messages import Ack, Command
from stimulators.wire.payload import to_payload

_NEWER = "99999999999999999999-ffffffff"
#: Wait after the arming, so that a command that expired 10 ms ago was issued after it.
_SINCE_ARMING_S = 0.1
#: A device may make the movement of this time at once.
_GRAIN_S = 0.05
_WAY_S_MAX = 5.0
_Changes = Mapping[str, Any]


def _wrongs(examiner: Examiner) -> dict[str, list[_Changes]]:
    """Return ways to make a command wrong, by the reason of the refusal, the last reason first.

    The last of each can be joined with those of all words before it, and stays wrong.
    """
    is_level = examiner.described.safe_ma is None
    amount, other = ("level", "amplitude_ma") if is_level else ("amplitude_ma", "level")
    wrongs: dict[str, list[_Changes]] = {
        "expired": [{"issued_us": -20_000, "expires_us": -10_000}],
        "clock": [{"issued_us": 500_000, "expires_us": 1_500_000}],
        "validity": [
            {"expires_us": 11_000_000},
            {"issued_us": -20_000_000, "expires_us": -5_000_000},
        ],
        "program": [{"program": "no-such-program"}],
        "limit": [{amount: 1.2 * examiner.highest}, {amount: -0.1 * examiner.highest}],
        "unit": [{amount: None}, {other: 0.5}],
        "simulated": [{"simulated": not examiner.described.simulated}],
        "order": [{"seq": 0}],
        "session": [{"session": _NEWER}],
    }
    if not examiner.described.programs:
        del wrongs["program"]
    return wrongs


async def is_refused_before_a_lease(examiner: Examiner, found: Found) -> None:
    """Send a command before any lease."""
    ack = await examiner.ask(examiner.safe)
    _expect(found, ack, "session", "before any lease of its session")


async def is_done(examiner: Examiner, found: Found) -> None:
    """Send an amount, and the same command again."""
    command = examiner.make(examiner.low)
    ack = await examiner.answer(command)
    if ack is None or ack.refused is not None:
        found("a command under a lease to be done", _said(ack))
        return
    if ack.last_seq != command.seq:
        found(f"last_seq {command.seq}, the command that was done, in its ack", f"{ack.last_seq}")
    way_s = abs(examiner.low - examiner.safe) / examiner.slew_per_s
    if not await examiner.until(lambda: examiner.is_at(examiner.low), way_s + 1.5):
        found(f"a word that it gives {examiner.low:g}", f"{examiner.given:g}")
    stamp_us = ack.received_us - examiner.line.now_us()
    if not -5_000_000 < stamp_us < 100_000:
        found("received_us by the service's clock in an ack", f"one {stamp_us / 1e6:.1f} s off")
    again = await examiner.answer(command)
    if again is None or again.refused is not None:
        found("a command that was done and came again to be answered again, as done", _said(again))
    elif abs(amount_of(again) - examiner.low) > examiner.tolerance:
        found(f"it to be done once, {examiner.low:g} to stay", f"{amount_of(again):g}")


async def is_overtaken(examiner: Examiner, found: Found) -> None:
    """Send a command after one with a higher number."""
    overtaken = examiner.make(examiner.safe)
    await examiner.ask(examiner.low)
    _expect(found, await examiner.answer(overtaken), "order", "with a lower seq than one done")


async def is_refused(examiner: Examiner, found: Found) -> None:
    """Send commands with one thing wrong; none may change what it gives."""
    await examiner.wait(_SINCE_ARMING_S)
    before = examiner.given
    for word, each in reversed(_wrongs(examiner).items()):
        for changes in each:
            ack = await examiner.ask(examiner.low, **changes)
            told = ", ".join(f"{name} {value}" for name, value in changes.items())
            _expect(found, ack, word, f"with {told}")
            if ack is not None and abs(amount_of(ack) - before) > examiner.tolerance:
                found(f"a refused command (with {told}) to change nothing",
                      f"{amount_of(ack):g} in place of {before:g}")  # fmt: skip
                return


async def refuses_in_order(examiner: Examiner, found: Found) -> None:
    """Send commands with more and more things wrong: the first in the order is the reason."""
    await examiner.wait(_SINCE_ARMING_S)
    together: dict[str, Any] = {}
    wrong_so_far: list[str] = []
    for word, each in _wrongs(examiner).items():
        if word == "clock":
            continue
        together |= each[-1]
        wrong_so_far.insert(0, word)
        ack = await examiner.ask(examiner.low, **together)
        if len(wrong_so_far) > 1 and ack is not None and ack.refused != word:
            found(f"{word}, the first of {', '.join(wrong_so_far)}", f"{_said(ack)}")
            return


async def keeps_its_slew(examiner: Examiner, found: Found) -> None:
    """Ask for its highest amount at its safe one: it must go there by its own slew."""
    await examiner.ask(examiner.safe)
    await examiner.until(lambda: examiner.is_at(examiner.safe), _WAY_S_MAX)
    sent_us = examiner.line.now_us()
    ack = await examiner.ask(examiner.highest)
    if ack is not None and ack.refused is None:
        passed_s = (examiner.line.now_us() - sent_us) / 1e6
        most = examiner.safe + examiner.slew_per_s * (_GRAIN_S + passed_s) + examiner.tolerance
        if amount_of(ack) > most:
            found(
                f"at most {most:g} after {passed_s:.2f} s, by its own slew",
                f"{amount_of(ack):g}",
            )
    await examiner.ask(examiner.low)
    await examiner.until(lambda: examiner.is_at(examiner.low), _WAY_S_MAX)


async def passes_over_what_it_does_not_know(examiner: Examiner, found: Found) -> None:
    """Send a command with an unknown field, and payloads that are no command."""
    since = len(examiner.words)
    address = examiner.at(topics.COMMAND)
    for body in (b"{}", b"no JSON"):
        examiner.line.publish(address, examiner.keys.seal(address, body), qos=1)
    command = examiner.make(examiner.low)
    body = to_payload(command)[:-1] + b',"colour":"blue"}'
    examiner.line.publish(address, examiner.keys.seal(address, body), qos=1)
    ack = await examiner.ack_of(command, since)
    if ack is None or ack.refused is not None:
        found("a command with a field that it does not know to be done", _said(ack))


async def takes_only_what_is_signed(examiner: Examiner, found: Found) -> None:
    """Send commands without a signature, with a wrong one, and with that of another topic."""
    address = examiner.at(topics.COMMAND)
    for text in ("no signature", "a wrong signature", "the signature of another topic"):
        command = examiner.make(examiner.low)
        body = to_payload(command)
        sealed = {
            "no signature": body,
            "a wrong signature": _spoiled(examiner.keys.seal(address, body)),
        }.get(text, examiner.keys.seal(examiner.at(topics.LEASE), body))
        since = len(examiner.words)
        examiner.line.publish(address, sealed, qos=1)
        ack = await examiner.ack_of(command, since, 0.3)
        if ack is not None:
            found(f"nothing to come of a command with {text}", f"an ack ({_said(ack)})")


async def drops_a_trigger(examiner: Examiner, found: Found) -> None:
    """Let a trigger wait for its time, and send an amount meanwhile."""
    if not examiner.described.limits.triggers_per_s_max:
        return
    since = len(examiner.words)
    trigger = examiner.make(examiner.low, kind="trigger", fire_at_us=600_000)
    examiner.send(topics.TRIGGER, trigger)
    await examiner.wait(0.1)
    early = _acks(examiner, trigger, since)
    if early:
        found("no answer to a trigger before its fire_at_us", _said(early[0]))
        return
    await examiner.ask(examiner.low)
    ack = await examiner.ack_of(trigger, since)
    _expect(found, ack, "dropped", "as a trigger that waited when a new amount came")


def _acks(examiner: Examiner, command: Command, since: int) -> list[Ack]:
    return [each for each in examiner.of(Ack, since) if each.seq == command.seq]


def _expect(found: Found, ack: Ack | None, word: str, told: str) -> None:
    if ack is None or ack.refused != word:
        found(f"{word} for a command {told}", _said(ack))


def _said(ack: Ack | None) -> str:
    if ack is None:
        return "no answer within 1 s"
    return "that it was done" if ack.refused is None else f"refused with {ack.refused!r}"


def _spoiled(sealed: bytes) -> bytes:
    """Return a signed payload with another first digit of the MAC."""
    digit = b"1" if sealed[9:10] == b"0" else b"0"
    return sealed[:9] + digit + sealed[10:]


BEFORE_A_LEASE = (Check("before a lease", "Commands", is_refused_before_a_lease),)
CHECKS = (
    Check("command", "Commands", is_done),
    Check("overtaken", "Commands", is_overtaken),
    Check("refusals", "Commands", is_refused),
    Check("order of refusals", "Order of refusals", refuses_in_order),
    Check("slew", "Commands", keeps_its_slew),
    Check("unknown fields", "Form", passes_over_what_it_does_not_know),
    Check("signatures", "Signatures", takes_only_what_is_signed, needs_keys=True),
    Check("waiting trigger", "Commands", drops_a_trigger),
)
