"""The seam where payloads are signed and signatures checked; without keys nothing is.

A signed payload is ``key_id + "." + hmac_hex + "." + exact JSON bytes``: eight and 64 lower-case
hexadecimal digits.
"""

import re
from typing import Protocol

SIGNED = re.compile(rb"([0-9a-f]{8})\.([0-9a-f]{64})\.(.*)", re.DOTALL)


class UnverifiedError(ValueError):
    """A payload is not signed with a key that is accepted on its topic.

    Attributes
    ----------
    body : bytes
        The payload without whatever stood before it as a signature: a stop acts all the same.
    """

    def __init__(self, problem: str, body: bytes) -> None:
        super().__init__(problem)
        self.body = body


class Keys(Protocol):
    """The keys of one end of the wire."""

    def seal(self, topic: str, payload: bytes) -> bytes:
        """Return the payload as it is published on `topic`."""
        ...

    def open(self, topic: str, payload: bytes) -> bytes:
        """Return the payload that was sealed for `topic`.

        Raises
        ------
        UnverifiedError
            Where no accepted key sealed it.
        """
        ...

    def owner(self, topic: str, payload: bytes) -> str:
        """Return whose key sealed a payload that was opened; empty where nobody knows."""
        ...


class NoKeys:
    """Signing is off: whoever may publish on the broker is believed."""

    def seal(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is."""
        return payload

    def open(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is."""
        return payload

    def owner(self, topic: str, payload: bytes) -> str:  # noqa: ARG002 the seam's shape
        """Return nobody: whoever names himself is believed."""
        return ""


class ListenerKeys:
    """An end without keys where others sign: it reads past signatures and can make none."""

    def seal(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is: nobody who checks will take it, but for a stop."""
        return payload

    def open(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload without its signature, if it has one, unchecked."""
        return without_signature(payload)

    def owner(self, topic: str, payload: bytes) -> str:  # noqa: ARG002 the seam's shape
        """Return nobody: signatures are not checked."""
        return ""


def without_signature(payload: bytes) -> bytes:
    """Return the payload without what stands before it as a signature."""
    signed = SIGNED.fullmatch(payload)
    return payload if signed is None else signed[3]
