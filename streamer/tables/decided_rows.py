"""Rows of what the gate decided: commands, refusals, states, and what an operator is told."""

from collections.abc import Iterator
from functools import singledispatch

from stimulators.decisions import (
    Bound,
    Decision,
    EndRun,
    NothingSent,
    Notice,
    Refusal,
    Send,
    SendStop,
    StateChanged,
)
from stimulators.wire.messages import Command
from streamer.tables.row import Row, amount, row


@singledispatch
def decided(_decision: Decision) -> Iterator[Row]:
    """Yield the row of a decision, if it has one; leases, some each second, have none."""
    yield from ()


@decided.register
def _(decision: Send) -> Iterator[Row]:
    command = decision.message
    if isinstance(command, Command):
        yield row(
            "command",
            command.kind,
            time_s=command.issued_us / 1e6,
            detector=command.reason.detector,
            channel=command.channel,
            device=decision.device,
            policy=command.reason.policy,
            program=command.program,
            seq=command.seq,
            value=command.reason.value,
            threshold=command.reason.threshold,
            onset_s=command.onset_us / 1e6,
            fire_at_s=None if command.fire_at_us is None else command.fire_at_us / 1e6,
            reason=decision.reason,
            **_limits(decision.bounds),
            **amount(command.amplitude_ma, command.level),
        )


@decided.register
def _(decision: Refusal) -> Iterator[Row]:
    yield row(
        "refusal",
        decision.reason,
        device=decision.device or None,
        policy=decision.policy or None,
        sample=decision.sample if decision.sample >= 0 else None,
        text=_expected_text(decision),
        **_limits(decision.bounds),
    )


@decided.register
def _(decision: NothingSent) -> Iterator[Row]:
    yield row("nothing", decision.reason, device=decision.device, **_limits(decision.bounds))


@decided.register
def _(decision: StateChanged) -> Iterator[Row]:
    yield row("state", decision.after, text=decision.reason)


@decided.register
def _(decision: Notice) -> Iterator[Row]:
    yield row("notice", decision.kind, device=decision.device or None, text=decision.text)


@decided.register
def _(decision: SendStop) -> Iterator[Row]:
    yield row("stop", "service", text=decision.reason)


@decided.register
def _(decision: EndRun) -> Iterator[Row]:
    yield row("notice", "end_run", text=decision.reason)


def _limits(bounds: tuple[Bound, ...]) -> Row:
    """Return the columns of the two limits that bind most."""
    columns: Row = {}
    for name, bound in zip(("limit", "runner_up"), bounds, strict=False):
        columns |= {name: bound.limit, f"{name}_share": bound.share}
    return columns


def _expected_text(refusal: Refusal) -> str:
    if refusal.expected and refusal.found:
        return f"expected {refusal.expected}, found {refusal.found}"
    return refusal.found or refusal.expected
