"""The rule by which a policy decided, from its docstring and with its thresholds."""

import inspect
import re
from typing import Final, Literal

from replay.explanation.explained import Rule
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.registry import POLICIES
from stimulators.policies.wrapping.wrapped import WrappingConfig
from stimulators.targets import Target

#: How a docstring refers to a paper.
_REFERENCE: Final = re.compile(r"\s*\[\d+\]_")


def rule_of(table: PolicyConfig, target: Target | None, began_s: float) -> Rule:
    """Return the rule of a policy, and on which side of its thresholds the target's value is.

    Parameters
    ----------
    table : PolicyConfig
        The policy's own table.
    target : Target or None
        What it wanted, where it wanted something.
    began_s : float
        When the session began, by the service's clock.
    """
    compared = table.compares_with
    upper = None if compared is None else compared.upper
    lower = None if compared is None else compared.lower
    rule = Rule(policy=table.id, kind=_kind(table), text=_text(table), upper=upper, lower=lower)
    if target is None:
        return rule
    return Rule(
        policy=rule.policy,
        kind=rule.kind,
        text=rule.text,
        upper=upper,
        lower=lower,
        value=target.value,
        threshold=target.threshold,
        side="" if compared is None else _side(target, upper, lower),
        onset_since_s=target.onset_s - began_s,
    )


def _side(
    target: Target, upper: float | None, lower: float | None
) -> Literal["above", "between", "below"]:
    highest = target.threshold if upper is None else upper
    lowest = target.threshold if lower is None else lower
    if target.value > highest:
        return "above"
    return "below" if target.value < lowest or highest == lowest else "between"


def _text(table: PolicyConfig) -> str:
    """Return the first line of a policy's docstring, followed by that of a wrapped policy."""
    own = inspect.getdoc(POLICIES.policies.get(type(table), type(table))) or table.id
    text = _REFERENCE.sub("", own.partition("\n\n")[0].replace("\n", " ")).strip()
    if not isinstance(table, WrappingConfig):
        return text
    return f"{text} Within ({_kind(table.wraps)}): {_text(table.wraps)}"


def _kind(table: PolicyConfig) -> str:
    return str(table.__struct_config__.tag)
