"""The keys of reference devices."""

from collections.abc import Sequence

from stimloop.config import Config
from stimloop.errors import ConfigError
from stimloop.key_path import with_path_first
from stimulators.wire.keys.files import device_keys
from stimulators.wire.keys.keys import Keys


def load_device_keys(config: Config, devices: Sequence[str]) -> dict[str, Keys]:
    """Return the keys of each device, by its id.

    Raises
    ------
    ConfigError
        Where signing is on and a device's key file cannot be used.
    """
    try:
        return {each: device_keys(config.signing, config.rig.name, each) for each in devices}
    except ValueError as error:
        raise ConfigError(f"{config.rig.name}: {with_path_first(f'signing.{error}')}") from error
