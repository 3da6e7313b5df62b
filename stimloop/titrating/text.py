"""The result of a titration for people: a line for each thing that it says."""

from collections.abc import Iterator

from replay.titration.rebound import ReboundAfterEnd, ReboundWithAmount
from replay.titration.thresholds import TitratedThresholds
from replay.titration.time_constant import TimeConstant
from replay.titration.titration import StepResult, Titration


def titration_lines(found: Titration) -> Iterator[str]:
    """Yield the steps, and what follows from them."""
    unit = _unit(found)
    yield (
        f"{found.device}, {found.program or 'no program'}: {found.measure} of {found.detector} "
        f"({found.channel}){', in' + unit if unit else ''}; intervals: {found.interval}"
    )
    for each in found.steps:
        yield _step(f"step {each.step}", each, found.amount_unit)
    if found.after is not None:
        yield _step("after", found.after, found.amount_unit)
    yield from _follows(found)
    if (curve := found.dose_response) is not None:
        yield (
            f"dose and response: from {curve.at_zero:.4g} to {curve.at_most:.4g}{unit}, half of it "
            f"at {curve.half_amount:.3g} ({curve.half_low:.3g} to {curve.half_high:.3g}), exponent "
            f"{curve.exponent:.2g}"
        )
    else:
        yield "dose and response: no curve: no sign, or none that turns within these amounts"
    yield f"time constant, amount up: {_time_constant(found.time_constant_up)}"
    yield f"time constant, amount down: {_time_constant(found.time_constant_down)}"
    yield f"rebound with more: {_rebound(found.rebound_with_amount, found)}"
    yield f"rebound after the end: {_after(found.rebound_after_end, found)}"
    yield f"thresholds: {_thresholds(found.thresholds, unit)}"


def _step(name: str, step: StepResult, amount_unit: str) -> str:
    amount = f"{step.amount:g}{' mA' if amount_unit == 'ma' else ''}"
    broken = f" (broken before: {', '.join(step.broken_by)})" if step.broken_by else ""
    if not step.is_clean or step.mean is None:
        why = ", ".join(step.broken_by) or "it was not reached"
        return f"{name}: {amount}: no clean attempt: {why}"
    interval = "no interval, too short"
    if step.low is not None and step.high is not None:
        interval = f"{step.low:.4g} to {step.high:.4g}"
    return (
        f"{name}: {amount}: {step.mean:.4g} ({interval}), {step.measured_s:.3g} s worth "
        f"{step.n_effective:.3g} independent ones{broken}"
    )


def _follows(found: Titration) -> Iterator[str]:
    follows = found.controllability
    if follows.sign is None:
        yield f"sign: none is shown: {follows.reason}"
        return
    p = follows.p_falls if follows.sign == "falls" else follows.p_rises
    yield (
        f"sign: the measure {follows.sign} as the amount rises: p = {p:.2g} of {follows.n_orders} "
        f"orders of the steps (false positives 2.5 % each way); at the highest amount it is "
        f"{_changed(found.change or 0.0, found)} what it is at the lowest"
    )


def _changed(change: float, found: Titration) -> str:
    """Return a change as words, to be followed by the name of what changed."""
    return f"{change:.3g} times" if found.is_ratio else f"{change:+.3g}{_unit(found)} from"


def _unit(found: Titration) -> str:
    return f" {found.unit}" if found.unit else ""


def _time_constant(found: TimeConstant | None) -> str:
    if found is None:
        return "not told: no step changed the measure plainly"
    low = "0" if found.low_s is None else f"{found.low_s:.2g}"
    high = "no end" if found.high_s is None else f"{found.high_s:.2g}"
    return (
        f"{found.time_constant_s:.2g} s ({low} to {high}), from {found.n_steps} steps; the "
        f"detector's window is {found.resolution_s:g} s"
    )


def _rebound(rebound: ReboundWithAmount | None, found: Titration) -> str:
    if rebound is None:
        return "not told: no sign is shown"
    if not rebound.is_there:
        return f"none is shown (p = {rebound.p:.2g})"
    return (
        f"from {rebound.from_amount:g} to {rebound.to_amount:g} the measure goes back, to "
        f"{_changed(rebound.ratio, found)} what it was (p = {rebound.p:.2g})"
    )


def _after(rebound: ReboundAfterEnd | None, found: Titration) -> str:
    if rebound is None:
        return "not told: no sign, or the safe amount was not measured before and after"
    beyond = "beyond" if rebound.is_there else "not beyond"
    return (
        f"{beyond} what it was before: {_changed(rebound.ratio, found)} it ({rebound.low:.3g} to "
        f"{rebound.high:.3g}), p = {rebound.p:.2g}"
    )


def _thresholds(found: TitratedThresholds | None, unit: str) -> str:
    if found is None:
        return "none: no step is clean"
    percentiles = (
        f"25th and 75th percentile {found.percentile_25:.4g} and {found.percentile_75:.4g}{unit}"
    )
    if found.upper_threshold is None:
        return f"none: {found.reason}; {percentiles}"
    doubt = f"; {found.reason}" if found.reason else ""
    return (
        f"upper {found.upper_threshold:.4g}, lower {found.lower_threshold:.4g}, single "
        f"{found.single_threshold:.4g}{unit}, between {found.lowest_amount:g} and "
        f"{found.highest_amount:g}; {percentiles}{doubt}"
    )
