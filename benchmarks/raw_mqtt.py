"""A minimal MQTT 3.1.1 client for benchmarks: one blocking socket, no library."""

import socket
import time
from typing import NamedTuple


class Message(NamedTuple):
    """A message that arrived, with its topic."""

    topic: str
    payload: bytes


def _field(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _packet(kind: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind]) + bytes(length) + body


class RawMqtt:
    """A connected socket that publishes, or subscribes and receives, at QoS 0.

    Parameters
    ----------
    port : int
        Of a broker on the loopback interface.
    client_id : str
        Unique at the broker.
    """

    def __init__(self, port: int, client_id: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()
        keepalive = (0).to_bytes(2, "big")
        connect = _field(b"MQTT") + bytes([4, 2]) + keepalive + _field(client_id.encode())
        self._socket.sendall(_packet(0x10, connect))
        self._take(self._wait(4))

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish one message."""
        self._socket.sendall(_packet(0x31 if retain else 0x30, _field(topic.encode()) + payload))

    def subscribe(self, topic: str) -> None:
        """Subscribe to a topic."""
        self._socket.sendall(_packet(0x82, b"\0\1" + _field(topic.encode()) + b"\0"))

    def receive(self, timeout_s: float) -> Message | None:
        """Wait for the next message; None where none came in time.

        Raises
        ------
        ConnectionError
            Where the broker closed the connection.
        """
        deadline_s = time.monotonic() + timeout_s
        while True:
            packet = self._next()
            if packet is None:
                left_s = deadline_s - time.monotonic()
                if left_s <= 0.0 or not self._read_more(left_s):
                    return None
                continue
            kind, body = packet
            if kind & 0xF0 == 0x30:
                n_topic = int.from_bytes(body[:2], "big")
                return Message(body[2 : 2 + n_topic].decode(), body[2 + n_topic :])

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _next(self) -> tuple[int, bytes] | None:
        """Return the next complete packet of the bytes read so far."""
        length, shift, index = 0, 0, 1
        while True:
            if index >= len(self._buffer):
                return None
            digit = self._buffer[index]
            length |= (digit & 0x7F) << shift
            shift += 7
            index += 1
            if not digit & 0x80:
                break
        if len(self._buffer) < index + length:
            return None
        kind, body = self._buffer[0], bytes(self._buffer[index : index + length])
        self._take(index + length)
        return kind, body

    def _wait(self, n_bytes: int) -> int:
        while len(self._buffer) < n_bytes:
            self._read_more(10.0)
        return n_bytes

    def _take(self, n_bytes: int) -> None:
        del self._buffer[:n_bytes]

    def _read_more(self, timeout_s: float) -> bool:
        self._socket.settimeout(timeout_s)
        try:
            more = self._socket.recv(65536)
        except TimeoutError:
            return False
        if not more:
            raise ConnectionError("the broker closed the connection")
        self._buffer += more
        return True
