"""MQTT 3.1.1 over a socket that never waits: the device's own timer must go on meanwhile."""

import errno
import select
import socket

_WAITING = (errno.EAGAIN, errno.EINPROGRESS)
_CONNECT_MS_MAX = 3_000
_PUBACK_MS_MAX = 1_000
_N_PACKET_MAX = 70_000


class Mqtt:
    """One connection; a lost one raises OSError and is not used again.

    Parameters
    ----------
    address : tuple
        What `socket.getaddrinfo` gives for the broker: a number, as names would have to be asked
        for.
    client_id : str
        The device's fixed client id.
    will : tuple
        Topic, payload, QoS and retain flag of the Last Will.
    subscriptions : list
        Topics with QoS.
    now_ms : int
        The time; each method takes it.
    login : tuple or None
        User and password.
    keepalive_s : int
        After one and a half times as long the broker publishes the Last Will.
    """

    def __init__(
        self, address, client_id, will, subscriptions, now_ms, login=None, keepalive_s=5
    ) -> None:
        self.is_up = False
        self._subscriptions = subscriptions
        self._keepalive_s = keepalive_s
        self._began_ms = self._sent_ms = now_ms
        self._pinged_ms = None
        self._received = b""
        self._packet_id = 0
        self._open = {}
        self._is_greeted = False
        self._greeting = _connect(client_id, will, login, keepalive_s)
        self._sock = socket.socket()
        self._sock.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN | select.POLLOUT)
        try:
            self._sock.connect(address)
        except OSError as error:
            if error.args[0] not in _WAITING:
                self._sock.close()
                raise

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, now_ms: int) -> None:
        """Send a message now; nothing waits for later, and without a link nothing is sent."""
        if not self.is_up:
            return
        body = _text(topic.encode())
        if qos:
            self._packet_id = self._packet_id % 0xFFFF + 1
            self._open[self._packet_id] = now_ms
            body += bytes([self._packet_id >> 8, self._packet_id & 0xFF])
        self._send(_packet(0x30 | qos << 1 | (1 if retain else 0), body + payload), now_ms)

    def take(self, now_ms: int) -> list:
        """Return the messages that came: topic, payload, and whether the broker had kept it."""
        found = self._poll.poll(0)
        events = found[0][1] if found else 0
        if not self._is_greeted:
            if events & select.POLLOUT:
                self._is_greeted = True
                self._send(self._greeting, now_ms)
        elif events & select.POLLIN:
            self._read()
        if events & (select.POLLERR | select.POLLHUP):
            raise OSError(errno.ECONNRESET)
        messages = []
        while True:
            packet = self._next_packet()
            if packet is None:
                break
            self._act(packet[0], packet[1], messages, now_ms)
        self._keep_alive(now_ms)
        return messages

    def close(self) -> None:
        """Close it without DISCONNECT, so that the broker publishes the Last Will."""
        self._sock.close()

    def _act(self, head: int, body: bytes, messages: list, now_ms: int) -> None:
        kind = head >> 4
        if kind == 2:
            if body[1]:
                raise OSError(errno.EACCES)
            asked = b"".join(
                [_text(topic.encode()) + bytes([qos]) for topic, qos in self._subscriptions]
            )
            self._send(_packet(0x82, b"\x00\x01" + asked), now_ms)
        elif kind == 9:
            self.is_up = True
        elif kind == 4:
            self._open.pop(body[0] << 8 | body[1], None)
        elif kind == 13:
            self._pinged_ms = None
        elif kind == 3:
            n_topic, start = body[0] << 8 | body[1], 2
            topic = body[start : start + n_topic].decode()
            start += n_topic
            if head & 6:
                self._send(b"\x40\x02" + body[start : start + 2], now_ms)
                start += 2
            messages.append((topic, body[start:], bool(head & 1)))

    def _keep_alive(self, now_ms: int) -> None:
        if not self.is_up:
            if now_ms - self._began_ms > _CONNECT_MS_MAX:
                raise OSError(errno.ETIMEDOUT)
            return
        for sent_ms in self._open.values():
            if now_ms - sent_ms > _PUBACK_MS_MAX:
                raise OSError(errno.ETIMEDOUT)
        if self._pinged_ms is not None and now_ms - self._pinged_ms > 1_000 * self._keepalive_s:
            raise OSError(errno.ETIMEDOUT)
        if self._pinged_ms is None and now_ms - self._sent_ms > 500 * self._keepalive_s:
            self._pinged_ms = now_ms
            self._send(b"\xc0\x00", now_ms)

    def _send(self, packet: bytes, now_ms: int) -> None:
        # Half a packet cannot be taken back: a link that is so slow is a lost one.
        if self._sock.send(packet) != len(packet):
            raise OSError(errno.ETIMEDOUT)
        self._sent_ms = now_ms

    def _read(self) -> None:
        received = self._sock.recv(2048)
        if not received:
            raise OSError(errno.ECONNRESET)
        self._received += received

    def _next_packet(self) -> tuple | None:
        received, length, position = self._received, 0, 1
        while True:
            if position >= len(received):
                return None
            length |= (received[position] & 0x7F) << 7 * (position - 1)
            position += 1
            if not received[position - 1] & 0x80:
                break
        if length > _N_PACKET_MAX:
            raise OSError(errno.EINVAL)
        if len(received) < position + length:
            return None
        self._received = received[position + length :]
        return received[0], received[position : position + length]


def _connect(client_id: str, will: tuple, login: tuple | None, keepalive_s: int) -> bytes:
    topic, payload, qos, retain = will
    flags = 0x02 | 0x04 | qos << 3 | (0x20 if retain else 0)
    rest = _text(client_id.encode()) + _text(topic.encode()) + _text(payload)
    if login is not None:
        flags |= 0xC0
        rest += _text(login[0].encode()) + _text(login[1].encode())
    head = _text(b"MQTT") + bytes([4, flags, keepalive_s >> 8, keepalive_s & 0xFF])
    return _packet(0x10, head + rest)


def _text(text: bytes) -> bytes:
    return bytes([len(text) >> 8, len(text) & 0xFF]) + text


def _packet(head: int, body: bytes) -> bytes:
    length, digits = len(body), b""
    while True:
        digit, length = length & 0x7F, length >> 7
        digits += bytes([digit | 0x80 if length else digit])
        if not length:
            return bytes([head]) + digits + body
