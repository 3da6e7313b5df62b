"""Checks whether a broker's host and port are likely mistakes, as a URL in place of a host."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from stimloop.checking.problems import Problem
from stimulators.wire.mqtt import BrokerConfig

#: The usual ports of MQTT: without TLS, and with TLS.
_PORT_PLAIN, _PORT_TLS = 1883, 8883

_HOST: Final = "the name or address of a host alone"
_URL: Final = re.compile(
    r"^(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[^/:]+)(:(?P<port>\d+))?/*$", re.IGNORECASE
)
_NAME_AND_PORT: Final = re.compile(r"^(?P<host>[^/:\s]+):(?P<port>\d+)$")


def of_broker_address(broker: BrokerConfig) -> Iterator[Problem]:
    """Yield a mistake for a URL in place of a host, and a port that contradicts the TLS setting."""
    if not _is_host(broker.host):
        yield Problem("$.broker.host", _HOST, f"{broker.host!r}{_advice(broker.host)}", "odd_host")
    usual = _PORT_TLS if broker.tls else _PORT_PLAIN
    if not broker.embedded and broker.port == (_PORT_PLAIN if broker.tls else _PORT_TLS):
        is_tls = str(broker.tls).lower()
        yield Problem(
            "$.broker.port",
            f"{usual} with tls = {is_tls}, by convention",
            f"{broker.port}, that of tls = {str(not broker.tls).lower()}",
            "port_of_the_other_kind",
        )


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return not re.search(r"[\s/:@?#]", host)
    return True


def bare_host(host: str) -> str:
    """Return the host alone where a file has a URL, or a host with a port behind it.

    >>> bare_host("mqtt://broker.lab:1883")
    'broker.lab'
    """
    found = _address(host)
    return host if found is None else found["host"]


def _address(host: str) -> re.Match[str] | None:
    return _URL.match(host) or _NAME_AND_PORT.match(host)


def _advice(host: str) -> str:
    found = _address(host)
    if found is None:
        return ""
    parts = [f'host = "{found["host"]}"']
    if found["port"]:
        parts.append(f"port = {found['port']}")
    if found.groupdict().get("scheme", "").lower() in {"mqtts", "ssl", "tls", "https", "wss"}:
        parts.append("tls = true")
    return f"; write {' and '.join(parts)}"
