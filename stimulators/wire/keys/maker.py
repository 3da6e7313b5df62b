"""Makes the keys of a rig, and exchanges them for new ones while the rig goes on."""

import os
import re
import secrets
from collections.abc import Collection
from pathlib import Path

from stimulators.wire.keys.files import (
    JOURNAL_KEY_FILE,
    SERVICE,
    KeyFile,
    Stage,
    read_key_file,
    write_key_file,
)
from stimulators.wire.keys.ring import Key

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NEXT_STAGE: dict[Stage, Stage] = {
    "steady": "introduced",
    "introduced": "switched",
    "switched": "steady",
}


def make_keys(
    folder: Path, rig: str, *, devices: Collection[str], operators: Collection[str]
) -> list[str]:
    """Make the keys that a rig still lacks; existing ones stay.

    Parameters
    ----------
    folder : Path
        Created where it does not exist.
    rig : str
        Name of the rig.
    devices, operators : collection of str
        Names of the devices and operators; the service is added.

    Returns
    -------
    list of str
        Every party of the rig: its folder below `folder`.

    Raises
    ------
    OSError
        Where a file cannot be written.
    ValueError
        Where the folder holds keys of another rig, or keys that cannot be read, or a name
        cannot be that of a folder.
    """
    for name in (rig, *devices, *operators):
        if not _NAME.fullmatch(name):
            raise ValueError(f"name: expected letters, digits, - and _, at most 64, found {name!r}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = KeyFile(rig=rig, party=SERVICE, stage="steady", keys={})
    if (folder / SERVICE).exists():
        known = read_key_file(folder, SERVICE)
    if known.rig != rig:
        raise ValueError(
            f"key_folder: expected the keys of rig {rig!r} in {folder}, "
            f"found those of {known.rig!r}"
        )
    names = ["stop", "status"]
    names += [f"{way}/{device}" for device in devices for way in ("to", "from")]
    names += [f"control/{operator}" for operator in operators]
    keys = dict(known.keys)
    for name in names:
        if name not in keys:
            keys[name] = (_new_key(keys),)
    parties = _write_all(folder, KeyFile(rig=rig, party=SERVICE, stage=known.stage, keys=keys))
    _make_journal_key(folder / SERVICE / JOURNAL_KEY_FILE)
    return parties


def rotate_keys(folder: Path) -> tuple[Stage, list[str]]:
    """Take the next of three steps of an exchange of all keys of a rig.

    First a new key is accepted beside each one, then it signs, then the one before is no longer
    accepted. After each step every party gets its new file and starts anew, in any order: what
    signs after a step was accepted before it.

    Returns
    -------
    (str, list of str)
        The stage that is reached (see `KeyFile`), and every party.

    Raises
    ------
    OSError
        Where a file cannot be written.
    ValueError
        Where there are no keys that can be read.
    """
    known = read_key_file(folder, SERVICE)
    stage = _NEXT_STAGE[known.stage]
    keys = dict(known.keys)
    for name, each in known.keys.items():
        if stage == "introduced":
            keys[name] = (each[0], _new_key(keys))
        elif stage == "switched":
            keys[name] = each[::-1]
        else:
            keys[name] = each[:1]
    return stage, _write_all(folder, KeyFile(rig=known.rig, party=SERVICE, stage=stage, keys=keys))


def revoke_keys(folder: Path, operator: str) -> list[str]:
    """Remove an operator's `control` key from those that the service accepts, and its folder.

    The other keys that the operator knew, `stop` and `status`, change only with an exchange of all
    keys.

    Raises
    ------
    OSError
        Where a file cannot be written.
    ValueError
        Where there are no keys that can be read, or none of this operator.
    """
    known = read_key_file(folder, SERVICE)
    keys = dict(known.keys)
    if keys.pop(f"control/{operator}", None) is None:
        names = [name.partition("/")[2] for name in keys if name.startswith("control/")]
        raise ValueError(
            f"key_folder: expected an operator of {folder} ({', '.join(names) or 'there is none'})"
            f", found {operator!r}"
        )
    parties = _write_all(
        folder, KeyFile(rig=known.rig, party=SERVICE, stage=known.stage, keys=keys)
    )
    for file in (folder / "operators" / operator).glob("*"):
        file.unlink()
    (folder / "operators" / operator).rmdir()
    return parties


def _write_all(folder: Path, known: KeyFile) -> list[str]:
    """Write the service's file and, from it, everybody else's."""
    devices = [name.partition("/")[2] for name in known.keys if name.startswith("to/")]
    operators = [name.partition("/")[2] for name in known.keys if name.startswith("control/")]
    names = {
        **{f"devices/{each}": ("stop", f"to/{each}", f"from/{each}") for each in devices},
        **{f"operators/{each}": ("stop", "status", f"control/{each}") for each in operators},
    }
    write_key_file(folder, known)
    for party, key_names in names.items():
        keys = {name: known.keys[name] for name in key_names}
        write_key_file(folder, KeyFile(rig=known.rig, party=party, stage=known.stage, keys=keys))
    return [SERVICE, *names]


def _make_journal_key(file: Path) -> None:
    """Make the key that signs the ends of the service's journals, where there is none yet."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as written:
        written.write(f"{secrets.token_hex(32)}\n")


def _new_key(known: dict[str, tuple[Key, ...]]) -> Key:
    taken = {key.id for keys in known.values() for key in keys}
    while (key_id := secrets.token_hex(4)) in taken:
        pass
    return Key(key_id, secrets.token_hex(32))
