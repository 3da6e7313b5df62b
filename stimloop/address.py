"""Where a rig is reached: the little of a configuration that an operator needs, read quickly."""

from pathlib import Path

import msgspec

from stimloop.errors import ConfigError
from stimloop.key_path import located
from stimulators.wire.mqtt import BrokerConfig

DEFAULT_FILE = Path(__file__).with_name("default.toml")


class _Named(msgspec.Struct, frozen=True):
    """A table of which only the name matters here; `run` checks the rest."""

    name: str = ""
    id: str = ""


class _Reached(msgspec.Struct, frozen=True):
    rig: _Named
    broker: BrokerConfig = BrokerConfig()
    devices: tuple[_Named, ...] = ()


class Address(msgspec.Struct, frozen=True):
    """A rig's name, its broker, and the devices that must answer."""

    rig: str
    broker: BrokerConfig
    devices: tuple[str, ...]


def read_address(path: Path | None) -> Address:
    """Return where the rig of a configuration is reached.

    Only what is needed is checked: a stop must not fail, or wait, for a detector's sake.

    Raises
    ------
    ConfigError
        Where the file cannot be read, or says too little.
    """
    file = path or DEFAULT_FILE
    try:
        found = msgspec.toml.decode(file.read_bytes(), type=_Reached)
    except OSError as error:
        raise ConfigError(f"{file}: expected a file that can be read, found {error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {located(str(error))}") from error
    if not found.rig.name:
        raise ConfigError(f"{file}: $.rig.name: expected a name, found none")
    return Address(found.rig.name, found.broker, tuple(each.id for each in found.devices))
