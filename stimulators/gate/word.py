"""What a device's word says of its amount, whichever message it came in."""

from typing import NamedTuple

from stimulators.wire.messages import Ack, DeviceInfo, DeviceState, DeviceStatus


class Word(NamedTuple):
    """What a device said it gives, whichever message said it.

    `state` is None in an answer, which does not say one. `last_seq` is 0 where the device does
    not hold our session. `answers` is the number of our command that this is the answer to, and
    `is_refusal` says that it will not be done.
    """

    instance: str
    number: int
    last_seq: int
    amount: float
    program: str
    state: DeviceState | None
    answers: int | None
    is_refusal: bool = False


def word_of(said: Ack | DeviceInfo | DeviceStatus, session: str, unit: str) -> Word | None:
    """Return what a message says of the amount; None where it says none."""
    amount = said.applied_ma if unit == "ma" else said.applied_level
    if amount is None:
        return None
    is_ours = said.session == session
    state: DeviceState | None
    if isinstance(said, Ack):
        state = None if said.request_id is None else "stopped"
        answers = said.seq if is_ours else None
    else:
        state, answers = said.state, None
    return Word(
        instance=said.instance,
        number=said.word,
        last_seq=said.last_seq if is_ours else 0,
        amount=amount,
        program=said.program,
        state=state,
        answers=answers,
        is_refusal=isinstance(said, Ack) and said.refused is not None,
    )
