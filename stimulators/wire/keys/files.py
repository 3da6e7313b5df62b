"""Key files: the keys of each party of a rig, in a folder of its own that only it may read.

```
FOLDER/service/keys.toml            all keys of the rig
FOLDER/devices/{id}/keys.toml       to it, from it, stop
FOLDER/operators/{name}/keys.toml   its control key, stop, status
```

Each machine gets the folders of the parties that run there, at the same path below `FOLDER`.
"""

import codecs
import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from stimulators.wire.keys.keys import Keys, ListenerKeys, NoKeys
from stimulators.wire.keys.ring import Key, KeyRing

SERVICE = "service"
#: In the service's folder: the key that signs the end of a session's journal, in hexadecimal.
JOURNAL_KEY_FILE = "journal.key"
_FILE = "keys.toml"
_N_BYTES_MAX = 1_000_000

#: ``introduced``: a second key is accepted, the first still signs. ``switched``: the second has
#: become the first, and the one before it is still accepted.
Stage = Literal["steady", "introduced", "switched"]


class SigningConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[signing]` table: whether messages are signed, and with which keys.

    Parameters
    ----------
    mode : {"off", "hmac_sha256"}
        ``off`` accepts every message, whoever may publish on the broker.
    key_folder : str, optional
        The folder that `stimloop keys make` wrote, or the part of it for this machine.
    """

    mode: Literal["off", "hmac_sha256"]
    key_folder: Annotated[str, Meta(min_length=1)] | None = None

    def __post_init__(self) -> None:
        if self.is_on and self.key_folder is None:
            raise ValueError(f'key_folder: expected a folder with mode = "{self.mode}", found none')

    @property
    def is_on(self) -> bool:
        """Whether payloads are signed."""
        return self.mode != "off"


class KeyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of one party of a rig.

    Parameters
    ----------
    rig : str
        The rig's name.
    party : str
        ``service``, ``devices/{id}`` or ``operators/{name}``.
    stage : {"steady", "introduced", "switched"}
        The step of an exchange of the keys.
    keys : dict of str to sequence of Key
        By name: ``stop``, ``status``, ``to/{id}``, ``from/{id}``, ``control/{name}``. The first
        signs, all are accepted.
    """

    rig: str
    party: str
    stage: Stage
    keys: dict[str, Annotated[tuple[Key, ...], Meta(min_length=1, max_length=2)]]


def service_keys(signing: SigningConfig | None, rig: str, devices: Collection[str]) -> Keys:
    """Return the keys of the service.

    Parameters
    ----------
    signing : SigningConfig or None
        The `[signing]` table; None means ``off``.
    rig : str
        Name of the rig.
    devices : collection of str
        The devices that it drives.

    Raises
    ------
    ValueError
        Where a key or its file is missing, or others may read it; begins with the key's path.
    """
    if signing is None or not signing.is_on:
        return NoKeys()
    wanted = [f"{way}/{device}" for device in devices for way in ("to", "from")]
    found = _read(signing, rig, SERVICE, ("stop", "status", *wanted))
    return KeyRing(rig, found.keys)


def device_keys(signing: SigningConfig | None, rig: str, device: str) -> Keys:
    """Return the keys of one device; raises as `service_keys`."""
    if signing is None or not signing.is_on:
        return NoKeys()
    names = ("stop", f"to/{device}", f"from/{device}")
    found = _read(signing, rig, f"devices/{device}", names)
    return KeyRing(rig, found.keys)


def operator_keys(signing: SigningConfig | None, rig: str, operator: str | None) -> Keys:
    """Return the keys of an operator, who reads devices without checking their signatures.

    Parameters
    ----------
    signing : SigningConfig or None
        The `[signing]` table; None means ``off``: then signatures are not checked.
    rig : str
        Name of the rig.
    operator : str, optional
        Name of the operator; optional where the folder holds the keys of only one.

    Raises
    ------
    ValueError
        As `service_keys`.
    """
    if signing is None or not signing.is_on:
        return ListenerKeys()
    present = _operators(signing)
    if operator not in present:
        if len(present) != 1:
            raise ValueError(
                f"key_folder: expected the keys of {operator or 'one operator'} in "
                f"{signing.key_folder}/operators, found those of {', '.join(present) or 'nobody'}"
            )
        (operator,) = present
    names = ("stop", "status", f"control/{operator}")
    found = _read(signing, rig, f"operators/{operator}", names)
    return KeyRing(rig, found.keys, listens=True)


def read_key_file(folder: Path, party: str) -> KeyFile:
    """Return the keys in a party's file.

    Raises
    ------
    ValueError
        Where it cannot be read, is no key file, or others than its owner may read it.
    """
    file = folder / party / _FILE
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            text = opened.read(_N_BYTES_MAX).removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise ValueError(
            f"key_folder: expected the key file {file}, found: {error.strerror or error}"
        ) from error
    if os.name == "posix" and mode & 0o177:
        raise ValueError(
            f"key_folder: expected mode 600 of {file} (chmod 600), found {mode:o}: "
            "others may have read it"
        )
    try:
        return msgspec.toml.decode(text, type=KeyFile)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        said = " ".join(str(error).split())
        raise ValueError(
            f"key_folder: expected {file} as `stimloop keys make` writes it, found {said}"
        ) from None


def write_key_file(folder: Path, file: KeyFile) -> None:
    """Write a party's file, in one step, so that only its owner may read it.

    Raises
    ------
    OSError
        Where it cannot be written.
    """
    target = folder / file.party / _FILE
    for each in (*reversed(Path(file.party).parents[:-1]), Path(file.party)):
        (folder / each).mkdir(mode=0o700, exist_ok=True)
    written = target.with_suffix(".new")
    written.unlink(missing_ok=True)
    with open(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:  # noqa: PTH123 no Path method sets the mode from the start
        opened.write(_text(file))
        opened.flush()
        os.fsync(opened.fileno())
    written.replace(target)


def _read(signing: SigningConfig, rig: str, party: str, names: Collection[str]) -> KeyFile:
    found = read_key_file(Path(signing.key_folder or ""), party)
    for what, expected, said in (("party", party, found.party), ("rig", rig, found.rig)):
        if said != expected:
            raise ValueError(
                f"key_folder: expected the keys of {what} {expected!r} in "
                f"{signing.key_folder}/{party}, found those of {said!r}"
            )
    missing = [name for name in names if name not in found.keys]
    if missing:
        raise ValueError(
            f"key_folder: expected the keys {', '.join(missing)} in {signing.key_folder}/{party} "
            "(`stimloop keys make` adds what is missing), found none"
        )
    return found


def _operators(signing: SigningConfig) -> list[str]:
    folder = Path(signing.key_folder or "") / "operators"
    try:
        return sorted(each.parent.name for each in folder.glob(f"*/{_FILE}"))
    except OSError:
        return []


def _text(file: KeyFile) -> str:
    lines = [
        "# Secret: whoever reads this can speak for its party. Made by `stimloop keys`.",
        f'rig = "{file.rig}"',
        f'party = "{file.party}"',
        f'stage = "{file.stage}"',
        "",
        "[keys] # the first of each signs, all are accepted",
    ]
    for name, keys in sorted(file.keys.items()):
        listed = ", ".join(f'{{ id = "{key.id}", secret = "{key.secret}" }}' for key in keys)
        lines.append(f'"{name}" = [{listed}]')
    return "\n".join(lines) + "\n"
