"""Reads the files that a `[broker]` table names: the password, and the certificates of TLS."""

import os
import ssl
from pathlib import Path
from typing import Protocol

from stimulators.wire.first_line import first_line


class Credentials(Protocol):
    """The keys of a `[broker]` table that name files; see `BrokerConfig`."""

    @property
    def tls(self) -> bool: ...  # noqa: D102 see the class
    @property
    def ca_file(self) -> str | None: ...  # noqa: D102 see the class
    @property
    def cert_file(self) -> str | None: ...  # noqa: D102 see the class
    @property
    def key_file(self) -> str | None: ...  # noqa: D102 see the class
    @property
    def password_file(self) -> str | None: ...  # noqa: D102 see the class


def password_of(broker: Credentials) -> str | None:
    """Return the first line of the password's file; None where no file is named.

    Raises
    ------
    ValueError
        Where the file cannot be read, or its first line is empty; begins with the key.
    """
    if broker.password_file is None:
        return None
    expected = "password_file: expected a file with the password as its first line, "
    try:
        password = first_line(Path(broker.password_file))
    except ValueError as error:
        raise ValueError(f"{expected}found {error}") from None
    except OSError as error:
        raise ValueError(f"{expected}found {_found(error, broker.password_file)}") from error
    if not password:
        raise ValueError(f"{expected}found an empty line in {broker.password_file}")
    return password


def tls_context(broker: Credentials) -> ssl.SSLContext | None:
    """Return the TLS settings with their certificates; None where the connection is plain.

    Raises
    ------
    ValueError
        Where a file cannot be used; begins with the key.
    """
    if not broker.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
    except OSError as error:
        raise ValueError(
            f"ca_file: expected certificates in PEM, found {_found(error, broker.ca_file)}"
        ) from error
    if broker.cert_file is not None:
        try:
            # OpenSSL would ask for a key's password at the terminal: such a key is refused instead.
            context.load_cert_chain(broker.cert_file, broker.key_file, password=lambda: "")
        except OSError as error:
            raise ValueError(_of_certificate(error, broker)) from error
    return context


def _of_certificate(error: OSError, broker: Credentials) -> str:
    named = (("cert_file", "certificate", broker.cert_file), ("key_file", "key", broker.key_file))
    for key, what, file in named:
        if file is not None and not os.access(file, os.R_OK):
            return f"{key}: expected a {what} in PEM, found {_found(error, file)}"
    return (
        "cert_file: expected a certificate and, in key_file, its key without a password, "
        f"found {broker.cert_file} and {broker.key_file}: {_reason(error)}"
    )


def _found(error: OSError, file: str | None) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{file}: {_reason(error)}"
    what = "no file" if isinstance(error, FileNotFoundError) else error.strerror or str(error)
    return f"{what} at {file}"


def _reason(error: OSError) -> str:
    """Return OpenSSL's reason, without the position in its source code."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.lower().replace("_", " ")
    return error.strerror or str(error)
