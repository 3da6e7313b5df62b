"""What was decided last about one device, as displays and explanations show it."""

from collections.abc import Mapping
from typing import Literal

from stimulators.decisions import NothingSent, Refusal, Send, State
from stimulators.gate.driving.drive import Drive
from stimulators.gate_config import Stage
from stimulators.wire.display_messages import DecisionMessage, LimitShare

_KINDS: Mapping[type, Literal["sent", "nothing", "refused", ""]] = {
    Send: "sent",
    NothingSent: "nothing",
    Refusal: "refused",
    type(None): "",
}


def shown_decision(
    drive: Drive, *, session: str, state: State, stage: Stage, now_s: float
) -> DecisionMessage:
    """Return what is wanted of a device, what it was sent, and why.

    Parameters
    ----------
    drive : Drive
        The device.
    session, state, stage : str
        Of the rig.
    now_s : float
        Time of the service.
    """
    told, belief, asked = drive.newest_decision, drive.belief, drive.wishes.asked
    lowest, highest = belief.interval if belief.is_known else (None, None)
    return DecisionMessage(
        session=session,
        time_us=round(now_s * 1e6),
        state=state,
        stage=stage,
        wanted=None if asked is None else asked.amount,
        allowed=drive.said,
        lowest=lowest,
        highest=highest,
        certain=belief.is_certain,
        decided=_KINDS[type(told)],
        reason="" if told is None else str(told.reason or ""),
        text=f"{told.found}, expected {told.expected}" if isinstance(told, Refusal) else "",
        bounds=()
        if told is None
        else tuple(LimitShare(limit=each.limit, share=each.share) for each in told.bounds),
    )
