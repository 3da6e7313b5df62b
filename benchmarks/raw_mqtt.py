"""The least MQTT 3.1.1 that can carry a benchmark: one blocking socket, QoS 0, no library."""

import socket


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
    """A connected socket that publishes, or subscribes and receives."""

    def __init__(self, port: int, client_id: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        keepalive = (0).to_bytes(2, "big")
        connect = _field(b"MQTT") + bytes([4, 2]) + keepalive + _field(client_id.encode())
        self._socket.sendall(_packet(0x10, connect))
        self._read(4)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send one QoS 0 message."""
        self._socket.sendall(_packet(0x30, _field(topic.encode()) + payload))

    def subscribe(self, topic: str) -> None:
        """Ask for a topic at QoS 0 and wait for the answer."""
        self._socket.sendall(_packet(0x82, b"\0\1" + _field(topic.encode()) + b"\0"))
        self._read(5)

    def receive(self) -> bytes:
        """Block until a message arrives and return its payload."""
        while True:
            kind, body = self._next()
            if kind & 0xF0 == 0x30:
                n_topic = int.from_bytes(body[:2], "big")
                return body[2 + n_topic + (2 if kind & 0x06 else 0) :]

    def close(self) -> None:
        """Wake a blocked receiver and drop the connection."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _next(self) -> tuple[int, bytes]:
        kind = self._read(1)[0]
        length, shift = 0, 0
        while True:
            digit = self._read(1)[0]
            length |= (digit & 0x7F) << shift
            shift += 7
            if not digit & 0x80:
                return kind, self._read(length)

    def _read(self, n_bytes: int) -> bytes:
        while len(self._buffer) < n_bytes:
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError("the broker closed the connection")
            self._buffer += more
        found, self._buffer = self._buffer[:n_bytes], self._buffer[n_bytes:]
        return found
