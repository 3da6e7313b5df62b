"""One MQTT 3.1.1 connection, on aiomqtt: the only file that uses the library.

On Windows asyncio's own loop cannot watch sockets for paho: run on a `SelectorEventLoop`.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any

import aiomqtt
import msgspec
from paho.mqtt.client import MQTT_ERR_SUCCESS, MQTTMessage, MQTTMessageInfo
from paho.mqtt.client import Client as Paho

from stimulators.wire.link_reasons import why_not_connected

#: The library's log is shown only where logging is set up; the link reports what matters itself.
_LOGGER = logging.getLogger(__name__)
_LOGGER.addHandler(logging.NullHandler())
#: QoS 1 messages that may wait for their PUBACK; more are not sent.
_N_IN_FLIGHT_MAX = 64
_REFUSED = 0x80
_PUBLISH = 0x30
_DISCONNECT = b"\xe0\x00"
#: What lengths an MQTT packet has bytes for.
_N_TOPIC_BYTES_MAX = 0xFFFF
_N_PACKET_BYTES_MAX = 0x0FFF_FFFF
#: The longest wait for the broker to close the connection after our DISCONNECT.
_GOODBYE_S_MAX = 0.5

OnMessage = Callable[[str, bytes, bool], None]


class LinkLostError(Exception):
    """The connection ended, or never came about; the text says why."""


class Will(msgspec.Struct, frozen=True):
    """The Last Will: the broker publishes it when we are gone without a DISCONNECT."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Connection:
    """One aiomqtt client, from CONNECT to the end of its socket; never used twice.

    aiomqtt connects, subscribes, pings and disconnects. Its queue of messages (a task for each)
    and its writer (two passes of the event loop for each) would double the latency, so messages go
    from and to the paho client inside it. paho makes a record of each message, with a lock of its
    own, and a queue entry, which only QoS 1 needs: a message of QoS 0 is written straight into the
    socket where nothing waits before it.

    Parameters
    ----------
    host, port, username, password, tls, client_id, will
        As in MQTT. The session is clean: the broker keeps no state of the client.
    keepalive_s, connect_s_max, puback_s_max : float
        See `BrokerConfig`.
    steady_s : float
        After this long a connection counts as steady (`was_steady`).
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        username: str | None,
        password: str | None,
        tls: ssl.SSLContext | None,
        client_id: str,
        will: Will | None,
        keepalive_s: int,
        connect_s_max: float,
        puback_s_max: float,
        steady_s: float,
    ) -> None:
        self.was_steady = False
        self._loop = asyncio.get_running_loop()
        self._client = aiomqtt.Client(
            host,
            port,
            username=username,
            password=password,
            logger=_LOGGER,
            identifier=client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            will=None if will is None else aiomqtt.Will(*msgspec.structs.astuple(will)),
            clean_session=True,
            timeout=connect_s_max,
            keepalive=keepalive_s,
            max_inflight_messages=2 * _N_IN_FLIGHT_MAX,
            tls_context=tls,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        self._paho: Paho = self._client._client  # noqa: SLF001 see the class
        self._paho.connect_timeout = connect_s_max
        # Set before connecting: a broker may send retained messages before we have subscribed.
        self._paho.on_message = self._on_message
        self._paho.on_publish = None
        self._is_tls = tls is not None
        self._puback_s_max = puback_s_max
        self._steady_s = steady_s
        self._received: deque[tuple[str, bytes, bool]] = deque()
        self._has_news = asyncio.Event()
        self._in_flight: deque[MQTTMessageInfo] = deque()
        self._steady_timer: asyncio.TimerHandle | None = None
        self._is_writing = False
        self._is_watched = False
        self._reason = ""

    async def open(self, subscriptions: list[tuple[str, int]]) -> None:
        """Connect and subscribe, or raise LinkLostError."""
        entering = asyncio.ensure_future(self._client.__aenter__())
        try:
            await asyncio.shield(entering)
            self._take_over()
            if subscriptions:
                granted = await self._client.subscribe(subscriptions)
                if any(_number(code) >= _REFUSED for code in granted):
                    raise LinkLostError("the broker refused a subscription")
        except (aiomqtt.MqttError, UnicodeError) as error:
            raise LinkLostError(why_not_connected(str(error), tls=self._is_tls)) from error
        except asyncio.CancelledError:
            # The thread that connects cannot be cancelled, and would leave its socket behind.
            with contextlib.suppress(aiomqtt.MqttError, UnicodeError):
                await entering
            raise
        self._steady_timer = self._loop.call_later(self._steady_s, self._note_steady)

    async def listen(self, hear: OnMessage) -> None:
        """Hand over messages until the connection is lost; then raise LinkLostError."""
        # aiomqtt's own queue stays empty, so this ends only with the connection.
        ended = asyncio.ensure_future(anext(self._client.messages))
        ended.add_done_callback(lambda _: self._has_news.set())
        try:
            while not ended.done():
                await self._has_news.wait()
                self._has_news.clear()
                while self._received:
                    hear(*self._received.popleft())
            error = ended.exception()
        finally:
            ended.cancel()
        raise LinkLostError(self._reason or "the connection was lost") from error

    def publish(self, topic: str, payload: bytes, qos: int, *, retain: bool) -> bool:
        """Write one message into the socket; False where that cannot be done in full now."""
        paho = self._paho
        if paho.want_write():
            paho.loop_write()
            if paho.want_write():
                return False
        if not qos and self._write_at_once(topic, payload, retain=retain):
            return True
        if qos and not self._may_add_in_flight():
            return False
        # paho asks for a watch of the socket, which a message written at once does not need.
        self._is_writing = True
        try:
            info = paho.publish(topic, payload, qos, retain)
            is_sent = info.rc == paho.loop_write() == MQTT_ERR_SUCCESS
        finally:
            self._is_writing = False
        if not is_sent:
            return False
        if paho.want_write():
            self._watch_socket()
        if qos:
            self._in_flight.append(info)
            self._loop.call_later(self._puback_s_max, self._require_puback, info)
        return True

    async def say_goodbye(self) -> None:
        """Send DISCONNECT, so that the broker keeps the Last Will to itself; wait till it closes.

        paho would close at once; with anything still unread the kernel then resets the
        connection, and the broker may never read our last messages.
        """
        sock: Any = self._paho.socket()
        if sock is None or self._paho.loop_write() != MQTT_ERR_SUCCESS:
            return
        with contextlib.suppress(OSError):
            sock.send(_DISCONNECT)
        closed = asyncio.ensure_future(anext(self._client.messages))
        await asyncio.wait([closed], timeout=_GOODBYE_S_MAX)
        if not closed.cancel():
            closed.exception()

    def abandon(self) -> None:
        """Close the socket at once; what was not written into it is not sent."""
        if self._steady_timer is not None:
            self._steady_timer.cancel()
        sock: Any = self._paho.socket()
        if sock is None:
            return
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        while self._paho.socket() is not None and self._paho.loop_read() == MQTT_ERR_SUCCESS:
            pass

    def _take_over(self) -> None:
        paho = self._paho
        paho.on_socket_register_write = self._on_register_write
        paho.on_socket_unregister_write = self._on_unregister_write

    def _on_message(self, _client: Paho, _userdata: object, message: MQTTMessage) -> None:
        # paho holds a lock here that publishing needs: only `listen` may hand messages over.
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._received.append((topic, bytes(message.payload), message.retain))
        self._has_news.set()

    def _on_register_write(self, _client: Paho, _userdata: object, _sock: object) -> None:
        if not self._is_writing:
            self._watch_socket()

    def _on_unregister_write(self, _client: Paho, _userdata: object, sock: object) -> None:
        if self._is_watched:
            self._is_watched = False
            self._loop.remove_writer(_file(sock))

    def _watch_socket(self) -> None:
        self._is_watched = True
        self._loop.add_writer(_file(self._paho.socket()), self._paho.loop_write)

    def _write_at_once(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Write a message of QoS 0 to the socket; False where nothing of it went."""
        sock: Any = self._paho.socket()
        name = topic.encode()
        n_name, n_left = len(name), 2 + len(name) + len(payload)
        is_name = 0 < n_name <= _N_TOPIC_BYTES_MAX and b"+" not in name and b"#" not in name
        if sock is None or not is_name or n_left > _N_PACKET_BYTES_MAX:
            return False
        packet = bytearray((_PUBLISH | retain,))
        while n_left > 0x7F:
            packet.append(n_left & 0x7F | 0x80)
            n_left >>= 7
        packet += bytes((n_left, n_name >> 8, n_name & 0xFF))
        packet += name
        packet += payload
        try:
            n_written = sock.send(packet)
        except OSError:  # full, for the moment or for good, or lost
            return False
        if n_written < len(packet):
            # Nothing may come between a message and its end: paho writes on where this stopped.
            rest, info = packet[n_written:], MQTTMessageInfo(0)
            self._paho._packet_queue(_PUBLISH, rest, 0, 0, info)  # noqa: SLF001 see the class
        return True

    def _may_add_in_flight(self) -> bool:
        while self._in_flight and self._in_flight[0].is_published():
            self._in_flight.popleft()
        return len(self._in_flight) < _N_IN_FLIGHT_MAX

    def _require_puback(self, info: MQTTMessageInfo) -> None:
        if not info.is_published():
            self._reason = f"expected a PUBACK within {self._puback_s_max:g} s, found none"
            self.abandon()

    def _note_steady(self) -> None:
        self.was_steady = True


def _file(sock: Any) -> int:  # noqa: ANN401 paho types its sockets by what it needs of them
    return int(sock.fileno())


def _number(code: Any) -> int:  # noqa: ANN401 what paho 2 gives for a SUBACK's code
    return int(getattr(code, "value", code))
