"""Why there is no connection to the broker, with what to do where TLS is the cause."""

from typing import Final

#: Parts of the errors that mean that the other side ended a TLS handshake.
_HANDSHAKE: Final = (
    "reset by peer",
    "WRONG_VERSION_NUMBER",
    "wrong version number",
    "EOF",
    "handshake operation timed out",
    "record layer failure",
    "Broken pipe",
)
_HOST: Final = ("Hostname mismatch", "IP address mismatch")
_NO_ANSWER: Final = "Operation timed out"


def why_not_connected(said: str, *, tls: bool) -> str:
    """Return the reason of a failed connection, and what to do where the sides differ in TLS.

    Parameters
    ----------
    said : str
        The error of the library or the operating system.
    tls : bool
        Whether our side uses TLS.

    Examples
    --------
    >>> why_not_connected("[Errno 104] Connection reset by peer", tls=True)
    'expected a broker that speaks TLS, found one that ends the handshake ([Errno 104] Connection \
reset by peer): is it the port of TLS? Without TLS write tls = false'
    """
    if not tls and (said == _NO_ANSWER or "reset by peer" in said):
        return (
            f"expected an answer to CONNECT, found none ({said}): where the broker expects TLS, "
            "write tls = true"
        )
    if not tls:
        return said
    if "certificate verify failed" in said:
        is_host = _has(said, _HOST)
        wanted = "for this host" if is_host else "that ca_file vouches for"
        remedy = "write host as its certificate has it" if is_host else "write its authority there"
        return f"expected a TLS certificate {wanted}, found another ({said}): {remedy}"
    if said == _NO_ANSWER:
        return (
            f"expected an answer to CONNECT over TLS, found none ({said}): where the broker "
            "expects a certificate of ours, write cert_file and key_file"
        )
    if _has(said, _HANDSHAKE):
        return (
            f"expected a broker that speaks TLS, found one that ends the handshake ({said}): is it "
            "the port of TLS? Without TLS write tls = false"
        )
    return said


def _has(said: str, words: tuple[str, ...]) -> bool:
    return any(word in said for word in words)
