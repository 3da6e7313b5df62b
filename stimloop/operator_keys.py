"""An operator's keys: from the rig's `[signing]` table, an option, or the environment."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from stimloop.address import DEFAULT_FILE
from stimloop.errors import ConfigError
from stimloop.key_path import located
from stimulators.wire.key_files import SigningConfig, operator_keys
from stimulators.wire.keys import Keys, ListenerKeys

#: Names the folder of the rig's keys on this machine, where it is another than in `[signing]`.
KEY_FOLDER_VARIABLE = "STIMLOOP_KEY_FOLDER"


class _Signed(msgspec.Struct, frozen=True):
    """The one table that says where keys are; `run` checks the rest."""

    signing: SigningConfig | None = None


def load_operator_keys(
    config: Path | None, rig: str, *, operator: str | None = None, key_folder: Path | None = None
) -> Keys:
    """Return the keys with which an operator asks.

    Parameters
    ----------
    config : Path or None
        The rig's TOML file; None takes the default rig.
    rig : str
        Its name.
    operator : str, optional
        Who asks; whose keys these are, where the folder holds those of several.
    key_folder : Path, optional
        Instead of the one in the environment and that in `[signing]`.

    Raises
    ------
    ConfigError
        Where keys are named and cannot be used.
    """
    file = config or DEFAULT_FILE
    named = key_folder or os.environ.get(KEY_FOLDER_VARIABLE)
    try:
        if named:
            signing = SigningConfig(mode="hmac_sha256", key_folder=str(named))
            return operator_keys(signing, rig, operator)
        found = msgspec.toml.decode(file.read_bytes(), type=_Signed)
        return operator_keys(found.signing, rig, operator)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{file}: {located(str(error))}") from error
    except ValueError as error:
        where = KEY_FOLDER_VARIABLE if named else str(file)
        raise ConfigError(f"{where}: {located(f'signing.{error}')}") from error


def load_stop_keys(
    config: Path | None,
    rig: str,
    *,
    operator: str | None = None,
    key_folder: Path | None = None,
    warn: Callable[[str], None],
) -> Keys:
    """Return the keys with which an operator stops; that there are none keeps no stop back.

    Parameters
    ----------
    config, rig, operator, key_folder
        As `load_operator_keys` has them.
    warn : callable
        Takes the line that says why the stop goes out unsigned: it stops, and is told as such.
    """
    try:
        return load_operator_keys(config, rig, operator=operator, key_folder=key_folder)
    except ConfigError as error:
        warn(f"the stop goes out unsigned: {error}")
        return ListenerKeys()
