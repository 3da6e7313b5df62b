"""Encodes messages as JSON, and decodes them: no other file does.

Where messages are signed, `stimulators.wire.keys.keys` puts a signature before the JSON.
"""

from functools import cache
from typing import TypeVar

import msgspec

from stimulators.wire.messages import Wire

#: Our own messages are far shorter; a longer payload is refused unread.
_N_BYTES_MAX = 65_536
_N_PROBLEM_MAX = 200
_ENCODER = msgspec.json.Encoder()

WireT = TypeVar("WireT", bound=Wire)


def to_payload(message: Wire) -> bytes:
    """Return the message as JSON. A number that is not finite becomes null."""
    return _ENCODER.encode(message)


def from_payload(payload: bytes, kind: type[WireT]) -> WireT:
    """Return the message that the payload holds.

    Raises
    ------
    ValueError
        Where it is not what the contract says; one line of at most 200 characters.
    """
    if len(payload) > _N_BYTES_MAX:
        raise ValueError(f"expected at most {_N_BYTES_MAX} bytes, found {len(payload)}")
    try:
        message: WireT = _decoder(kind).decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())[:_N_PROBLEM_MAX]) from error
    return message


@cache
def _decoder(kind: type[WireT]) -> msgspec.json.Decoder[WireT]:
    return msgspec.json.Decoder(kind)
