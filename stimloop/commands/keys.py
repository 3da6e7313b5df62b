"""`keys make`, `keys rotate`, `keys revoke`: the secrets that sign the messages of a rig."""

from pathlib import Path
from typing import Annotated

import typer

from stimloop.commands.arguments import ConfigFile, print_line
from stimloop.errors import ConfigError, os_error_text

app = typer.Typer(
    name="keys",
    help="Make and exchange the keys with which commands and answers are signed.",
    no_args_is_help=True,
)

KeyFolder = Annotated[Path, typer.Argument(help="The folder of the rig's keys.")]
_NEXT = {
    "introduced": "a new key is accepted beside each one, which still signs",
    "switched": "the new keys sign, those before are still accepted",
    "steady": "the keys before are no longer accepted: the exchange is done",
}


@app.command("make")
def make(
    folder: KeyFolder,
    config: ConfigFile = None,
    *,
    operator: Annotated[
        list[str] | None, typer.Option(help="Name of an operator; may be given more than once.")
    ] = None,
) -> None:
    """Make the keys that are still missing for the service, each device and each operator."""
    from stimloop import config as configuration
    from stimulators.wire.keys.maker import make_keys

    rig = configuration.load(config)
    devices = [device.id for device in rig.devices]
    try:
        parties = make_keys(
            folder, rig.rig.name, devices=devices, operators=operator or ["operator"]
        )
    except ValueError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(os_error_text(error)) from error
    _tell(folder, parties)


@app.command("rotate")
def rotate(folder: KeyFolder) -> None:
    """Take the next of three steps to new keys; after each, copy its files to each party."""
    from stimulators.wire.keys.maker import rotate_keys

    try:
        stage, parties = rotate_keys(folder)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(os_error_text(error)) from error
    print_line(f"{folder}: {stage}: {_NEXT[stage]}")
    _tell(folder, parties)


@app.command("revoke")
def revoke(
    folder: KeyFolder,
    operator: Annotated[str, typer.Argument(help="Whose requests are no longer taken.")],
) -> None:
    """Remove an operator's key; then rotate the others, as this operator knows some of them."""
    from stimulators.wire.keys.maker import revoke_keys

    try:
        parties = revoke_keys(folder, operator)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    except OSError as error:
        raise ConfigError(os_error_text(error)) from error
    _tell(folder, parties[:1])


def _tell(folder: Path, parties: list[str]) -> None:
    for party in parties:
        print_line(f"{folder / party}")
