"""Signatures of payloads: HMAC-SHA256, which MicroPython has no module for."""

import binascii
import hashlib

_BLOCK = 64
#: The key's id, a dot, the MAC in hexadecimal digits, a dot.
N_HEAD = 8 + 1 + 64 + 1


def mac_hex(secret: str, topic: str, body: bytes) -> bytes:
    """Return the MAC over topic, a zero byte and body, in hexadecimal digits."""
    key = binascii.unhexlify(secret) + bytes(_BLOCK - 32)
    inner = hashlib.sha256(bytes([each ^ 0x36 for each in key]))
    inner.update(topic.encode() + b"\0" + body)
    outer = hashlib.sha256(bytes([each ^ 0x5C for each in key]))
    outer.update(inner.digest())
    return binascii.hexlify(outer.digest())


def seal(key: dict | None, topic: str, body: bytes) -> bytes:
    """Return the payload as it is published; without a key that is the body."""
    if key is None:
        return body
    return key["id"].encode() + b"." + mac_hex(key["secret"], topic, body) + b"." + body


def opened(key: dict | None, topic: str, payload: bytes) -> tuple:
    """Return the body of a payload, and whether the key signed it."""
    if key is None:
        return payload, True
    if len(payload) < N_HEAD or payload[8:9] != b"." or payload[N_HEAD - 1 : N_HEAD] != b".":
        return payload, False
    body = payload[N_HEAD:]
    expected = seal(key, topic, body)[:N_HEAD]
    differing = 0
    for mine, theirs in zip(expected, payload):
        differing |= mine ^ theirs
    return body, differing == 0
