"""A device's word: the amount that it reports, in whichever message."""

from typing import NamedTuple

from stimulators.wire.messages import Ack, DeviceInfo, DeviceState, DeviceStatus


class Word(NamedTuple):
    """The amount that a device reports, with the number of its word.

    `state` is None in an answer to a command, which has none. `last_seq` is 0 where the device does
    not hold our session. `answers` is the number of our command that this answers, and `is_refusal`
    whether the device refused it.
    """

    instance: str
    number: int
    last_seq: int
    amount: float
    program: str
    state: DeviceState | None
    answers: int | None
    is_refusal: bool = False


def word_of(message: Ack | DeviceInfo | DeviceStatus, session: str, unit: str) -> Word | None:
    """Return the word of a message; None where it reports no amount."""
    amount = message.applied_ma if unit == "ma" else message.applied_level
    if amount is None:
        return None
    is_ours = message.session == session
    state: DeviceState | None
    if isinstance(message, Ack):
        state = None if message.request_id is None else "stopped"
        answers = message.seq if is_ours else None
    else:
        state, answers = message.state, None
    return Word(
        instance=message.instance,
        number=message.word,
        last_seq=message.last_seq if is_ours else 0,
        amount=amount,
        program=message.program,
        state=state,
        answers=answers,
        is_refusal=isinstance(message, Ack) and message.refused is not None,
    )
