"""Checks the files that a configuration names (passwords, certificates, keys), and a free port."""

import errno
import socket
from collections.abc import Iterator

import msgspec

from stimloop.checking.mistakes import Mistake, from_text
from stimloop.checking.parts import Parts
from stimulators.wire.keys.credentials import password_of, tls_context
from stimulators.wire.keys.files import service_keys
from stimulators.wire.mqtt import BrokerConfig


def of_files(parts: Parts) -> Iterator[Mistake]:
    """Yield mistakes in the password file, the certificates and the keys on this machine."""
    broker = parts.broker
    if broker is not None:
        for reading in (password_of, _trusted, tls_context):
            try:
                reading(broker)
            except ValueError as error:
                yield from from_text(str(error), "$.broker")
    signing = parts.signing
    if signing is not None and signing.is_on and parts.rig is not None:
        devices = [each.name for each in parts.devices]
        try:
            service_keys(signing, parts.rig.name, devices)
        except ValueError as error:
            yield from from_text(str(error), "$.signing")


def taken_port(broker: BrokerConfig) -> str | None:
    """Return a warning where the port of the embedded broker is taken at this moment, else None."""
    if not broker.embedded:
        return None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", broker.port))
        except PermissionError:
            return (
                f"$.broker.port: expected a port that this user may open, 1024 and above, "
                f"found {broker.port}"
            )
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return None
            return (
                f"$.broker.port: expected a free port of this machine, found {broker.port} taken "
                "by another program, perhaps by a rig that runs"
            )
    return None


def _trusted(broker: BrokerConfig) -> object:
    """Check the authority's certificate alone, so that another file's error does not hide it."""
    return tls_context(msgspec.structs.replace(broker, cert_file=None, key_file=None))
