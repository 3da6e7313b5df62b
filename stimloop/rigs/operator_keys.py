"""An operator's keys: from an option, the environment, or the rig's `[signing]` table."""

import os
from collections.abc import Callable
from pathlib import Path

from stimloop.errors import ConfigError
from stimloop.key_path import with_path_first
from stimulators.operator.known_rig import KnownRig
from stimulators.wire.keys.files import SigningConfig, operator_keys
from stimulators.wire.keys.keys import Keys, ListenerKeys

#: Environment variable with the folder of the keys, if it is not that of `[signing]`.
KEY_FOLDER_VARIABLE = "STIMLOOP_KEY_FOLDER"


def load_operator_keys(
    rig: KnownRig, *, operator: str | None = None, key_folder: Path | None = None
) -> Keys:
    """Return the keys that sign an operator's requests.

    Parameters
    ----------
    rig : KnownRig
        The rig.
    operator : str, optional
        Who asks; whose keys these are, where the folder holds those of several.
    key_folder : Path, optional
        Instead of the one in the environment and that in `[signing]`.

    Raises
    ------
    ConfigError
        Where keys are named and cannot be used.
    """
    named = key_folder or os.environ.get(KEY_FOLDER_VARIABLE)
    signing, where = rig.signing, f"rig {rig.name}"
    if named:
        signing = SigningConfig(mode="hmac_sha256", key_folder=str(named))
        where = f"rig {rig.name}, {KEY_FOLDER_VARIABLE}"
    try:
        return operator_keys(signing, rig.name, operator)
    except ValueError as error:
        raise ConfigError(f"{where}: {with_path_first(f'signing.{error}')}") from error


def load_stop_keys(
    rig: KnownRig,
    *,
    operator: str | None = None,
    key_folder: Path | None = None,
    warn: Callable[[str], None],
) -> Keys:
    """Return the keys that sign a stop; without any the stop is sent all the same.

    Parameters
    ----------
    rig, operator, key_folder
        As `load_operator_keys` has them.
    warn : callable
        Takes the line that says why the stop goes out unsigned: it stops, and is told as such.
    """
    try:
        return load_operator_keys(rig, operator=operator, key_folder=key_folder)
    except ConfigError as error:
        warn(f"the stop goes out unsigned: {error}")
        return ListenerKeys()
