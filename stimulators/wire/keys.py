"""The seam where payloads are signed and signatures checked; without keys nothing is."""

from typing import Protocol


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


class NoKeys:
    """Signing is off: whoever may publish on the broker is believed."""

    def seal(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is."""
        return payload

    def open(self, topic: str, payload: bytes) -> bytes:  # noqa: ARG002 the seam's shape
        """Return the payload as it is."""
        return payload
