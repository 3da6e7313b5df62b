"""The checks of the gate before it sent a command, in their order."""

from collections.abc import Iterator

from replay.explanation.explained import Bind, GateStep
from replay.explanation.shown_loop import Answered
from stimulators.decisions import Decision, Refusal
from stimulators.device_config import DeviceConfig
from stimulators.gate.limits.limit import Limit
from stimulators.gate_config import GateConfig
from stimulators.targets import Target


def conditions(
    state: str,
    target: Target | None,
    decided_s: float | None,
    timing: GateConfig,
    *,
    is_shadow: bool,
) -> Iterator[GateStep]:
    """Yield the checks before those of the limits, for a target that was followed.

    Parameters
    ----------
    state : str
        Of the rig, before it decided.
    target : Target or None
        What is followed.
    decided_s : float or None
        When the gate took it in, by the service's clock, where that is in the window.
    timing : GateConfig
        How old data may be.
    is_shadow : bool
        Whether the rig withholds all that is wanted.
    """
    is_active = state == "active"
    yield GateStep(
        name="state", limit=None, allows=is_active, text=f"the state of the rig is {state}"
    )
    if target is None:
        return
    is_withheld = target.withheld or is_shadow
    text = "it is to be sent"
    if is_withheld:
        text = "the policy withheld it" if target.withheld else "in shadow all is withheld"
    yield GateStep(name="withheld", limit=None, allows=not is_withheld, text=text)
    if decided_s is not None:
        age_s, age_s_max = decided_s - target.time_s, timing.data_age_s_max
        yield GateStep(
            name="data_age_s_max",
            limit=age_s_max,
            allows=-timing.clock_uncertainty_s_max <= age_s <= age_s_max,
            text=f"the sample was {1e3 * age_s:.1f} ms old",
        )


def limits_asked(answered: Answered, device: DeviceConfig) -> Iterator[GateStep]:
    """Yield each limit that was checked, in order, and its result.

    Parameters
    ----------
    answered : Answered
        What was asked, and the answers.
    device : DeviceConfig
        Whose limits they are.
    """
    for limit, refusal in answered.answers:
        yield GateStep(
            name=limit.key_of(device),
            limit=limit.value_of(device),
            allows=refusal is None,
            text=_text(limit, refusal),
        )


def binds_of(decision: Decision | None) -> tuple[Bind, ...]:
    """Return the limits that bind most according to a decision; none where it has none."""
    return tuple(Bind(limit=limit, share=share) for limit, share in getattr(decision, "bounds", ()))


def _text(limit: type[Limit], refusal: Refusal | None) -> str:
    if refusal is None:
        return limit.text
    return f"{limit.text}: expected {refusal.expected}, found {refusal.found}"
