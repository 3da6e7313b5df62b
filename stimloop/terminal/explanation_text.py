"""Why a command was sent, or none, as lines: data, features, rule, wanted, limits, sent, answer."""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Final

from replay.explanation.explained import Explanation, Feature, GateStep, Samples, SentCommand
from stimloop.terminal.journal_text import entry_line

#: Width of the column of headings.
_WIDTH: Final = 13
#: How many lines of events around the moment are shown.
_N_HAPPENED_MAX: Final = 24
#: The name of each delay between two stages.
_LATENCIES: Final = {
    "sample_to_command": "from the sample to the command",
    "command_to_device": "to its receipt by the device",
    "device_to_applied": "until it was applied there",
    "command_to_answer": "from the command to its answer",
}


def explanation_lines(told: Explanation, zone: tzinfo | None = None) -> Iterator[str]:
    """Yield the lines of an explanation.

    Parameters
    ----------
    told : Explanation
        What is explained.
    zone : tzinfo, optional
        Of its times; this machine's without.
    """
    yield headline(told, zone)
    before = ""
    for name, text in _parts(told, zone):
        yield f"  {'' if name == before else name:<{_WIDTH}}{text}"
        before = name
    yield from _happened(told, zone)


def _happened(told: Explanation, zone: tzinfo | None) -> Iterator[str]:
    """Yield what the journal says of the time around the moment, the nearest of it."""
    nearest = sorted(told.happened, key=lambda each: abs(each.since_s - told.since_s))
    shown = sorted(nearest[:_N_HAPPENED_MAX], key=lambda each: each.since_s)
    if not shown:
        return
    more = len(told.happened) - len(shown)
    listed = f"the nearest {len(shown)} of {len(told.happened)}, " if more else ""
    yield (
        f"  what happened, {listed}from {told.window_s:g} s before to {told.window_s:g} s after "
        "(stimloop journal has all):"
    )
    for each in shown:
        yield f"    {entry_line(each, told.times, zone)}"


def headline(told: Explanation, zone: tzinfo | None = None, *, is_brief: bool = False) -> str:
    """Return the first line: which command was sent when, or that none was."""
    at = told.times.text(told.since_s, zone, is_dated=True)
    since = f" ({told.since_s:.3f} s into the session)"
    if is_brief or told.times.began_us is None:
        since = ""
    if told.command is None:
        return f"{at}{since}: nothing was sent to {told.device}"
    sent = told.command
    return (
        f"{at}{since}: command {sent.seq} to {told.device}: {sent.kind} "
        f"{_amount(sent.amount, told)}{_of_program(sent)}"
        + ("" if is_brief else f", record {sent.record}")
    )


def _parts(told: Explanation, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    times = told.times
    for each in told.why:
        yield "why", each
    for samples in told.data:
        yield "data", _samples(samples, told)
    for feature in told.features:
        yield "features", _feature(feature, told.until_s)
    yield from _rule(told, zone)
    if told.wanted is not None:
        wanted = told.wanted
        withheld = ", withheld" if wanted.is_withheld else ""
        text = f"{wanted.kind} {_amount(wanted.amount, told)}{withheld}, decided at sample "
        yield "wanted", f"{text}{wanted.sample} of {times.text(wanted.since_s, zone)}"
    since = ""
    if told.state_since_s is not None:
        since = f" since {times.text(told.state_since_s, zone)}"
    yield "rig", f"{told.state}{since}: {told.state_reason}"
    for number, step in enumerate(told.steps, start=1):
        yield "limits", f"{number}. {_step(step)}"
    if told.binds:
        nearest = ", then ".join(
            f"{each.limit} ({100.0 * each.share:.0f} %)" for each in told.binds
        )
        yield "binds", f"{nearest}: the share of the limit that is used with it"
    yield from _sent(told, zone)


def _rule(told: Explanation, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    rule = told.rule
    if rule is None:
        return
    yield "rule", f"policy {rule.policy} ({rule.kind}): {rule.text}"
    if rule.value is None or not rule.side:
        return
    thresholds = {"upper": rule.upper, "lower": rule.lower}
    if rule.upper == rule.lower:
        thresholds = {"threshold": rule.threshold if rule.upper is None else rule.upper}
    listed = ", ".join(
        f"{name} {value:.4g}" for name, value in thresholds.items() if value is not None
    )
    since = ""
    if rule.onset_since_s is not None:
        since = f", since {told.times.text(rule.onset_since_s, zone)}"
    yield "rule", f"{rule.value:.4g} is {rule.side} ({listed}){since}"


def _sent(told: Explanation, zone: tzinfo | None) -> Iterator[tuple[str, str]]:
    sent, times = told.command, told.times
    if sent is None:
        yield "sent", "nothing"
        return
    yield "allowed", f"{_amount(sent.amount, told)}{_of_program(sent)}"
    at = times.text(sent.since_s, zone)
    fire = "" if sent.fire_at_s is None else f", to be given at {times.text(sent.fire_at_s, zone)}"
    expires_ms = 1e3 * (sent.expires_s - sent.since_s)
    yield "sent", f"{at}, seq {sent.seq}{fire}; it expires after {expires_ms:.0f} ms"
    yield "acknowledged", _answer(told, zone)
    for name, latency_ms in told.latencies_ms.items():
        yield "latency", f"{latency_ms:.2f} ms {_LATENCIES[name]}"


def _answer(told: Explanation, zone: tzinfo | None) -> str:
    answer = told.answer
    if answer is None:
        return f"no answer within {told.window_s:g} s"
    at = told.times.text(answer.since_s, zone)
    gives = "" if answer.amount is None else f", it gives {_amount(answer.amount, told)}"
    if answer.refused is not None:
        return f"{at}: refused as {answer.refused}{gives}"
    return f"{at}: done{gives}"


def _step(step: GateStep) -> str:
    limit = "" if step.limit is None else f" {step.limit:g}"
    return f"{step.name}{limit}: {'allows' if step.allows else 'REFUSES'} ({step.text})"


def _feature(feature: Feature, until_s: float) -> str:
    unit = f" {feature.unit}" if feature.unit else ""
    hops = [
        value
        for at_s, value in zip(feature.since_s, feature.values, strict=True)
        if at_s <= until_s
    ]
    named = f"{feature.detector} {feature.measure} of {feature.channel}"
    if not hops:
        return f"{named}: no estimate"
    valid = [each for each in hops if each is not None]
    newest = "not valid" if hops[-1] is None else f"{hops[-1]:.4g}{unit}"
    if not valid:
        return f"{named}: {newest}; none of {len(hops)} hops is valid"
    return (
        f"{named}: {newest}; {min(valid):.4g} to {max(valid):.4g}{unit} in {len(hops)} hops, "
        f"{len(valid)} of them valid"
    )


def _samples(samples: Samples, told: Explanation) -> str:
    before = [
        value
        for at_s, value in zip(samples.since_s, samples.values_uv, strict=True)
        if at_s <= told.until_s
    ]
    named = f"{samples.stream}, {samples.channel}"
    if not before:
        return f"{named}: no sample in the {told.window_s:g} s before"
    return (
        f"{named}: {len(before)} samples in the {told.window_s:g} s before, {min(before):.4g} to "
        f"{max(before):.4g} µV"
    )


def _of_program(sent: SentCommand) -> str:
    return f" in program {sent.program}" if sent.program else ""


def _amount(amount: float, told: Explanation) -> str:
    return f"{amount:.4g} {told.unit}".rstrip()
