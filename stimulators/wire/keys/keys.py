"""The interface that signs payloads and checks signatures, with or without keys.

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
        The payload without its signature, if it had one: a stop acts all the same.
    """

    def __init__(self, problem: str, body: bytes) -> None:
        super().__init__(problem)
        self.body = body


class Keys(Protocol):
    """The keys of the service, a device or an operator."""

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
        """Return whose key sealed a payload that was opened; empty where that is not known."""
        ...


class NoKeys:
    """Signing is off: every message is accepted, whoever may publish on the broker."""

    def seal(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is."""
        return payload

    def open(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is."""
        return payload

    def owner(self, topic: str, payload: bytes) -> str:  # noqa: ARG002 the seam's shape
        """Return an empty name: without keys nobody can be told apart."""
        return ""


class ListenerKeys:
    """A listener without keys where others sign: it reads payloads without their signatures."""

    def seal(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is: unsigned, only a stop is accepted by those who check."""
        return payload

    def open(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload without its signature, if it has one, unchecked."""
        return without_signature(payload)

    def owner(self, topic: str, payload: bytes) -> str:  # noqa: ARG002 the seam's shape
        """Return an empty name: signatures are not checked."""
        return ""


def without_signature(payload: bytes) -> bytes:
    """Return the payload without the signature before it, if there is one."""
    signed = SIGNED.fullmatch(payload)
    return payload if signed is None else signed[3]
