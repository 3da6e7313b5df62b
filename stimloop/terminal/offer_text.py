"""A rise that waits for an operator's yes, for a person."""

from stimulators.wire.messages import RiseOffer


def offer_text(offer: RiseOffer) -> str:
    """Return which policy wants which amount of a device, and the amount that it gives now.

    Parameters
    ----------
    offer : RiseOffer
        As the service's status has it.
    """
    what = "triggers of up to" if offer.kind == "trigger" else "up to"
    program = f" in program {offer.program}" if offer.program else ""
    policy = offer.reason.policy
    return f"{policy} wants {what} {amount_of(offer)}{program}; it gives {_given(offer)}"


def why_text(offer: RiseOffer) -> str:
    """Return what the policy decided on."""
    reason = offer.reason
    return f"{reason.detector} is {reason.value:g}, its threshold {reason.threshold:g}"


def _given(offer: RiseOffer) -> str:
    if offer.lowest == offer.highest:
        return _with_unit(offer, offer.lowest)
    return f"{offer.lowest:g} to {_with_unit(offer, offer.highest)}"


def amount_of(offer: RiseOffer) -> str:
    """Return the amount that is offered, with its unit."""
    return _with_unit(offer, offer.amount)


def _with_unit(offer: RiseOffer, amount: float) -> str:
    return f"{amount:g} mA" if offer.unit == "mA" else f"level {amount:g}"
