"""HMAC-SHA256 over topic and payload: the keys of one party, each for certain topics."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from stimulators.wire import topics
from stimulators.wire.keys.keys import SIGNED, UnverifiedError, without_signature
from stimulators.wire.topics import Topic

#: The key that signs each topic; messages on other topics are not signed.
SIGNING_KEYS: Mapping[Topic, str] = {
    topics.STOP: "stop",
    topics.STATUS: "status",
    topics.CONTROL: "control/{operator}",
    topics.COMMAND: "to/{device}",
    topics.TRIGGER: "to/{device}",
    topics.LEASE: "to/{device}",
    topics.CLOCK_REPLY: "to/{device}",
    topics.ACK: "from/{device}",
    topics.INFO: "from/{device}",
    topics.DEVICE_STATUS: "from/{device}",
    topics.CLOCK_REQUEST: "from/{device}",
}


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A secret of 32 bytes, in hexadecimal digits, and its name in messages.

    Parameters
    ----------
    id : str
        Eight hexadecimal digits that identify the secret.
    secret : str
        64 hexadecimal digits.
    """

    id: Annotated[str, Meta(pattern=r"^[0-9a-f]{8}\Z")]
    secret: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]

    def __repr__(self) -> str:
        return f"Key(id={self.id!r})"  # nothing that is printed may hold the secret


def signature(key: Key, topic: str, payload: bytes) -> bytes:
    """Return the signature before a payload: the key's id, a dot, the MAC, a dot.

    The MAC is HMAC-SHA256, with the 32 bytes of the secret, over the full topic in UTF-8, one
    zero byte (which no topic holds) and the payload.
    """
    signed = topic.encode() + b"\0" + payload
    mac = hmac.digest(bytes.fromhex(key.secret), signed, "sha256")
    return f"{key.id}.{mac.hex()}.".encode()


class KeyRing:
    """The keys of one party: `Keys` where signing is on.

    Parameters
    ----------
    rig : str
        Name of the rig.
    keys : mapping of str to sequence of Key
        By name (see `SIGNING_KEYS`): it signs with the first, and accepts all.
    listens : bool
        Whether it reads messages that are signed with keys it does not hold, unchecked: so an
        operator reads the messages of devices.
    """

    def __init__(
        self, rig: str, keys: Mapping[str, Sequence[Key]], *, listens: bool = False
    ) -> None:
        self._listens = listens
        self._accepted: dict[str, tuple[Key, ...]] = {}
        self._owners: dict[tuple[str, str], str] = {}
        for name, each in keys.items():
            for topic in _topics(name, rig):
                self._accepted[topic] = (*self._accepted.get(topic, ()), *each)
                for key in each:
                    self._owners.setdefault((topic, key.id), name.partition("/")[2])

    def seal(self, topic: str, payload: bytes) -> bytes:
        """Return the payload with its signature before it, on a topic that has a key."""
        keys = self._accepted.get(topic)
        return payload if keys is None else signature(keys[0], topic, payload) + payload

    def open(self, topic: str, payload: bytes) -> bytes:
        """Return the payload that was sealed for `topic`.

        Raises
        ------
        UnverifiedError
            Where no accepted key sealed it.
        """
        keys = self._accepted.get(topic)
        if keys is None:
            if self._listens:
                return without_signature(payload)
            raise UnverifiedError(
                "signature: there is no key for this topic",
                without_signature(payload),
            )
        signed = SIGNED.fullmatch(payload)
        if signed is None:
            raise UnverifiedError("signature: the payload has none", payload)
        key_id, body = signed[1].decode(), signed[3]
        key = next((each for each in keys if each.id == key_id), None)
        if key is None:
            expected = " or ".join(each.id for each in keys[:4])
            raise UnverifiedError(
                f"signature: expected one by key {expected}, found one by key {key_id}", body
            )
        if not hmac.compare_digest(signature(key, topic, body), payload[: signed.start(3)]):
            raise UnverifiedError(
                f"signature: it is not the one that key {key_id} makes for this topic and payload",
                body,
            )
        return body

    def owner(self, topic: str, payload: bytes) -> str:
        """Return whose key sealed a payload that was opened: the operator of a control key."""
        key_id = payload.partition(b".")[0].decode(errors="replace")
        return self._owners.get((topic, key_id), "")


def _topics(name: str, rig: str) -> set[str]:
    """Return the full topics that a key signs."""
    kind, _, owner = name.partition("/")
    return {
        topic.at(rig=rig, device=owner)
        for topic, pattern in SIGNING_KEYS.items()
        if pattern.partition("/")[0] == kind
    }
