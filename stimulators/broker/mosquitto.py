"""A hardened mosquitto for one rig: settings, users, access rules, certificates.

```
FOLDER/authority/        ca.key stays here, on no other machine
FOLDER/broker/           mosquitto.conf, access, passwords, ca.pem, server.pem, server.key
FOLDER/clients/{user}/   the files of one client: address.toml, password, ca.pem
```
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from stimulators.broker.access import DISPLAY_USER, Users
from stimulators.broker.certificates import Authority
from stimulators.broker.passwords import hashed, new_password
from stimulators.wire.first_line import first_line

_HOST = re.compile(r"[A-Za-z0-9._:-]{1,255}")
_SETTINGS = """\
# Mosquitto 2.0 for the stimloop rig {rig}. Written by `stimloop broker-config`; changes are lost.
# Everybody has a password, and may say and hear what {folder}/access lists, nothing else.
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/access

# Nothing is kept for later, on disk or for clients that are away.
persistence false
persistent_client_expiration 1h
queue_qos0_messages false
max_queued_messages 200
max_queued_bytes 1000000
max_inflight_messages 64
# A payload of 65536 bytes and its signature.
message_size_limit 65700
max_packet_size 66000
memory_limit 268435456
max_keepalive 300
allow_zero_length_clientid false
# Client ids begin like this, or, on the first listener, are the user's name: so nobody on the
# second listener can take the place of the service or of a device.
clientid_prefixes stimloop-
set_tcp_nodelay true
sys_interval 0

log_dest stderr
log_type error
log_type warning
log_type notice
log_type information

# The service and its devices. A user is there once: a second one of the same name takes the
# first one's place.
{first}use_username_as_clientid true

# Operators and displays: as many of each as there are.
{second}"""
_LISTENER = """\
tls_version tlsv1.2
max_connections 100
"""


class Hardened(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a hardened broker: its users, addresses and certificates.

    Parameters
    ----------
    users : Users
        Who has a password on it.
    hosts : sequence of str
        Names and addresses at which clients reach it; the first is written into their files.
    port, operator_port : int
        The ports for the service and devices, and for operators and displays.
    bind : str
        The one address to listen on; empty for all addresses of the machine.
    certificate, key, ca_file : Path, optional
        The broker's own certificate and key, and who signed it (the system's authorities
        without); a private authority makes them where they are not given.
    client_certificates : bool
        Whether clients need a certificate of the private authority beside their password.
    tables : dict
        Tables of the rig's configuration that each client's file repeats: an operator's commands
        judge devices by them.

    Raises
    ------
    ValueError
        Where a host cannot be one, both ports are the same, or a certificate comes without key.
    """

    users: Users
    hosts: Sequence[str]
    port: int = 8883
    operator_port: int = 8884
    bind: str = ""
    certificate: Path | None = None
    key: Path | None = None
    ca_file: Path | None = None
    client_certificates: bool = False
    tables: dict[str, Any] = {}

    def __post_init__(self) -> None:
        for host in (*self.hosts, self.bind or "localhost"):
            if not _HOST.fullmatch(host):
                raise ValueError(f"host: expected a host name or address, found {host!r}")
        if self.port == self.operator_port:
            raise ValueError(
                f"operator_port: expected another port than port, found {self.port} for both"
            )
        if (self.certificate is None) != (self.key is None):
            raise ValueError(
                "certificate: expected a certificate with its key, found only one of them"
            )


def write_hardened(folder: Path, wanted: Hardened) -> Path:
    """Write all files of the broker and its clients; return mosquitto's configuration file.

    Passwords and certificates that exist already stay: remove them first to get new ones.

    Raises
    ------
    OSError
        Where a file cannot be written.
    CertificateError
        Where a certificate cannot be made.
    """
    folder = folder.resolve()
    broker = folder / "broker"
    broker.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = None
    if wanted.certificate is None or wanted.client_certificates:
        authority = Authority(folder / "authority", f"stimloop {wanted.users.rig} authority")
        _write(broker / "ca.pem", authority.certificate.read_text())
    certificate, key = wanted.certificate, wanted.key
    ca_file = wanted.ca_file
    if authority is not None and certificate is None:
        certificate, key = broker / "server.pem", broker / "server.key"
        ca_file = authority.certificate
        if not certificate.exists():
            authority.sign_server(certificate, key, hosts=wanted.hosts)
    listener = f"certfile {certificate}\nkeyfile {key}\n{_LISTENER}"
    if wanted.client_certificates:
        listener += f"cafile {broker}/ca.pem\nrequire_certificate true\n"
    address = f" {wanted.bind}" if wanted.bind else ""
    _write(
        broker / "mosquitto.conf",
        _SETTINGS.format(
            rig=wanted.users.rig,
            folder=broker,
            first=f"listener {wanted.port}{address}\n{listener}",
            second=f"listener {wanted.operator_port}{address}\n{listener}",
        ),
    )
    _write(broker / "access", "\n".join(wanted.users.access_rules()))
    passwords = {
        user: _write_client(folder / "clients" / user, user, wanted, ca_file, authority)
        for user in wanted.users.names
    }
    lines = [f"{user}:{hashed(password)}\n" for user, password in passwords.items()]
    _write(broker / "passwords", "".join(lines))
    return broker / "mosquitto.conf"


def _write_client(
    folder: Path, user: str, wanted: Hardened, ca_file: Path | None, authority: Authority | None
) -> str:
    """Write the files of one client and return its password."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "password"
    if not file.exists():
        _write(file, new_password() + "\n")
    is_operator = user == DISPLAY_USER or user.startswith("operator-")
    broker: dict[str, Any] = {
        "host": wanted.hosts[0],
        "port": wanted.operator_port if is_operator else wanted.port,
        "operator_port": wanted.operator_port,
        "tls": True,
        "username": user,
        "password_file": str(file),
    }
    if ca_file is not None:
        _write(folder / "ca.pem", ca_file.read_text())
        broker["ca_file"] = str(folder / "ca.pem")
    if wanted.client_certificates and authority is not None:
        certificate, key = folder / "client.pem", folder / "client.key"
        if not certificate.exists():
            authority.sign_client(certificate, key, name=user)
        broker |= {"cert_file": str(certificate), "key_file": str(key)}
    reached = {"rig": {"name": wanted.users.rig}, "broker": broker, **wanted.tables}
    _write(folder / "address.toml", f"# How {user} reaches the rig.\n{tomli_w.dumps(reached)}")
    return first_line(file)


def _write(file: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:  # noqa: PTH123 no Path method sets the mode from the start
        opened.write(text)
