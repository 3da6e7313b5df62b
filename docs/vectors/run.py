"""Plays wire vectors to a device in virtual time, and reports where it differs from them.

It needs nothing that MicroPython lacks. A device is whatever has

- ``tick(now_us)`` and ``hear(topic, payload, retained, now_us)``, in its own clock, which both
  return what the device publishes, in order: ``(topic, payload, qos, retain)``, payloads as bytes;
- ``given``: the amount that it gives, in its unit.
"""

import binascii
import hashlib

#: How far apart two amounts, and two times, may be.
AMOUNT = 0.01
TIME_US = 1_000
_TICK_US = 5_000
_BLOCK = 64


def hmac_hex(secret: str, topic: str, body: bytes) -> bytes:
    """Return the HMAC-SHA256 over topic, a zero byte and body, in hexadecimal digits."""
    key = binascii.unhexlify(secret) + bytes(_BLOCK - 32)
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in key))
    inner.update(topic.encode() + b"\0" + body)
    outer = hashlib.sha256(bytes(each ^ 0x5C for each in key))
    outer.update(inner.digest())
    return binascii.hexlify(outer.digest())


class Player:
    """One vector, played to one device.

    Parameters
    ----------
    vector : dict
        The content of a file of this folder.
    device : object
        Made as the vector's `device`, `keys`, `instance`, `newest_session` and `nonce` (of its
        first clock request) say.
    loads : callable
        Reads JSON.
    signed : bool
        False for a device that does not sign yet: signatures are taken off what it hears.
    """

    def __init__(self, vector, device, loads, *, signed=True) -> None:
        self.wrong = []
        self._vector = vector
        self._device = device
        self._loads = loads
        self._signed = signed
        self._root = "stimloop/" + vector["rig"] + "/device/" + vector["device"]["id"] + "/"
        self._word = 0
        self._state = "offline"
        self._now_us = 0
        self._acks = []
        self._asked = []

    def play(self):
        """Return a line for each difference from the vector."""
        for number, step in enumerate(self._vector["steps"]):
            at_us = step["at_us"]
            while number and self._now_us + _TICK_US < at_us:
                self._now_us += _TICK_US
                self._take(self._device.tick(self._now_us))
            self._now_us = at_us
            heard = step["hears"]
            if heard is None:
                self._take(self._device.tick(at_us))
            else:
                payload = heard["payload"].encode()
                if not self._signed and len(payload) > 74 and payload[8:9] == b".":
                    payload = payload[74:]
                retained = heard["retained"]
                self._take(self._device.hear(heard["topic"], payload, retained, at_us))
            self._check(number, step)
        return self.wrong

    def _take(self, said) -> None:
        for topic, payload, _, retain in said:
            body = self._opened(topic, payload)
            if body is None:
                continue
            message = self._loads(body)
            kind = topic[len(self._root) :]
            if kind == "clock/request":
                self._asked.append(message)
                continue
            if kind not in ("ack", "info", "state"):
                self.wrong.append("a message on " + topic)
                continue
            if retain != (kind == "info"):
                self.wrong.append(kind + ": expected retained only of info")
            if message["word"] != self._word + 1:
                self.wrong.append(
                    "%s: expected word %d, found %d" % (kind, self._word + 1, message["word"])
                )
            self._word = message["word"]
            if message["instance"] != self._vector["instance"]:
                self.wrong.append(kind + ": expected the instance of this boot")
            if kind == "ack":
                self._acks.append(message)
            else:
                self._state = message["state"]

    def _opened(self, topic, payload):
        if not self._signed:
            return payload
        key = self._vector["keys"]["from"]
        body = payload[74:]
        expected = key["id"].encode() + b"." + hmac_hex(key["secret"], topic, body) + b"."
        if payload[:74] != expected:
            self.wrong.append(topic + ": expected a signature by key " + key["id"])
            return None
        return body

    def _check(self, number, step) -> None:
        where = "step %d: " % (number + 1)
        acks, self._acks = self._acks, []
        if len(acks) != len(step["answers"]):
            self.wrong.append(
                "%sexpected %d answers, found %s" % (where, len(step["answers"]), acks)
            )
        for found, expected in zip(acks, step["answers"]):
            for name in expected:
                value = found.get(name, True if name == "verified" else None)
                if not _is_equal(name, expected[name], value):
                    line = "%s%s: expected %r, found %r" % (where, name, expected[name], value)
                    self.wrong.append(line)
        if not _is_equal("amount", step["gives"], self._device.given):
            self.wrong.append(
                "%sexpected to give %g, found %g" % (where, step["gives"], self._device.given)
            )
        if self._state != step["state"]:
            self.wrong.append("%sexpected %s, found %s" % (where, step["state"], self._state))
        for asked in step["asks"]:
            if asked not in [{name: each.get(name) for name in asked} for each in self._asked]:
                self.wrong.append(
                    "%sexpected the clock request %s, found %s" % (where, asked, self._asked)
                )


def _is_equal(name, expected, found):
    if isinstance(expected, (int, float)) and not isinstance(expected, bool):
        if not isinstance(found, (int, float)):
            return False
        is_time = name.endswith("_us")
        is_whole = name in ("seq", "last_seq")
        tolerance = TIME_US if is_time else 0 if is_whole else AMOUNT
        return abs(expected - found) <= tolerance
    return expected == found
