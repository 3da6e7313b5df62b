"""Which part of the network this process's LSL sees and is seen by."""

from typing import Annotated, Literal

import msgspec
import pylsl
from msgspec import Meta

from streamer.errors import StreamError

_Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]+$", max_length=64)]
#: liblsl logs to stderr what is fatal, no more: a lost sender is told by an event of ours.
_LOG_LEVEL = -3


class LslConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[lsl]` table.

    Parameters
    ----------
    scope : {"machine", "network"}
        ``machine`` looks for streams, and shows ours, on the loopback interface only.
        ``network`` leaves that to liblsl and its own configuration file (``lsl_api.cfg``),
        unless a key below replaces it.
    session_id : str, optional
        Only programs with the same LSL session see each other's streams.
    peers : tuple of str
        Hosts to ask directly where multicast does not reach; for ``network``.
    base_port : int
        First of the 32 ports on which senders are looked for; the multicast port is the one
        below. Every program of a rig needs the same.
    resolve_s : float
        Seconds to look for a stream at start before giving up.
    correction_s : float
        Seconds from one look at a stream's clock correction to the next; liblsl itself measures
        every 2 s.
    publish : bool
        Whether estimates, events, commands and what devices give are sent as LSL streams of our
        own, for any recorder or display of the lab; ``[recording] record`` sends them, too.

    Notes
    -----
    LSL has no authentication, and whatever the scope, a sender's data port listens on every
    interface of the machine: keep a rig on a network of its own.
    """

    scope: Literal["machine", "network"] = "network"
    session_id: _Word | None = None
    peers: tuple[_Word, ...] = ()
    base_port: Annotated[int, Meta(ge=1025, le=65500)] = 16572
    resolve_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 5.0
    correction_s: Annotated[float, Meta(ge=1.0, le=5.0)] = 2.0
    publish: bool = False


_applied: list[str] = []


def configure(network: LslConfig) -> None:
    """Tell liblsl which network to use; before the first stream is made or looked for.

    Parameters
    ----------
    network : LslConfig
        The `[lsl]` table.

    Raises
    ------
    StreamError
        Where this process has already been told otherwise: liblsl listens only once.
    """
    content = liblsl_settings(network)
    if not _applied:
        _applied.append(content)
        if content:
            pylsl.set_config_content(content)
    elif _applied[0] != content:
        raise StreamError(
            "[lsl]: expected the settings this process began with, found others: "
            "liblsl takes them once per process"
        )


def liblsl_settings(network: LslConfig) -> str:
    """Return liblsl's configuration text; empty where its own file shall stay in force."""
    sections: dict[str, dict[str, str]] = {
        "ports": {},
        "multicast": {},
        "lab": {},
    }
    if network.base_port != LslConfig().base_port or network.scope == "machine":
        sections["ports"] = {
            "MulticastPort": str(network.base_port - 1),
            "BasePort": str(network.base_port),
        }
    if network.peers:
        sections["lab"]["KnownPeers"] = "{" + ", ".join(network.peers) + "}"
    if network.session_id is not None:
        sections["lab"]["SessionID"] = network.session_id
    if network.scope == "machine":
        sections["ports"]["IPv6"] = "disable"
        sections["multicast"] = {
            "ResolveScope": "machine",
            "AddressesOverride": "{127.0.0.1}",
            "ListenAddress": "127.0.0.1",
        }
        # Loopback delivers a datagram to one listener only, so each port is asked by itself, and
        # at once: on one machine nothing is gained by waiting for the others first.
        sections["lab"]["KnownPeers"] = "{127.0.0.1}"
        sections["tuning"] = {"MulticastMinRTT": "0.02"}
    if not any(sections.values()):
        return ""
    sections["log"] = {"level": str(_LOG_LEVEL)}
    return "".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
        for section, keys in sections.items()
        if keys
    )
