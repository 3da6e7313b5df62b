"""Where a session came from: the header its journal begins with."""

import functools
import hashlib
import platform
from collections.abc import Sequence
from importlib import metadata

import msgspec

from detectors.estimates import VERSION
from detectors.registry import REGISTRY
from stimulators.policies.registry import POLICIES
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.journal.records import Header
from streamer.source import StreamInfo

_PACKAGES = ("stimloop", "numpy", "scipy", "numba", "llvmlite", "msgspec")


def versions() -> dict[str, str]:
    """Return the versions of all software that results may depend on."""
    found = {"python": platform.python_version(), "estimates": VERSION}
    found |= {package: _installed(package) for package in _PACKAGES}
    return found | dict(REGISTRY.packages) | dict(POLICIES.packages)


@functools.cache
def _installed(package: str) -> str:
    """Return the version of a package, read once: what is imported stays what it is."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def machine() -> dict[str, str]:
    """Return what identifies this machine: only on one are results promised bitwise equal."""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "node": platform.node(),
    }


def header(
    config: LoopConfig,
    infos: Sequence[StreamInfo],
    *,
    session: str,
    config_toml: bytes,
    signs_end: bool = False,
    utc_offset_us: int | None = None,
) -> Header:
    """Return the header of a session's journal.

    Parameters
    ----------
    config : LoopConfig
        The rig, as the loop is given it.
    infos : sequence of StreamInfo
        The streams as they were found.
    session : str
        Name of the session.
    config_toml : bytes
        The content of the session folder's `config.toml`.
    signs_end : bool
        Whether the end record will be signed.
    utc_offset_us : int, optional
        Unix time less the service's clock, where that is a real one.

    Raises
    ------
    JournalError
        Where the configuration does not come back as it was (a limit that is not a number).
    """
    config_json = msgspec.json.encode(config).decode()
    try:
        comes_back = msgspec.json.decode(config_json, type=LoopConfig) == config
    except msgspec.ValidationError as error:
        raise JournalError(f"configuration: cannot be kept: {error}") from error
    if not comes_back:
        raise JournalError("configuration: cannot be kept: it does not come back as it was")
    return Header(
        session=session,
        config_json=config_json,
        config_toml_sha256=hashlib.sha256(config_toml).hexdigest(),
        infos=tuple(infos),
        versions=versions(),
        machine=machine(),
        signs_end=signs_end,
        utc_offset_us=utc_offset_us,
    )
