"""The link to the MQTT broker: messages are sent at once or not at all, none waits for later."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from stimulators.wire.keys.credentials import password_of, tls_context
from stimulators.wire.mqtt_connection import Connection, LinkLostError, OnMessage, Will

__all__ = ["BrokerConfig", "MqttLink", "Will"]

OnLinkChange = Callable[[bool, str], None]


class BrokerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[broker]` table.

    Parameters
    ----------
    embedded : bool
        Start a broker of our own, for this machine only and without credentials.
    host, port
        The address at which the broker listens.
    operator_port : int, optional
        The port for operators and displays; by default the same.
    tls : bool
        Encrypt, and check the broker's certificate against its host name.
    ca_file : str, optional
        Certificates to trust instead of the system's; only with `tls`.
    username, password_file : str, optional
        Credentials. The password is the file's first line: a configuration is journalled.
    cert_file, key_file : str, optional
        Our own certificate, where the broker asks for one, and its key, in PEM; only with `tls`.
    keepalive_s : int
        After one and a half times this long without a message the broker takes us as lost and
        publishes our Last Will. Pings are sent on a grid of 1 s: under 3 s they would be late.
    connect_s_max : float
        Seconds to wait for a connection, its CONNACK and its SUBACK, each. While a connection
        is being made, ending takes as long.
    puback_s_max : float
        After this long without the acknowledgement of a QoS 1 message the link counts as lost.
    backoff_s_min, backoff_s_max : float
        Between attempts we wait a random time from 0 to a bound that starts at the first of these
        and doubles up to the second.
    """

    embedded: bool = False
    host: Annotated[str, Meta(min_length=1, max_length=255)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    operator_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    tls: bool = False
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    username: str | None = None
    password_file: str | None = None
    keepalive_s: Annotated[int, Meta(ge=3, le=300)] = 5
    connect_s_max: Annotated[float, Meta(gt=0.0, le=60.0)] = 2.0
    puback_s_max: Annotated[float, Meta(gt=0.0, le=60.0)] = 1.0
    backoff_s_min: Annotated[float, Meta(gt=0.0, le=60.0)] = 0.1
    backoff_s_max: Annotated[float, Meta(gt=0.0, le=60.0)] = 5.0

    def __post_init__(self) -> None:
        wrong = [*self._of_embedded(), *self._of_credentials()]
        if self.backoff_s_max < self.backoff_s_min:
            wrong.append(
                f"backoff_s_max: expected at least backoff_s_min ({self.backoff_s_min}), "
                f"found {self.backoff_s_max}"
            )
        if wrong:
            raise ValueError("\n".join(wrong))

    def _of_embedded(self) -> Iterator[str]:
        if not self.embedded:
            return
        if self.host not in {"127.0.0.1", "localhost"}:
            yield f"host: expected 127.0.0.1 for an embedded broker, found {self.host}"
        if self.tls or self.username is not None:
            found = "tls = true" if self.tls else f"username = {self.username!r}"
            yield f"embedded: expected neither tls nor username beside it, found {found}"

    def _of_credentials(self) -> Iterator[str]:
        for key in ("ca_file", "cert_file"):
            if getattr(self, key) is not None and not self.tls:
                yield f"{key}: expected tls = true beside it, found false"
        for key, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
            if getattr(self, key) is not None and getattr(self, other) is None:
                yield f"{key}: expected {other} beside it, found none"
        if self.password_file is not None and self.username is None:
            yield "password_file: expected a username beside it, found none"

    @property
    def for_operators(self) -> "BrokerConfig":
        """The same broker on the port for operators and displays.

        A service that listens for another one uses it, too: where a broker identifies clients by
        their user, it would disconnect the other one on the port of services.
        """
        if self.operator_port is None:
            return self
        return msgspec.structs.replace(self, port=self.operator_port)


class MqttLink:
    """A connection to the broker that is renewed; a message that cannot be sent now is never sent.

    Every connection is a new client with a clean session, so neither the client nor the broker
    keeps anything for later. A message is written into the socket at once, in the caller's own
    step of the event loop; one that is received is handed over in the next.

    Parameters
    ----------
    broker : BrokerConfig
        The broker, and how to connect to it.
    client_id : str
        Unique on the broker; the same over reconnections, so that a half-dead connection of
        ours is ended by the next.
    subscriptions : sequence of (str, int)
        Topic filters and their QoS.
    will : Will, optional
        The Last Will.
    """

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        will: Will | None = None,
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._subscriptions = list(subscriptions)
        self._will = will
        self._connection: Connection | None = None

    async def feed(self, hear: OnMessage, link: OnLinkChange) -> None:
        """Connect, hand over messages, connect again with back-off, until cancelled.

        Parameters
        ----------
        hear : callable
            Called with topic, payload and whether the broker had kept the message (retained).
        link : callable
            Called with whether there is a link, and why not, at each change, and once at the start
            where there is none. After a call with True subscriptions are made, and `publish` works.

        Raises
        ------
        ValueError
            Where a file that the configuration names cannot be used; begins with the key.
        """
        password = password_of(self._broker)
        tls = tls_context(self._broker)
        is_up: bool | None = None
        reason = ""
        bound_s = self._broker.backoff_s_min
        while True:
            connection = Connection(
                host=self._broker.host,
                port=self._broker.port,
                username=self._broker.username,
                password=password,
                tls=tls,
                client_id=self._client_id,
                will=self._will,
                keepalive_s=self._broker.keepalive_s,
                connect_s_max=self._broker.connect_s_max,
                puback_s_max=self._broker.puback_s_max,
                steady_s=self._broker.backoff_s_max,
            )
            try:
                await connection.open(self._subscriptions)
                self._connection = connection
                is_up = True
                link(True, "")  # noqa: FBT003
                await connection.listen(hear)
            except LinkLostError as error:
                reason = f"{self._broker.host}:{self._broker.port}: {error}"
            except asyncio.CancelledError:
                await connection.say_goodbye()
                raise
            finally:
                self._connection = None
                connection.abandon()
            if connection.was_steady:
                bound_s = self._broker.backoff_s_min
            if is_up is not False:
                is_up = False
                link(False, reason)  # noqa: FBT003
            # Full jitter, so that many clients do not come back in step.
            await asyncio.sleep(random.uniform(0.0, bound_s))  # noqa: S311 not a secret
            bound_s = min(2.0 * bound_s, self._broker.backoff_s_max)

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool = False) -> bool:
        """Hand one message to the network now; on the loop's thread only.

        Returns
        -------
        bool
            False where it was not and will not be sent: there is no link, or it cannot take the
            message at once (too many are not acknowledged, or the socket is full).
        """
        connection = self._connection
        return connection is not None and connection.publish(topic, payload, qos, retain=retain)
