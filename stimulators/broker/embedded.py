"""The embedded broker: ``python -m stimulators.broker.embedded --port 1883``, a process of its own.

It serves this machine only, accepts every client without credentials, and keeps no message over a
restart: for a first try and for simulated rigs. A real device needs a broker with credentials and
TLS.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.errors import BrokerError
from amqtt.session import Session

from stimulators.parent import say_ready, until_stdin_closes

#: Long enough to act on what was read, short enough not to delay a Last Will that is due.
_LAST_WORDS_S = 0.05
_PLUGINS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


class _PatientReader(StreamReaderAdapter):  # type: ignore[misc]  # untyped
    """A client's stream that ends a moment late.

    At its end amqtt 0.12 drops what it has read and not yet acted on: a client that leaves with
    a last message and DISCONNECT would lose both, and its Last Will would be published.
    """

    async def read(self, n: int = -1) -> bytes:
        try:
            return bytes(await super().read(n))
        except (asyncio.IncompleteReadError, ConnectionError):
            await asyncio.sleep(_LAST_WORDS_S)
            raise


class _PatientBroker(Broker):  # type: ignore[misc]  # untyped
    """amqtt 0.12 without two faults that would disconnect or mislead a rig's clients."""

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        await self._client_connected(
            listener_name, _PatientReader(reader), StreamWriterAdapter(writer)
        )

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Send retained messages only to clients that subscribed to their topic.

        amqtt otherwise sends a new client the retained messages of every other client's
        subscriptions, and drops it if another client subscribes meanwhile.
        """
        subscribed = self._subscriptions.get(subscription[0], ())
        if any(each.client_id == session.client_id for each, _ in subscribed):
            await super()._publish_retained_messages_for_subscription(subscription, session)


async def serve(port: int) -> None:
    """Serve the loopback interface until cancelled, or until standard input closes.

    Parameters
    ----------
    port : int
        The TCP port on which it listens.

    Raises
    ------
    OSError
        Where the port is taken or not allowed.
    """
    listener = {"type": "tcp", "bind": f"127.0.0.1:{port}"}
    broker = _PatientBroker({"listeners": {"default": listener}, "plugins": _PLUGINS})
    try:
        await broker.start()
    except BrokerError as error:
        raise OSError(f"port {port}: {error}") from error
    try:
        say_ready()
        await until_stdin_closes()
    finally:
        await broker.shutdown()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the broker; return 3, with one line on standard error, where it could not start."""
    parser = argparse.ArgumentParser(prog="stimulators.broker.embedded", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    port: int = parser.parse_args(arguments).port
    for name in ("amqtt", "asyncio"):
        # Both log every client that leaves: noise on the terminal of the service.
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    try:
        asyncio.run(serve(port))
    except OSError as error:
        sys.stderr.write(f"stimulators.broker.embedded: {error}\n")
        return 3
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
